/** Clients that use a stack until it dies, and remember everything that it told them. */

import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { isErrorWithCode } from '../../src/base/errors.ts';
import { askStack } from '../../src/servers/stack/control-socket.ts';
import { certify, hashedRekordOf, postJson } from './plain-client.ts';
import type { CertifiedKey } from './plain-client.ts';
import type { EntryJson } from './rekor-lab.ts';
import { createScratchFolder } from './scratch.ts';

export interface CrashLoad {
  readonly told: Told;
  /** Resolves when the stack is dead. Throws an Error for an answer that is none. */
  readonly run: (url: string) => Promise<void>;
}

/** What a client was told in one round. */
export interface ToldRound {
  /** By UUID. */
  readonly entries: Map<string, EntryJson>;
  /** Of Rekor's log. */
  readonly checkpoints: Set<string>;
  /** Of the certificate log: JSON of get-sth. */
  readonly heads: Set<string>;
  /** PEM. */
  readonly chains: string[];
  readonly timestamps: Buffer[];
}

export interface Told {
  readonly rounds: readonly ToldRound[];
  readonly counts: () => Readonly<Record<'entries' | 'certificates' | 'timestamps' | 'checkpoints', number>>;
}

const ENTRY_CLIENTS = 8;
const CERTIFICATE_CLIENTS = 3;

export function openCrashLoad(dataDir: string): CrashLoad {
  const rounds: ToldRound[] = [];
  const query = timestampQuery();
  const count = (of: (round: ToldRound) => number): number => rounds.reduce((sum, round) => sum + of(round), 0);
  return {
    told: {
      rounds,
      counts: () => ({
        entries: count(({ entries }) => entries.size),
        certificates: count(({ chains }) => chains.length),
        timestamps: count(({ timestamps }) => timestamps.length),
        checkpoints: count(({ checkpoints, heads }) => checkpoints.size + heads.size),
      }),
    },
    run: async (url) => {
      const round: ToldRound = {
        entries: new Map(),
        checkpoints: new Set(),
        heads: new Set(),
        chains: [],
        timestamps: [],
      };
      rounds.push(round);
      const token = await untilDeath(() => askToken(dataDir));
      if (token === undefined) return;
      const key = await untilDeath(() => certify(url, token));
      if (key === undefined) return;
      round.chains.push(key.chain.join(''));
      await Promise.all([
        ...Array.from({ length: ENTRY_CLIENTS }, () => again(() => addEntry(url, key, round))),
        ...Array.from({ length: CERTIFICATE_CLIENTS }, () =>
          again(async () => round.chains.push((await certify(url, token)).chain.join(''))),
        ),
        again(() => addTimestamp(url, query, round)),
        again(() => watchHeads(url, round)),
      ]);
    },
  };
}

/** For dev@example.com. */
export async function askToken(dataDir: string): Promise<string> {
  const answer = await askStack(dataDir, 'token', { email: 'dev@example.com', audience: 'sigstore' });
  return (answer as { readonly token: string }).token;
}

async function addEntry(url: string, { privateKey, chain }: CertifiedKey, round: ToldRound): Promise<void> {
  const answer = await postJson(
    `${url}/api/v1/log/entries`,
    hashedRekordOf(randomBytes(16), privateKey, chain[0] ?? ''),
  );
  if (answer.status !== 201) throw new Error(`an entry: ${answer.status} ${await answer.text()}`);
  for (const [uuid, entry] of Object.entries((await answer.json()) as Record<string, EntryJson>)) {
    round.entries.set(uuid, entry);
    round.checkpoints.add(entry.verification.inclusionProof.checkpoint);
  }
}

async function addTimestamp(url: string, body: Buffer, round: ToldRound): Promise<void> {
  const headers = { 'content-type': 'application/timestamp-query' };
  const answer = await fetch(`${url}/api/v1/timestamp`, { method: 'POST', headers, body });
  if (answer.status !== 200) throw new Error(`a timestamp: ${answer.status}`);
  round.timestamps.push(Buffer.from(await answer.arrayBuffer()));
  await pause(10);
}

/** Heads that everybody may see, also before somebody is told of an entry below them. */
async function watchHeads(url: string, round: ToldRound): Promise<void> {
  round.checkpoints.add(await textOf(`${url}/api/v1/log/checkpoint`));
  round.heads.add(await textOf(`${url}/ctlog/ct/v1/get-sth`));
  await pause(3);
}

async function textOf(url: string): Promise<string> {
  const answer = await fetch(url);
  if (answer.status !== 200) throw new Error(`${url}: ${answer.status}`);
  return answer.text();
}

async function again(act: () => Promise<unknown>): Promise<void> {
  while ((await untilDeath(async () => ({ done: await act() }))) !== undefined);
}

/** Undefined when nobody answers any more. */
async function untilDeath<T>(act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    if (isDeath(error)) return undefined;
    throw error;
  }
}

/** What `fetch` says of a connection that broke, or our own client of a socket that nobody serves. */
function isDeath(error: unknown): boolean {
  if (error instanceof TypeError) return ['fetch failed', 'terminated'].includes(error.message);
  return isErrorWithCode(error, 'STACK_NOT_RUNNING');
}

function timestampQuery(): Buffer {
  const file = join(createScratchFolder('query'), 'data');
  writeFileSync(file, 'something that is signed');
  return execFileSync('openssl', ['ts', '-query', '-data', file, '-sha256', '-cert', '-no_nonce'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
