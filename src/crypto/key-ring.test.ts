import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hasCode } from '../../test/support/error-code.ts';
import { parseUtf8, utf8Of } from '../base/bytes.ts';
import { keyRingWithout, namesInKeyRing, openKeyRing, sealKeyRing } from './key-ring.ts';
import { createKeyPair } from './private-key.ts';

const password = utf8Of('correct horse');
const keys = new Map([
  ['ca', createKeyPair('ecdsa-p256')],
  ['tuf', createKeyPair('ed25519')],
]);
const ring = await sealKeyRing(keys, password);

interface Document {
  readonly kdf: Record<string, unknown>;
  readonly keys: Record<string, string>;
}

/** The ring after an edit of its JSON. */
function edited(edit: (document: Document) => Document): Uint8Array {
  return utf8Of(JSON.stringify(edit(JSON.parse(parseUtf8(ring)) as Document)));
}

test('keys come back by their names', async () => {
  const opened = await openKeyRing(ring, password);
  assert.deepEqual([...opened.keys()], ['ca', 'tuf']);
  for (const [name, { publicKey }] of opened) {
    assert.deepEqual(publicKey.spki, keys.get(name)?.publicKey.spki);
  }
});

test('a wrong password, an exchanged, changed or cut key opens nothing', async () => {
  const attacks: Readonly<Record<string, Uint8Array>> = {
    exchanged: edited(({ keys: { ca = '', tuf = '' }, ...rest }) => ({ ...rest, keys: { ca: tuf, tuf: ca } })),
    changed: edited(({ keys: { ca = '' }, ...rest }) => ({ ...rest, keys: { ca: `AAAA${ca.slice(4)}` } })),
  };
  await assert.rejects(openKeyRing(ring, utf8Of('wrong')), hasCode('KEY_PASSWORD_WRONG'));
  for (const [name, attack] of Object.entries(attacks)) {
    await assert.rejects(openKeyRing(attack, password), hasCode('KEY_PASSWORD_WRONG'), name);
  }
  const cut = edited((document) => ({ ...document, keys: { ca: 'AAAA' } }));
  await assert.rejects(openKeyRing(cut, password), hasCode('KEY_MALFORMED'));
});

test('a file cannot ask for another cost', async () => {
  const costly = edited((document) => ({ ...document, kdf: { ...document.kdf, N: 2 ** 24 } }));
  await assert.rejects(openKeyRing(costly, password), hasCode('JSON_SHAPE'));
});

test('keys are taken out without the password, and the others stay', async () => {
  const rest = keyRingWithout(ring, ['tuf']);
  assert.deepEqual(namesInKeyRing(rest), ['ca']);
  assert.deepEqual([...(await openKeyRing(rest, password)).keys()], ['ca']);
});
