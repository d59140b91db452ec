import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { hasCode } from '../../../test/support/error-code.ts';
import { concatBytes } from '../../base/bytes.ts';
import { limits } from '../../base/limits.ts';
import { createKeyPair } from '../../crypto/private-key.ts';
import { verifySignature } from '../../crypto/signature.ts';
import { signerOf } from '../../crypto/signer.ts';
import { parseCheckpoint } from '../../formats/tlog/checkpoint.ts';
import { logIdOf } from '../../formats/trust/log-id.ts';
import { rekorLogKind } from './rekor-log.ts';

const signer = signerOf(createKeyPair('ecdsa-p256'));
const kind = rekorLogKind({ signer, hostName: 'localhost', treeId: 7n });

test('a bundle is cut into the entries that were framed', () => {
  const property = fc.property(fc.array(fc.uint8Array({ maxLength: 600 })), (entries) => {
    const cut = kind.cut(concatBytes(entries.map(kind.frame)));
    assert.deepEqual(
      cut.map((entry) => [...entry]),
      entries.map((entry) => [...entry]),
    );
  });
  fc.assert(property);
});

test('the length stands before an entry in two octets, and a longer one is refused', () => {
  assert.deepEqual([...kind.frame(new Uint8Array(258)).subarray(0, 3)], [1, 2, 0]);
  assert.equal(kind.frame(new Uint8Array(limits.logEntryBytes)).length, limits.logEntryBytes + 2);
  assert.throws(() => kind.frame(new Uint8Array(limits.logEntryBytes + 1)), hasCode('INPUT_TOO_LARGE'));
});

test('a bundle that is cut off is an error', () => {
  for (const bytes of [[0], [0, 1], [0, 0, 0], [0, 2, 1]]) {
    assert.throws(() => kind.cut(Uint8Array.from(bytes)), hasCode('TILE_MALFORMED'));
  }
});

test('a head is signed as Rekor signs: the tree in the origin, the bare host as the name', async () => {
  const root = new Uint8Array(32).fill(9);
  const note = await kind.signHead({ size: 5n, root, time: new Date() });
  const { origin, treeSize, rootHash, extensions, signedBytes, signatures } = parseCheckpoint(note);
  assert.deepEqual([origin, treeSize, extensions], ['localhost - 7', 5n, []]);
  assert.deepEqual([...rootHash], [...root]);
  const [own, ...more] = signatures;
  assert.ok(own !== undefined && more.length === 0);
  assert.equal(own.name, 'localhost');
  assert.deepEqual([...own.keyHint], [...logIdOf(signer.publicKey).subarray(0, 4)]);
  assert.equal(await verifySignature(signer.publicKey, signedBytes, own.signature), 'ECDSA P-256 with SHA-256');
});
