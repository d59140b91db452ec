/** What a whole stack hands out, checked with OpenSSL and by hand: nothing here uses our own code. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate, createHash, createPublicKey, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { der, derChildrenOf } from '../support/der-writer.ts';
import { certify, hashedRekordOf, postJson } from '../support/plain-client.ts';
import { createScratchFolder } from '../support/scratch.ts';
import { startStack } from '../support/stack.ts';
import type { TestStack } from '../support/stack.ts';

const folder = createScratchFolder('stack-openssl');
const artifact = Buffer.from('something that is signed\n');
let stack: TestStack;

before(async () => {
  stack = await startStack();
});
after(() => stack.close());

test('§11.2 #1 OpenSSL verifies the certificate of an identity strictly, in its ten minutes and not after', async () => {
  const { chain } = await certify(stack.url, await stack.token());
  const [leaf = '', intermediate = '', root = ''] = chain.map((pem, at) => fileOf(`chain-${at}.pem`, pem));
  const from = Math.floor(new X509Certificate(chain[0] ?? '').validFromDate.getTime() / 1000);
  const verifyAt = (instant: number, anchor: string) =>
    openssl('verify', '-x509_strict', '-attime', `${instant}`, '-CAfile', anchor, '-untrusted', intermediate, leaf);
  assert.match(verifyAt(from + 60, root), /: OK/);
  assert.throws(() => verifyAt(from + 601, root), /certificate has expired/);
  assert.throws(() => verifyAt(from + 60, fileOf('other-root.pem', otherRoot())), /unable to get (local )?issuer/);
  const text = openssl('x509', '-in', leaf, '-noout', '-text');
  assert.match(text, /Subject: *\n/);
  assert.match(text, /Extended Key Usage: *\n *Code Signing\n/);
  assert.match(text, /Subject Alternative Name: critical\n *email:dev@example\.com\n/);
});

test('§11.2 #2 the timestamp in the certificate is the one that the certificate log signed for exactly this certificate', async () => {
  const { chain } = await certify(stack.url, await stack.token());
  const [leaf, issuer] = chain.map((pem) => new X509Certificate(pem));
  assert.ok(leaf !== undefined && issuer !== undefined);
  const logKey = createPublicKey(await textOf('/tuf/targets/ctfe.pub'));
  const { tbs, timestamps } = splitCertificate(Buffer.from(leaf.raw));
  const isSigned = (body: Buffer): boolean =>
    verify('sha256', signedPart(body, issuer, timestamps), logKey, signatureOf(timestamps));
  assert.deepEqual(timestamps.subarray(1, 33), sha256(spkiOf(logKey)), 'the log says who it is');
  assert.equal(isSigned(tbs), true);
  const at = Number(timestamps.readBigUInt64BE(33));
  assert.ok(Math.abs(at - leaf.validFromDate.getTime()) < 60_000, 'it was logged when it was issued');
  tbs[tbs.length - 1] = (tbs.at(-1) ?? 0) ^ 1;
  assert.equal(isSigned(tbs), false, 'and for no other');
});

test('§11.2 #3 openssl ts verifies a timestamp, with the certificate inside and without', async () => {
  const [leaf = '', root = ''] = pemsOf(await textOf('/api/v1/timestamp/certchain'));
  const data = fileOf('stamped', artifact);
  const query = join(folder, 'q.tsq');
  const reply = join(folder, 'r.tsr');
  const anchor = ['-CAfile', fileOf('tsa-root.pem', root)];
  const stamp = async (...options: readonly string[]): Promise<void> => {
    openssl('ts', '-query', '-data', data, '-sha256', ...options, '-out', query);
    const headers = { 'content-type': 'application/timestamp-query' };
    const answer = await fetch(`${stack.url}/api/v1/timestamp`, { method: 'POST', headers, body: readFileSync(query) });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('content-type'), 'application/timestamp-reply');
    writeFileSync(reply, new Uint8Array(await answer.arrayBuffer()));
  };
  const verifyStamp = (...words: readonly string[]) => openssl('ts', '-verify', '-in', reply, ...words);
  await stamp('-cert');
  assert.match(verifyStamp('-queryfile', query, ...anchor), /Verification: OK/);
  assert.throws(() => verifyStamp('-data', fileOf('other', 'something else'), ...anchor), /message imprint mismatch/);
  assert.throws(
    () => verifyStamp('-queryfile', query, '-CAfile', fileOf('other-root.pem', otherRoot())),
    /certificate verify error/,
  );
  await stamp();
  assert.match(
    verifyStamp('-queryfile', query, ...anchor, '-untrusted', fileOf('tsa-leaf.pem', leaf)),
    /Verification: OK/,
  );
  assert.throws(() => verifyStamp('-queryfile', query, ...anchor), /signer certificate not found|Verification: FAILED/);
});

interface Entry {
  readonly body: string;
  readonly integratedTime: number;
  readonly logID: string;
  readonly logIndex: number;
  readonly verification: {
    readonly inclusionProof: {
      readonly checkpoint: string;
      readonly hashes: readonly string[];
      readonly logIndex: number;
      readonly rootHash: string;
      readonly treeSize: number;
    };
    readonly signedEntryTimestamp: string;
  };
}

test('§11.2 #4 leaf hash, inclusion, promise and checkpoint of log entries hold when computed by hand, and the same entry again is answered 409', async () => {
  const logKey = createPublicKey(await textOf('/api/v1/log/publicKey'));
  const { privateKey, chain } = await certify(stack.url, await stack.token());
  const requests = ['one', 'two', 'three'].map((text) => hashedRekordOf(Buffer.from(text), privateKey, chain[0] ?? ''));
  for (const request of requests) {
    const answer = await postJson(`${stack.url}/api/v1/log/entries`, request);
    assert.equal(answer.status, 201);
    checkEntry(entryOf(await answer.json()), request, logKey);
  }
  const again = await postJson(`${stack.url}/api/v1/log/entries`, requests[0]);
  assert.equal(again.status, 409);
  const location = new URL(again.headers.get('location') ?? '', stack.url);
  assert.match(((await again.json()) as { readonly message: string }).message, /an equivalent entry already exists/);
  const found = entryOf(await (await fetch(location)).json());
  assert.equal(found[1].verification.inclusionProof.treeSize, 4, 'the first entry and three more');
  checkEntry(found, requests[0] ?? {}, logKey);
});

test('§11.2 #4 an entry whose signature does not verify is refused with the reason, and the log stays as it was', async () => {
  const { privateKey, chain } = await certify(stack.url, await stack.token());
  const before = await textOf('/api/v1/log');
  const request = hashedRekordOf(artifact, privateKey, chain[0] ?? '') as { spec: { data: object } };
  request.spec.data = { hash: { algorithm: 'sha256', value: sha256(Buffer.from('another')).toString('hex') } };
  const answer = await postJson(`${stack.url}/api/v1/log/entries`, request);
  assert.equal(answer.status, 400);
  assert.match(((await answer.json()) as { readonly message: string }).message, /signature/);
  assert.equal(await textOf('/api/v1/log'), before);
});

function checkEntry([uuid, entry]: readonly [string, Entry], request: object, logKey: KeyObject): void {
  const { body, integratedTime, logID, logIndex } = entry;
  const { inclusionProof: proof, signedEntryTimestamp } = entry.verification;
  // 1. The leaf, by which the entry is named.
  const bytes = Buffer.from(body, 'base64');
  assert.deepEqual(JSON.parse(bytes.toString()), request, 'what was sent is what is logged');
  const leaf = sha256(Buffer.from([0]), bytes);
  assert.equal(uuid.slice(16), leaf.toString('hex'));
  // 2. Its inclusion, and that a proof of something else would not do.
  const root = rootOf(leaf, proof.logIndex, proof.treeSize, proof.hashes);
  assert.equal(root, proof.rootHash);
  assert.notEqual(rootOf(sha256(leaf), proof.logIndex, proof.treeSize, proof.hashes), proof.rootHash);
  // 3. The promise.
  assert.equal(logID, sha256(spkiOf(logKey)).toString('hex'));
  const promised = (time: number): Buffer =>
    Buffer.from(JSON.stringify({ body, integratedTime: time, logID, logIndex }));
  const promise = Buffer.from(signedEntryTimestamp, 'base64');
  assert.equal(verify('sha256', promised(integratedTime), logKey, promise), true);
  assert.equal(verify('sha256', promised(integratedTime + 1), logKey, promise), false);
  assert.ok(Math.abs(integratedTime - Date.now() / 1000) < 60);
  // 4. The checkpoint, which is of this tree.
  const [text = '', signatures = ''] = proof.checkpoint.split('\n\n');
  const [origin = '', size, rootHash] = text.split('\n');
  assert.match(origin, /^localhost - [0-9]+$/);
  assert.deepEqual([size, rootHash], [`${proof.treeSize}`, Buffer.from(root, 'hex').toString('base64')]);
  const [, name, blob = ''] = /^\u2014 (\S+) (\S+)\n$/.exec(signatures) ?? [];
  assert.equal(name, 'localhost');
  const signature = Buffer.from(blob, 'base64');
  assert.equal(signature.subarray(0, 4).toString('hex'), logID.slice(0, 8));
  assert.equal(verify('sha256', Buffer.from(`${text}\n`), logKey, signature.subarray(4)), true);
}

/** The root that an audit path leads to, in hex. RFC 9162, 2.1.3.2. */
function rootOf(leaf: Buffer, index: number, treeSize: number, hashes: readonly string[]): string {
  let [at, last, hash] = [index, treeSize - 1, leaf];
  for (const hex of hashes) {
    const sibling = Buffer.from(hex, 'hex');
    if (at % 2 === 1 || at === last) {
      hash = sha256(Buffer.from([1]), sibling, hash);
      for (; at % 2 === 0 && at !== 0; at = Math.floor(at / 2)) last = Math.floor(last / 2);
    } else {
      hash = sha256(Buffer.from([1]), hash, sibling);
    }
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  }
  assert.equal(last, 0, 'the path reaches the root');
  return hash.toString('hex');
}

