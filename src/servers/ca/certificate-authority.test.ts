import assert from 'node:assert/strict';
import { X509Certificate, generateKeyPairSync, randomBytes } from 'node:crypto';
import { test } from 'node:test';

import fc from 'fast-check';

import { createCertificateRequest } from '../../../test/support/certificate-request.ts';
import { hasCode } from '../../../test/support/error-code.ts';
import { openTestAuthority, testPrincipal, testToken, timestampOf } from '../../../test/support/test-authority.ts';
import type { TestAuthority, TestAuthorityOptions } from '../../../test/support/test-authority.ts';
import { policyOf } from '../../../test/support/virtual-sigstore/judgement.ts';
import { createCtLog } from '../../../test/support/virtual-sigstore/virtual-ct-log.ts';
import { createVirtualKey, signBytes } from '../../../test/support/virtual-sigstore/virtual-key.ts';
import type { VirtualKey } from '../../../test/support/virtual-sigstore/virtual-key.ts';
import { createVirtualSigstore } from '../../../test/support/virtual-sigstore/virtual-sigstore.ts';
import { InputError } from '../../base/errors.ts';
import { utf8Of } from '../../base/bytes.ts';
import { createKeyPair } from '../../crypto/private-key.ts';
import type { PrivateKey } from '../../crypto/private-key.ts';
import { signerOf } from '../../crypto/signer.ts';
import { parseBundle } from '../../formats/bundle/bundle.ts';
import { sctsOf } from '../../formats/ct/sct-list.ts';
import type { RequestedKey } from '../../formats/fulcio/signing-request.ts';
import { parseCertificate } from '../../formats/x509/certificate.ts';
import type { Certificate } from '../../formats/x509/certificate.ts';
import { authorityKeyIdOf, keyUsageOf, subjectKeyIdOf } from '../../formats/x509/extensions.ts';
import { fulcioExtensionNameOf, fulcioExtensionsOf } from '../../formats/x509/fulcio-extensions.ts';
import { subjectAlternativeNamesOf } from '../../formats/x509/subject-alternative-names.ts';
import { verifyBlobSignature } from '../../verify/blob-signature.ts';
import { createCaChain } from './authority.ts';
import { openCertificateAuthority } from './certificate-authority.ts';
import type { Principal } from './principal.ts';

const key = createVirtualKey();

function provenBy(own: VirtualKey, subject = 'dev@example.test'): RequestedKey {
  return { kind: 'public-key', publicKey: own.spki, proof: signBytes(own, Buffer.from(subject)) };
}

function weakKey(): Uint8Array {
  return generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ type: 'spki', format: 'der' });
}

function chainOf(intermediate: PrivateKey): Promise<readonly Uint8Array[]> {
  return createCaChain({
    organization: 'own.test',
    isDevelopment: false,
    now: () => new Date('2026-03-01T12:00:00Z'),
    random: randomBytes,
    root: signerOf(createKeyPair('ecdsa-p256')),
    intermediate: signerOf(intermediate),
  });
}

async function issue(authority: TestAuthority, requested = provenBy(key)): Promise<Certificate> {
  const [leaf = new Uint8Array(), ...rest] = await authority.authority.issue(testToken, requested);
  assert.deepEqual(rest, authority.chain);
  return parseCertificate(leaf);
}

