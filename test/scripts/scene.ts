/** What the scripts act on: a registry of ours with images in it, and a key pair. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { RunningServer } from '../../src/serve/server.ts';
import { startEmbeddedRegistry } from '../../src/servers/registry/embedded-registry.ts';
import { runCountersign } from '../support/countersign.ts';
import { buildImage, pushImage } from '../support/image.ts';
import type { PeerRun, PeerRunOptions } from '../support/peers.ts';
import type { RegistryAddress } from '../support/registry-request.ts';
import { createScratchFolder } from '../support/scratch.ts';

export const password = 'correct horse battery staple';

export interface Scene {
  readonly folder: string;
  readonly registry: RunningServer;
  readonly address: RegistryAddress;
  /** Pushes an image that no other call pushes, and returns its name with the tag v1 and its digest. */
  readonly push: (
    repository: string,
  ) => Promise<{ readonly image: string; readonly digest: string; readonly byDigest: string }>;
  /** Runs in the scene's folder, where cosign.key and cosign.pub are, with the password in the environment. */
  readonly run: (args: readonly string[], options?: PeerRunOptions) => Promise<PeerRun>;
  readonly close: () => Promise<void>;
}

export async function openScene(): Promise<Scene> {
  const folder = createScratchFolder('scripts');
  const silent = (): void => {};
  const registry = await startEmbeddedRegistry({
    dataDir: join(folder, 'registry'),
    listen: { host: '127.0.0.1', port: 0 },
    log: { note: silent, warn: silent, noteOnce: silent, debug: silent },
  });
  const address: RegistryAddress = { scheme: 'http', host: registry.host };
  let count = 0;
  const run: Scene['run'] = (args, options = {}) =>
    runCountersign(args, { cwd: folder, ...options, env: { COSIGN_PASSWORD: password, ...options.env } });
  const made = await run(['generate-key-pair']);
  assert.equal(made.status, 0, made.stderr);
  return {
    folder,
    registry,
    address,
    push: async (repository) => {
      count += 1;
      const digest = await pushImage(address, repository, 'v1', buildImage(`image ${count}`));
      return {
        image: `${registry.host}/${repository}:v1`,
        digest,
        byDigest: `${registry.host}/${repository}@${digest}`,
      };
    },
    run,
    close: registry.close,
  };
}

/** The one JSON document that stdout holds. */
export function jsonOf({ stdout }: PeerRun): Record<string, unknown> {
  const value: unknown = JSON.parse(stdout);
  assert.ok(typeof value === 'object' && value !== null && !Array.isArray(value));
  return value as Record<string, unknown>;
}

/** The code of a failure that `--json` reported. */
export function errorCodeOf(run: PeerRun): string {
  return (jsonOf(run)['error'] as { readonly code: string }).code;
}
