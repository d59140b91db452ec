/** What every lane needs: the built command line, the peers, a Go registry with the referrers API, keys, an image. */

import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildImage, pushImage } from '../test/support/image.ts';
import { peerEnvironment, requirePeerPath } from '../test/support/peers.ts';
import { startRegistry } from '../test/support/registries.ts';
import type { TestRegistry } from '../test/support/registries.ts';
import { createScratchFolder } from '../test/support/scratch.ts';
import { runRequired } from './timed-process.ts';
import type { Command } from './timed-process.ts';

export type ProgramName = 'countersign' | 'cosign-2' | 'cosign-3';

export interface Bench {
  readonly registry: TestRegistry;
  readonly folder: string;
  readonly keyFile: string;
  readonly publicKeyFile: string;
  readonly command: (program: ProgramName, args: readonly string[]) => Command;
  readonly sign: (program: ProgramName, images: readonly string[], flags?: readonly string[]) => Command;
  readonly verify: (program: ProgramName, images: readonly string[], flags?: readonly string[]) => Command;
  /** Pushes a new image and returns "repository@digest" without the host. */
  readonly push: (repository: string) => Promise<string>;
  readonly close: () => Promise<void>;
}

const builtFile = join(import.meta.dirname, '..', 'dist', 'cli.cjs');

export async function openBench(): Promise<Bench> {
  if (!existsSync(builtFile)) throw new Error('dist/cli.cjs is not there: npm run build');
  const folder = createScratchFolder('bench');
  const registry = await startRegistry('ggcr');
  const signingConfig = join(folder, 'signing-config.json');
  await writeFile(
    signingConfig,
    '{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json","rekorTlogConfig":{},"tsaConfig":{}}',
  );
  const env = { ...peerEnvironment(), COSIGN_PASSWORD: 'bench' };
  const command: Bench['command'] = (program, args) =>
    program === 'countersign'
      ? { label: program, program: process.execPath, args: [builtFile, ...args], env }
      : { label: program, program: requirePeerPath(program), args, env };
  const keyFile = join(folder, 'bench.key');
  const noLog = {
    countersign: [],
    'cosign-2': ['--tlog-upload=false'],
    'cosign-3': ['--signing-config', signingConfig],
  };
  const bench: Bench = {
    registry,
    folder,
    keyFile,
    publicKeyFile: join(folder, 'bench.pub'),
    command,
    sign: (program, images, flags = []) =>
      command(program, ['sign', '--yes', '--key', keyFile, ...noLog[program], ...flags, ...images]),
    verify: (program, images, flags = []) =>
      command(program, [
        'verify',
        '--key',
        join(folder, 'bench.pub'),
        '--insecure-ignore-tlog=true',
        ...flags,
        ...images,
      ]),
    push: async (repository) => {
      const digest = await pushImage(registry, repository, 'v1', buildImage(repository));
      return `${repository}@${digest}`;
    },
    close: () => registry.close(),
  };
  await runRequired(command('cosign-2', ['generate-key-pair', '--output-key-prefix', join(folder, 'bench')]));
  return bench;
}
