/** A quick command from process start to exit: `verify-blob` of a keyless bundle, the trusted root from a file. */

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { peerEnvironment, requirePeerPath } from '../test/support/peers.ts';
import { publicSuiteFolder } from '../test/support/public-suite.ts';
import { ratioRow } from './lanes.ts';
import type { Row } from './row.ts';
import { compare } from './timed-process.ts';
import type { Command } from './timed-process.ts';

const ROUNDS = 40;
const MOST = 1.8;

/** Against a bare start of Node, and beside cosign 3. */
export async function benchCold(): Promise<readonly Row[]> {
  const builtFile = join(import.meta.dirname, '..', 'dist', 'cli.cjs');
  if (!existsSync(builtFile)) throw new Error('dist/cli.cjs is not there: npm run build');
  const args = await verifyArguments();
  const env = peerEnvironment();
  const ours: Command = { label: 'countersign', program: process.execPath, args: [builtFile, ...args], env };
  const bare: Command = { label: 'node -e 0', program: process.execPath, args: ['-e', '0'], env };
  const cosign: Command = { label: 'cosign-3', program: requirePeerPath('cosign-3'), args, env };
  const { ratios, medianMs } = await compare([ours, bare, cosign], ROUNDS);
  return [
    ratioRow('cold verify-blob, against node -e 0', ratios[0], MOST, medianMs[0], medianMs[1]),
    ratioRow('cold verify-blob, against cosign 3', ratios[1], Infinity, medianMs[0], medianMs[2]),
  ];
}

/** The same words for both programs. */
async function verifyArguments(): Promise<readonly string[]> {
  const suite = join(publicSuiteFolder(), 'sigstore-conformance');
  const cases = JSON.parse(await readFile(join(suite, 'expected.json'), 'utf8')) as Readonly<
    Record<string, Readonly<Record<string, string>>>
  >;
  const { bundle = '', artifact = '', identity = '', issuer = '' } = cases['happy-path-v0.3'] ?? {};
  return [
    'verify-blob',
    '--trusted-root',
    join(publicSuiteFolder(), 'trusted-roots', 'production', 'trusted_root.json'),
    '--bundle',
    join(suite, bundle),
    '--certificate-identity',
    identity,
    '--certificate-oidc-issuer',
    issuer,
    join(suite, artifact),
  ];
}
