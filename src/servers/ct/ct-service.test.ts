import assert from 'node:assert/strict';
import { verify } from 'node:crypto';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import { ctNow, ctOrigin, issueWith, openOwnCtLog, poison } from '../../../test/support/own-ct-log.ts';
import type { OwnCtLog } from '../../../test/support/own-ct-log.ts';
import type { RegistryAnswer } from '../../../test/support/registry-request.ts';
import { serveServices } from '../../../test/support/serve-services.ts';
import { inclusionHashesOf, leafHashOf, rootHashOf } from '../../../test/support/virtual-sigstore/merkle-tree.ts';
import { createAuthority } from '../../../test/support/virtual-sigstore/virtual-authority.ts';
import { digestOf } from '../../../test/support/virtual-sigstore/virtual-key.ts';
import { hexOf, isSameBytes, parseUtf8 } from '../../base/bytes.ts';
import { limits } from '../../base/limits.ts';
import { cutTileLeaves, parseTileLeaf } from '../../formats/ct/tile-leaf.ts';
import { parseCheckpoint } from '../../formats/tlog/checkpoint.ts';
import { isConsistent } from '../../formats/tlog/merkle.ts';
import { ctLogService } from './ct-service.ts';

const API = '/ctlog/ct/v1';
const authority = createAuthority({
  uri: 'https://ca.test',
  organization: 'roots.test',
  purpose: 'codeSigning',
  now: ctNow,
  keyKind: 'p256',
});
const [intermediate = Buffer.alloc(0), root = Buffer.alloc(0)] = authority.chain;

interface Scene extends OwnCtLog {
  readonly ask: (path: string, body?: object | string) => Promise<RegistryAnswer>;
  readonly get: <T>(path: string) => Promise<T>;
  /** Adds a new precertificate. */
  readonly add: () => Promise<SctJson>;
}

interface SctJson {
  readonly sct_version: number;
  readonly id: string;
  readonly timestamp: number;
  readonly extensions: string;
  readonly signature: string;
}

async function openScene(t: TestContext, now?: () => Date): Promise<Scene> {
  const own = await openOwnCtLog([root], now);
  const served = await serveServices(t, [ctLogService(own.ct, own.objects)]);
  const ask: Scene['ask'] = (path, body) =>
    body === undefined
      ? served.ask('GET', path)
      : served.ask('POST', path, { body: typeof body === 'string' ? body : JSON.stringify(body) });
  const get = async <T>(path: string): Promise<T> => {
    const answer = await ask(`${API}/${path}`);
    assert.equal(answer.status, 200, answer.body.toString());
    return JSON.parse(answer.body.toString()) as T;
  };
  const add = async (): Promise<SctJson> => {
    const answer = await ask(`${API}/add-pre-chain`, chainOf(issueWith(authority, poison), ...authority.chain));
    assert.equal(answer.status, 200, answer.body.toString());
    return JSON.parse(answer.body.toString()) as SctJson;
  };
  return { ...own, ask, get, add };
}

function chainOf(...certificates: readonly Uint8Array[]): object {
  return { chain: certificates.map((der) => Buffer.from(der).toString('base64')) };
}

function fromBase64(text: string): Buffer {
  return Buffer.from(text, 'base64');
}

/** The log's leaves, as get-entries gives them. */
async function leavesOf({ get }: Scene, size: number): Promise<readonly Buffer[]> {
  const { entries } = await get<{ entries: { leaf_input: string }[] }>(`get-entries?start=0&end=${size - 1}`);
  return entries.map((entry) => fromBase64(entry.leaf_input));
}

/** Whether the log's key signed this, in a DigitallySigned struct. */
function isSigned({ signer }: OwnCtLog, message: Uint8Array, digitallySigned: Buffer): boolean {
  assert.equal(digitallySigned.subarray(0, 2).toString('hex'), '0403');
  assert.equal(digitallySigned.readUInt16BE(2), digitallySigned.length - 4);
  return verify('sha256', message, signer.publicKey.keyObject, digitallySigned.subarray(4));
}

