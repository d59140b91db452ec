/** Shows what a pattern for identities also lets in. Every example has been tried against the pattern itself. */

import type { TextMatcher } from '../verify/policy.ts';
import { samplesOf } from './pattern-sample.ts';
import type { PatternSample } from './pattern-sample.ts';

export interface HostileExample {
  /** A name of somebody else that the pattern matches. */
  readonly text: string;
  /** Why it does: "nothing holds the start (^)". */
  readonly why: string;
}

/** Names of people, services and issuers who are nobody's friends. */
const STRANGERS: readonly string[] = [
  'mallory@evil.example',
  'https://evil.example/',
  'https://github.com/mallory/evil/.github/workflows/evil.yml@refs/heads/main',
  'spiffe://evil.example/mallory',
  'evil!evil.example',
  'evil.example',
];

/** Whether strangers of every kind match: such a pattern asks for nobody. */
export function isAnyone({ isMatch }: TextMatcher): boolean {
  return STRANGERS.every(isMatch);
}

/** At most one example for each way in, each of which the pattern matches. None is no proof that there is none. */
export function hostileExamplesOf(source: string, { isMatch }: TextMatcher): readonly HostileExample[] {
  const stranger = STRANGERS.find(isMatch);
  if (stranger !== undefined) return [{ text: stranger, why: 'strangers match' }];
  const ways = samplesOf(source)
    .filter(({ text }) => isMatch(text))
    .flatMap(waysIn);
  const found = new Map<string, HostileExample>();
  for (const example of ways) {
    if (!found.has(example.why) && isMatch(example.text)) found.set(example.why, example);
  }
  return [...found.values()];
}

function waysIn({ text, dotted, endsInLiteral }: PatternSample): readonly HostileExample[] {
  const isHost = /^(?:[a-z]+:\/\/)?[^/]*$/.test(text);
  const endings = endsInLiteral && !text.endsWith('/') ? [isHost ? `${text}.evil.example` : `${text}-evil/x`] : [];
  return [
    { text: `https://evil.example/${text}`, why: 'nothing holds the start (^)' },
    ...endings.map((ending) => ({ text: ending, why: 'nothing holds the end ($)' })),
    ...(dotted === undefined ? [] : [{ text: dotted, why: 'a dot matches any character (write \\.)' }]),
  ];
}
