/** What sign says and writes. */

import { base64Of, utf8Of } from '../base/bytes.ts';
import type { CountersignError } from '../base/errors.ts';
import { writeFileAtomic } from '../clients/files/atomic-file.ts';
import type { MadeSignature } from '../flows/made-signature.ts';
import type { FormReport, SignedImageReport, SignReport } from '../flows/sign-image.ts';
import { digestHexOf } from '../formats/oci/digest.ts';
import { referenceNameOf } from '../formats/oci/reference.ts';
import type { Reference } from '../formats/oci/reference.ts';
import { encodeCertificatePem } from '../formats/x509/certificate-pem.ts';
import type { Attempt } from './attempt.ts';
import type { Result } from './command.ts';
import { exitStatusOf, failureReport, failureText } from './failure.ts';
import { logLines, materialJson } from './material-output.ts';
import type { Session } from './session.ts';

/** One image of the command line and what became of it. */
export type SignOutcome = Attempt<SignReport> & { readonly reference: Reference };

export interface SignatureFiles {
  readonly bundle: string | undefined;
  readonly 'output-certificate': string | undefined;
  readonly 'output-signature': string | undefined;
  readonly 'output-payload': string | undefined;
}

/** Writes the files of one image; the children of an index get cosign's suffix. Throws FILE_NOT_WRITABLE. */
export async function writeSignatureFiles(
  { log }: Session,
  files: SignatureFiles,
  { images }: SignReport,
): Promise<void> {
  for (const [index, { digest, signatures }] of images.entries()) {
    const suffix = index === 0 ? '' : `-sha256-${digestHexOf(digest)}`;
    // cosign's files hold what is under the .sig tag, one line for each identity; without that form, the bundle's.
    const legacy = signatures.filter(({ form }) => form === 'legacy');
    const shown = legacy.length > 0 ? legacy : signatures;
    const bundle = signatures.find((each) => each.bundle !== undefined)?.bundle;
    const contents: readonly (readonly [string | undefined, Uint8Array | undefined, string])[] = [
      [files['output-signature'], utf8Of(shown.map(({ signature }) => base64Of(signature)).join('\n')), 'signature'],
      [
        files['output-payload'],
        utf8Of(shown.map(({ payload }) => Buffer.from(payload).toString('utf8')).join('\n')),
        'payload',
      ],
      [files.bundle, bundle, 'bundle'],
      [files['output-certificate'], certificatePemOf(signatures), 'certificate'],
    ];
    for (const [file, bytes, what] of contents) {
      if (file === undefined || bytes === undefined) continue;
      await writeFileAtomic(`${file}${suffix}`, bytes, { mode: 0o644, overwrite: true });
      log.note(`Wrote ${what} to file ${file}${suffix}`);
    }
  }
}

/** Of the signatures just made; undefined for a key. */
function certificatePemOf(signatures: readonly MadeSignature[]): Uint8Array | undefined {
  const signer = signatures.find(({ material }) => material !== undefined)?.material?.signer;
  return signer?.kind === 'certificate' ? utf8Of(encodeCertificatePem(signer.chain[0])) : undefined;
}

/** Says on stderr what became of every image. The exit status is that of the first failure. */
export function signResultOf({ log, stderr, style }: Session, outcomes: readonly SignOutcome[]): Result {
  for (const outcome of outcomes) {
    if (!outcome.isDone) {
      stderr.write(failureText(outcome.error, style));
      continue;
    }
    for (const image of outcome.value.images) {
      for (const form of image.forms) {
        log.note(formLine(image, form));
        for (const line of entryLines(image, form)) log.note(line);
        if (form.error !== undefined) stderr.write(failureText(form.error, style));
      }
    }
  }
  const statuses = outcomes.map((outcome) =>
    outcome.isDone ? Number(!outcome.value.isComplete) : exitStatusOf(outcome.error),
  );
  return {
    text: '',
    report: { images: outcomes.flatMap(outcomeReport) },
    exit: statuses.find((status) => status !== 0) ?? 0,
  };
}

const STATES: Readonly<Record<FormReport['status'], string>> = {
  stored: 'stored',
  'already-there': 'there already, nothing written',
  failed: 'NOT stored',
  'not-uploaded': 'made, not uploaded',
};

function formLine({ image }: SignedImageReport, { form, status, where }: FormReport): string {
  const what = form === 'legacy' ? 'signature (.sig tag)' : 'signature (bundle)';
  return `${image}: ${what} ${STATES[status]}${where === undefined || status !== 'stored' ? '' : ` at ${where}`}`;
}

/** Of the signatures of this form that were just made. */
function entryLines({ signatures, logs }: SignedImageReport, { form, status }: FormReport): readonly string[] {
  if (status === 'failed') return [];
  const made = signatures.filter((each) => each.form === form);
  return made.flatMap(({ material }) => (material === undefined ? [] : logLines(material, logs)));
}

function outcomeReport(outcome: SignOutcome): readonly object[] {
  if (!outcome.isDone) return [{ reference: referenceNameOf(outcome.reference), ...failureReport(outcome.error) }];
  return outcome.value.images.map((image) => ({
    reference: referenceNameOf(outcome.reference),
    image: image.image,
    digest: image.digest,
    tag: image.tag,
    signer: `sha256:${image.signer}`,
    identity: image.names?.subject,
    issuer: image.names?.issuer,
    forms: image.forms.map(({ form, status, where, error }) => ({ form, status, where, ...errorReport(error) })),
    signatures: image.signatures.map(({ form, payload, signature, material }) => ({
      form,
      payload: base64Of(payload),
      signature: base64Of(signature),
      ...(material && materialJson(material, image.logs)),
    })),
  }));
}

function errorReport(error: CountersignError | undefined): object {
  return error === undefined ? {} : failureReport(error);
}