test('a submission is answered with a timestamp that signs the leaf which get-entries gives', async (t) => {
  const scene = await openScene(t);
  const sct = await scene.add();
  assert.equal(sct.sct_version, 0);
  assert.equal(sct.timestamp, ctNow.getTime());
  assert.equal(sct.id, digestOf('sha256', scene.signer.publicKey.spki).toString('base64'));
  assert.equal(fromBase64(sct.extensions).toString('hex'), '0000050000000000');
  const [leaf = Buffer.alloc(0)] = await leavesOf(scene, 1);
  assert.ok(isSigned(scene, leaf, fromBase64(sct.signature)));
});

test('the extra data of an entry is what was submitted', async (t) => {
  const { ask, get } = await openScene(t);
  const vector = (bytes: Uint8Array): Buffer =>
    Buffer.concat([Buffer.from([0, bytes.length >> 8, bytes.length & 0xff]), bytes]);
  const issuers = vector(Buffer.concat([vector(intermediate), vector(root)]));
  const precertificate = issueWith(authority, poison);
  const certificate = issueWith(authority);
  await ask(`${API}/add-pre-chain`, chainOf(precertificate, intermediate));
  await ask(`${API}/add-chain`, chainOf(certificate, ...authority.chain));
  const { entries } = await get<{ entries: { leaf_input: string; extra_data: string }[] }>('get-entries?start=0&end=9');
  assert.deepEqual(
    entries.map((entry) => fromBase64(entry.extra_data).toString('hex')),
    [Buffer.concat([vector(precertificate), issuers]).toString('hex'), issuers.toString('hex')],
  );
  const types = entries.map((entry) => fromBase64(entry.leaf_input).readUInt16BE(10));
  assert.deepEqual(types, [1, 0]);
  assert.ok(fromBase64(entries[1]?.leaf_input ?? '').includes(Buffer.from(certificate)));
});

test('the tree head is signed, and is the one of the checkpoint', async (t) => {
  const scene = await openScene(t);
  await scene.add();
  await scene.add();
  const sth = await scene.get<Record<string, string | number>>('get-sth');
  assert.equal(sth['tree_size'], 2);
  assert.equal(sth['timestamp'], ctNow.getTime());
  const rootHash = rootHashOf((await leavesOf(scene, 2)).map(leafHashOf));
  assert.equal(sth['sha256_root_hash'], rootHash.toString('base64'));
  const head = Buffer.alloc(18);
  head[1] = 1;
  head.writeBigUInt64BE(BigInt(ctNow.getTime()), 2);
  head.writeBigUInt64BE(2n, 10);
  const signed = Buffer.concat([head, rootHash]);
  const signature = fromBase64(String(sth['tree_head_signature']));
  assert.ok(isSigned(scene, signed, signature));

  const answer = await scene.ask('/ctlog/checkpoint');
  const checkpoint = parseCheckpoint(answer.body.toString());
  assert.equal(checkpoint.origin, ctOrigin);
  assert.equal(checkpoint.treeSize, 2n);
  assert.equal(hexOf(checkpoint.rootHash), rootHash.toString('hex'));
  const [line] = checkpoint.signatures;
  const logId = digestOf('sha256', scene.signer.publicKey.spki);
  const hint = digestOf('sha256', Buffer.from(`${ctOrigin}\n\u0005`), logId).subarray(0, 4);
  assert.equal(hexOf(line?.keyHint ?? new Uint8Array()), hint.toString('hex'));
  assert.equal(
    hexOf(line?.signature ?? new Uint8Array()),
    Buffer.concat([head.subarray(2, 10), signature]).toString('hex'),
  );
});

test('proofs lead from leaves to the root, and from an older tree to a newer one', async (t) => {
  const scene = await openScene(t);
  const roots: string[] = [];
  for (let size = 1; size <= 7; size += 1) {
    await scene.add();
    roots.push((await scene.get<{ sha256_root_hash: string }>('get-sth')).sha256_root_hash);
  }
  const leaves = await leavesOf(scene, 7);
  const hashes = leaves.map(leafHashOf);
  for (const [index, hash] of hashes.entries()) {
    const path = inclusionHashesOf(hashes, index).map((each) => each.toString('base64'));
    const byHash = `get-proof-by-hash?hash=${encodeURIComponent(hash.toString('base64'))}&tree_size=7`;
    assert.deepEqual(await scene.get(byHash), { leaf_index: index, audit_path: path });
    const both = await scene.get<{ leaf_input: string; audit_path: string[] }>(
      `get-entry-and-proof?leaf_index=${index}&tree_size=7`,
    );
    assert.deepEqual([both.leaf_input, both.audit_path], [leaves[index]?.toString('base64'), path]);
  }
  for (const first of [1, 3, 4, 6]) {
    const { consistency } = await scene.get<{ consistency: string[] }>(`get-sth-consistency?first=${first}&second=7`);
    const at = (size: number): { size: bigint; root: Buffer } => ({
      size: BigInt(size),
      root: fromBase64(roots[size - 1] ?? ''),
    });
    assert.ok(consistency.length > 0);
    assert.ok(isConsistent(at(first), at(7), consistency.map(fromBase64)));
  }
});