test('a certificate has the profile of Fulcio: ten minutes from the second before, an empty subject, its extensions in their order', async () => {
  const at = new Date('2026-03-01T12:00:00.987Z');
  const authority = await openTestAuthority({ at });
  const leaf = await issue(authority);
  const issuer = parseCertificate(authority.chain[0] ?? new Uint8Array());
  assert.deepEqual(leaf.notBefore, new Date('2026-03-01T11:59:59Z'));
  assert.deepEqual(leaf.notAfter, new Date('2026-03-01T12:09:59Z'));
  assert.equal(Buffer.from(leaf.subject).toString('hex'), '3000');
  assert.deepEqual(leaf.issuer, issuer.subject);
  assert.equal(leaf.serialNumber.length, 20);
  assert.deepEqual(
    leaf.extensions.map(({ oid, isCritical }) => `${oid}${isCritical ? ' critical' : ''}`),
    [
      '2.5.29.15 critical',
      '2.5.29.37',
      '2.5.29.14',
      '2.5.29.35',
      '2.5.29.17 critical',
      '1.3.6.1.4.1.57264.1.1',
      '1.3.6.1.4.1.57264.1.8',
      '1.3.6.1.4.1.57264.1.24',
      '1.3.6.1.4.1.11129.2.4.2',
    ],
  );
  assert.deepEqual([...(keyUsageOf(leaf) ?? [])], [0]);
  assert.deepEqual(authorityKeyIdOf(leaf), subjectKeyIdOf(issuer));
  assert.deepEqual(subjectAlternativeNamesOf(leaf), [{ kind: 'email', text: 'dev@example.test' }]);
  assert.deepEqual(
    [...fulcioExtensionsOf(leaf)],
    [
      ['issuer', 'https://issuer.example.test'],
      ['issuerV2', 'https://issuer.example.test'],
      ['tokenSubject', 'subject-of-dev'],
    ],
  );
  assert.equal(sctsOf(leaf)?.length, 1);
});

test('a certificate for a certificate signing request has its key and nothing else of it', async () => {
  const authority = await openTestAuthority();
  const leaf = await issue(authority, { kind: 'request', request: createCertificateRequest(key) });
  assert.deepEqual(Buffer.from(leaf.spki), key.spki);
  assert.equal(Buffer.from(leaf.der).includes('somebody@else.test'), false);
});

test('our own verification believes a file that the certificate signed', async () => {
  const sigstore = createVirtualSigstore();
  for (const isStatic of [false, true]) {
    const authority = await openTestAuthority({
      at: sigstore.now,
      ctLog: createCtLog(sigstore.ctLog.baseUrl, 'p256', isStatic),
    });
    const artifact = utf8Of('something that is signed');
    const { der } = await issue(authority);
    const signed = sigstore.sign({ content: { artifact }, key, certificate: { issued: der } });
    const root = sigstore.trustedRoot();
    const [ca] = root.certificateAuthorities;
    const [log] = root.ctlogs;
    assert.ok(ca !== undefined && log !== undefined);
    ca.certChain.certificates = authority.chain.map((each) => ({ rawBytes: Buffer.from(each).toString('base64') }));
    log.publicKey.rawBytes = authority.ctLog.key.spki.toString('base64');
    log.logId.keyId = authority.ctLog.logId.toString('base64');
    const entity = parseBundle(utf8Of(JSON.stringify(signed.bundle())), 'test');
    const policy = policyOf(sigstore, root);
    const verdict = await verifyBlobSignature(entity, { ...policy, artifact: { kind: 'bytes', bytes: artifact } });
    assert.equal(verdict.status === 'verified' ? verdict.status : verdict.failed.step, 'verified');
  }
});

test('whatever the token says stands in the certificate', async () => {
  const letter = fc.constantFrom(...'abcXYZ0189-._~%2F!$&()*+,;=:@/?#');
  const path = fc.string({ unit: letter, maxLength: 200 }).filter((text) => !/%(?!2F)/.test(text));
  const local = fc.stringMatching(/^[a-z0-9.+_-]{1,60}$/);
  const names = fc.oneof(
    local.map((text) => ({ kind: 'email', value: `${text}@example.test` }) as const),
    path.map((text) => ({ kind: 'uri', value: `https://example.test/${text}` }) as const),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }).map((value) => ({ kind: 'username', value }) as const),
  );
  const arcs = fc.constantFrom(2, 3, 4, 5, 6, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23);
  const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 300 });
  const claims = fc.array(fc.tuple(arcs, text), { maxLength: 20 });
  let principal: Principal = testPrincipal;
  const authority = await openTestAuthority({ identify: async () => principal });
  await fc.assert(
    fc.asyncProperty(names, claims, text, async (name, more, subject) => {
      // In any order: the certificate has its own.
      const extensions = new Map([...more, [24, subject], [8, 'https://i.test'], [1, 'https://i.test']] as const);
      principal = { ...testPrincipal, name, extensions };
      const leaf = await issue(authority);
      const kind = name.kind === 'username' ? 'user-name' : name.kind;
      assert.deepEqual(subjectAlternativeNamesOf(leaf), [{ kind, text: name.value }]);
      const inOrder = [...extensions].toSorted(([a], [b]) => a - b);
      assert.deepEqual(
        [...fulcioExtensionsOf(leaf)],
        inOrder.map(([arc, value]) => [fulcioExtensionNameOf(arc), value]),
      );
    }),
    { numRuns: 200 },
  );
});

