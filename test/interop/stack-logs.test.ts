/** Both logs of a whole stack in the hands of clients that others wrote: ctclient and Tessera's fsck as they are, and
 *  ct-audit, which puts Google's and Tessera's libraries together to read a certificate log by both of its interfaces. */

import assert from 'node:assert/strict';
import { createHash, createPublicKey, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { TestContext } from 'node:test';

import type { PeerRun } from '../support/peers.ts';
import { requirePeer, runPeer } from '../support/peers.ts';
import { certify, hashedRekordOf, postJson } from '../support/plain-client.ts';
import type { CertifiedKey } from '../support/plain-client.ts';
import { createScratchFolder } from '../support/scratch.ts';
import { reply, startScriptedServer } from '../support/scripted-server.ts';
import { startStack } from '../support/stack.ts';
import type { TestStack } from '../support/stack.ts';

/** More than a tile holds, so that there is one of a higher level and full ones. */
const ENTRIES = 300;
const folder = createScratchFolder('stack-logs');
let stack: TestStack;
let logKeyFile: string;
let certified: readonly CertifiedKey[];

before(async () => {
  stack = await startStack();
  logKeyFile = fileOf('ctfe.pub', await textOf('/tuf/targets/ctfe.pub'));
  const token = await stack.token();
  certified = await Promise.all(Array.from({ length: ENTRIES }, () => certify(stack.url, token)));
});
after(() => stack.close());

test('ctclient reads tree head, entries and roots, and proves that the log grew from what it was', async (t) => {
  if (!requirePeer(t, 'ctclient')) return;
  const older = await treeHead();
  assert.ok(older.size >= ENTRIES);
  const token = await stack.token();
  for (let count = 0; count < 3; count += 1) await certify(stack.url, token);
  const newer = await treeHead();
  assert.equal(newer.size, older.size + 3);
  const sizes = ['--size', `${newer.size}`, '--prev_size', `${older.size}`, '--tree_hash', newer.hash];
  const proof = await isDone(ctclient('get-consistency-proof', ...sizes, '--prev_hash', older.hash));
  assert.match(proof, /Verified that hash \w+ @\d+ \+ proof = hash \w+ @\d+/);
  const forked = await ctclient('get-consistency-proof', ...sizes, '--prev_hash', '0'.repeat(64));
  assert.notEqual(forked.status, 0);
  assert.match(forked.stderr, /Failed to VerifyConsistency/);

  const span = ['--first', `${older.size - 1}`, '--last', `${older.size + 2}`];
  const entries = await isDone(ctclient('get-entries', ...span));
  assert.equal(entries.match(/pre-certificate from issuer with keyhash/g)?.length, 4);
  assert.match(entries, /CT Poison|RFC6962 Pre-Certificate Poison/i);
  const roots = await isDone(ctclient('get-roots'));
  assert.match(roots, /Issuer: .*DEVELOPMENT code signing root/);
  assert.equal(roots.match(/Certificate:/g)?.length, 1);
});

test('ctclient uploads a certificate, and proves by the hash of its leaf that it is in the log, once', async (t) => {
  if (!requirePeer(t, 'ctclient')) return;
  const uploaded = await isDone(ctclient('upload', '--cert_chain', chainFile(certified[0])));
  const [, leafHash = ''] = /LeafHash: (\w{64})/.exec(uploaded) ?? [];
  const proof = await isDone(ctclient('get-inclusion-proof', '--leaf_hash', leafHash));
  assert.match(proof, /Verified that hash \w+ \+ proof = root hash \w+/);
  const again = await isDone(ctclient('upload', '--cert_chain', chainFile(certified[0])));
  assert.ok(again.includes(leafHash), 'the same certificate again is the same entry');
  const absent = await ctclient('get-inclusion-proof', '--leaf_hash', '0'.repeat(64));
  assert.notEqual(absent.status, 0);
});

test('ctclient uploads a precertificate with its chain, which is the entry that is there already', async (t) => {
  if (!requirePeer(t, 'ctclient')) return;
  const logged = await isDone(ctclient('get-entries', '--first', '7', '--last', '7', '--text=false', '--chain'));
  const precertificate = fileOf('precertificate.pem', logged);
  const before = await treeHead();
  const uploaded = await isDone(ctclient('upload', '--cert_chain', precertificate));
  assert.match(uploaded, /Extensions: 0000050000000007\n/, 'its index is the one it has');
  assert.deepEqual(await treeHead(), before);
});

test('the certificate log refuses what another authority issued, and says so to ctclient', async (t) => {
  if (!requirePeer(t, 'ctclient')) return;
  const other = await startStack();
  try {
    const foreign = await certify(other.url, await other.token());
    const before = await treeHead();
    const refused = await ctclient('upload', '--cert_chain', chainFile(foreign));
    assert.notEqual(refused.status, 0);
    assert.match(refused.stderr, /which no root of this log issued/);
    assert.deepEqual(await treeHead(), before);
  } finally {
    await other.close();
  }
});

test('an audit of the whole certificate log finds one tree behind both interfaces, and any byte of it that is another', async (t) => {
  if (!requirePeer(t, 'ct-audit')) return;
  const audit = (address: string, keyFile = logKeyFile): Promise<PeerRun> =>
    runPeer('ct-audit', [`${address}/ctlog`, `${stack.host}/ctlog`, keyFile]);
  const report = JSON.parse(await isDone(audit(stack.url))) as Readonly<Record<string, unknown>>;
  const { size, hash } = await treeHead();
  const found = { size: report['size'], root: report['root'], issuers: report['issuers'] };
  assert.deepEqual(found, { size, root: hash, issuers: 2 });
  assert.ok(Number(report['precertificates']) >= ENTRIES);
  assert.match(
    (await audit(stack.url, fileOf('wrong.pub', strangerKey().export({ type: 'spki', format: 'pem' })))).stderr,
    /verif|signature/i,
  );
  for (const part of ['/ctlog/tile/0/000', '/ctlog/tile/1/000.p/1', '/ctlog/tile/data/000', '/ctlog/issuer/']) {
    const bent = await audit(await serveBent(t, part));
    assert.notEqual(bent.status, 0, part);
  }
});

test("Tessera's fsck rebuilds the log of Rekor from its bundles, and finds any byte of it that is another", async (t) => {
  if (!requirePeer(t, 'tlog-fsck')) return;
  const entries = certified.map(({ privateKey, chain }, at) =>
    hashedRekordOf(Buffer.from(`artifact ${at}`), privateKey, chain[0] ?? ''),
  );
  const answers = await Promise.all(entries.map((entry) => postJson(`${stack.url}/api/v1/log/entries`, entry)));
  assert.ok(answers.every(({ status }) => status === 201));
  const logKey = createPublicKey(await textOf('/api/v1/log/publicKey'));
  const [origin = ''] = (await textOf('/api/v1/log/checkpoint')).split('\n');
  const fsck = async (address: string, key: KeyObject): Promise<string> => {
    const words = ['--storage_url', `${address}/api/v1/log`, '--public_key', fileOf('rekor.vkey', verifierKeyOf(key))];
    // Its status says nothing, its last line does. With one worker it would wait for ever after a tile that is wrong.
    return (await runPeer('tlog-fsck', [...words, '--origin', origin, '--ui=false', '--N', '16'])).stderr;
  };
  assert.match(await fsck(stack.url, logKey), new RegExp(`Successfully fsck'd log with size ${1 + ENTRIES} and root`));
  assert.match(await fsck(stack.url, strangerKey()), /fsck failed/);
  for (const part of ['tile/0/000', 'tile/1/000.p/1', 'tile/entries/000', 'tile/entries/001.p/45']) {
    assert.match(await fsck(await serveBent(t, `/api/v1/log/${part}`), logKey), /fsck failed/, part);
  }
});

/** The stack, but for one bit of what is at paths that begin so. */
async function serveBent(t: TestContext, begin: string): Promise<string> {
  const { host } = await startScriptedServer(t, async ({ path }, response) => {
    const answer = await fetch(`${stack.url}${path}`);
    const body = Buffer.from(await answer.arrayBuffer());
    if (path.startsWith(begin)) body[body.length >> 1] = (body[body.length >> 1] ?? 0) ^ 1;
    reply(response, answer.status, { 'content-type': answer.headers.get('content-type') ?? '' }, body);
  });
  return `http://${host}`;
}

function strangerKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
}

