/** countersign verify-blob */

import { UsageError } from '../../base/errors.ts';
import { verifyBlob } from '../../flows/verify-blob.ts';
import type { BlobProof } from '../../flows/verify-blob.ts';
import { blobArtifactOf } from '../blob-artifact.ts';
import { blobResultOf } from '../blob-output.ts';
import { blobProofFlags, givenProofOf } from '../blob-proof.ts';
import { declareCommand } from '../command.ts';
import type { Invocation } from '../command.ts';
import { mapped } from '../flag.ts';
import { verificationFlags } from '../flags/verification.ts';
import { readSignatureArgument } from '../input-file.ts';
import { signatureTermsOf } from '../signature-policy.ts';
import { withRuntime } from '../with-runtime.ts';

const verifyBlobFlags = {
  ...verificationFlags,
  ...blobProofFlags,
  signature: {
    type: 'string',
    placeholder: 'FILE',
    completes: 'file',
    help: 'the signature: a file that holds base64, or the base64 itself',
    cosign: mapped('Addresses are not fetched.'),
  },
} as const;

export const verifyBlobCommand = declareCommand({
  path: ['verify-blob'],
  summary: 'Verify the signature of a file',
  description:
    'Verifies the signature of a file, of standard input (-), or, with a bundle, of a digest. Prints "Verified OK" on stderr. Exit status 0 when it is good, 1 otherwise.',
  examples: [
    {
      what: 'Verify with a bundle',
      command: 'countersign verify-blob --key cosign.pub --bundle app.tar.sigstore.json app.tar',
    },
    {
      what: 'Verify with a signature',
      command: 'countersign verify-blob --key cosign.pub --signature app.tar.sig app.tar',
    },
  ],
  positional: { usage: 'FILE', least: 1, most: 1, completes: 'file' },
  flags: verifyBlobFlags,
  timeoutMs: 180_000,
  isInCosign: true,
  run: async (invocation) => {
    const { values, args, session } = invocation;
    const file = args[0] ?? '';
    if (values.key.length > 1) throw new UsageError('FLAGS_CONFLICT', 'a file has one signature here: give one --key');
    const proof = await proofOf(invocation);
    const artifact = await blobArtifactOf(session, file);
    const terms = await signatureTermsOf(values, session, 'blob');
    const { verdict } = await withRuntime(session, async (runtime) =>
      verifyBlob({ signature: await terms.load(runtime), artifact, proof }),
    );
    return blobResultOf(session, verdict, { what: 'signature', file, log: terms.log, isExplained: values.explain });
  },
});

async function proofOf({ values, session }: Invocation<typeof verifyBlobFlags>): Promise<BlobProof> {
  const given = await givenProofOf(values, session);
  if (given.kind === 'bundle') return given;
  return { kind: 'signature', signature: await readSignatureArgument(session, given.text), ...given.companions };
}