test('the log is given the precertificate and its issuers, once', async () => {
  const given: (readonly Uint8Array[])[] = [];
  const ctLog = createCtLog('https://ct.example.test');
  const at = new Date('2026-03-01T12:00:00Z');
  const authority = await openTestAuthority({
    at,
    logPrecertificate: async (precertificate, issuers) => {
      given.push([precertificate, ...issuers]);
      return timestampOf(ctLog, precertificate, issuers[0] ?? new Uint8Array(), at);
    },
  });
  const leaf = await issue(authority);
  assert.equal(given.length, 1);
  const [precertificate = new Uint8Array(), ...issuers] = given[0] ?? [];
  assert.deepEqual(issuers, authority.chain);
  const read = parseCertificate(precertificate);
  assert.deepEqual(read.extensions.at(-1)?.oid, '1.3.6.1.4.1.11129.2.4.3');
  assert.equal(read.extensions.at(-1)?.isCritical, true);
  assert.deepEqual(read.serialNumber, leaf.serialNumber);
  assert.deepEqual(read.extensions.slice(0, -1), leaf.extensions.slice(0, -1));
  assert.equal(
    new X509Certificate(precertificate).verify(new X509Certificate(authority.chain[0] ?? new Uint8Array()).publicKey),
    true,
  );
});

test('of what is refused nothing is logged, and the reason is counted', async () => {
  const unfit = (change: Partial<Principal>): TestAuthorityOptions => ({ principal: { ...testPrincipal, ...change } });
  const refused: readonly (readonly [
    string,
    Parameters<typeof hasCode>[0],
    TestAuthorityOptions,
    string,
    RequestedKey,
  ])[] = [
    ['a token that is none', 'TOKEN_MALFORMED', {}, 'nonsense', provenBy(key)],
    ['another proof', 'PROOF_INVALID', {}, testToken, provenBy(key, 'eve@example.test')],
    ['a weak key', 'KEY_WEAK', {}, testToken, { kind: 'public-key', publicKey: weakKey(), proof: Uint8Array.of(1) }],
    ['no request', 'CSR_MALFORMED', {}, testToken, { kind: 'request', request: Uint8Array.of(0x30, 0) }],
    [
      'a name that is no address',
      'TOKEN_CLAIMS',
      unfit({ name: { kind: 'email', value: 'dev@example.test\u0000.evil.test' } }),
      testToken,
      provenBy(key),
    ],
    [
      'an extension that is none',
      'TOKEN_CLAIMS',
      unfit({ extensions: new Map([[7, 'name']]) }),
      testToken,
      provenBy(key),
    ],
    ['an empty claim', 'TOKEN_CLAIMS', unfit({ extensions: new Map([[1, '']]) }), testToken, provenBy(key)],
  ];
  for (const [why, code, options, token, requested] of refused) {
    const authority = await openTestAuthority(options);
    await assert.rejects(authority.authority.issue(token, requested), hasCode(code), why);
    assert.deepEqual(authority.logged, [], why);
    const { issuer } = authority.issuances[0] ?? {};
    assert.equal(issuer, token === testToken ? 'https://issuer.example.test' : 'unknown', why);
    assert.deepEqual(
      authority.issuances.map(({ outcome }) => outcome),
      [code],
      why,
    );
  }
});

