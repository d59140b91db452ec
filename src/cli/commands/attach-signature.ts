/** countersign attach signature */

import { UsageError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { attachSignature } from '../../flows/attach-signature.ts';
import type { AttachSource } from '../../flows/attach-signature.ts';
import { parseReference, repositoryNameOf } from '../../formats/oci/reference.ts';
import { declareCommand } from '../command.ts';
import type { Invocation } from '../command.ts';
import { failureReport, failureText } from '../failure.ts';
import { mapped, same } from '../flag.ts';
import { registryFlags } from '../flags/registry.ts';
import { signImageFlags } from '../flags/signing.ts';
import { readInputFile } from '../input-file.ts';
import { withRegistry } from '../registry-access.ts';

const file = { type: 'string', placeholder: 'FILE', completes: 'file' } as const;

const attachFlags = {
  ...registryFlags,
  bundle: { ...file, help: 'sigstore bundle to store as a referrer', cosign: same('3.1') },
  certificate: { ...file, help: 'PEM certificate of the signer', cosign: same() },
  'certificate-chain': { ...file, help: 'PEM chain of the certificate', cosign: same() },
  payload: {
    ...file,
    help: 'what was signed',
    cosign: mapped('A payload that names another image is refused. For a bundle use --bundle.'),
  },
  'rekor-response': { ...file, help: 'log entry of the signature, as JSON', cosign: same() },
  signature: { ...file, help: 'signature as base64; - is standard input', cosign: same() },
  'single-signer': signImageFlags['single-signer'],
  tsr: { ...file, help: 'RFC 3161 response about the signature', cosign: same() },
} as const;

export const attachSignatureCommand = declareCommand({
  path: ['attach', 'signature'],
  summary: 'Store a signature that was made elsewhere',
  description:
    'Stores a signature beside its image: with --signature under the .sig tag, with --bundle as a referrer. The signature is not verified, but it must be about this image.',
  examples: [
    {
      what: 'Attach what sign --upload=false wrote',
      command:
        'countersign attach signature --signature app.sig --payload app.payload registry.example.com/app@sha256:…',
    },
  ],
  positional: { usage: 'IMAGE', least: 1, most: 1 },
  flags: attachFlags,
  timeoutMs: 180_000,
  isInCosign: true,
  run: async (invocation) => {
    const { values, args, session } = invocation;
    const reference = parseReference(args[0] ?? '');
    const source = await sourceOf(invocation);
    const { image, digest, stored } = await withRegistry(invocation, [reference], async (context) => {
      session.log.note(`Pushing signature to: ${repositoryNameOf(context.signaturePlace ?? reference.repository)}`);
      return attachSignature(context, { reference, source, isSingleSigner: values['single-signer'] });
    });
    const { form, status, where, error } = stored;
    if (error !== undefined) session.stderr.write(failureText(error, session.style));
    const report = { image, digest, form, status, where, ...(error === undefined ? {} : failureReport(error)) };
    return { text: '', report, exit: status === 'failed' ? 1 : 0 };
  },
});

async function sourceOf({ values, session, isGiven }: Invocation<typeof attachFlags>): Promise<AttachSource> {
  if (values.bundle !== undefined) {
    const other = (['signature', 'payload', 'certificate', 'certificate-chain', 'rekor-response', 'tsr'] as const).find(
      (name) => isGiven(name),
    );
    if (other !== undefined) throw new UsageError('FLAGS_CONFLICT', `--bundle holds everything: leave out --${other}`);
    return { kind: 'bundle', bundle: await readInputFile(session, values.bundle, limits.bundleBytes) };
  }
  if (values.signature === undefined) {
    throw new UsageError('FLAGS_CONFLICT', 'nothing to attach: give --signature or --bundle');
  }
  const read = async (path: string | undefined, maxBytes: number): Promise<Uint8Array | undefined> =>
    path === undefined ? undefined : readInputFile(session, path, maxBytes);
  const signature = await readInputFile(session, values.signature, limits.signatureBytes);
  const [payload, certificate, chain, rekorResponse, timestamp] = await Promise.all([
    read(values.payload, limits.payloadBytes),
    read(values.certificate, limits.keyFileBytes),
    read(values['certificate-chain'], limits.keyFileBytes),
    read(values['rekor-response'], limits.bundleBytes),
    read(values.tsr, limits.keyFileBytes),
  ]);
  return {
    kind: 'signature',
    signature,
    ...(payload === undefined ? {} : { payload }),
    ...(certificate === undefined ? {} : { certificate }),
    ...(chain === undefined ? {} : { chain }),
    ...(rekorResponse === undefined ? {} : { rekorResponse }),
    ...(timestamp === undefined ? {} : { timestamp }),
  };
}