test('the roots are told, and each issuer is served by its hash', async (t) => {
  const { ask, get, add } = await openScene(t);
  await add();
  assert.deepEqual(await get('get-roots'), { certificates: [root.toString('base64')] });
  const answer = await ask(`/ctlog/issuer/${digestOf('sha256', intermediate).toString('hex')}`);
  assert.equal(answer.headers['content-type'], 'application/pkix-cert');
  assert.ok(isSameBytes(answer.body, intermediate));
  for (const name of ['0'.repeat(64), 'A'.repeat(64), '..%2fstate', '%2e%2e%2fcheckpoint']) {
    assert.equal((await ask(`/ctlog/issuer/${name}`)).status, 404, name);
  }
});

test('the tiles hold the entries, and the hashes of their leaves', async (t) => {
  const scene = await openScene(t);
  for (let count = 0; count < 3; count += 1) await scene.add();
  const bundle = await scene.ask('/ctlog/tile/data/000.p/3');
  const stored = cutTileLeaves(bundle.body);
  const leaves = await leavesOf(scene, 3);
  assert.deepEqual(
    stored.map((each) => `0000${hexOf(parseTileLeaf(each).timestampedEntry)}`),
    leaves.map(hexOf),
  );
  const issuers = stored.flatMap((each) => parseTileLeaf(each).issuers.map(hexOf));
  assert.deepEqual(new Set(issuers), new Set(authority.chain.map((der) => digestOf('sha256', der).toString('hex'))));
  const tile = await scene.ask('/ctlog/tile/0/000.p/3');
  assert.equal(hexOf(tile.body), leaves.map((leaf) => leafHashOf(leaf).toString('hex')).join(''));
});

test('a range beyond the log or of any length gives what is there, at most a page', async (t) => {
  const scene = await openScene(t);
  const count = limits.servedLogEntries + 3;
  await Promise.all(
    Array.from({ length: count }, () => scene.ct.add('precert', issueWith(authority, poison), [intermediate])),
  );
  const lengthOf = async (range: string): Promise<number> =>
    (await scene.get<{ entries: unknown[] }>(`get-entries?${range}`)).entries.length;
  assert.equal(await lengthOf('start=1&end=3'), 3);
  assert.ok((await lengthOf('start=0&end=999999999999999999')) <= limits.servedLogEntries);
  assert.equal(await lengthOf(`start=${count - 2}&end=999999999999999999`), 2);
  // Page by page, as monitors read, everything comes once.
  const seen = new Set<string>();
  for (let start = 0; start < count;) {
    const { entries } = await scene.get<{ entries: { leaf_input: string }[] }>(
      `get-entries?start=${start}&end=${count - 1}`,
    );
    assert.ok(entries.length > 0);
    for (const entry of entries) seen.add(entry.leaf_input);
    start += entries.length;
  }
  assert.equal(seen.size, count);
});

test('a page of large entries ends before it is too large', async (t) => {
  const scene = await openScene(t);
  const large = { oid: '1.2.3', isCritical: false, value: Buffer.alloc(30_000) };
  const count = 45;
  for (let at = 0; at < count; at += 1)
    await scene.ct.add('precert', issueWith(authority, large, poison), [intermediate]);
  const answer = await scene.ask(`${API}/get-entries?start=0&end=${count - 1}`);
  const { entries } = JSON.parse(answer.body.toString()) as { entries: unknown[] };
  assert.ok(entries.length > 10 && entries.length < count, `${entries.length} entries`);
  assert.ok(answer.body.length < 2 * limits.servedLogBytes);
});

