/** countersign verify-bundle */

import { UsageError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { verifyBundle } from '../../flows/verify-bundle.ts';
import { blobArtifactOf } from '../blob-artifact.ts';
import { blobResultOf } from '../blob-output.ts';
import { declareCommand } from '../command.ts';
import { verificationFlags } from '../flags/verification.ts';
import { readInputFile } from '../input-file.ts';
import { signatureTermsOf } from '../signature-policy.ts';
import { withRuntime } from '../with-runtime.ts';

const verifyBundleFlags = {
  ...verificationFlags,
  bundle: { type: 'string', placeholder: 'FILE', completes: 'file', help: 'the bundle (required)' },
  staging: {
    type: 'bool',
    default: false,
    help: 'has no effect: "initialize" says whose trusted root is used without --trusted-root',
  },
} as const;

export const verifyBundleCommand = declareCommand({
  path: ['verify-bundle'],
  summary: 'Verify a bundle against everything that a trusted root holds',
  description:
    'Verifies a Sigstore bundle with its log entries and timestamps, for a file or its digest (sha256:…). If the bundle holds a statement, the file must be one of its ' +
    'subjects. Speaks the command line protocol of sigstore-conformance. Exit status 0 when it is good, 1 otherwise.',
  examples: [
    {
      what: 'Verify with an identity',
      command:
        'countersign verify-bundle --bundle app.sigstore.json --certificate-identity dev@example.com --certificate-oidc-issuer https://login.example.com --trusted-root root.json app',
    },
  ],
  positional: { usage: 'FILE_OR_DIGEST', least: 1, most: 1, completes: 'file' },
  flags: verifyBundleFlags,
  timeoutMs: 180_000,
  isInCosign: false,
  run: async ({ values, args, session }) => {
    const [file = ''] = args;
    if (values.bundle === undefined) throw new UsageError('FLAGS_CONFLICT', '--bundle says what to verify');
    const terms = await signatureTermsOf(values, session, 'blob', 'needs-trust');
    const bundle = await readInputFile(session, values.bundle, limits.bundleBytes);
    const artifact = await blobArtifactOf(session, file);
    const name = values.bundle;
    const { verdict } = await withRuntime(session, async (runtime) =>
      verifyBundle({ signature: await terms.load(runtime), artifact, bundle, name }),
    );
    return blobResultOf(session, verdict, { what: 'signature', file, log: terms.log, isExplained: values.explain });
  },
});
