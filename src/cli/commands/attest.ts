/** countersign attest */

import { base64Of } from '../../base/bytes.ts';
import { UsageError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { writeFileAtomic } from '../../clients/files/atomic-file.ts';
import { attestImage } from '../../flows/attest-image.ts';
import type { AttestImageRequest, AttestReport } from '../../flows/attest-image.ts';
import { predicateTextOf } from '../../formats/intoto/predicate.ts';
import { parsePredicateType, predicateTypeNames } from '../../formats/intoto/predicate-type.ts';
import { parseDigest } from '../../formats/oci/digest.ts';
import { parseReference } from '../../formats/oci/reference.ts';
import { declareCommand } from '../command.ts';
import type { Invocation, Result } from '../command.ts';
import { creationTimeOf } from '../creation-time.ts';
import { failureReport, failureText } from '../failure.ts';
import { mapped, refused, same } from '../flag.ts';
import { signingServiceFlags } from '../flags/keyless.ts';
import { missing } from '../flags/services.ts';
import { registryFlags } from '../flags/registry.ts';
import { signImageFlags, signingFlags } from '../flags/signing.ts';
import { readInputFile } from '../input-file.ts';
import { logLines, materialJson } from '../material-output.ts';
import { withRegistry } from '../registry-access.ts';
import type { Session } from '../session.ts';
import { signatureFormsOf } from '../signature-forms.ts';
import { beginSigning } from '../signing-method.ts';

const attestFlags = {
  ...registryFlags,
  ...signingServiceFlags,
  'issue-certificate': {
    ...signingServiceFlags['issue-certificate'],
    cosign: refused('Attest with --key, or without it by your identity.', '2.6', '3.1'),
  },
  bundle: { ...signingFlags.bundle, help: 'write the attestation as a sigstore bundle to FILE', cosign: same('3.1') },
  key: signingFlags.key,
  yes: signingFlags.yes,
  'expect-digest': { ...signImageFlags['expect-digest'], help: 'attest only if the image has this digest' },
  format: {
    ...signImageFlags.format,
    help: 'which forms to write: the .att tag that everybody reads, the bundle of cosign 3, or both',
  },
  'new-bundle-format': signImageFlags['new-bundle-format'],
  'record-creation-timestamp': signImageFlags['record-creation-timestamp'],
  'single-signer': signImageFlags['single-signer'],
  'no-upload': {
    type: 'bool',
    default: false,
    weakens: true,
    help: 'do not store the attestation; the envelope goes to stdout',
    cosign: same(),
  },
  predicate: {
    type: 'string',
    placeholder: 'FILE',
    completes: 'file',
    help: 'what is attested; - is standard input',
    cosign: mapped('JSON is signed as it is, letter by letter: cosign 3 rounds large numbers.'),
  },
  type: {
    type: 'string',
    default: 'custom',
    placeholder: 'TYPE',
    help: `what kind of thing that is: ${predicateTypeNames.join(', ')}, or a URI`,
    cosign: mapped('An unknown name is an error. The members of a predicate are not checked against its type.'),
  },
  recursive: {
    type: 'bool',
    short: 'r',
    default: false,
    deprecated: 'this version does not have it',
    help: 'attest every image of an index',
    cosign: refused('Attest each image of the index by its digest.'),
  },
  'rekor-entry-type': {
    type: 'enum',
    values: ['intoto', 'dsse'],
    default: 'dsse',
    deprecated: 'entries are of the kind dsse',
    help: 'kind of the log entry',
    cosign: refused('Entries are of the kind dsse: leave this flag out.'),
  },
  replace: {
    type: 'bool',
    default: false,
    deprecated: 'this version does not have it',
    help: 'remove earlier attestations of the same type',
    cosign: refused('Remove attestations with "countersign clean --type attestation".'),
  },
  statement: missing(
    'whole statement instead of a predicate',
    'Give the predicate with --predicate and its type with --type.',
    '2.6',
    '3.1',
  ),
} as const;

export const attestCommand = declareCommand({
  path: ['attest'],
  summary: 'Attest something about an image',
  description:
    'Signs a statement about an image (where it was built, what is in it, what was found in it) and stores it beside the image, by default in both forms: under the tag sha256-….att and as a bundle. ' +
    'One signature, and one log entry, serves both. Without --key you sign by your identity, as with "countersign sign".',
  examples: [
    {
      what: 'Attest a list of contents',
      command:
        'countersign attest --key cosign.key --type spdxjson --predicate app.spdx.json registry.example.com/app@sha256:…',
    },
  ],
  positional: { usage: 'IMAGE...', least: 1, most: Number.POSITIVE_INFINITY },
  flags: attestFlags,
  timeoutMs: 180_000,
  isInCosign: true,
  run: async (invocation) => {
    const { args, session } = invocation;
    const references = args.map(parseReference);
    const terms = await termsOf(invocation);
    return withRegistry(invocation, references, async (context) => {
      const { method } = await beginSigning(invocation, context.runtime);
      const reports: AttestReport[] = [];
      for (const reference of references) {
        const report = await attestImage(context, { ...terms, reference, method });
        await writeBundle(invocation, report);
        reports.push(report);
      }
      return resultOf(session, invocation.values['no-upload'], reports);
    });
  },
});

type Terms = Omit<AttestImageRequest, 'reference' | 'method'>;

/** What is attested of every image. Throws FLAGS_CONFLICT, PREDICATE_TYPE_INVALID, PREDICATE_MALFORMED, DIGEST_MALFORMED,
 *  and what reading the file throws. */
async function termsOf(invocation: Invocation<typeof attestFlags>): Promise<Terms> {
  const { values, args, session } = invocation;
  const { predicate: file, type, 'expect-digest': expected } = values;
  if (file === undefined) throw new UsageError('FLAGS_CONFLICT', '--predicate says what is attested');
  if (args.length > 1 && (values.bundle !== undefined || expected !== undefined)) {
    throw new UsageError('FLAGS_CONFLICT', '--bundle and --expect-digest go with one image');
  }
  const forms = signatureFormsOf(invocation);
  const predicateType = parsePredicateType(type);
  const predicate = predicateTextOf(type, await readInputFile(session, file, limits.predicateBytes), new Date());
  return {
    forms,
    predicateType,
    predicate,
    isSingleSigner: values['single-signer'],
    isUpload: !values['no-upload'],
    ...(expected === undefined ? {} : { expectDigest: parseDigest(expected) }),
    ...(values['record-creation-timestamp'] ? { createdAt: creationTimeOf(session) } : {}),
  };
}

async function writeBundle(
  { values, session }: Invocation<typeof attestFlags>,
  { attestation }: AttestReport,
): Promise<void> {
  if (values.bundle === undefined) return;
  await writeFileAtomic(values.bundle, attestation.bundle, { mode: 0o644, overwrite: true });
  session.log.note(`Wrote bundle to file ${values.bundle}`);
}

function resultOf({ log, stderr, style }: Session, isPrinted: boolean, reports: readonly AttestReport[]): Result {
  for (const { image, forms, attestation, logs } of reports) {
    for (const line of logLines(attestation.material, logs)) log.note(line);
    for (const { form, status, where, error } of forms) {
      const what = form === 'legacy' ? 'attestation (.att tag)' : 'attestation (bundle)';
      if (status === 'stored') log.note(`${image}: ${what} stored at ${where}`);
      if (error !== undefined) stderr.write(failureText(error, style));
    }
  }
  const isComplete = reports.every(({ forms }) => forms.every(({ status }) => status !== 'failed'));
  const envelopes = reports.map(({ attestation }) => `${Buffer.from(attestation.envelope).toString('utf8')}\n`);
  return {
    text: isPrinted ? envelopes.join('') : '',
    report: { images: reports.map(reportJsonOf) },
    exit: isComplete ? 0 : 1,
  };
}

function reportJsonOf({ attestation, logs, names, forms, signer, ...report }: AttestReport): object {
  const { payload, signature, material } = attestation;
  return {
    ...report,
    signer: `sha256:${signer}`,
    identity: names?.subject,
    issuer: names?.issuer,
    forms: forms.map(({ form, status, where, error }) => ({
      form,
      status,
      where,
      ...(error === undefined ? {} : failureReport(error)),
    })),
    payload: base64Of(payload),
    signature: base64Of(signature),
    ...materialJson(material, logs),
  };
}