test('an empty log says so', async (t) => {
  const scene = await openScene(t);
  const sth = await scene.get<Record<string, unknown>>('get-sth');
  assert.equal(sth['tree_size'], 0);
  assert.equal(sth['sha256_root_hash'], digestOf('sha256').toString('base64'));
  assert.deepEqual(await scene.get('get-sth-consistency?first=0&second=0'), { consistency: [] });
});

test('what cannot be asked is refused with the reason', async (t) => {
  const scene = await openScene(t);
  await scene.add();
  await scene.add();
  const hash = encodeURIComponent(digestOf('sha256').toString('base64'));
  const cases: Readonly<Record<string, number>> = {
    'get-sth-consistency': 400,
    'get-sth-consistency?first=1': 400,
    'get-sth-consistency?first=2&second=1': 400,
    'get-sth-consistency?first=-1&second=1': 400,
    'get-sth-consistency?first=NaN&second=1': 400,
    'get-sth-consistency?first=1e0&second=2': 400,
    'get-sth-consistency?first=01&second=2': 400,
    'get-sth-consistency?first=1&second=3': 400,
    'get-sth-consistency?first=1&first=2&second=2': 400,
    'get-proof-by-hash?tree_size=1': 400,
    'get-proof-by-hash?hash=AQ==&tree_size=1': 400,
    'get-proof-by-hash?hash=!&tree_size=1': 400,
    [`get-proof-by-hash?hash=${hash}&tree_size=1`]: 404,
    [`get-proof-by-hash?hash=${hash}&tree_size=x`]: 400,
    'get-entries?start=0': 400,
    'get-entries?start=1&end=0': 400,
    'get-entries?start=-1&end=0': 400,
    'get-entries?start=0x0&end=1': 400,
    'get-entries?start=2&end=2': 404,
    'get-entries?start=99999999999999999999&end=99999999999999999999': 400,
    'get-entry-and-proof?leaf_index=0&tree_size=3': 400,
    'get-entry-and-proof?leaf_index=1&tree_size=1': 404,
    'get-entry-and-proof?leaf_index=0&tree_size=0': 404,
  };
  for (const [path, status] of Object.entries(cases)) {
    const answer = await scene.ask(`${API}/${path}`);
    assert.equal(answer.status, status, `${path}: ${answer.body.toString()}`);
    const problem = JSON.parse(answer.body.toString()) as { success: boolean; error_message: string };
    assert.equal(problem.success, false);
    assert.ok(problem.error_message.length > 10, path);
  }
});

test('a proof of a leaf that is not yet in the tree of that size is refused', async (t) => {
  const scene = await openScene(t);
  await scene.add();
  await scene.add();
  const [, last = Buffer.alloc(0)] = await leavesOf(scene, 2);
  const hash = encodeURIComponent(leafHashOf(last).toString('base64'));
  assert.equal((await scene.ask(`${API}/get-proof-by-hash?hash=${hash}&tree_size=1`)).status, 404);
  assert.equal((await scene.ask(`${API}/get-proof-by-hash?hash=${hash}&tree_size=3`)).status, 400);
});

test('submissions that are no chains are refused, and nothing is logged', async (t) => {
  const scene = await openScene(t);
  const cases: readonly (readonly [number, object | string])[] = [
    [400, 'no JSON'],
    [400, {}],
    [400, { chain: [] }],
    [400, { chain: ['AQ'] }],
    [400, chainOf(Uint8Array.of(0x30, 0x80))],
    [400, chainOf(issueWith(authority, poison))],
    [413, { chain: Array(11).fill('AQ==') }],
    [413, 'x'.repeat(limits.submissionBytes + 1)],
  ];
  for (const [status, body] of cases) {
    for (const name of ['add-pre-chain', 'add-chain']) {
      const answer = await scene.ask(`${API}/${name}`, body);
      assert.equal(answer.status, status, parseUtf8(answer.body));
    }
  }
  assert.equal(scene.ct.log.head().size, 0n);
});

test('a log that takes nothing is told as a service that is not available for now', async (t) => {
  const scene = await openScene(t);
  await scene.ct.log.close();
  const answer = await scene.ask(`${API}/add-pre-chain`, chainOf(issueWith(authority, poison), intermediate));
  assert.equal(answer.status, 503);
  assert.equal(answer.headers['retry-after'], '1');
});
