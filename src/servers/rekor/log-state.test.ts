import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { test } from 'node:test';

import {
  addEntry,
  openRekorLab,
  problemOf,
  proposeHashedRekord,
  rekorHost,
  rekorTreeId,
} from '../../../test/support/rekor-lab.ts';
import { hexOf, parseHex } from '../../base/bytes.ts';
import { parseCheckpoint } from '../../formats/tlog/checkpoint.ts';
import { isConsistent } from '../../formats/tlog/merkle.ts';

interface LogInfo {
  readonly rootHash: string;
  readonly treeSize: number;
  readonly signedTreeHead: string;
  readonly treeID: string;
  readonly inactiveShards: readonly unknown[];
}

test('the state of the log is its published checkpoint, which only grows', async (t) => {
  const lab = await openRekorLab(t);
  const heads: LogInfo[] = [];
  for (let size = 0; size <= 6; size += 1) {
    const answer = await lab.get('/api/v1/log');
    assert.equal(answer.headers['cache-control'], 'no-cache');
    const info = answer.json() as LogInfo;
    const checkpoint = parseCheckpoint(info.signedTreeHead);
    assert.equal(checkpoint.origin, `${rekorHost} - ${rekorTreeId}`);
    assert.equal(checkpoint.signatures[0]?.name, rekorHost);
    assert.deepEqual([BigInt(info.treeSize), info.rootHash], [checkpoint.treeSize, hexOf(checkpoint.rootHash)]);
    assert.deepEqual([info.treeSize, info.treeID, info.inactiveShards], [size, `${rekorTreeId}`, []]);
    heads.push(info);
    await addEntry(lab, proposeHashedRekord(`artifact ${size}`));
  }
  for (const first of heads.slice(1)) {
    for (const last of heads.slice(first.treeSize)) {
      const query = `firstSize=${first.treeSize}&lastSize=${last.treeSize}&treeID=${rekorTreeId}`;
      const proof = (await lab.get(`/api/v1/log/proof?${query}`)).json() as { rootHash: string; hashes: string[] };
      assert.equal(proof.rootHash, last.rootHash);
      const [from, to] = [first, last].map(({ treeSize, rootHash }) => ({
        size: BigInt(treeSize),
        root: parseHex(rootHash),
      }));
      assert.ok(from !== undefined && to !== undefined);
      assert.ok(isConsistent(from, to, proof.hashes.map(parseHex)), query);
    }
  }
  const fromTheBeginning = await lab.get('/api/v1/log/proof?lastSize=7');
  assert.deepEqual(fromTheBeginning.json(), (await lab.get('/api/v1/log/proof?firstSize=1&lastSize=7')).json());
});

test('a proof that cannot be given says why', async (t) => {
  const lab = await openRekorLab(t);
  await addEntry(lab, proposeHashedRekord('artifact'));
  const cases: Readonly<Record<string, RegExp>> = {
    '': /lastSize: expected one whole number/,
    '?lastSize=x': /lastSize/,
    '?lastSize=2': /no tree of 2 entries/,
    '?firstSize=2&lastSize=1': /firstSize\(2\)/,
    '?firstSize=0&lastSize=1': /firstSize\(0\)/,
    '?lastSize=1&treeID=7': /has the tree \d+ only/,
  };
  for (const [query, why] of Object.entries(cases)) {
    assert.match(problemOf(await lab.get(`/api/v1/log/proof${query}`), 400), why);
  }
});

test('the key of the log is given as PEM, for its tree only', async (t) => {
  const lab = await openRekorLab(t);
  for (const query of ['', `?treeID=${rekorTreeId}`]) {
    const answer = await lab.get(`/api/v1/log/publicKey${query}`);
    assert.equal(answer.headers['content-type'], 'application/x-pem-file');
    const spki = createPublicKey(answer.text).export({ type: 'spki', format: 'der' });
    assert.deepEqual(new Uint8Array(spki), lab.rekor.signer.publicKey.spki);
  }
  problemOf(await lab.get('/api/v1/log/publicKey?treeID=7'), 400);
});