interface TreeHead {
  readonly size: number;
  /** Hex. */
  readonly hash: string;
}

/** Signed by the log's key, or ctclient would not take it. */
async function treeHead(): Promise<TreeHead> {
  const [, size, hash = ''] = /\(size=(\d+)\).*hash (\w{64})/.exec(await isDone(ctclient('get-sth'))) ?? [];
  return { size: Number(size), hash };
}

function ctclient(command: string, ...words: readonly string[]): Promise<PeerRun> {
  return runPeer('ctclient', [command, '--log_uri', `${stack.url}/ctlog`, '--pub_key', logKeyFile, ...words]);
}

async function isDone(run: Promise<PeerRun>): Promise<string> {
  const { status, stdout, stderr } = await run;
  assert.equal(status, 0, stderr);
  return stdout;
}

/** As notes name a key: ECDSA with SHA-256 is type 2. */
function verifierKeyOf(key: KeyObject): string {
  const spki = key.export({ type: 'spki', format: 'der' });
  const hint = createHash('sha256').update(spki).digest('hex').slice(0, 8);
  return `localhost+${hint}+${Buffer.concat([Buffer.from([2]), spki]).toString('base64')}`;
}

function chainFile(key: CertifiedKey | undefined): string {
  return fileOf('chain.pem', key?.chain.join('') ?? '');
}

async function textOf(path: string): Promise<string> {
  const answer = await fetch(`${stack.url}${path}`);
  assert.equal(answer.status, 200, path);
  return answer.text();
}

function fileOf(name: string, content: string | Uint8Array): string {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
}
