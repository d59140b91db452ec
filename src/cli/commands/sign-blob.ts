/** countersign sign-blob */

import { base64Of, utf8Of } from '../../base/bytes.ts';
import { UsageError } from '../../base/errors.ts';
import { writeFileAtomic } from '../../clients/files/atomic-file.ts';
import type { Signer } from '../../crypto/signer.ts';
import { signBlob } from '../../flows/sign-blob.ts';
import { declareCommand } from '../command.ts';
import type { Invocation } from '../command.ts';
import { mapped, refused } from '../flag.ts';
import { signingServiceFlags } from '../flags/services.ts';
import { signingFlags } from '../flags/signing.ts';
import { streamInputFile } from '../input-file.ts';
import { signerOfFlag } from '../keys.ts';
import { withRuntime } from '../with-runtime.ts';

const { certificate, 'certificate-chain': chain, ...services } = signingServiceFlags;

const signBlobFlags = {
  ...services,
  ...signingFlags,
  certificate: { ...certificate, cosign: refused(certificate.cosign?.text ?? '', '3.1') },
  'certificate-chain': { ...chain, cosign: refused(chain.cosign?.text ?? '', '3.1') },
  b64: {
    type: 'bool',
    default: true,
    help: 'write signatures as base64',
    cosign: mapped('With false, --output-signature is needed: raw bytes do not go to stdout.'),
  },
  'new-bundle-format': {
    type: 'bool',
    default: true,
    help: "write --bundle as a sigstore bundle; false writes cosign 2's form",
    cosign: mapped(
      'Decides the form of --bundle. The signature goes to stdout either way, unless it is written to a file.',
    ),
  },
  output: {
    type: 'string',
    placeholder: 'FILE',
    deprecated: 'use --output-signature',
    help: 'the same as --output-signature',
    cosign: mapped('The same as --output-signature.'),
  },
  'rfc3161-timestamp': {
    type: 'string',
    deprecated: 'this version does not have it',
    help: 'where to write a timestamp',
    cosign: refused('This version has no timestamps: leave this flag out.'),
  },
  'signing-algorithm': {
    type: 'string',
    default: 'ecdsa-sha2-256-nistp256',
    deprecated: 'the algorithm follows from the key',
    help: 'algorithm of a key made for this signature',
    cosign: refused('The algorithm follows from the key: leave this flag out.', '3.1'),
  },
} as const;

export const signBlobCommand = declareCommand({
  path: ['sign-blob'],
  summary: 'Sign files with a key',
  description:
    'Signs each file and prints the signature as base64. With --bundle the signature is also written with all that verify-blob needs besides the key.',
  examples: [
    { what: 'Sign a file', command: 'countersign sign-blob --key cosign.key --bundle app.tar.sigstore.json app.tar' },
    { what: 'Sign what a program prints', command: 'make-report | countersign sign-blob --key cosign.key -' },
  ],
  positional: { usage: 'FILE...', least: 1, most: Number.POSITIVE_INFINITY, completes: 'file' },
  flags: signBlobFlags,
  timeoutMs: 180_000,
  isInCosign: true,
  run: async (invocation) => {
    const { values, args, session } = invocation;
    const outputFile = requireFiles(invocation);
    return withRuntime(session, async ({ request }) => {
      const signer = await signerOfFlag(session, request, values.key);
      const signed: object[] = [];
      const lines: string[] = [];
      for (const file of args) {
        const { report, signature } = await signFile(invocation, file, outputFile, signer);
        signed.push(report);
        if (outputFile === undefined) lines.push(`${signature}\n`);
      }
      return { text: lines.join(''), report: { files: signed } };
    });
  },
});

type SignBlobInvocation = Invocation<typeof signBlobFlags>;

/** Where signatures go; undefined for stdout. Throws FLAGS_CONFLICT. */
function requireFiles({ values, args, session }: SignBlobInvocation): string | undefined {
  const outputFile = values['output-signature'] ?? values.output;
  if (args.length > 1 && (outputFile !== undefined || values.bundle !== undefined)) {
    throw new UsageError('FLAGS_CONFLICT', 'several files and one file to write: each would overwrite the last', {
      hint: 'Sign the files one by one.',
    });
  }
  if (!values.b64 && outputFile === undefined) {
    throw new UsageError('FLAGS_CONFLICT', '--b64=false needs --output-signature: raw bytes do not go to stdout');
  }
  if (args.includes('-') && session.environment['COSIGN_PASSWORD'] === undefined && !session.stdin.isTTY) {
    session.log.noteOnce(
      'standard input holds the file: the password of an encrypted key must come from COSIGN_PASSWORD',
    );
  }
  return outputFile;
}

async function signFile(
  { values, session }: SignBlobInvocation,
  file: string,
  outputFile: string | undefined,
  signer: Signer,
): Promise<{ readonly report: object; readonly signature: string }> {
  session.log.note(`Using payload from: ${file}`);
  const made = await signBlob(streamInputFile(session, file), signer);
  const signature = base64Of(made.signature);
  if (values.bundle !== undefined) {
    await writeFileAtomic(values.bundle, values['new-bundle-format'] ? made.bundle : made.legacyBundle, {
      mode: 0o644,
      overwrite: true,
    });
    session.log.note(`Wrote bundle to file ${values.bundle}`);
  }
  if (outputFile !== undefined) {
    await writeFileAtomic(outputFile, values.b64 ? utf8Of(signature) : made.signature, {
      mode: 0o644,
      overwrite: true,
    });
    session.log.note(`Wrote signature to file ${outputFile}`);
  }
  const report = {
    file,
    signature,
    signer: `sha256:${made.signer}`,
    bundle: JSON.parse(Buffer.from(made.bundle).toString('utf8')) as unknown,
  };
  return { report, signature };
}
