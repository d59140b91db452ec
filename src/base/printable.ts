/** Text from registries, signers and files, made safe to show to a person. */

// C0 and C1 controls, line and paragraph separators, and all that shows as nothing (bidirectional overrides and isolates,
// zero-width characters, fillers, tags): what can move a cursor, colour a terminal, hide text or reorder it.
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufff9-\ufffb]|\p{Default_Ignorable_Code_Point}|\p{Surrogate}/gu;

/** The text with every character that could act on a terminal written as an escape (`\x1b`, `\u202e`). Line feeds are
 *  escaped too: the result is always one line. */
export function printableOf(text: string): string {
  return text.replace(UNSAFE, (char) => {
    const code = char.codePointAt(0) ?? 0;
    if (code > 0xffff) return `\\u{${code.toString(16)}}`;
    return code > 0xff ? `\\u${code.toString(16).padStart(4, '0')}` : `\\x${code.toString(16).padStart(2, '0')}`;
  });
}
