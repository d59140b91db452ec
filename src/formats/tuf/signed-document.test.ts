import assert from 'node:assert/strict';
import { createHash, verify } from 'node:crypto';
import { test } from 'node:test';

import { hasCode } from '../../../test/support/error-code.ts';
import { createSigner } from '../../../test/support/own-tuf.ts';
import { parseUtf8, utf8Of } from '../../base/bytes.ts';
import { createKeyPair } from '../../crypto/private-key.ts';
import { publicKeyPemOf } from '../../crypto/public-key.ts';
import { isSignedBy, signTufDocument, tufKeyOf } from './signed-document.ts';

const signer = createSigner();
const signed = { _type: 'timestamp', version: 3, note: 'a "quote"\nand a line' };
const spelling = '{"_type":"timestamp","note":"a \\"quote\\"\nand a line","version":3}';

test('a key is named by the hash of all that the root says of it', () => {
  const { id, value } = tufKeyOf(signer.publicKey);
  const pem = publicKeyPemOf(signer.publicKey);
  assert.deepEqual(value, { keytype: 'ecdsa', scheme: 'ecdsa-sha2-nistp256', keyval: { public: pem } });
  const text = `{"keytype":"ecdsa","keyval":{"public":"${pem}"},"scheme":"ecdsa-sha2-nistp256"}`;
  assert.equal(id, createHash('sha256').update(text).digest('hex'));
});

test('a document is signed by each key once, over its canonical spelling', async () => {
  const other = createSigner();
  const bytes = await signTufDocument(signed, [signer, other, signer]);
  const document = JSON.parse(parseUtf8(bytes)) as { signatures: { keyid: string; sig: string }[]; signed: unknown };
  assert.deepEqual(document.signed, signed);
  assert.deepEqual(
    document.signatures.map(({ keyid }) => keyid),
    [signer, other].map(({ publicKey }) => tufKeyOf(publicKey).id),
  );
  const [first] = document.signatures;
  const signature = Buffer.from(first?.sig ?? '', 'hex');
  assert.ok(verify('sha256', Buffer.from(spelling), publicKeyPemOf(signer.publicKey), signature));
  assert.ok(isSignedBy(bytes, signer.publicKey));
  assert.ok(isSignedBy(bytes, other.publicKey));
});

test('a document is not signed by a stranger, nor when anything of it was changed', async () => {
  const bytes = await signTufDocument(signed, [signer]);
  assert.equal(isSignedBy(bytes, createSigner().publicKey), false);
  const text = parseUtf8(bytes);
  for (const changed of [
    text.replace('"version": 3', '"version": 4'),
    text.replace('"signed": {', '"signed": {"more": 1,'),
    text.replace(/"keyid": "../, '"keyid": "00'),
    text.replace(/"sig": "[^"]*"/, '"sig": "xyz"'),
    text.replace(/"sig": "[^"]*"/, '"sig": ""'),
  ]) {
    assert.notEqual(changed, text);
    assert.equal(isSignedBy(utf8Of(changed), signer.publicKey), false, changed);
  }
});

test('keys that some clients do not read are refused', () => {
  for (const algorithm of ['ecdsa-p384', 'ed25519', 'rsa'] as const) {
    assert.throws(() => tufKeyOf(createKeyPair(algorithm).publicKey), hasCode('KEY_UNSUPPORTED'));
  }
});
