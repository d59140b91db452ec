import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hasCode } from '../../../test/support/error-code.ts';
import { distinguishedName } from '../../../test/support/virtual-sigstore/virtual-certificate.ts';
import { attributeTextOf, encodeName, nameAttributes, nameTextOf } from './distinguished-name.ts';

test('a name is written with its organization first, and read again', () => {
  const name = encodeName('example.test', 'root');
  assert.deepEqual(Buffer.from(name), distinguishedName('example.test', 'root'));
  assert.equal(nameTextOf(name), 'O=example.test, CN=root');
});

test('letters that a PrintableString may not have become UTF-8', () => {
  const name = encodeName('Zoë & Söhne', 'root_1');
  assert.equal(attributeTextOf(name, nameAttributes.organization), 'Zoë & Söhne');
  assert.equal(attributeTextOf(name, nameAttributes.commonName), 'root_1');
});

test('a name of no letters, of more than 64, or of half a letter is refused', () => {
  assert.ok(encodeName('ö'.repeat(64), 'root'));
  for (const text of ['', 'a'.repeat(65), '\ud83d']) {
    assert.throws(() => encodeName(text, 'root'), hasCode('CERTIFICATE_MALFORMED'), text);
    assert.throws(() => encodeName('example.test', text), hasCode('CERTIFICATE_MALFORMED'), text);
  }
});
