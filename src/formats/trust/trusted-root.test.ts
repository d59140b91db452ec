import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { hasCode } from '../../../test/support/error-code.ts';
import { createVirtualSigstore } from '../../../test/support/virtual-sigstore/virtual-sigstore.ts';
import type {
  AuthorityJson,
  LogJson,
  TrustedRootJson,
} from '../../../test/support/virtual-sigstore/virtual-trusted-root.ts';
import { parseUtf8, utf8Of } from '../../base/bytes.ts';
import { isErrorWithCode } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { encodeTrustedRoot, parseTrustedRoot } from './trusted-root.ts';
import type { TrustedRoot } from './trusted-root.ts';

const sigstore = createVirtualSigstore();
const bytesOf = (value: unknown): Uint8Array => utf8Of(JSON.stringify(value));
const malformed = hasCode('TRUSTED_ROOT_MALFORMED');

/** A good root with one thing changed. */
function rootWith(change: (root: TrustedRootJson, log: LogJson, authority: AuthorityJson) => unknown): Uint8Array {
  const root = sigstore.trustedRoot();
  const [log] = root.tlogs;
  const [authority] = root.certificateAuthorities;
  assert.ok(log !== undefined && authority !== undefined);
  change(root, log, authority);
  return bytesOf(root);
}

test('a root reads into logs and authorities with their periods', () => {
  const root = parseTrustedRoot(rootWith((_, log) => (log.publicKey.validFor.end = '2030-12-31T23:59:59.999Z')));
  assert.deepEqual(
    root.logs.map(({ baseUrl, keyDetails }) => [baseUrl, keyDetails]),
    [
      ['https://rekor.virtual.test', 'PKIX_ECDSA_P256_SHA_256'],
      ['https://log2026.virtual.test', 'PKIX_ED25519'],
    ],
  );
  assert.equal(root.logs[0]?.validFor.end?.toISOString(), '2030-12-31T23:59:59.999Z');
  assert.equal(root.logs[1]?.validFor.end, undefined);
  assert.deepEqual(
    root.certificateAuthorities[0]?.chain,
    sigstore.authority.chain.map((der) => new Uint8Array(der)),
  );
  assert.equal(root.certificateAuthorities[0]?.organization, 'virtual sigstore');
  assert.equal(root.timestampAuthorities[0]?.uri, 'https://tsa.virtual.test/api/v1/timestamp');
});

test('both spellings of the media type and of members, and what may be missing', () => {
  const other = 'application/vnd.dev.sigstore.trustedroot.v0.1+json';
  assert.equal(parseTrustedRoot(rootWith((root) => (root.mediaType = other))).logs.length, 2);
  assert.deepEqual(parseTrustedRoot(bytesOf({ media_type: other, tlogs: null })), {
    logs: [],
    ctLogs: [],
    certificateAuthorities: [],
    timestampAuthorities: [],
  });
  const bare = parseTrustedRoot(
    rootWith((_, log, authority) => {
      Object.assign(log, { baseUrl: undefined, operator: 'example.com' });
      Object.assign(authority, { uri: undefined, subject: undefined, operator: 'example.com' });
    }),
  );
  assert.deepEqual([bare.logs[0]?.baseUrl, bare.certificateAuthorities[0]?.uri], ['', '']);
});

test('the key id of checkpoints is read where it is given', () => {
  const keyId = Buffer.from([1, 2, 3, 4]).toString('base64');
  const root = parseTrustedRoot(rootWith((_, log) => Object.assign(log, { checkpointKeyId: { keyId } })));
  assert.deepEqual(root.logs[0]?.checkpointKeyId, Uint8Array.of(1, 2, 3, 4));
  assert.equal(root.logs[1]?.checkpointKeyId, undefined);
});

