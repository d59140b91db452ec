/** Proves with clients that others wrote (rekor-cli, OpenSSL, cosign, and the Go libraries of log-reader) that what a
 *  stack told before it died is so now. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, createPublicKey } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { askToken } from './crash-load.ts';
import type { Told, ToldRound } from './crash-load.ts';
import { runPeer } from './peers.ts';
import type { PeerName } from './peers.ts';
import { createScratchFolder } from './scratch.ts';

export interface CrashProof {
  /** Keeps what must stay so: keys, and a bundle of cosign's. */
  readonly signFirst: (url: string, dataDir: string) => Promise<void>;
  /** Of the newest round everything that was told, of all rounds the checkpoints. */
  readonly proveNewest: (url: string, told: Told) => Promise<void>;
  /** Of all rounds everything. */
  readonly proveAll: (url: string, told: Told) => Promise<void>;
}

interface Keys {
  /** DER. */
  readonly rekor: Buffer;
  readonly ctlog: Buffer;
  /** PEM, the leaf first. */
  readonly timestampChain: string;
}

export function openCrashProof(): CrashProof {
  const folder = createScratchFolder('crash-proof');
  const artifact = join(folder, 'artifact');
  writeFileSync(artifact, 'signed before anything happened');
  let keys: Keys | undefined;
  const prove = async (url: string, told: Told, rounds: readonly ToldRound[]): Promise<void> => {
    assert.ok(keys !== undefined);
    // A log that came back with another key would be another log.
    assert.deepEqual(await readKeys(url), keys);
    const { rekor, ctlog } = await readLogs(url, keys, told, rounds);
    const newest = rounds.at(-1);
    await proveWithRekor(url, newest, rekor);
    const [stamp] = newest?.timestamps.slice(-1) ?? [];
    if (stamp !== undefined) proveTimestamp(folder, stamp, keys);
    assert.ok(ctlog >= BigInt(told.counts().certificates));
  };
  return {
    signFirst: async (url, dataDir) => {
      keys = await readKeys(url);
      writeFileSync(join(folder, 'root.json'), await textOf(`${url}/tuf/root.json`));
      await run('cosign-3', ['initialize', '--mirror', `${url}/tuf`, '--root', join(folder, 'root.json')]);
      const token = await askToken(dataDir);
      const words = ['--yes', '--identity-token', token, '--bundle', join(folder, 'bundle.json')];
      await run('cosign-3', ['sign-blob', artifact, ...words]);
    },
    proveNewest: (url, told) => prove(url, told, told.rounds.slice(-1)),
    proveAll: async (url, told) => {
      await prove(url, told, told.rounds);
      const identity = ['--certificate-identity', 'dev@example.com', '--certificate-oidc-issuer', `${url}/oidc`];
      await run('cosign-3', ['verify-blob', artifact, '--bundle', join(folder, 'bundle.json'), ...identity]);
    },
  };
}

/** Returns the sizes of the logs. */
async function readLogs(
  url: string,
  keys: Keys,
  told: Told,
  rounds: readonly ToldRound[],
): Promise<Readonly<Record<'rekor' | 'ctlog', bigint>>> {
  const question = {
    rekor: {
      url: `${url}/api/v1/log`,
      verifierKey: verifierKeyOf(new URL(url).hostname, keys.rekor),
      checkpoints: told.rounds.flatMap(({ checkpoints }) => [...checkpoints]),
      entries: rounds.flatMap(({ entries }) =>
        Array.from(entries.values(), ({ logIndex, body }) => ({ index: logIndex, body })),
      ),
    },
    ctlog: {
      url: `${url}/ctlog`,
      key: keys.ctlog.toString('base64'),
      heads: told.rounds.flatMap(({ heads }) => Array.from(heads, (head) => JSON.parse(head) as unknown)),
      chains: rounds.flatMap(({ chains }) => chains),
    },
  };
  const sizes = JSON.parse(await run('log-reader', [], JSON.stringify(question))) as Record<string, number>;
  return { rekor: BigInt(sizes['rekor'] ?? 0), ctlog: BigInt(sizes['ctlog'] ?? 0) };
}

/** rekor-cli keeps the checkpoint that it saw last, and has the log prove that it only grew. */
async function proveWithRekor(url: string, newest: ToldRound | undefined, size: bigint): Promise<void> {
  const server = ['--rekor_server', url, '--format', 'json'];
  const state = JSON.parse(await run('rekor-cli', ['loginfo', ...server])) as { readonly ActiveTreeSize: number };
  assert.equal(BigInt(state.ActiveTreeSize), size);
  const [[uuid, told] = []] = [...(newest?.entries ?? [])].slice(-1);
  if (uuid === undefined || told === undefined) return;
  const found = JSON.parse(await run('rekor-cli', ['get', '--uuid', uuid, ...server])) as Record<string, unknown>;
  assert.deepEqual(
    [found['LogIndex'], found['IntegratedTime'], found['LogID']],
    [told.logIndex, told.integratedTime, told.logID],
  );
}

function proveTimestamp(folder: string, stamp: Buffer, { timestampChain }: Keys): void {
  const [reply, anchors, data] = ['reply.tsr', 'chain.pem', 'data'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(reply, stamp);
  writeFileSync(anchors, timestampChain);
  writeFileSync(data, 'something that is signed');
  const words = ['ts', '-verify', '-in', reply, '-data', data, '-CAfile', anchors];
  assert.match(execFileSync('openssl', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }), /OK/);
}

async function readKeys(url: string): Promise<Keys> {
  const derOf = (pem: string): Buffer => createPublicKey(pem).export({ type: 'spki', format: 'der' });
  return {
    rekor: derOf(await textOf(`${url}/api/v1/log/publicKey`)),
    ctlog: derOf(await textOf(`${url}/tuf/targets/ctfe.pub`)),
    timestampChain: await textOf(`${url}/api/v1/timestamp/certchain`),
  };
}

/** As Go's notes write a key of Rekor's: 2 is ECDSA with SHA-256. */
function verifierKeyOf(name: string, key: Buffer): string {
  const hint = createHash('sha256').update(key).digest('hex').slice(0, 8);
  return `${name}+${hint}+${Buffer.concat([Buffer.of(2), key]).toString('base64')}`;
}

async function textOf(url: string): Promise<string> {
  const answer = await fetch(url);
  assert.equal(answer.status, 200, url);
  return answer.text();
}

async function run(name: PeerName, args: readonly string[], stdin = ''): Promise<string> {
  const { status, stdout, stderr } = await runPeer(name, args, { stdin });
  assert.equal(status, 0, `${name} ${args[0] ?? ''}: ${stderr}`);
  return stdout;
}
