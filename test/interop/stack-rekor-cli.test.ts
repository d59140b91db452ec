/** Rekor's own command line against a whole stack: it writes, reads, searches and proves entries of every kind we log. */

import assert from 'node:assert/strict';
import { createHash, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import type { PeerRun } from '../support/peers.ts';
import { requirePeer, runPeer } from '../support/peers.ts';
import { certify, hashedRekordOf, postJson } from '../support/plain-client.ts';
import { createScratchFolder } from '../support/scratch.ts';
import { startStack } from '../support/stack.ts';
import type { TestStack } from '../support/stack.ts';

/** What an upload or a verification is about, as rekor-cli's words. */
interface Upload {
  readonly type: string;
  readonly words: readonly string[];
}

const folder = createScratchFolder('stack-rekor-cli');
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const publicKeyFile = fileOf('key.pub', createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }));
let stack: TestStack;

before(async () => {
  stack = await startStack();
});
after(() => stack.close());

const uploads: readonly Upload[] = [
  { type: 'hashedrekord', words: detached('hashedrekord', hashWords('hashedrekord')) },
  { type: 'rekord', words: detached('rekord', ['--artifact', fileOf('rekord', 'rekord')]) },
  { type: 'intoto:0.0.1', words: ['--artifact', envelopeFile('intoto 1')] },
  { type: 'intoto:0.0.2', words: ['--artifact', envelopeFile('intoto 2')] },
  { type: 'dsse', words: ['--artifact', envelopeFile('dsse')] },
];

test('rekor-cli uploads each kind of entry, proves it there, and is told where the same one already is', async (t) => {
  if (!requirePeer(t, 'rekor-cli')) return;
  for (const { type, words } of uploads) {
    const entry = ['--type', type, '--pki-format', 'x509', '--public-key', publicKeyFile, ...words];
    const unknown = await rekor(['verify', ...entry]);
    assert.match(unknown.stderr, /entry in log cannot be located/, type);
    const made = await jsonOf<{ AlreadyExists: boolean; Location: string }>('upload', ...entry);
    assert.equal(made.AlreadyExists, false, type);
    const proven = await jsonOf<{ EntryUUID: string; RootHash: string; Size: number }>('verify', ...entry);
    assert.ok(made.Location.endsWith(proven.EntryUUID), type);
    assert.equal(proven.RootHash, (await jsonOf<{ RootHash: string }>('loginfo')).RootHash, type);
    const again = await jsonOf<{ AlreadyExists: boolean; Location: string }>('upload', ...entry);
    assert.deepEqual([again.AlreadyExists, again.Location.split('/').at(-1)], [true, made.Location.split('/').at(-1)]);
  }
});

test('rekor-cli reads an entry by index and by UUID, an attestation with what it says', async (t) => {
  if (!requirePeer(t, 'rekor-cli')) return;
  interface Got {
    readonly UUID: string;
    readonly LogIndex: number;
    readonly Attestation: string;
  }
  const about = envelopeFile('an attestation that is read');
  const words = ['--pki-format', 'x509', '--public-key', publicKeyFile, '--artifact', about];
  const { Location } = await jsonOf<{ Location: string }>('upload', '--type', 'intoto:0.0.2', ...words);
  const byUuid = await jsonOf<Got>('get', '--uuid', Location.split('/').at(-1) ?? '');
  assert.deepEqual(await jsonOf<Got>('get', '--log-index', `${byUuid.LogIndex}`), byUuid);
  assert.match(byUuid.Attestation, /an attestation that is read/);
  assert.match((await rekor(['get', '--log-index', '1000'])).stderr, /404/);
  assert.match((await rekor(['get', '--uuid', '0'.repeat(64)])).stderr, /404/);
});

test('rekor-cli finds entries by address, hash, file, certificate and key, and nothing for a stranger', async (t) => {
  if (!requirePeer(t, 'rekor-cli')) return;
  const email = 'found@example.com';
  const { privateKey: certified, chain } = await certify(stack.url, await stack.token(email));
  const artifact = Buffer.from('something to be found');
  const logged = await postJson(`${stack.url}/api/v1/log/entries`, hashedRekordOf(artifact, certified, chain[0] ?? ''));
  assert.equal(logged.status, 201);
  const wanted = Object.keys((await logged.json()) as object);
  const sha256 = createHash('sha256').update(artifact).digest('hex');
  const search = async (...words: readonly string[]): Promise<readonly string[]> =>
    (await jsonOf<{ UUIDs: readonly string[] }>('search', ...words)).UUIDs;
  const searches = [
    ['--email', email],
    ['--sha', sha256],
    ['--artifact', fileOf('found', artifact)],
    ['--public-key', fileOf('found.pem', chain[0] ?? ''), '--pki-format', 'x509'],
    ['--email', email, '--sha', sha256, '--operator', 'and'],
  ];
  for (const words of searches) assert.deepEqual(await search(...words), wanted, words.join(' '));
  const byKey = await search('--public-key', publicKeyFile, '--pki-format', 'x509');
  assert.ok(byKey.length > 0 && !byKey.includes(wanted[0] ?? ''));
  const either = await search('--email', email, '--public-key', publicKeyFile, '--pki-format', 'x509');
  assert.deepEqual([...either].sort(), [...byKey, ...wanted].sort());
  for (const words of [
    ['--email', 'nobody@example.com'],
    ['--email', 'nobody@example.com', '--sha', sha256, '--operator', 'and'],
  ]) {
    assert.match((await rekor(['search', ...words])).stderr, /no matching entries found/);
  }
});

