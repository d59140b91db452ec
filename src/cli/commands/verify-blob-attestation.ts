/** countersign verify-blob-attestation */

import { UsageError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { verifyBlobAttestation } from '../../flows/verify-blob-attestation.ts';
import type { AttestationProof, AttestedArtifact } from '../../flows/verify-blob-attestation.ts';
import { blobResultOf } from '../blob-output.ts';
import { blobProofFlags, givenProofOf } from '../blob-proof.ts';
import { declareCommand } from '../command.ts';
import type { Invocation } from '../command.ts';
import { mapped, same } from '../flag.ts';
import { attestationFlags } from '../flags/attestation.ts';
import { verificationFlags } from '../flags/verification.ts';
import { readInputFile, streamInputFile } from '../input-file.ts';
import { signatureTermsOf } from '../signature-policy.ts';
import { wantedTypeOf } from '../wanted-type.ts';
import { withRuntime } from '../with-runtime.ts';

const HEX_DIGITS = { sha256: 64, sha384: 96, sha512: 128 } as const;

const verifyBlobAttestationFlags = {
  ...verificationFlags,
  ...attestationFlags,
  ...blobProofFlags,
  digest: {
    type: 'string',
    placeholder: 'HEX',
    help: 'digest of the file, instead of the file; with --digestAlg',
    cosign: mapped('One of --digest and --digestAlg without the other is an error; cosign ignores it.', '2.6', '3.1'),
  },
  digestAlg: {
    type: 'enum',
    values: ['sha256', 'sha384', 'sha512'],
    help: 'algorithm of --digest',
    cosign: same('2.6', '3.1'),
  },
  signature: {
    type: 'string',
    placeholder: 'FILE',
    completes: 'file',
    help: 'the attestation as an envelope, as "attest-blob --output-signature" writes it',
    cosign: same(),
  },
} as const;

export const verifyBlobAttestationCommand = declareCommand({
  path: ['verify-blob-attestation'],
  summary: 'Verify an attestation about a file',
  description:
    'Verifies an attestation about a file, about standard input (-) or about a digest. Prints "Verified OK" on stderr. Exit status 0 when it is good, 1 otherwise.',
  examples: [
    {
      what: 'Verify with a bundle',
      command:
        'countersign verify-blob-attestation --key cosign.pub --type slsaprovenance1 --bundle app.tar.intoto.json app.tar',
    },
  ],
  positional: { usage: '[FILE]', least: 0, most: 1, completes: 'file' },
  flags: verifyBlobAttestationFlags,
  timeoutMs: 180_000,
  isInCosign: true,
  run: async (invocation) => {
    const { values, session, args } = invocation;
    const type = wantedTypeOf(values.type);
    if (values.key.length > 1)
      throw new UsageError('FLAGS_CONFLICT', 'an attestation has one signature: give one --key');
    const artifact = artifactOf(invocation);
    const proof = await proofOf(invocation);
    const terms = await signatureTermsOf(values, session, 'blob attestation');
    const { verdict } = await withRuntime(session, async (runtime) =>
      verifyBlobAttestation({ signature: await terms.load(runtime), type, artifact, proof }),
    );
    if (artifact.kind === 'unchecked')
      session.log.note('claims NOT checked: the attestation may be about another file');
    const file = args[0] ?? values.digest ?? '';
    return blobResultOf(session, verdict, { what: 'attestation', file, log: terms.log, isExplained: values.explain });
  },
});

type BlobInvocation = Invocation<typeof verifyBlobAttestationFlags>;

function artifactOf({ values, args, session, isGiven }: BlobInvocation): AttestedArtifact {
  const [file] = args;
  const { digest, digestAlg } = values;
  if ((digest === undefined) !== (digestAlg === undefined)) {
    throw new UsageError('FLAGS_CONFLICT', '--digest and --digestAlg go together');
  }
  if (file !== undefined && isGiven('digest')) {
    throw new UsageError('FLAGS_CONFLICT', 'a file and --digest: one of the two says what must be attested');
  }
  if (!values['check-claims']) return { kind: 'unchecked' };
  if (digest !== undefined && digestAlg !== undefined) {
    if (!/^[0-9a-f]+$/.test(digest) || digest.length !== HEX_DIGITS[digestAlg]) {
      throw new UsageError(
        'FLAG_VALUE_INVALID',
        `--digest: expected ${HEX_DIGITS[digestAlg]} lower-case hex digits for ${digestAlg}, got ${JSON.stringify(digest.slice(0, 150))}`,
      );
    }
    return { kind: 'digest', digest: { hash: digestAlg, hex: digest } };
  }
  if (file === undefined) {
    throw new UsageError('ARGUMENTS_INVALID', 'nothing to verify: neither a file nor --digest with --digestAlg');
  }
  return { kind: 'stream', chunks: streamInputFile(session, file) };
}

async function proofOf({ values, session }: BlobInvocation): Promise<AttestationProof> {
  const given = await givenProofOf(values, session);
  if (given.kind === 'bundle') return given;
  const bytes = await readInputFile(session, given.text, limits.bundleBytes);
  return { kind: 'envelope', bytes, ...given.companions };
}
