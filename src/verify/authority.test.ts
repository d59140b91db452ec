import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hasCode } from '../../test/support/error-code.ts';
import { vectorDer } from '../../test/support/x509-vectors.ts';
import { limits } from '../base/limits.ts';
import { certificateAuthorityOf, timestampAuthorityOf } from './authority.ts';

const isMalformed = hasCode('TRUSTED_ROOT_MALFORMED');
const validFor = { start: new Date(0) };

function trusted(...names: readonly string[]): Parameters<typeof certificateAuthorityOf>[0] {
  return { uri: 'https://ca.example', chain: names.map(vectorDer), validFor };
}

test('a chain is read whose certificates are authorities, each issued by the next', () => {
  assert.equal(certificateAuthorityOf(trusted('issuing', 'root')).chain.length, 2);
  assert.equal(certificateAuthorityOf(trusted('lower', 'upper', 'root')).chain.length, 3);
});

test('a path length counts authorities, and not a new key of the same one', () => {
  assert.equal(certificateAuthorityOf(trusted('below-rollover', 'rollover', 'upper', 'root')).chain.length, 4);
});

test('the last certificate is an anchor, whoever issued it', () => {
  assert.equal(certificateAuthorityOf(trusted('issuing')).chain.length, 1);
  assert.equal(certificateAuthorityOf(trusted('lower', 'upper')).chain.length, 2);
});

test('a chain that does not hold together is refused', () => {
  const chains: readonly (readonly string[])[] = [
    [],
    ['root', 'issuing'],
    ['issuing', 'other-root'],
    ['issuing', 'upper', 'root'],
    ['issuing/good', 'issuing', 'root'],
    ['below', 'issuing', 'root'],
    ['no-ca', 'root'],
    ['no-bc', 'root'],
    ['no-cert-sign', 'root'],
    ['by-bad-sha224/good'],
    Array.from({ length: limits.chainCertificates + 1 }, () => 'root'),
  ];
  for (const names of chains) {
    assert.throws(() => certificateAuthorityOf(trusted(...names)), isMalformed, names.join());
  }
  const garbage = { uri: 'https://ca.example', chain: [new Uint8Array([1, 2, 3])], validFor };
  assert.throws(() => certificateAuthorityOf(garbage), isMalformed);
});

test('a timestamp authority begins with the certificate that signs, or with its issuer', () => {
  const whole = timestampAuthorityOf(trusted('issuing/good', 'issuing', 'root'));
  assert.deepEqual([whole.leaf?.der, whole.issuers.length], [vectorDer('issuing/good'), 2]);
  const issuers = timestampAuthorityOf(trusted('issuing', 'root'));
  assert.deepEqual([issuers.leaf, issuers.issuers.length], [undefined, 2]);
  assert.throws(() => timestampAuthorityOf(trusted('lower/good', 'issuing', 'root')), isMalformed);
  assert.throws(() => timestampAuthorityOf(trusted('issuing/good', 'issuing/no-eku')), isMalformed);
});
