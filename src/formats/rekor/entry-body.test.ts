import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { hasCode } from '../../../test/support/error-code.ts';
import { canonicalJsonOf, entryBodyOf, envelopeTextOf } from '../../../test/support/virtual-sigstore/entry-body.ts';
import type { EntryKind, Logged } from '../../../test/support/virtual-sigstore/entry-body.ts';
import { base64Of, utf8Of } from '../../base/bytes.ts';
import type { ErrorCode } from '../../base/catalogue.ts';
import { CountersignError } from '../../base/errors.ts';
import { hashOf } from '../../crypto/hash.ts';
import { encodePem } from '../../crypto/pem.ts';
import { parseEntryBody, parseEntryKind } from './entry-body.ts';
import type { EntryBody, LoggedDigest } from './entry-body.ts';

const kinds: readonly EntryKind[] = [
  'hashedrekord/0.0.1',
  'hashedrekord/0.0.2',
  'dsse/0.0.1',
  'dsse/0.0.2',
  'intoto/0.0.1',
  'intoto/0.0.2',
  'rekord/0.0.1',
];
const logged: Logged = {
  signature: Buffer.from('signature'),
  verifier: { kind: 'certificate', der: Buffer.from([0x30, 0]) },
  keyDetails: 'PKIX_ECDSA_P256_SHA_256',
  hash: 'sha256',
  message: Buffer.from('message'),
  envelope: { payloadType: 'text/plain', payload: Buffer.from('payload') },
};
const der = new Uint8Array([0x30, 0]);

type Json = Record<string, unknown>;

function parse(kind: string, body: unknown): EntryBody {
  const [name = '', version = ''] = kind.split('/');
  return parseEntryBody({ kind: name, version, body: utf8Of(JSON.stringify(body)) });
}

/** The body of a kind with one member of its spec changed; a path of names, and what stands there then. */
function changed(kind: EntryKind, path: readonly string[], value: unknown): Json {
  const body = JSON.parse(canonicalJsonOf(entryBodyOf(kind, logged))) as Json;
  const holder = path.slice(0, -1).reduce((at, name) => at[name] as Json, body);
  holder[path.at(-1) ?? ''] = value;
  return body;
}

test('every kind gives its signature, signer and hashes', () => {
  const digest = (of: LoggedDigest['of'], bytes: Uint8Array): LoggedDigest => ({
    of,
    hash: 'sha256',
    value: hashOf('sha256', bytes),
  });
  const [message, payload, envelope] = [
    digest('message', logged.message),
    digest('payload', Buffer.from('payload')),
    digest('envelope', Buffer.from(envelopeTextOf(logged))),
  ];
  const digests: Readonly<Record<EntryKind, readonly LoggedDigest[]>> = {
    'hashedrekord/0.0.1': [message],
    'hashedrekord/0.0.2': [{ ...message, of: 'signed-bytes' }],
    'dsse/0.0.1': [payload, envelope],
    'dsse/0.0.2': [payload],
    'intoto/0.0.1': [envelope, payload],
    'intoto/0.0.2': [payload],
    'rekord/0.0.1': [message],
  };
  for (const kind of kinds) {
    const signature = kind === 'intoto/0.0.1' ? undefined : utf8Of('signature');
    const expected = { signatures: [{ signer: { kind: 'certificate', der }, signature }], digests: digests[kind] };
    assert.deepEqual(parse(kind, entryBodyOf(kind, logged)), expected, kind);
    const byKey = entryBodyOf(kind, { ...logged, verifier: { kind: 'public-key', der: Buffer.from(der) } });
    assert.deepEqual(parse(kind, byKey).signatures[0]?.signer, { kind: 'public-key', der }, kind);
  }
});

test('the kind inside must be the one outside', () => {
  for (const outside of kinds) {
    for (const inside of kinds.filter((kind) => kind !== outside)) {
      assert.throws(
        () => parse(outside, entryBodyOf(inside, logged)),
        hasCode('JSON_SHAPE'),
        `${inside} as ${outside}`,
      );
    }
  }
});

test('other kinds are not read', () => {
  for (const kind of ['hashedrekord/0.0.3', 'cose/0.0.1', 'toString/', 'constructor', '']) {
    assert.throws(() => parse(kind, {}), hasCode('LOG_ENTRY_UNSUPPORTED'), kind);
  }
});

test('a body says itself what kind it is of', () => {
  const body = utf8Of(canonicalJsonOf(entryBodyOf('rekord/0.0.1', logged)));
  assert.deepEqual(parseEntryKind(body), { kind: 'rekord', version: '0.0.1' });
  assert.throws(() => parseEntryKind(utf8Of('{}')), hasCode('JSON_SHAPE'));
});

