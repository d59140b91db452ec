import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';

import fc from 'fast-check';

import {
  boolean,
  der,
  generalizedTime,
  integer,
  nullValue,
  octetString,
  oid,
  sequence,
  tagged,
  taggedString,
} from '../../../test/support/der-writer.ts';
import { hasCode } from '../../../test/support/error-code.ts';
import { vectorCertificate, vectorDer, vectorNames } from '../../../test/support/x509-vectors.ts';
import { concatBytes, hexOf, isSameBytes, parseHex } from '../../base/bytes.ts';
import { InputError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { childrenOf, encodedOf, parseDer } from '../../crypto/der.ts';
import { encodePem } from '../../crypto/pem.ts';
import { sctsOf } from '../ct/sct-list.ts';
import { precertificateEntryOf } from '../ct/signed-precertificate.ts';
import { parseCertificatesPem } from './certificate-pem.ts';
import { extensionOf, parseCertificate } from './certificate.ts';
import type { Certificate } from './certificate.ts';
import { nameTextOf } from './distinguished-name.ts';
import * as extensions from './extensions.ts';
import { constrainedNamesOf, isAllowedBy, nameConstraintsOf } from './name-constraints.ts';

const isMalformed = hasCode('CERTIFICATE_MALFORMED');
const names = vectorNames('').filter((name) => !name.startsWith('ct-'));

/** The good leaf with one occurrence of these bytes exchanged for others of the same length. */
function changed(from: string, to: string): Uint8Array {
  const text = hexOf(vectorDer('issuing/good'));
  assert.equal(from.length, to.length);
  assert.ok(text.includes(from), from);
  return parseHex(text.replace(from, to));
}

/** The certificate with another member in its signed part. */
function rebuilt(name: string, index: number, replacement: Uint8Array): Uint8Array {
  const [tbs, ...rest] = childrenOf(parseDer(vectorDer(name))).map(encodedOf);
  assert.ok(tbs !== undefined);
  return sequence(replaced(tbs, index, replacement), ...rest);
}

/** The element with another child there, or with one more. */
function replaced(element: Uint8Array, index: number, replacement: Uint8Array): Uint8Array {
  const children = childrenOf(parseDer(element)).map(encodedOf);
  return der(element[0] ?? 0, ...children.slice(0, index), replacement, ...children.slice(index + 1));
}

function memberOf(element: Uint8Array, index: number): Uint8Array {
  const child = childrenOf(parseDer(element))[index];
  assert.ok(child !== undefined);
  return encodedOf(child);
}

test('every certificate is read as OpenSSL reads it', () => {
  for (const name of names) {
    const [ours, theirs] = [vectorCertificate(name), new X509Certificate(vectorDer(name))];
    const { serialNumber } = ours;
    assert.equal(
      hexOf(serialNumber[0] === 0 ? serialNumber.subarray(1) : serialNumber),
      theirs.serialNumber.toLowerCase(),
    );
    assert.equal(ours.notBefore.getTime(), Date.parse(theirs.validFrom));
    assert.equal(ours.notAfter.getTime(), Date.parse(theirs.validTo));
    assert.ok(isSameBytes(ours.spki, theirs.publicKey.export({ type: 'spki', format: 'der' })));
    const mayIssue = extensions.keyUsageOf(ours)?.has(extensions.keyUsages.keyCertSign) !== false;
    assert.equal(extensions.basicConstraintsOf(ours)?.isCa === true && mayIssue, theirs.ca, name);
  }
});

test('names are read for people', () => {
  assert.equal(nameTextOf(vectorCertificate('issuing/good').issuer), 'CN=issuing');
  assert.equal(nameTextOf(vectorCertificate('issuing/good').subject), '(no name)');
  assert.equal(nameTextOf(parseHex('300b3009060355040313020a0b')), '300b3009060355040313020a0b');
  // Not read when it is too long for one: many trusted names are compared with it.
  assert.equal(nameTextOf(new Uint8Array(1_000_000)), '0'.repeat(200));
});

test('extensions that decide about use are read', () => {
  const issuing = vectorCertificate('issuing');
  assert.deepEqual(extensions.basicConstraintsOf(issuing), { isCa: true, pathLength: 0 });
  assert.deepEqual(extensions.basicConstraintsOf(vectorCertificate('root')), { isCa: true, pathLength: undefined });
  assert.deepEqual([...(extensions.keyUsageOf(issuing) ?? [])], [5, 6]);
  assert.deepEqual(extensions.extendedKeyUsageOf(issuing), [extensions.keyPurposes.codeSigning]);
  assert.deepEqual(extensions.authorityKeyIdOf(vectorCertificate('issuing/good')), extensions.subjectKeyIdOf(issuing));
  assert.equal(extensions.extendedKeyUsageOf(vectorCertificate('issuing/no-eku')), undefined);
  assert.deepEqual(extensions.unknownCriticalExtensionsOf(vectorCertificate('issuing/unknown-critical')), [
    '1.3.6.1.4.1.99999.1',
  ]);
  assert.deepEqual(extensions.unknownCriticalExtensionsOf(vectorCertificate('issuing/unknown')), []);
});

test('a certificate that is not exactly one DER certificate of version 3 is refused', () => {
  const whole = vectorDer('issuing/good');
  assert.throws(() => parseCertificate(new Uint8Array()), isMalformed);
  assert.throws(() => parseCertificate(whole.subarray(0, -1)), isMalformed);
  assert.throws(() => parseCertificate(concatBytes([whole, new Uint8Array(1)])), isMalformed);
  assert.throws(() => parseCertificate(new Uint8Array(limits.derBytes + 1)), hasCode('INPUT_TOO_LARGE'));
  assert.throws(() => parseCertificate(changed('a003020102', 'a003020101')), isMalformed, 'version 2');
  assert.throws(() => parseCertificate(changed('a003020102', 'a003020103')), isMalformed, 'version 4');
});

test('two signature algorithms, inside and outside, are refused', () => {
  const text = hexOf(vectorDer('issuing/good'));
  const [sha256, sha384] = ['06082a8648ce3d040302', '06082a8648ce3d040303'];
  const outer = text.lastIndexOf(sha256);
  assert.throws(() => parseCertificate(parseHex(text.replace(sha256, sha384))), isMalformed);
  assert.throws(
    () => parseCertificate(parseHex(`${text.slice(0, outer)}${sha384}${text.slice(outer + sha384.length)}`)),
    isMalformed,
  );
});

test('an extension that is there twice is refused', () => {
  // Key usage (2.5.29.15) becomes a second subject key id (2.5.29.14).
  assert.throws(() => parseCertificate(changed('0603551d0f', '0603551d0e')), isMalformed);
});

test('serial numbers are positive and have at most 20 bytes', () => {
  const withSerial = (hex: string): Uint8Array => rebuilt('issuing/good', 1, der(0x02, parseHex(hex)));
  for (const hex of ['01', `7f${'ff'.repeat(19)}`, `00${'ff'.repeat(20)}`]) {
    assert.equal(hexOf(parseCertificate(withSerial(hex)).serialNumber), hex);
  }
  for (const hex of ['', '00', '80', 'ff', '0001', `01${'00'.repeat(20)}`, `00${'ff'.repeat(21)}`]) {
    assert.throws(() => parseCertificate(withSerial(hex)), isMalformed, hex);
  }
});

test('members that no certificate of today has are refused, as are too many extensions', () => {
  const list = (count: number): Uint8Array =>
    tagged(
      3,
      sequence(
        ...Array.from({ length: count }, (_, arc) => sequence(oid(`1.2.${arc}`), octetString(new Uint8Array()))),
      ),
    );
  assert.equal(parseCertificate(rebuilt('issuing/good', 7, list(64))).extensions.length, 64);
  for (const replacement of [list(65), list(0), taggedString(1, new Uint8Array([0, 1]))]) {
    assert.throws(() => parseCertificate(rebuilt('issuing/good', 7, replacement)), isMalformed);
  }
});

test('an element too many is refused, wherever it stands', () => {
  const one = nullValue();
  const whole = vectorDer('issuing/good');
  const tbs = memberOf(whole, 0);
  const wrapper = memberOf(tbs, 7);
  const list = memberOf(wrapper, 0);
  const count = childrenOf(parseDer(list)).length;
  const places: Readonly<Record<string, Uint8Array>> = {
    certificate: replaced(whole, 3, one),
    'signed part': rebuilt('issuing/good', 8, one),
    version: rebuilt('issuing/good', 0, replaced(memberOf(tbs, 0), 1, one)),
    validity: rebuilt('issuing/good', 4, replaced(memberOf(tbs, 4), 2, one)),
    'extensions, outside': rebuilt('issuing/good', 7, replaced(wrapper, 1, one)),
    'extensions, inside': rebuilt('issuing/good', 7, tagged(3, replaced(list, count, one))),
    extension: rebuilt('issuing/good', 7, tagged(3, replaced(list, 0, replaced(memberOf(list, 0), 3, one)))),
  };
  for (const [place, changedDer] of Object.entries(places)) {
    assert.throws(() => parseCertificate(changedDer), isMalformed, place);
  }
});

test('a validity with fractions of a second, or with a day that does not exist, is refused', () => {
  const born = generalizedTime(new Date('2026-06-01T12:00:00Z'));
  const validity = (text: string): Uint8Array =>
    rebuilt('issuing/good', 4, sequence(born, der(0x18, new TextEncoder().encode(text))));
  assert.equal(parseCertificate(validity('20500601120000Z')).notAfter.toISOString(), '2050-06-01T12:00:00.000Z');
  for (const text of ['20500601120000.5Z', '20500631120000Z', '20500601120000', '205006011200Z']) {
    assert.throws(() => parseCertificate(validity(text)), isMalformed, text);
  }
});

test('extensions that contradict themselves or say nothing are refused', () => {
  const withValue = (id: string, value: Uint8Array): Certificate => ({
    ...vectorCertificate('issuing/good'),
    extensions: [{ oid: id, isCritical: false, value }],
  });
  const { basicConstraints, extendedKeyUsage, keyUsage } = extensions.extensionIds;
  const constrained = (...members: readonly Uint8Array[]): unknown =>
    extensions.basicConstraintsOf(withValue(basicConstraints, sequence(...members)));
  assert.deepEqual(constrained(boolean(true), integer(3)), { isCa: true, pathLength: 3 });
  assert.deepEqual(constrained(boolean(false)), { isCa: false, pathLength: undefined });
  assert.throws(() => constrained(integer(3)), isMalformed);
  assert.throws(() => constrained(boolean(true), integer(3), nullValue()), isMalformed);
  const purposes = (count: number): unknown =>
    extensions.extendedKeyUsageOf(
      withValue(extendedKeyUsage, sequence(...Array.from({ length: count }, () => oid('1.2.3')))),
    );
  assert.equal((purposes(limits.certificateNames) as readonly string[]).length, limits.certificateNames);
  assert.throws(() => purposes(0), isMalformed);
  assert.throws(() => purposes(limits.certificateNames + 1), isMalformed);
  assert.throws(() => extensions.keyUsageOf(withValue(keyUsage, parseHex('03020600'))), isMalformed);
});

test('a file holds certificates and nothing else', () => {
  const pem = (label: string): string => encodePem({ label, bytes: vectorDer('root') });
  assert.deepEqual(parseCertificatesPem(pem('CERTIFICATE') + pem('CERTIFICATE')).length, 2);
  assert.throws(() => parseCertificatesPem(pem('CERTIFICATE') + pem('TRUSTED CERTIFICATE')), isMalformed);
  assert.throws(() => parseCertificatesPem(''), hasCode('PEM_MALFORMED'));
  assert.throws(
    () => parseCertificatesPem(pem('CERTIFICATE').repeat(limits.pemCertificates + 1)),
    hasCode('INPUT_TOO_LARGE'),
  );
});

test('whatever byte is changed, reading gives a certificate or an input error', () => {
  const readers = [
    extensions.basicConstraintsOf,
    extensions.keyUsageOf,
    extensions.extendedKeyUsageOf,
    extensions.subjectKeyIdOf,
    extensions.authorityKeyIdOf,
    constrainedNamesOf,
    sctsOf,
  ];
  const permitted = nameConstraintsOf(vectorCertificate('named')) ?? { permitted: [], excluded: [] };
  const sources = ['named', 'issuing', 'issuing/logged-static', 'named/inside-two', 'by-pss-sha256'].map(vectorDer);
  fc.assert(
    fc.property(fc.constantFrom(...sources), fc.nat(), fc.nat(255), fc.nat(3), (source, at, octet, cut) => {
      const mutated = source.slice(0, source.length - (cut === 3 ? at % source.length : 0));
      mutated[at % mutated.length] = octet;
      orInputError(() => {
        const certificate = parseCertificate(mutated);
        nameTextOf(certificate.issuer);
        for (const read of readers) orInputError(() => read(certificate));
        orInputError(() => nameConstraintsOf(certificate));
        orInputError(() => isAllowedBy(permitted, constrainedNamesOf(certificate)));
        orInputError(() => precertificateEntryOf(certificate, certificate));
      });
    }),
    { numRuns: 3000 },
  );
});

test('an extension is found by its OID', () => {
  const certificate = vectorCertificate('issuing/good');
  assert.equal(extensionOf(certificate, '2.5.29.17')?.isCritical, true);
  assert.equal(extensionOf(certificate, '2.5.29.18'), undefined);
});

function orInputError(run: () => unknown): void {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof InputError, String(error));
  }
}
