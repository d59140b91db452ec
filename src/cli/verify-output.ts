/** What verify and verify-attestation print: cosign's lines and JSON, a reason for each failure, and with `--explain` the proof tree. */

import { printableOf } from '../base/printable.ts';
import { envelopeLinesOf } from '../flows/attestation-lines.ts';
import { acceptedSignaturesOf, cosignArrayOf, cosignLinesOf } from '../flows/verify-report.ts';
import type { ImageReport, VerifyExit, VerifyReport } from '../flows/verify-report.ts';
import type { LogPolicy } from '../verify/policy.ts';
import type { Result } from './command.ts';
import { harmlessJsonOf } from './output.ts';
import { proofTreeText } from './proof-tree.ts';
import type { Session } from './session.ts';
import { imageReportJson } from './verify-json.ts';

export interface VerifyOutput {
  /** The images as the person wrote them. */
  readonly names: readonly string[];
  /** What goes to stdout for an image that verified. */
  readonly textOf: (image: ImageReport) => string;
  readonly isExplained: boolean;
  /** The exit status, where the person asked for cosign's. */
  readonly exitOf: (exit: VerifyExit) => number;
  readonly hasAnnotations: boolean;
  readonly log: LogPolicy;
  readonly isByKey: boolean;
}

/** The array that cosign's `verify` prints. */
export function arrayText(image: ImageReport): string {
  return `\n${harmlessJsonOf(cosignArrayOf(image))}\n`;
}

/** The payloads, one line each, of `--output text`. */
export function payloadText(image: ImageReport): string {
  return cosignLinesOf(image)
    .map((line) => `${printableOf(line)}\n`)
    .join('');
}

/** The envelopes, one line each. */
export function envelopeText(image: ImageReport): string {
  return envelopeLinesOf(image)
    .map((line) => `${harmlessJsonOf(line)}\n`)
    .join('');
}

/** Says on stderr what was checked or why not; stdout holds what was verified. */
export function verifyResultOf(session: Session, { images, exit }: VerifyReport, output: VerifyOutput): Result {
  const texts: string[] = [];
  for (const [index, image] of images.entries()) {
    if (image.outcome === 'verified') {
      session.stderr.write(successText(image, output.names[index] ?? '', output));
      texts.push(output.textOf(image));
    } else {
      session.stderr.write(failureTextOf(session, image, output.isExplained));
    }
    if (output.isExplained) session.stderr.write(proofTreeText(image, session.style));
  }
  const status = output.exitOf(exit);
  return { text: texts.join(''), report: { images: images.map(imageReportJson), exit: status }, exit: status };
}

/** @source sigstore/cosign cmd/cosign/cli/verify/verify.go, PrintVerificationHeader */
function successText(image: ImageReport, name: string, { hasAnnotations, log, isByKey }: VerifyOutput): string {
  const lines = [
    '',
    `Verification for ${printableOf(name)} --`,
    'The following checks were performed on each of these signatures:',
    ...(hasAnnotations ? ['  - The specified annotations were verified.'] : []),
    ...(image.isClaimsChecked ? ['  - The cosign claims were validated'] : []),
    ...(log.kind === 'required' ? ['  - Existence of the claims in the transparency log was verified offline'] : []),
    isByKey
      ? '  - The signatures were verified against the specified public key'
      : '  - The code-signing certificate was verified using trusted certificate authority certificates',
    ...certificateLines(image),
    ...(image.isClaimsChecked ? [] : ['claims NOT checked: the signatures may be about another image']),
    ...(log.kind === 'none-configured' ? ['transparency log: not checked (none configured)'] : []),
    ...(image.resolved === undefined ? [] : [`verified: ${printableOf(image.resolved)}`]),
  ];
  return `${lines.join('\n')}\n`;
}

/** Who signed, once each, in cosign's words. */
function certificateLines(image: ImageReport): readonly string[] {
  const lines = acceptedSignaturesOf(image).flatMap(({ evidence: { signer } }) =>
    signer.kind === 'certificate'
      ? [
          `Certificate subject: ${printableOf(signer.subject)}\n` +
            `Certificate issuer URL: ${printableOf(signer.issuer ?? '')}`,
        ]
      : [],
  );
  return [...new Set(lines)];
}

function failureTextOf(
  { style }: Session,
  { reference, resolved, summary, failed }: ImageReport,
  isExplained: boolean,
): string {
  const lines = [`${style.bad('Error:')} ${printableOf(summary)}`];
  if (resolved !== undefined && !summary.includes(resolved))
    lines.push(`  Image: ${printableOf(namedAs(reference.tag, resolved))}`);
  if (failed?.next !== undefined) lines.push(`  ${printableOf(failed.next)}`);
  if (!isExplained) lines.push(style.faint('  Run again with --explain to see every check.'));
  return `${lines.join('\n')}\n`;
}

function namedAs(tag: string | undefined, resolved: string): string {
  return tag === undefined ? resolved : `${resolved}, which the tag ${tag} names`;
}
