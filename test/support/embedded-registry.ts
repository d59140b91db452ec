/** Our own registry, in the test's process, in the same shape as the real ones of registries.ts. */
import { startEmbeddedRegistry } from '../../src/servers/registry/embedded-registry.ts';
import type { TestRegistry } from './registries.ts';
import { createScratchFolder } from './scratch.ts';

export interface EmbeddedOptions {
  /** Default true. Without it, clients keep the fallback tag. */
  readonly hasReferrers?: boolean;
}

/** Starts an empty one on a free loopback port, over plain HTTP. */
export async function startEmbedded({ hasReferrers = true }: EmbeddedOptions = {}): Promise<TestRegistry> {
  const lines: string[] = [];
  const keep = (line: string): void => void lines.push(line);
  const server = await startEmbeddedRegistry({
    dataDir: createScratchFolder('embedded'),
    listen: { host: '127.0.0.1', port: 0 },
    isReferrersApiEnabled: hasReferrers,
    log: { note: keep, warn: keep, noteOnce: keep, debug: keep },
  });
  return {
    host: server.host,
    scheme: 'http',
    hasReferrers,
    log: () => lines.join('\n'),
    close: () => server.close(),
  };
}
