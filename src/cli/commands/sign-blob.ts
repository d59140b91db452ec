/** countersign sign-blob */

import { base64Of, utf8Of } from '../../base/bytes.ts';
import { UsageError } from '../../base/errors.ts';
import { writeFileAtomic } from '../../clients/files/atomic-file.ts';
import { signBlob } from '../../flows/sign-blob.ts';
import type { SignedBlob } from '../../flows/sign-blob.ts';
import type { SigningMethod } from '../../flows/signing-method.ts';
import { encodeCertificatePem } from '../../formats/x509/certificate-pem.ts';
import { declareCommand } from '../command.ts';
import type { Invocation } from '../command.ts';
import { mapped, refused, same } from '../flag.ts';
import { signingServiceFlags } from '../flags/keyless.ts';
import { signingFlags } from '../flags/signing.ts';
import { streamInputFile } from '../input-file.ts';
import { logLines, materialJson } from '../material-output.ts';
import { beginSigning } from '../signing-method.ts';
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
    placeholder: 'FILE',
    completes: 'file',
    help: 'write the timestamp to FILE, as JSON',
    cosign: same(),
  },
  'signing-algorithm': {
    type: 'string',
    default: 'ecdsa-sha2-256-nistp256',
    deprecated: 'the algorithm follows from the key',
    help: 'algorithm of a key made for this signature',
    accepts: ['ecdsa-sha2-256-nistp256'],
    cosign: refused(
      'The algorithm follows from the key, and keys of certificates are ECDSA P-256: leave this flag out.',
      '3.1',
    ),
  },
} as const;

export const signBlobCommand = declareCommand({
  path: ['sign-blob'],
  summary: 'Sign files, with a key or by your identity',
  description:
    'Signs each file and prints the signature as base64. With --bundle the signature is also written with all that verify-blob needs besides the key. Without --key you sign by your identity, as with "countersign sign".',
  examples: [
    { what: 'Sign a file', command: 'countersign sign-blob --key cosign.key --bundle app.tar.sigstore.json app.tar' },
    { what: 'Sign what a program prints', command: 'make-report | countersign sign-blob --key cosign.key -' },
  ],
  positional: { usage: 'FILE...', least: 1, most: Number.POSITIVE_INFINITY, completes: 'file' },
  flags: signBlobFlags,
  timeoutMs: 180_000,
  isInCosign: true,
  run: async (invocation) => {
    const { args, session } = invocation;
    const outputFile = requireFiles(invocation);
    return withRuntime(session, async (runtime) => {
      const method = await (await beginSigning(invocation, runtime)).method;
      const signed: object[] = [];
      const lines: string[] = [];
      for (const file of args) {
        const { report, signature } = await signFile(invocation, file, outputFile, method);
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
  const files = [outputFile, values.bundle, values['output-certificate'], values['rfc3161-timestamp']];
  if (args.length > 1 && files.some((file) => file !== undefined)) {
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
  method: SigningMethod,
): Promise<{ readonly report: object; readonly signature: string }> {
  session.log.note(`Using payload from: ${file}`);
  const made = await signBlob(streamInputFile(session, file), method);
  const logs = method.services?.logs.map(({ href }) => href) ?? [];
  for (const line of logLines(made.material, logs)) session.log.note(line);
  for (const [path, bytes, what] of filesOf(values, outputFile, made)) {
    if (path === undefined || bytes === undefined) continue;
    await writeFileAtomic(path, bytes, { mode: 0o644, overwrite: true });
    session.log.note(`Wrote ${what} to file ${path}`);
  }
  const signature = base64Of(made.signature);
  const report = {
    file,
    signature,
    signer: `sha256:${made.signer}`,
    identity: method.names?.subject,
    issuer: method.names?.issuer,
    ...materialJson(made.material, logs),
    bundle: JSON.parse(Buffer.from(made.bundle).toString('utf8')) as unknown,
  };
  return { report, signature };
}

type NamedFile = readonly [path: string | undefined, bytes: Uint8Array | undefined, what: string];

/** What is written where. A key has no certificate, and where no authority was asked there is no timestamp. */
function filesOf(
  values: SignBlobInvocation['values'],
  outputFile: string | undefined,
  { signature, material, bundle, legacyBundle }: SignedBlob,
): readonly NamedFile[] {
  const { signer, timestamps } = material;
  const encoded = (bytes: Uint8Array): Uint8Array => (values.b64 ? utf8Of(base64Of(bytes)) : bytes);
  const certificate = signer.kind === 'certificate' ? utf8Of(encodeCertificatePem(signer.chain[0])) : undefined;
  const [stamp] = timestamps.map((each) => utf8Of(JSON.stringify({ SignedRFC3161Timestamp: base64Of(each) })));
  return [
    [values.bundle, values['new-bundle-format'] ? bundle : legacyBundle, 'bundle'],
    [outputFile, encoded(signature), 'signature'],
    [values['output-certificate'], certificate && encoded(certificate), 'certificate'],
    [values['rfc3161-timestamp'], stamp, 'timestamp'],
  ];
}