test('what was issued is counted with its issuer', async () => {
  const authority = await openTestAuthority();
  await issue(authority);
  assert.deepEqual(authority.issuances, [{ issuer: 'https://issuer.example.test', type: 'email', outcome: 'issued' }]);
});

test('the error of the log is the error of the request', async () => {
  const authority = await openTestAuthority({
    logPrecertificate: () => Promise.reject(new InputError('LOG_BUSY', 'too much to do')),
  });
  await assert.rejects(issue(authority), hasCode('LOG_BUSY'));
  assert.deepEqual(
    authority.issuances.map(({ outcome }) => outcome),
    ['LOG_BUSY'],
  );
});

test('a certificate that does not pass its own check is not given away', async () => {
  const other = await openTestAuthority();
  await issue(other);
  const [precertificate = new Uint8Array()] = other.logged;
  const { ctLog } = other;
  const sct = timestampOf(ctLog, precertificate, other.chain[0] ?? new Uint8Array(), new Date());
  const answers: Readonly<Record<string, Uint8Array>> = {
    'no timestamp': new Uint8Array(),
    'a timestamp cut off': sct.subarray(0, -1),
    'two in one': Buffer.concat([sct, sct]),
    'another version': Buffer.concat([Buffer.of(1), sct.subarray(1)]),
  };
  for (const [why, answer] of Object.entries(answers)) {
    const authority = await openTestAuthority({ logPrecertificate: async () => answer });
    await assert.rejects(issue(authority), hasCode('CA_SELF_CHECK_FAILED'), why);
  }
  // A signer that fails: a fault of the hardware can give a signature that betrays the key.
  const pair = createKeyPair('ecdsa-p256');
  const signer = { ...signerOf(pair), sign: async () => randomBytes(70) };
  const chain = await chainOf(pair);
  const authority = openCertificateAuthority({
    chain,
    signer,
    identify: async () => testPrincipal,
    logPrecertificate: async () => sct,
    now: () => new Date('2026-03-01T12:00:00Z'),
    random: randomBytes,
  });
  await assert.rejects(authority.issue(testToken, provenBy(key)), hasCode('CA_SELF_CHECK_FAILED'));
});

test('an authority does not issue before its own time, nor past it', async () => {
  const made = new Date('2026-03-01T12:00:00Z');
  const instants = ['2026-03-01T10:59:59Z', '2029-02-28T11:50:02Z', '2029-02-28T12:00:01Z', '2040-01-01T00:00:00Z'];
  let now = made;
  const authority = await openTestAuthority({ at: made, now: () => now });
  for (const instant of instants) {
    now = new Date(instant);
    await assert.rejects(issue(authority), hasCode('CA_CERTIFICATE_INVALID'), instant);
  }
  assert.deepEqual(authority.logged, []);
  now = new Date('2029-02-28T11:50:01Z');
  await issue(authority);
});

test("a chain that is not the key's, or none at all, is refused when the authority opens", async () => {
  const { chain } = await openTestAuthority();
  const pair = createKeyPair('ecdsa-p256');
  const own = await chainOf(pair);
  const open = (given: readonly Uint8Array[]) => () =>
    openCertificateAuthority({
      chain: given,
      signer: signerOf(pair),
      identify: async () => testPrincipal,
      logPrecertificate: async () => new Uint8Array(),
      now: () => new Date(),
      random: randomBytes,
    });
  assert.ok(open(own)());
  for (const [why, given] of Object.entries({
    empty: [],
    "another's": chain,
    'with another root': [own[0] ?? new Uint8Array(), chain[1] ?? new Uint8Array()],
    'without its root': own.slice(0, 1),
  })) {
    assert.throws(open(given), hasCode('CA_CERTIFICATE_INVALID'), why);
  }
});
