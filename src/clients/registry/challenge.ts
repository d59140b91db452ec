/** Authentication challenges. @source RFC 9110 section 11.6.1; distribution docs/spec/auth/token.md */

export interface Challenge {
  /** "basic", "bearer", in lower case. */
  readonly scheme: string;
  /** Names in lower case. */
  readonly parameters: Readonly<Record<string, string>>;
}

const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const PARAMETER = /\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([!#$%&'*+.^_`|~0-9A-Za-z:/?=-]+))/y;
const SEPARATOR = /[\s,]*/y;

/** Reads a WWW-Authenticate value, which may hold several challenges. Reading stops at the first thing that follows no
 *  rule; what stands before it counts. A parameter named twice keeps its first value. */
export function parseChallenges(header: string): readonly Challenge[] {
  const challenges: { scheme: string; parameters: Record<string, string> }[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(header);
    at += match?.[0].length ?? 0;
    return match;
  };
  for (;;) {
    take(SEPARATOR);
    const word = take(TOKEN)?.[0].toLowerCase();
    if (word === undefined) {
      return challenges;
    }
    const value = take(PARAMETER);
    const current = challenges.at(-1);
    if (value === null) {
      challenges.push({ scheme: word, parameters: Object.create(null) as Record<string, string> });
    } else if (current !== undefined) {
      current.parameters[word] ??= value[1]?.replaceAll(/\\(.)/g, '$1') ?? value[2] ?? '';
    }
  }
}
