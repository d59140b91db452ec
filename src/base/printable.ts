/** Text from registries, signers and files, made safe to show to a person. */

// C0 and C1 controls, line and paragraph separators, bidirectional overrides and isolates, zero-width and tag
// characters: what can move a cursor, colour a terminal, hide text or reorder it.
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]|\p{Surrogate}/gu;

/** The text with every character that could act on a terminal written as an escape (`\x1b`, `\u202e`). Line feeds are
 *  escaped too: the result is always one line. */
export function printableOf(text: string): string {
  return text.replace(UNSAFE, (char) => {
    const code = char.codePointAt(0) ?? 0;
    if (code > 0xffff) return `\\u{${code.toString(16)}}`;
    return code > 0xff ? `\\u${code.toString(16).padStart(4, '0')}` : `\\x${code.toString(16).padStart(2, '0')}`;
  });
}
