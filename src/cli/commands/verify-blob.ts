/** countersign verify-blob */

import { access } from 'node:fs/promises';

import { UsageError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { printableOf } from '../../base/printable.ts';
import { verifyBlob } from '../../flows/verify-blob.ts';
import type { BlobArtifact, BlobProof } from '../../flows/verify-blob.ts';
import { isDigest } from '../../formats/oci/digest.ts';
import type { Verdict } from '../../verify/verdict.ts';
import { declareCommand } from '../command.ts';
import type { Invocation } from '../command.ts';
import { mapped, refused, same } from '../flag.ts';
import { verificationFlags } from '../flags/verification.ts';
import { readInputFile, readSignatureArgument, streamInputFile } from '../input-file.ts';
import { trustedKeysOf } from '../keys.ts';
import { logPolicyOf } from '../log-policy.ts';
import { checkLines } from '../proof-tree.ts';
import type { Session } from '../session.ts';
import { verdictJson } from '../verify-json.ts';
import { withRuntime } from '../with-runtime.ts';

const verifyBlobFlags = {
  ...verificationFlags,
  bundle: {
    type: 'string',
    placeholder: 'FILE',
    completes: 'file',
    help: 'the signature as a bundle, of cosign 2 or 3',
    cosign: same(),
  },
  'rfc3161-timestamp': {
    type: 'string',
    deprecated: 'this version does not have it',
    help: 'file with a timestamp',
    cosign: refused('This version has no timestamps: leave this flag out.'),
  },
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
    const artifact = await artifactOf(session, file);
    const log = logPolicyOf(values, session, 'blob');
    const { verdict } = await withRuntime(session, async ({ request }) =>
      verifyBlob({ keys: await trustedKeysOf(session, request, values.key), log, artifact, proof }),
    );
    if (values.explain) session.stderr.write(`${checkLines(verdict.checks, session.style, '').join('\n')}\n`);
    if (verdict.status === 'verified') {
      if (log.kind === 'none-configured') session.log.note('transparency log: not checked (none configured)');
      session.log.note('Verified OK');
      return { text: '', report: { file, ...verdictJson(verdict) } };
    }
    session.stderr.write(failureTextOf(session, verdict));
    return { text: '', report: { file, ...verdictJson(verdict) }, exit: 1 };
  },
});

async function proofOf({
  values: { bundle, signature },
  session,
}: Invocation<typeof verifyBlobFlags>): Promise<BlobProof> {
  if ((bundle === undefined) === (signature === undefined)) {
    throw new UsageError('FLAGS_CONFLICT', 'either --bundle or --signature says what to verify');
  }
  return bundle === undefined
    ? { kind: 'signature', signature: await readSignatureArgument(session, signature ?? '') }
    : { kind: 'bundle', bytes: await readInputFile(session, bundle, limits.bundleBytes), name: bundle };
}

/** A digest stands for the file when there is no file of that name, as in cosign. */
async function artifactOf(session: Session, file: string): Promise<BlobArtifact> {
  if (
    isDigest(file) &&
    !(await access(file).then(
      () => true,
      () => false,
    ))
  ) {
    return { kind: 'digest', digest: file };
  }
  return { kind: 'stream', chunks: streamInputFile(session, file) };
}

function failureTextOf({ style }: Session, { failed }: Exclude<Verdict, { status: 'verified' }>): string {
  const facts = [
    failed.expected === undefined ? [] : [`expected ${failed.expected}`],
    failed.seen === undefined ? [] : [`seen ${failed.seen}`],
  ].flat();
  const lines = [`${style.bad('Error:')} invalid signature: ${printableOf([failed.title, ...facts].join(', '))}`];
  if (failed.next !== undefined) lines.push(`  ${printableOf(failed.next)}`);
  return `${lines.join('\n')}\n`;
}
