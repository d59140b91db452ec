import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hasCode } from '../../test/support/error-code.ts';
import { createVirtualKey, pemOf } from '../../test/support/virtual-sigstore/virtual-key.ts';
import { createVirtualSigstore } from '../../test/support/virtual-sigstore/virtual-sigstore.ts';
import { parseUtf8, utf8Of } from '../base/bytes.ts';
import { parseTrustedRoot } from '../formats/trust/trusted-root.ts';
import { parseCertificate } from '../formats/x509/certificate.ts';
import { createTrustedRoot } from './create-trusted-root.ts';
import type { AuthorityService, LogService, Services } from './create-trusted-root.ts';
import type { GivenFile } from './given-file.ts';
import { nobody } from './trust-source.ts';

const sigstore = createVirtualSigstore();
const { authority, timestampAuthority, rekorV1, rekorV2, ctLog } = sigstore;
const start = new Date('2025-03-01T12:00:00Z');

const chainFile = (chain: readonly Uint8Array[]): GivenFile => ({
  name: 'chain.pem',
  bytes: utf8Of(chain.map((der) => pemOf('CERTIFICATE', der)).join('')),
});
const keyFile = (spki: Uint8Array): GivenFile => ({ name: 'key.pub', bytes: utf8Of(pemOf('PUBLIC KEY', spki)) });
const ca: AuthorityService = { url: authority.uri, chain: chainFile(authority.chain), start };
const tsa: AuthorityService = { url: timestampAuthority.uri, chain: chainFile(timestampAuthority.chain), start };
const v1: LogService = { url: rekorV1.baseUrl, key: keyFile(rekorV1.key.spki), validFor: { start } };
const v2: LogService = {
  url: rekorV2.baseUrl,
  key: keyFile(rekorV2.key.spki),
  origin: 'log2026.virtual.test',
  validFor: { start },
};
const ct: LogService = { url: ctLog.baseUrl, key: keyFile(ctLog.key.spki), validFor: { start } };

const none: Services = { base: nobody, certificateAuthorities: [], timestampAuthorities: [], logs: [], ctLogs: [] };
const create = (services: Partial<Services>): Uint8Array => createTrustedRoot({ ...none, ...services });

test('described services are the trusted root that they would publish themselves', () => {
  const created = create({ certificateAuthorities: [ca], timestampAuthorities: [tsa], logs: [v1, v2], ctLogs: [ct] });
  const expected = sigstore.trustedRoot();
  // People read these; they are those of the chain's root.
  for (const each of [...expected.certificateAuthorities, ...expected.timestampAuthorities]) {
    each.subject.commonName = 'root';
  }
  assert.deepEqual(JSON.parse(parseUtf8(created)), expected);
});

test('periods that nobody gives begin with the root, of timestamps with the certificate that signs', () => {
  const { start: _, ...openCa } = ca;
  const { start: __, ...openTsa } = tsa;
  const root = parseTrustedRoot(create({ certificateAuthorities: [openCa], timestampAuthorities: [openTsa] }));
  const [leaf] = timestampAuthority.chain.map((der) => parseCertificate(der));
  const top = parseCertificate(authority.chain.at(-1) ?? new Uint8Array());
  assert.deepEqual(root.certificateAuthorities[0]?.validFor, { start: top.notBefore });
  assert.deepEqual(root.timestampAuthorities[0]?.validFor, { start: leaf?.notBefore });
});

test('the oldest services come first', () => {
  const older = { ...v2, validFor: { start: new Date(0), end: start } };
  const root = parseTrustedRoot(create({ logs: [v1, older] }));
  assert.deepEqual(
    root.logs.map(({ baseUrl, validFor }) => [baseUrl, validFor]),
    [
      [rekorV2.baseUrl, { start: new Date(0), end: start }],
      [rekorV1.baseUrl, { start }],
    ],
  );
});

test('services join those of another root, and a log that is there already is described anew', () => {
  const base = parseTrustedRoot(utf8Of(JSON.stringify(sigstore.trustedRoot())));
  const end = new Date('2026-06-01T00:00:00Z');
  const root = parseTrustedRoot(create({ base, logs: [{ ...v1, validFor: { start, end } }] }));
  assert.equal(root.logs.length, 2);
  assert.deepEqual(root.logs.find(({ baseUrl }) => baseUrl === rekorV1.baseUrl)?.validFor, { start, end });
  assert.equal(root.certificateAuthorities.length, 1);
});

test('what no verification could use is refused', () => {
  const bad: readonly Partial<Services>[] = [
    { certificateAuthorities: [{ ...ca, chain: chainFile(authority.chain.toReversed()) }] },
    { certificateAuthorities: [{ ...ca, chain: chainFile(timestampAuthority.chain) }] },
    { certificateAuthorities: [{ ...ca, end: new Date(0) }] },
    { timestampAuthorities: [{ ...tsa, chain: chainFile(timestampAuthority.chain.slice(1)) }] },
    { timestampAuthorities: [{ ...tsa, chain: chainFile(timestampAuthority.chain.slice(0, 1)) }] },
    { logs: [v1, v1] },
    { logs: [{ ...v2, origin: 'elsewhere.test' }] },
  ];
  for (const services of bad) assert.throws(() => create(services), hasCode('TRUSTED_ROOT_MALFORMED'));
});

test('a fault of a file keeps its code', () => {
  const certificates = { certificateAuthorities: [{ ...ca, chain: keyFile(rekorV1.key.spki) }] };
  assert.throws(() => create(certificates), hasCode('CERTIFICATE_MALFORMED'));
  assert.throws(() => create({ logs: [{ ...v1, key: ca.chain }] }), hasCode('PEM_MALFORMED'));
});

test('keys of every kind that has a name', () => {
  for (const kind of ['p256', 'p384', 'p521', 'ed25519', 'rsa-2048', 'rsa-3072'] as const) {
    const key = keyFile(createVirtualKey(kind).spki);
    assert.equal(parseTrustedRoot(create({ ctLogs: [{ ...ct, key }] })).ctLogs.length, 1, kind);
  }
});