test('a certificate may come with its chain, a key comes alone', () => {
  const certificate = encodePem({ label: 'CERTIFICATE', bytes: der });
  const key = encodePem({ label: 'PUBLIC KEY', bytes: der });
  const read = (pem: string): unknown =>
    parse(
      'hashedrekord/0.0.1',
      changed('hashedrekord/0.0.1', ['spec', 'signature', 'publicKey', 'content'], base64Of(utf8Of(pem))),
    ).signatures[0]?.signer;
  assert.deepEqual(read(certificate.repeat(10)), { kind: 'certificate', der });
  const private_ = encodePem({ label: 'PRIVATE KEY', bytes: der });
  for (const pem of [certificate.repeat(11), key + key, key + certificate, certificate + key, private_]) {
    assert.throws(() => read(pem), hasCode('LOG_ENTRY_MALFORMED'));
  }
  for (const pem of ['', 'nonsense']) {
    assert.throws(() => read(pem), hasCode('PEM_MALFORMED'));
  }
});

test('a broken part is an error, never an absent part', () => {
  const verifier = ['spec', 'hashedRekordV002', 'signature', 'verifier'];
  const cases: readonly (readonly [EntryKind, readonly string[], unknown, ErrorCode])[] = [
    ['hashedrekord/0.0.1', ['spec', 'data', 'hash', 'algorithm'], 'md5', 'JSON_SHAPE'],
    ['hashedrekord/0.0.1', ['spec', 'data', 'hash', 'value'], '00', 'JSON_SHAPE'],
    ['hashedrekord/0.0.1', ['spec', 'data', 'hash', 'value'], 'zz', 'HEX_MALFORMED'],
    ['hashedrekord/0.0.1', ['spec', 'data', 'hash'], undefined, 'JSON_SHAPE'],
    ['hashedrekord/0.0.1', ['spec', 'signature', 'content'], 'AQ', 'BASE64_MALFORMED'],
    ['hashedrekord/0.0.1', ['spec', 'signature', 'content'], null, 'JSON_SHAPE'],
    ['hashedrekord/0.0.2', ['spec', 'hashedRekordV002', 'data', 'algorithm'], 'sha256', 'JSON_SHAPE'],
    ['hashedrekord/0.0.2', ['spec', 'hashedRekordV002', 'data', 'digest'], 'AQ==', 'JSON_SHAPE'],
    ['hashedrekord/0.0.2', ['spec', 'hashedRekordV002', 'more'], 1, 'JSON_SHAPE'],
    ['hashedrekord/0.0.2', [...verifier, 'publicKey'], { rawBytes: 'MAA=' }, 'LOG_ENTRY_MALFORMED'],
    ['hashedrekord/0.0.2', [...verifier, 'x509Certificate'], undefined, 'LOG_ENTRY_MALFORMED'],
    ['hashedrekord/0.0.2', ['spec', 'dsseV002'], {}, 'JSON_SHAPE'],
    ['dsse/0.0.1', ['spec', 'signatures'], [], 'LOG_ENTRY_MALFORMED'],
    ['dsse/0.0.1', ['spec', 'payloadHash'], null, 'JSON_SHAPE'],
    ['dsse/0.0.2', ['spec', 'dsseV002', 'signatures'], [], 'LOG_ENTRY_MALFORMED'],
    ['intoto/0.0.2', ['spec', 'content', 'envelope', 'signatures'], [], 'LOG_ENTRY_MALFORMED'],
    ['intoto/0.0.2', ['spec', 'content', 'payloadHash'], undefined, 'JSON_SHAPE'],
    ['intoto/0.0.1', ['spec', 'content', 'hash'], undefined, 'JSON_SHAPE'],
    ['rekord/0.0.1', ['spec', 'signature', 'format'], 'pgp', 'JSON_SHAPE'],
  ];
  for (const [kind, path, value, code] of cases) {
    assert.throws(() => parse(kind, changed(kind, path, value)), hasCode(code), `${kind} ${path.join('.')}`);
  }
  assert.throws(() => parseEntryBody({ kind: 'dsse', version: '0.0.1', body: utf8Of('{') }), hasCode('JSON_MALFORMED'));
});

test('whatever bytes come, a body is read or refused with an error of the catalogue', () => {
  const mutated = fc
    .tuple(fc.constantFrom(...kinds), fc.nat(), fc.nat(20), fc.uint8Array({ maxLength: 4 }))
    .map(([kind, at, cut, insert]) => {
      const text = Buffer.from(canonicalJsonOf(entryBodyOf(kind, logged)));
      const start = at % text.length;
      return { kind, bytes: Buffer.concat([text.subarray(0, start), insert, text.subarray(start + cut)]) };
    });
  fc.assert(
    fc.property(mutated, ({ kind, bytes }) => {
      const [name = '', version = ''] = kind.split('/');
      try {
        parseEntryBody({ kind: name, version, body: bytes });
      } catch (error) {
        assert.ok(error instanceof CountersignError, String(error));
      }
    }),
    { numRuns: 1000 },
  );
});
