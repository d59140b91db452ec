/** What `explain` prints about an image: where was looked, what was found, and each of that by itself. */

import { printableOf } from '../base/printable.ts';
import type { Explained, ImageExplanation } from '../flows/explain-image.ts';
import type { Report } from './command.ts';
import { explainExitOf, explanationJson, explanationText } from './explain-output.ts';
import { checkLines } from './proof-tree.ts';
import { createStyle } from './style.ts';
import { sourceJson } from './verify-json.ts';

/** With a policy: 0 when it accepts a signature of the image (an attestation is none), as for `verify`. Without: 0 when all
 *  that was found is sound. 10 nothing to judge, 20 could not look or tell, 1 otherwise. */
export function imageExplanationExitOf({ hasPolicy, signatures, attestations }: ImageExplanation): number {
  const judged = hasPolicy ? [signatures] : [signatures, attestations];
  const exits = judged.flatMap(({ explanations }) => explanations.map(explainExitOf));
  if (hasPolicy && exits.includes(0)) return 0;
  if (judged.some(({ unseen }) => unseen.length > 0)) return 20;
  if (exits.length === 0) return 10;
  // With a policy, what could not be told might have been accepted; without, one fault is a fault.
  const worst = hasPolicy ? [20, 1] : [1, 20];
  return worst.find((exit) => exits.includes(exit as 1 | 20)) ?? 0;
}

/** Ends with a line feed. */
export function imageExplanationText(explanation: ImageExplanation): string {
  const { resolved, hasPolicy, signatures, attestations } = explanation;
  const lines = [
    `${printableOf(resolved)}: signatures ${signatures.explanations.length}, attestations ${attestations.explanations.length}`,
    ...(hasPolicy ? [policyLineOf(signatures)] : []),
    ...sourceLines('signatures', signatures),
    ...sourceLines('attestations', attestations),
  ];
  const found = [...signatures.explanations, ...attestations.explanations];
  return [`${lines.join('\n')}\n`, ...found.map(explanationText)].join('\n');
}

export function imageExplanationJson(explanation: ImageExplanation): Report {
  const { resolved, hasPolicy, signatures, attestations } = explanation;
  return {
    resolved,
    exit: imageExplanationExitOf(explanation),
    isPolicyGiven: hasPolicy,
    sources: { signatures: signatures.sources.map(sourceJson), attestations: attestations.sources.map(sourceJson) },
    unseen: [...signatures.unseen, ...attestations.unseen],
    signatures: signatures.explanations.map(explanationJson),
    attestations: attestations.explanations.map(explanationJson),
  };
}

function policyLineOf({ explanations }: Explained): string {
  const accepted = explanations.filter(({ acceptance }) => acceptance?.status === 'verified').length;
  return explanations.length === 0
    ? 'policy: no signature of the image to judge; attestations do not count as one'
    : `policy: accepts ${accepted} of ${explanations.length} signatures of the image`;
}

function sourceLines(what: string, { sources, unseen }: Explained): readonly string[] {
  const places = sources
    .filter(({ status }) => status !== 'unreachable')
    .map(({ place, foundCount }) => `  ${what} in ${printableOf(place)}: ${foundCount === 0 ? 'none' : foundCount}`);
  return [...places, ...checkLines(unseen, createStyle({}, {}), '  ')];
}
