/** What keeps a certificate from being an expected identity, and how little it is: for people who look at a rejection. */

import type { Identity, TextMatcher } from './policy.ts';
import { extensionValueOf, quoted } from './signer-names.ts';
import type { SignerNames } from './signer-names.ts';

/** One member of an identity that does not match. */
export interface Difference {
  /** "subject", "issuer" or the extension as the identity calls it. */
  readonly member: string;
  /** The matcher's description. */
  readonly expected: string;
  /** As in the certificate; of several subjects the most similar one. Undefined when the certificate has none. */
  readonly seen: string | undefined;
  /** "only a slash at the end differs". */
  readonly remark: string | undefined;
  /** The parts of a workflow's name or an email address that differ; empty where the texts are not both of one such form. */
  readonly parts: readonly PartDifference[];
  /** UTF-16 units that the expected and the seen text begin with in common; undefined for patterns. */
  readonly commonStart: number | undefined;
}

export interface PartDifference {
  readonly name: string;
  readonly expected: string;
  readonly seen: string;
}

export interface NearMiss {
  readonly identity: Identity;
  /** Members that do match. */
  readonly matched: readonly string[];
  readonly differences: readonly Difference[];
}

/** How the certificate differs from one identity; no differences when it is that identity. @internal for its tests */
export function nearMissOf(identity: Identity, names: SignerNames): NearMiss {
  const members: readonly (readonly [string, TextMatcher, string | undefined])[] = [
    ['subject', identity.subject, closestTo(identity.subject, names.subjects)],
    ['issuer', identity.issuer, names.issuer],
    ...Object.entries(identity.extensions).map(
      ([name, matcher]) => [name, matcher, extensionValueOf(names, name)] as const,
    ),
  ];
  const isMatched = ([, matcher, seen]: (typeof members)[number]): boolean =>
    seen !== undefined && matcher.isMatch(seen);
  return {
    identity,
    matched: members.filter(isMatched).map(([member]) => member),
    differences: members.filter((each) => !isMatched(each)).map((each) => differenceOf(...each)),
  };
}

/** The identity with the fewest differences; of equal ones the one whose subject is the most similar. */
export function nearestMissOf(identities: readonly [Identity, ...Identity[]], names: SignerNames): NearMiss {
  const subjectSimilarity = ({ identity: { subject } }: NearMiss): number =>
    Math.max(0, ...names.subjects.map((each) => similarityOf(subject, each)));
  const [first, ...others] = identities;
  return others
    .map((identity) => nearMissOf(identity, names))
    .reduce(
      (best, miss) => {
        const gain = best.differences.length - miss.differences.length;
        return gain > 0 || (gain === 0 && subjectSimilarity(miss) > subjectSimilarity(best)) ? miss : best;
      },
      nearMissOf(first, names),
    );
}

/** "the issuer matches; subject: ref differs: expected "refs/heads/main", seen "refs/tags/v1"". */
export function nearMissText({ matched, differences }: NearMiss): string {
  const good = matched.length === 0 ? [] : [`${matched.join(', ')} as expected`];
  return [...good, ...differences.map(differenceText)].join('; ');
}

function differenceText({ member, expected, seen, remark, parts, commonStart }: Difference): string {
  if (seen === undefined) return `the certificate has no ${member}`;
  if (remark !== undefined) return `${member}: ${remark}: expected ${expected}, seen ${quoted(seen)}`;
  if (parts.length > 0) {
    const texts = parts.map((part) => `${part.name}: expected ${quoted(part.expected)}, seen ${quoted(part.seen)}`);
    return `${member} differs in ${texts.join('; ')}`;
  }
  const place = commonStart === undefined || commonStart === 0 ? '' : ` from character ${commonStart + 1} on`;
  return `${member} differs${place}: expected ${expected}, seen ${quoted(seen)}`;
}

function differenceOf(member: string, matcher: TextMatcher, seen: string | undefined): Difference {
  const { description: expected, exactText } = matcher;
  if (seen === undefined) {
    return { member, expected, seen, remark: undefined, parts: [], commonStart: undefined };
  }
  return {
    member,
    expected,
    seen,
    remark: remarkOf(matcher, seen),
    parts: exactText === undefined ? [] : partDifferencesOf(exactText, seen),
    commonStart: exactText === undefined ? undefined : commonStartOf(exactText, seen),
  };
}

/** Small edits of what was seen. The first that would have matched is what differs. */
const edits: readonly (readonly [string, (seen: string) => readonly string[]])[] = [
  ['only a slash at the end differs', (seen) => [seen.endsWith('/') ? seen.slice(0, -1) : `${seen}/`]],
  ['only the scheme differs', (seen) => [seen.replace(/^http(s?):/, (_, s) => (s === '' ? 'https:' : 'http:'))]],
  ['only white space around it differs', (seen) => [seen.trim()]],
];
const COMMON_REFS = ['refs/heads/main', 'refs/heads/master', 'refs/tags/v1.0.0'] as const;

function remarkOf({ exactText, isMatch }: TextMatcher, seen: string): string | undefined {
  const edit = edits.find(([, edited]) => edited(seen).some(isMatch));
  if (edit !== undefined) return edit[0];
  const folded = seen.toLowerCase();
  if (exactText === undefined ? isMatch(folded) : exactText.toLowerCase() === folded) {
    return 'only the case of letters differs';
  }
  const at = seen.lastIndexOf('@refs/');
  const isOtherRef =
    exactText === undefined && at !== -1 && COMMON_REFS.some((ref) => isMatch(seen.slice(0, at + 1) + ref));
  return isOtherRef ? 'only the ref differs' : undefined;
}

const FORMS: readonly RegExp[] = [
  /^(?<host>https?:\/\/[^/@]+)\/(?<owner>[^/@]+)\/(?<repository>[^/@]+)\/(?<workflow>[^@]+)@(?<ref>.+)$/s,
  /^(?<user>[^@/]+)@(?<domain>[^@/]+)$/s,
];

function partDifferencesOf(expected: string, seen: string): readonly PartDifference[] {
  for (const form of FORMS) {
    const wanted = form.exec(expected)?.groups;
    const found = form.exec(seen)?.groups;
    if (wanted === undefined || found === undefined) continue;
    return Object.entries(wanted)
      .map(([name, part]) => ({ name, expected: part, seen: found[name] ?? '' }))
      .filter((part) => part.expected !== part.seen);
  }
  return [];
}

function closestTo(matcher: TextMatcher, texts: readonly string[]): string | undefined {
  const ranked = texts.map((text) => ({ text, similarity: similarityOf(matcher, text) }));
  return ranked.sort((a, b) => b.similarity - a.similarity)[0]?.text;
}

/** From 0 to 1. */
function similarityOf(matcher: TextMatcher, text: string): number {
  const { exactText } = matcher;
  if (matcher.isMatch(text)) return 1;
  if (exactText === undefined) return remarkOf(matcher, text) === undefined ? 0 : 0.9;
  const longest = Math.max(exactText.length, text.length);
  const start = commonStartOf(exactText, text);
  const end = commonStartOf(backwards(exactText.slice(start)), backwards(text.slice(start)));
  return (start + end) / longest;
}

function backwards(text: string): readonly string[] {
  return text.split('').toReversed();
}

function commonStartOf(a: ArrayLike<string>, b: ArrayLike<string>): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length += 1;
  return length;
}