const bad: Readonly<Record<string, Parameters<typeof rootWith>[0]>> = {
  'the media type of version 0.2': (root) => (root.mediaType = 'application/vnd.dev.sigstore.trustedroot.v0.2+json'),
  'no media type': (root) => Object.assign(root, { mediaType: undefined }),
  'a member nobody declared': (root) => Object.assign(root, { tLogs: [] }),
  'a member nobody declared, deep inside': (_, log) => Object.assign(log.publicKey, { keyHint: 'AA==' }),
  'a log without a beginning (trust-root-tlog-missing-validity-start)': (_, log) =>
    Object.assign(log.publicKey.validFor, { start: undefined }),
  'a log without a period': (_, log) => Object.assign(log.publicKey, { validFor: undefined }),
  'an authority without a beginning': (_, __, authority) => Object.assign(authority.validFor, { start: null }),
  'a period that ends before it starts': (_, log) => (log.publicKey.validFor.end = '2001-01-01T00:00:00Z'),
  'an authority that ends before it starts': (_, __, authority) => (authority.validFor.end = '2001-01-01T00:00:00Z'),
  'a time that does not exist': (_, log) => (log.publicKey.validFor.start = '2025-02-30T00:00:00Z'),
  'a time that is a number': (_, log) => Object.assign(log.publicKey.validFor, { start: 0 }),
  'a log without an id': (_, log) => Object.assign(log, { logId: undefined }),
  'an id of 31 bytes': (_, log) => (log.logId.keyId = Buffer.alloc(31).toString('base64')),
  'an empty id': (_, log) => (log.logId.keyId = ''),
  'a checkpoint key id of 5 bytes': (_, log) => Object.assign(log, { checkpointKeyId: { keyId: 'AAAAAAA=' } }),
  'an id in base64 of the other alphabet': (_, log) => (log.logId.keyId = `${'-_'.repeat(21)}A=`),
  'another hash': (_, log) => (log.hashAlgorithm = 'SHA2_512'),
  'no hash': (_, log) => Object.assign(log, { hashAlgorithm: undefined }),
  'two logs of one id': (root, log) => root.tlogs.push({ ...log, baseUrl: 'https://other.test' }),
  'two certificate transparency logs of one id': (root) => root.ctlogs.push(...root.ctlogs),
  'an authority without certificates': (_, __, authority) => (authority.certChain.certificates = []),
  'an authority with a long chain': (_, __, { certChain }) =>
    (certChain.certificates = Array.from({ length: limits.chainCertificates + 1 }, () => ({ rawBytes: 'AA==' }))),
  'too many authorities': (root, _, authority) =>
    (root.certificateAuthorities = Array.from({ length: limits.trustedServices + 1 }, () => authority)),
  'a list that is none': (root) => Object.assign(root, { ctlogs: {} }),
};

for (const [what, change] of Object.entries(bad)) {
  test(`refused: ${what}`, () => {
    assert.throws(() => parseTrustedRoot(rootWith(change)), malformed);
  });
}

test('refused: what is no JSON, has a member twice, or is no object', () => {
  for (const text of ['', '{', '[]', 'null', '{"mediaType":"a","mediaType":"b"}']) {
    assert.throws(() => parseTrustedRoot(utf8Of(text)), malformed, text);
  }
  assert.throws(() => parseTrustedRoot(new Uint8Array([0xff])), malformed);
  assert.throws(() => parseTrustedRoot(new Uint8Array(limits.trustedRootBytes + 1)), hasCode('INPUT_TOO_LARGE'));
});

test('a fault says where it is', () => {
  const broken = rootWith((_, log) => (log.publicKey.validFor.start = 'yesterday'));
  assert.throws(
    () => parseTrustedRoot(broken),
    (error: unknown) => malformed(error) && /tlogs\[0\]\.publicKey\.validFor\.start/.test((error as Error).message),
  );
});

test('only the members that released clients read are written', () => {
  const written: unknown = JSON.parse(parseUtf8(encodeTrustedRoot(parseTrustedRoot(bytesOf(sigstore.trustedRoot())))));
  assert.deepEqual(written, sigstore.trustedRoot());
});

const bytes = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });
const period = fc
  .tuple(fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('9900-01-01T00:00:00Z') }), fc.option(fc.nat()))
  .map(([start, ms]) => ({ start, ...(ms === null ? {} : { end: new Date(start.getTime() + ms) }) }));
const log = fc.record(
  {
    baseUrl: fc.string(),
    logId: bytes(32),
    checkpointKeyId: fc.oneof(bytes(4), bytes(32)),
    keyBytes: fc.uint8Array(),
    keyDetails: fc.string(),
    validFor: period,
  },
  { requiredKeys: ['baseUrl', 'logId', 'keyBytes', 'keyDetails', 'validFor'], noNullPrototype: true },
);
const authority = fc.record(
  {
    uri: fc.string(),
    organization: fc.string(),
    commonName: fc.string(),
    chain: fc.array(fc.uint8Array(), { minLength: 1, maxLength: 10 }),
    validFor: period,
  },
  { requiredKeys: ['uri', 'chain', 'validFor'], noNullPrototype: true },
);
const logs = fc.uniqueArray(log, { selector: ({ logId }) => logId.join(), maxLength: 4 });
const root: fc.Arbitrary<TrustedRoot> = fc.record(
  {
    logs,
    ctLogs: logs,
    certificateAuthorities: fc.array(authority, { maxLength: 4 }),
    timestampAuthorities: fc.array(authority, { maxLength: 4 }),
  },
  { noNullPrototype: true },
);

test('what is written reads as what it was', () => {
  fc.assert(
    fc.property(root, (value) => {
      assert.deepEqual(parseTrustedRoot(encodeTrustedRoot(value)), value);
    }),
  );
});

test('any change of bytes is read, or refused with an error of ours', () => {
  const good = bytesOf(sigstore.trustedRoot());
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.nat(255), (at, byte) => {
      const changed = Uint8Array.from(good);
      changed[at] = byte;
      try {
        parseTrustedRoot(changed);
      } catch (error) {
        assert.ok(isErrorWithCode(error, 'TRUSTED_ROOT_MALFORMED'), String(error));
      }
    }),
  );
});