/** A certificate's body without its timestamps, as its precertificate had it, and its one timestamp. */
function splitCertificate(certificate: Buffer): { readonly tbs: Buffer; readonly timestamps: Buffer } {
  const timestampsOid = Buffer.from('060a2b06010401d679020402', 'hex');
  const fields = derChildrenOf(derChildrenOf(certificate)[0] ?? Buffer.of());
  const extensions = derChildrenOf(derChildrenOf(fields.at(-1) ?? Buffer.of())[0] ?? Buffer.of());
  const isTimestamps = (extension: Buffer): boolean => extension.includes(timestampsOid);
  const value = derChildrenOf(extensions.find(isTimestamps) ?? Buffer.of()).at(-1) ?? Buffer.of();
  const list = contentOf(contentOf(value));
  assert.equal(list.readUInt16BE(0), list.length - 2);
  assert.equal(list.readUInt16BE(2), list.length - 4, 'there is exactly one');
  const kept = der(0xa3, der(0x30, ...extensions.filter((extension) => !isTimestamps(extension))));
  return { tbs: der(0x30, ...fields.slice(0, -1), kept), timestamps: list.subarray(4) };
}

/** What a log signs for a precertificate. RFC 6962, 3.2. */
function signedPart(tbs: Buffer, issuer: X509Certificate, timestamp: Buffer): Buffer {
  const length = Buffer.alloc(3);
  length.writeUIntBE(tbs.length, 0, 3);
  const extensions = timestamp.subarray(41, 43 + timestamp.readUInt16BE(41));
  return Buffer.concat([
    Buffer.from([0, 0]),
    timestamp.subarray(33, 41),
    Buffer.from([0, 1]),
    sha256(spkiOf(issuer.publicKey)),
    length,
    tbs,
    extensions,
  ]);
}

