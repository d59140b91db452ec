/** A real stack in this process, whose data directory can be changed between two starts, and what it told. */

import { randomBytes } from 'node:crypto';

import { openRuntime } from '../../src/clients/runtime.ts';
import { openStackLog } from '../../src/servers/stack/stack-log.ts';
import type { StackOptions } from '../../src/servers/stack/stack-options.ts';
import { startStack } from '../../src/servers/stack/start-stack.ts';
import type { RunningStack } from '../../src/servers/stack/start-stack.ts';
import { askToken } from './crash-load.ts';
import { certify, hashedRekordOf, postJson } from './plain-client.ts';
import type { CertifiedKey } from './plain-client.ts';
import { entryOf } from './rekor-lab.ts';
import type { EntryJson } from './rekor-lab.ts';

export interface LabStack extends RunningStack {
  readonly url: string;
  readonly dataDir: string;
  /** Its log. */
  readonly lines: readonly string[];
}

export interface LabOptions extends Partial<Pick<StackOptions, 'onFatal' | 'onStep' | 'tls'>> {
  readonly isNew?: boolean;
  readonly now?: () => Date;
}

/** Development, on a free port at first. The caller closes it. Throws as `startStack`. */
export async function startLabStack(dataDir: string, options: LabOptions = {}): Promise<LabStack> {
  const { isNew = false, now = () => new Date(), onFatal = () => undefined, onStep, tls } = options;
  const { runtime, close } = openRuntime({ environment: {} });
  const lines: string[] = [];
  try {
    const stack = await startStack({
      dataDir,
      wanted: { mode: 'development', ...(isNew ? { listen: { host: '127.0.0.1', port: 0 } } : {}) },
      password: () => Promise.resolve(new TextEncoder().encode('lab')),
      witnesses: [],
      runtime: { ...runtime, now },
      log: await openStackLog({ format: 'text', isVerbose: false, now, write: (line) => lines.push(line) }),
      onFatal,
      ...(onStep === undefined ? {} : { onStep }),
      ...(tls === undefined ? {} : { tls }),
    });
    return {
      ...stack,
      url: stack.settings.url,
      dataDir,
      lines,
      close: async () => {
        await stack.close();
        close();
      },
    };
  } catch (error) {
    close();
    throw error;
  }
}

/** What a client of Rekor's log was told, by index. */
export type ToldEntries = Map<number, EntryJson>;

export async function certifyIn({ url, dataDir }: LabStack): Promise<CertifiedKey> {
  return certify(url, await askToken(dataDir));
}

/** As many certificates and as many entries, sixteen at a time. */
export async function fillStack(stack: LabStack, count: number): Promise<ToldEntries> {
  const told: ToldEntries = new Map();
  const key = await certifyIn(stack);
  for (let at = 0; at < count; at += 16) {
    await Promise.all(
      Array.from({ length: Math.min(16, count - at) }, async () => {
        await certifyIn(stack);
        const entry = await addEntryTo(stack, key);
        told.set(entry.logIndex, entry);
      }),
    );
  }
  return told;
}

/** Throws an Error with the answer for an entry that is not taken. */
export async function addEntryTo({ url }: LabStack, { privateKey, chain }: CertifiedKey): Promise<EntryJson> {
  const proposed = hashedRekordOf(randomBytes(16), privateKey, chain[0] ?? '');
  const answer = await postJson(`${url}/api/v1/log/entries`, proposed);
  if (answer.status !== 201) throw new Error(`${answer.status}: ${await answer.text()}`);
  return entryOf(await answer.json())[1];
}
