import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { namedCertificate, namedVectors, derElement, withExtension } from '../../../test/support/named-certificate.ts';
import { hasCode } from '../../../test/support/error-code.ts';
import { utf8Of } from '../../base/bytes.ts';
import { InputError } from '../../base/errors.ts';
import type { Certificate } from './certificate.ts';
import { encodeSubjectAlternativeName, subjectAlternativeNamesOf } from './subject-alternative-names.ts';
import type { CertifiedName } from './subject-alternative-names.ts';

const SAN = '2.5.29.17';
const FULCIO_USER_NAME = Uint8Array.of(0x06, 0x0a, 0x2b, 6, 1, 4, 1, 0x83, 0xbf, 0x30, 1, 7);

function naming(...names: readonly Uint8Array[]): Certificate {
  return withExtension(namedCertificate('nobody'), SAN, derElement(0x30, ...names));
}

const email = (text: string): Uint8Array => derElement(0x81, utf8Of(text));

test('email, URI, DNS and IP names are read as Go reads them', () => {
  for (const [name, { emails, uris, dns, ips }] of Object.entries(namedVectors)) {
    const read = subjectAlternativeNamesOf(namedCertificate(name));
    const textsOf = (kind: string) => read.flatMap((each) => (each.kind === kind && 'text' in each ? [each.text] : []));
    assert.deepEqual(textsOf('email'), emails ?? [], name);
    assert.deepEqual(textsOf('uri'), uris ?? [], name);
    assert.deepEqual(textsOf('dns'), dns ?? [], name);
    assert.deepEqual(textsOf('ip'), ips ?? [], name);
  }
});

test("Fulcio's user name is a text", () => {
  assert.deepEqual(subjectAlternativeNamesOf(namedCertificate('user-name')), [
    { kind: 'user-name', text: 'dev!example.com' },
  ]);
});

test('a certificate without the extension names nobody', () => {
  assert.deepEqual(subjectAlternativeNamesOf(namedCertificate('nobody')), []);
});

test('names of other kinds are there by their kind only', () => {
  assert.deepEqual(subjectAlternativeNamesOf(namedCertificate('unread')), [
    { kind: 'unread', type: 'directoryName' },
    { kind: 'unread', type: 'registeredID' },
    { kind: 'unread', type: 'otherName 1.3.6.1.5.5.7.8.9' },
    { kind: 'email', text: 'dev@example.com' },
  ]);
});

test('a name keeps its control characters and null bytes: nothing is cut off', () => {
  const text = 'dev@example.com\u0000.evil.example\u001b[31m';
  assert.deepEqual(subjectAlternativeNamesOf(naming(email(text))), [{ kind: 'email', text }]);
});

const malformed: Readonly<Record<string, Certificate>> = {
  'no name at all': naming(),
  'an empty name': naming(email('')),
  'a name beyond ASCII': naming(email('dév@example.com')),
  'an address of five bytes': naming(derElement(0x87, Uint8Array.of(1, 2, 3, 4, 5))),
  'an unknown kind of name': naming(derElement(0x89, Uint8Array.of(1))),
  'a constructed email address': naming(derElement(0xa1, email('dev@example.com'))),
  'a user name in the wrong string type': naming(
    derElement(0xa0, FULCIO_USER_NAME, derElement(0xa0, derElement(0x16, utf8Of('dev!example.com')))),
  ),
  'a user name that is not UTF-8': naming(
    derElement(0xa0, FULCIO_USER_NAME, derElement(0xa0, derElement(0x0c, Uint8Array.of(0xff)))),
  ),
  'an empty user name': naming(derElement(0xa0, FULCIO_USER_NAME, derElement(0xa0, derElement(0x0c)))),
  'a user name with something behind it': naming(
    derElement(0xa0, FULCIO_USER_NAME, derElement(0xa0, derElement(0x0c, utf8Of('a')), derElement(0x05))),
  ),
  'bytes after the names': withExtension(
    namedCertificate('nobody'),
    SAN,
    Uint8Array.of(...derElement(0x30, email('a@example.com')), 0),
  ),
  '65 names': naming(...Array.from({ length: 65 }, () => email('a@example.com'))),
  'names of more than 8 KiB': naming(email('a'.repeat(9000))),
};

for (const [what, certificate] of Object.entries(malformed)) {
  test(`${what}: malformed`, () => {
    assert.throws(() => subjectAlternativeNamesOf(certificate), { code: 'CERTIFICATE_MALFORMED' });
  });
}

test('whatever the bytes, names are read or the certificate is malformed', () => {
  const base = namedCertificate('many').extensions.find(({ oid }) => oid === SAN)?.value ?? new Uint8Array();
  const mutated = fc
    .array(fc.tuple(fc.nat(base.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
    .map((changes) => {
      const copy = Uint8Array.from(base);
      for (const [at, octet] of changes) copy[at] = octet;
      return copy;
    });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 64 }), mutated), (value) => {
      try {
        subjectAlternativeNamesOf(withExtension(namedCertificate('nobody'), SAN, value));
      } catch (error) {
        assert.ok(error instanceof InputError && error.code === 'CERTIFICATE_MALFORMED', String(error));
      }
    }),
    { numRuns: 2000 },
  );
});

test('a certified name is written as Go writes it', () => {
  const names: readonly (readonly [string, CertifiedName])[] = [
    ['email', { kind: 'email', text: 'dev@example.com' }],
    ['user-name', { kind: 'user-name', text: 'dev!example.com' }],
    ['workflow', { kind: 'uri', text: 'https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main' }],
  ];
  for (const [vector, name] of names) {
    const extension = encodeSubjectAlternativeName(name);
    const value = namedCertificate(vector).extensions.find(({ oid }) => oid === SAN)?.value ?? new Uint8Array();
    const critical = Uint8Array.of(0x06, 3, 0x55, 0x1d, 0x11, 0x01, 1, 0xff);
    const expected = derElement(0x30, critical, derElement(0x04, value));
    assert.deepEqual(Buffer.from(extension), Buffer.from(expected), vector);
  }
});

test('a name that readers refuse or read differently is not written', () => {
  const bad: readonly CertifiedName[] = [
    ...['', 'dev', '@example.com', 'dev@', 'a@b@c', 'dev @example.com', 'dév@example.com', 'dev@example.com\0'].map(
      (text): CertifiedName => ({ kind: 'email', text }),
    ),
    { kind: 'email', text: 'Dev <dev@example.com>' },
    ...[
      '',
      'github.com/acme',
      'https://exämple.com',
      'https://example.com/a b',
      'https://e.com/%zz',
      'https:',
      '://x',
    ].map((text): CertifiedName => ({ kind: 'uri', text })),
    { kind: 'uri', text: `https://example.com/${'a'.repeat(9000)}` },
    { kind: 'user-name', text: '' },
    { kind: 'user-name', text: '\ud800' },
  ];
  for (const name of bad) {
    assert.throws(() => encodeSubjectAlternativeName(name), hasCode('CERTIFICATE_MALFORMED'), name.text.slice(0, 40));
  }
});
