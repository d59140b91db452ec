import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { test } from 'node:test';

import { hasCode } from '../../test/support/error-code.ts';
import { createVirtualKey } from '../../test/support/virtual-sigstore/virtual-key.ts';
import type { KeyKind } from '../../test/support/virtual-sigstore/virtual-key.ts';
import { createVirtualSigstore } from '../../test/support/virtual-sigstore/virtual-sigstore.ts';
import { hexOf, utf8Of } from '../base/bytes.ts';
import { parsePublicKey } from '../crypto/public-key.ts';
import { logIdOf } from '../formats/trust/log-id.ts';
import { always, trustedLogOf } from '../formats/trust/trusted-log.ts';
import { parseTrustedRoot } from '../formats/trust/trusted-root.ts';
import type { TrustedLog, TrustedRoot } from '../formats/trust/trusted-root.ts';
import { requireUsable, trustMaterialOf } from './root-material.ts';
import type { TrustedLogKey } from './trust-material.ts';

const root = parseTrustedRoot(utf8Of(JSON.stringify(createVirtualSigstore().trustedRoot())));
const nobody: TrustedRoot = { logs: [], ctLogs: [], certificateAuthorities: [], timestampAuthorities: [] };
const baseUrl = 'https://log.example.com';
const malformed = hasCode('TRUSTED_ROOT_MALFORMED');

function logOf(kind: KeyKind, changes: Partial<TrustedLog> = {}, origin?: string): TrustedLog {
  const key = parsePublicKey(createVirtualKey(kind).spki);
  return { ...trustedLogOf({ key, baseUrl, validFor: always, ...(origin && { origin }) }), ...changes };
}

function readyLogOf(log: TrustedLog): TrustedLogKey {
  const [ready] = trustMaterialOf({ ...nobody, logs: [log] }).logs;
  assert.ok(ready !== undefined);
  return ready;
}

test('all of a root is made ready, and made once', () => {
  requireUsable(root);
  const material = trustMaterialOf(root);
  assert.equal(material.logs, material.logs);
  assert.equal(material.authorities[0]?.chain[0], material.authorities[0]?.chain[0]);
  assert.deepEqual(
    [material.authorities, material.logs, material.ctLogs, material.timestampAuthorities].map(({ length }) => length),
    [1, 2, 1, 1],
  );
});

test('what is not needed is not made: a fault shows where it is used', () => {
  const broken = trustMaterialOf({ ...root, ctLogs: [logOf('p256', { keyBytes: Uint8Array.of(1) })] });
  assert.equal(broken.logs.length, 2);
  assert.throws(() => broken.ctLogs, malformed);
  assert.throws(() => requireUsable({ ...root, ctLogs: [logOf('p256', { keyBytes: Uint8Array.of(1) })] }), malformed);
});

test('keys of every kind come with the one scheme by which their log signs', () => {
  const schemes: readonly (readonly [KeyKind, string])[] = [
    ['p256', 'ECDSA P-256 with SHA-256'],
    ['p384', 'ECDSA P-384 with SHA-384'],
    ['p521', 'ECDSA P-521 with SHA-512'],
    ['rsa-2048', 'RSA PKCS#1 v1.5 with SHA-256'],
    ['ed25519', 'Ed25519'],
  ];
  for (const [kind, name] of schemes) assert.equal(readyLogOf(logOf(kind)).scheme.name, name);
});

test('an RSA key reads in both encodings, with the id of the one', () => {
  const { spki } = createVirtualKey('rsa-2048');
  const keyObject = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  const keyBytes = new Uint8Array(keyObject.export({ format: 'der', type: 'pkcs1' }));
  const key = parsePublicKey(spki);
  const log = { baseUrl, keyBytes, keyDetails: 'PKCS1_RSA_PKCS1V5', logId: logIdOf(key), validFor: always };
  assert.deepEqual(readyLogOf(log).key.spki, key.spki);
  assert.throws(() => readyLogOf({ ...log, keyDetails: 'PKIX_RSA_PKCS1V5' }), malformed);
});

test('the hint of checkpoints is that of the key id where one is given, else that of the log', () => {
  const plain = logOf('ed25519');
  const key = parsePublicKey(plain.keyBytes);
  const named = logIdOf(key, 'log.example.com');
  assert.equal(hexOf(readyLogOf(plain).keyHint), hexOf(logIdOf(key)).slice(0, 8));
  assert.equal(hexOf(readyLogOf({ ...plain, logId: named }).keyHint), hexOf(named).slice(0, 8));
  for (const checkpointKeyId of [named, named.subarray(0, 4)]) {
    assert.equal(hexOf(readyLogOf({ ...plain, checkpointKeyId }).keyHint), hexOf(named).slice(0, 8));
  }
});

const badLogs: Readonly<Record<string, TrustedLog>> = {
  'an id that is not of its key': logOf('p256', { logId: new Uint8Array(32) }),
  'an id by the name of another address': logOf('ed25519', {}, 'other.example.com'),
  'a checkpoint key id that is not of its key': logOf('p256', { checkpointKeyId: new Uint8Array(4) }),
  'a key that is said to be another': logOf('p256', { keyDetails: 'PKIX_ECDSA_P384_SHA_384' }),
  'an RSA key of another size': logOf('rsa-3072', { keyDetails: 'PKIX_RSA_PKCS1V15_2048_SHA256' }),
  'a kind of key that is not read': logOf('p256', { keyDetails: 'LMS_SHA256' }),
  'a kind of key that every object has': logOf('p256', { keyDetails: 'constructor' }),
  'a key that is PEM': logOf('p256', { keyBytes: utf8Of('-----BEGIN PUBLIC KEY-----') }),
  'no key': logOf('p256', { keyBytes: new Uint8Array() }),
};

for (const [what, log] of Object.entries(badLogs)) {
  test(`a log is refused for ${what}`, () => {
    assert.throws(() => readyLogOf(log), malformed);
  });
}

test('authorities are refused for a chain that is none', () => {
  const [authority] = root.certificateAuthorities;
  assert.ok(authority !== undefined);
  for (const chain of [
    authority.chain.toReversed(),
    [Uint8Array.of(0x30, 0)],
    [...authority.chain, authority.chain[0]!],
  ]) {
    const changed = { ...authority, chain };
    assert.throws(() => trustMaterialOf({ ...nobody, certificateAuthorities: [changed] }).authorities, malformed);
    assert.throws(
      () => trustMaterialOf({ ...nobody, timestampAuthorities: [changed] }).timestampAuthorities,
      malformed,
    );
  }
});