test('rekor-cli proves that the log only grew since it last looked, and says when it did not', async (t) => {
  if (!requirePeer(t, 'rekor-cli')) return;
  const home = createScratchFolder('stack-rekor-cli-home');
  const loginfo = () => rekor(['loginfo'], { HOME: home });
  const first = await loginfo();
  assert.equal(first.status, 0, first.stderr);
  for (let count = 0; count < 3; count += 1) {
    const artifact = Buffer.from(`grown ${count}`);
    const verifier = readFileSync(publicKeyFile, 'utf8');
    await postJson(`${stack.url}/api/v1/log/entries`, hashedRekordOf(artifact, privateKey, verifier));
  }
  const second = await loginfo();
  assert.equal(second.status, 0, second.stderr);
  const [from, to] = [first, second].map((run) => (JSON.parse(run.stdout) as { TotalTreeSize: number }).TotalTreeSize);
  assert.equal((to ?? 0) - (from ?? 0), 3);
  const proof = await jsonOf<{ Hashes: readonly string[] }>(
    'logproof',
    '--first-size',
    `${from}`,
    '--last-size',
    `${to}`,
  );
  assert.ok(proof.Hashes.length > 0);
  // What it remembers of this size had another root, as if the log had shown it another tree.
  const state = join(home, '.rekor', 'state.json');
  const remembered = JSON.parse(readFileSync(state, 'utf8')) as Record<string, string>;
  const forked = (note: string): string => note.replace(/\n[A-Za-z0-9+/]{43}=\n/, `\n${'A'.repeat(43)}=\n`);
  writeFileSync(
    state,
    JSON.stringify(Object.fromEntries(Object.entries(remembered).map(([log, note]) => [log, forked(note)]))),
  );
  assert.match((await loginfo()).stderr, /root hash does not match/);
});

test('rekor-cli shows the reason why an entry was refused', async (t) => {
  if (!requirePeer(t, 'rekor-cli')) return;
  const before = await jsonOf<{ TotalTreeSize: number }>('loginfo');
  const entry = hashedRekordOf(Buffer.from('signed'), privateKey, readFileSync(publicKeyFile, 'utf8')) as {
    readonly spec: { data: object };
  };
  entry.spec.data = { hash: { algorithm: 'sha256', value: '0'.repeat(64) } };
  const refused = await rekor([
    'upload',
    '--type',
    'hashedrekord',
    '--entry',
    fileOf('bad.json', JSON.stringify(entry)),
  ]);
  assert.notEqual(refused.status, 0);
  assert.match(refused.stderr, /verifying signature/);
  assert.equal((await jsonOf<{ TotalTreeSize: number }>('loginfo')).TotalTreeSize, before.TotalTreeSize);
});

async function jsonOf<T>(...words: readonly string[]): Promise<T> {
  const run = await rekor(words);
  assert.equal(run.status, 0, `${words.join(' ')}: ${run.stderr}`);
  return JSON.parse(run.stdout) as T;
}

function rekor(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<PeerRun> {
  return runPeer('rekor-cli', [...words, '--rekor_server', stack.url, '--format', 'json'], { env });
}

function detached(text: string, artifact: readonly string[]): readonly string[] {
  return [...artifact, '--signature', fileOf(`${text}.sig`, sign('sha256', Buffer.from(text), privateKey))];
}

function hashWords(text: string): readonly string[] {
  return ['--artifact-hash', createHash('sha256').update(text).digest('hex')];
}

/** A signed statement about this text. */
function envelopeFile(text: string): string {
  const payloadType = 'application/vnd.in-toto+json';
  const sha256 = createHash('sha256').update(text).digest('hex');
  const payload = Buffer.from(
    JSON.stringify({
      _type: 'https://in-toto.io/Statement/v0.1',
      predicateType: 'https://example.test/predicate',
      subject: [{ name: text, digest: { sha256 } }],
      predicate: {},
    }),
  );
  const head = Buffer.from(`DSSEv1 ${payloadType.length} ${payloadType} ${payload.length} `);
  const sig = sign('sha256', Buffer.concat([head, payload]), privateKey).toString('base64');
  const envelope = { payloadType, payload: payload.toString('base64'), signatures: [{ sig }] };
  return fileOf(`${text}.json`, JSON.stringify(envelope));
}

function fileOf(name: string, content: string | Uint8Array): string {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
}