function signatureOf(timestamp: Buffer): Buffer {
  const rest = timestamp.subarray(43 + timestamp.readUInt16BE(41));
  assert.deepEqual([...rest.subarray(0, 2)], [4, 3], 'ECDSA with SHA-256');
  assert.equal(rest.readUInt16BE(2), rest.length - 4);
  return rest.subarray(4);
}

function contentOf(element: Buffer): Buffer {
  const lengthBytes = (element[1] ?? 0) < 0x80 ? 0 : (element[1] ?? 0) - 0x80;
  return element.subarray(2 + lengthBytes);
}

function entryOf(answer: unknown): readonly [string, Entry] {
  const [only, ...more] = Object.entries(answer as Readonly<Record<string, Entry>>);
  assert.ok(only !== undefined && more.length === 0);
  return only;
}

function otherRoot(): string {
  const key = join(folder, 'other.key');
  const making = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key];
  return openssl('req', '-x509', '-subj', '/CN=another', '-days', '1', ...making);
}

async function textOf(path: string): Promise<string> {
  const answer = await fetch(`${stack.url}${path}`);
  assert.equal(answer.status, 200, path);
  return answer.text();
}

function pemsOf(text: string): readonly string[] {
  return text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----\n/g) ?? [];
}

/** Throws with what OpenSSL said. */
function openssl(...args: readonly string[]): string {
  return execFileSync('openssl', args, { encoding: 'utf8', timeout: 20_000, stdio: ['ignore', 'pipe', 'pipe'] });
}

function fileOf(name: string, content: string | Uint8Array): string {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
}

function sha256(...parts: readonly Uint8Array[]): Buffer {
  return createHash('sha256').update(Buffer.concat(parts)).digest();
}

function spkiOf(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' });
}
