import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createCertificateRequest, pemOfRequest } from '../../../test/support/certificate-request.ts';
import { der, integer, nullValue, oid, sequence, setOf } from '../../../test/support/der-writer.ts';
import { hasCode } from '../../../test/support/error-code.ts';
import { createVirtualKey, signatureAlgorithmOf } from '../../../test/support/virtual-sigstore/virtual-key.ts';
import { CountersignError } from '../../base/errors.ts';
import { utf8Of } from '../../base/bytes.ts';
import { parseCertificateRequest } from './certificate-request.ts';

const key = createVirtualKey();
const request = createCertificateRequest(key);

test('a request is read from DER and from PEM, whichever of its two labels it has', () => {
  for (const file of [
    request,
    utf8Of(pemOfRequest(request)),
    utf8Of(pemOfRequest(request, 'NEW CERTIFICATE REQUEST')),
  ]) {
    const read = parseCertificateRequest(file);
    assert.deepEqual(Buffer.from(read.spki), key.spki);
    assert.deepEqual(Buffer.from(read.signatureAlgorithm), signatureAlgorithmOf(key));
    assert.equal(request.includes(Buffer.from(read.info)), true);
    assert.equal(request.subarray(-read.signature.length).equals(read.signature), true);
  }
});

test('attributes are passed over', () => {
  const attribute = sequence(oid('1.2.840.113549.1.9.14'), setOf(sequence()));
  const read = parseCertificateRequest(createCertificateRequest(key, { attributes: [attribute] }));
  assert.deepEqual(Buffer.from(read.spki), key.spki);
});

test('what is no request is refused', () => {
  for (const [why, file] of Object.entries({
    'another version': createCertificateRequest(key, { version: 1 }),
    'a member too many': createCertificateRequest(key, { trailing: nullValue() }),
    'a certificate': utf8Of(pemOfRequest(request, 'CERTIFICATE')),
    'bytes after the end': Buffer.concat([request, Buffer.of(0)]),
    'cut off': request.subarray(0, -1),
    'a number': sequence(integer(0)),
    'a signature with unused bits': sequence(sequence(), sequence(), der(0x03, Buffer.of(1, 0))),
  })) {
    assert.throws(() => parseCertificateRequest(file), hasCode('CSR_MALFORMED'), why);
  }
  assert.throws(() => parseCertificateRequest(utf8Of('request')), hasCode('PEM_MALFORMED'));
  assert.throws(
    () => parseCertificateRequest(utf8Of(pemOfRequest(request) + pemOfRequest(request))),
    hasCode('PEM_MALFORMED'),
  );
});

test('any byte changed gives a request or a clear refusal', () => {
  for (let at = 0; at < request.length; at += 1) {
    const changed = Buffer.from(request);
    changed[at] = (changed[at] ?? 0) ^ 0x41;
    try {
      parseCertificateRequest(changed);
    } catch (error) {
      assert.ok(error instanceof CountersignError, `byte ${at}`);
    }
  }
});
