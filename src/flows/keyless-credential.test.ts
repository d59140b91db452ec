import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hasCode } from '../../test/support/error-code.ts';
import { credentialSourceOf, trustIn } from '../../test/support/served-method.ts';
import { serveSigstore } from '../../test/support/served-sigstore.ts';
import type { Claims, Misdeeds, ServedSigstore } from '../../test/support/served-sigstore.ts';
import { createTestRuntime } from '../../test/support/test-runtime.ts';
import { generalName } from '../../test/support/virtual-sigstore/virtual-certificate.ts';
import { createAuthority } from '../../test/support/virtual-sigstore/virtual-authority.ts';
import { createCtLog } from '../../test/support/virtual-sigstore/virtual-ct-log.ts';
import { createVirtualKey } from '../../test/support/virtual-sigstore/virtual-key.ts';
import { CountersignError } from '../base/errors.ts';
import { parseIdentityToken } from '../formats/jwt/identity-token.ts';
import { keylessSourceOf } from './keyless-credential.ts';

test('a token becomes a certificate for a key of our own, with the name that the token has', async (t) => {
  const served = await serveSigstore(t);
  const { names, holder, signer } = await credentialSourceOf(t, served)();
  assert.deepEqual(names, { subject: 'dev@example.test', issuer: served.issuer });
  assert.equal(holder.kind === 'certificate' && holder.chain.length, 3);
  assert.equal(signer.publicKey.algorithm, 'ecdsa-p256');
});

test('one certificate serves while it lasts; then there is another one', async (t) => {
  const served = await serveSigstore(t);
  const clock = { now: new Date() };
  const source = keylessSourceOf(createTestRuntime(t, { now: () => clock.now }), {
    authority: new URL(served.origin),
    token: parseIdentityToken(served.token({ exp: Math.floor(Date.now() / 1000) + 3600 })),
    trust: trustIn(served),
  });
  const [first, again] = [await source(), await source()];
  assert.equal(first, again);
  // The served authority goes by the real clock: ten minutes less a little from now.
  clock.now = new Date(Date.now() + 545_000);
  const later = await source();
  assert.notEqual(later.signer.publicKey.fingerprint, first.signer.publicKey.fingerprint);
});

const subjects: readonly (readonly [string, Claims, string])[] = [
  [
    'a workload by its SPIFFE name',
    { email: undefined, sub: 'spiffe://example.test/app' },
    'spiffe://example.test/app',
  ],
  ['a program by its address', { email: undefined, sub: 'https://example.test/me' }, 'https://example.test/me'],
];
for (const [what, claims, subject] of subjects) {
  test(`${what} gets a certificate with that name`, async (t) => {
    assert.equal((await credentialSourceOf(t, await serveSigstore(t), claims)()).names?.subject, subject);
  });
}

const accounts: readonly (readonly [string, Buffer, string])[] = [
  ['an account', generalName.other('ada!example.test'), 'ada!example.test'],
  ['a page of its issuer', generalName.uri('https://build.example.test/ci.yml'), 'https://build.example.test/ci.yml'],
];
for (const [what, name, subject] of accounts) {
  test(`a token that brings an address may be about ${what}, as the authority is configured`, async (t) => {
    const served = await serveSigstore(t);
    served.misdeeds.leaf = { names: [name] };
    const source = credentialSourceOf(t, served, { sub: 'ada', email: 'ada@example.test' });
    assert.equal((await source()).names?.subject, subject);
  });
}

const stranger = createAuthority({
  uri: 'https://stranger.test',
  organization: 'stranger',
  purpose: 'codeSigning',
  now: new Date(),
});

/** What the authority does wrong. */
const misdeeds: readonly (readonly [string, (served: ServedSigstore) => Misdeeds])[] = [
  ['for another key', () => ({ leaf: { spki: createVirtualKey().spki } })],
  ['for somebody else', () => ({ leaf: { names: [generalName.email('boss@example.test')] } })],
  ['for the account of somebody else', () => ({ leaf: { names: [generalName.other('boss!example.test')] } })],
  ['for a name that is none of an account', () => ({ leaf: { names: [generalName.other('devt')] } })],
  ['for a machine', () => ({ leaf: { names: [generalName.dns('example.test')] } })],
  ['for a name that is no text', () => ({ leaf: { names: [generalName.directory(Buffer.from('3000', 'hex'))] } })],
  [
    'for two names',
    () => ({ leaf: { names: [generalName.email('dev@example.test'), generalName.uri('https://b.test')] } }),
  ],
  ['by the word of another issuer', () => ({ leaf: { issuer: 'https://accounts.example.test' } })],
  ['that no log has seen', () => ({ leaf: { scts: [] } })],
  ['that only an unknown log has seen', () => ({ leaf: { scts: [{ log: createCtLog('https://ct.test') }] } })],
  ['that has ended', () => ({ leaf: { changes: { notAfter: new Date(Date.now() - 1000) } } })],
  ['that begins tomorrow', () => ({ leaf: { at: new Date(Date.now() + 86_400_000) } })],
  ['of an authority that nobody trusts', () => ({ authority: stranger })],
];
for (const [what, misdeed] of misdeeds) {
  test(`a certificate ${what} is refused before anything is signed`, async (t) => {
    const served = await serveSigstore(t);
    Object.assign(served.misdeeds, misdeed(served));
    await assert.rejects(credentialSourceOf(t, served)(), hasCode('CERTIFICATE_UNFIT'));
  });
}

test('a token that has expired is sent nowhere', async (t) => {
  const served = await serveSigstore(t);
  const exp = Math.floor(Date.now() / 1000) - 1;
  await assert.rejects(credentialSourceOf(t, served, { exp })(), hasCode('TOKEN_EXPIRED'));
  assert.deepEqual(served.server.asked(), []);
});

test('an answer without a certificate inside, or with none that can be read, is invalid', async (t) => {
  const served = await serveSigstore(t);
  for (const chain of [[], ['no certificate'], Array.from({ length: 50 }, () => 'x')]) {
    served.misdeeds.chain = () => chain;
    await assert.rejects(credentialSourceOf(t, served)(), hasCode('SERVICE_ANSWER_INVALID'));
  }
});

test('the token is sent once and to the authority alone: no redirect gets it, and no error repeats it', async (t) => {
  const served = await serveSigstore(t);
  const thief = await serveSigstore(t);
  const redirect =
    (place: string): Misdeeds['instead'] =>
    (_request, response) => {
      response.writeHead(307, { location: place }).end();
      return true;
    };
  served.misdeeds.instead = redirect(`${thief.origin}/api/v2/signingCert`);
  await assert.rejects(credentialSourceOf(t, served)(), hasCode('SERVICE_FAILED'));
  assert.deepEqual(thief.server.asked(), []);

  const other = await serveSigstore(t);
  const token = parseIdentityToken(other.token({ iss: served.issuer }));
  delete served.misdeeds.instead;
  const source = keylessSourceOf(createTestRuntime(t), {
    authority: new URL(served.origin),
    token,
    trust: trustIn(served),
  });
  const refusal = await failureOf(source);
  assert.equal(refusal.code, 'SERVICE_FAILED');
  assert.match(refusal.message, /401.*is not signed by its issuer/);
  assert.ok(!JSON.stringify([refusal.message, refusal.details]).includes(token.text.slice(0, 40)));
});

async function failureOf(source: () => Promise<unknown>): Promise<CountersignError> {
  try {
    await source();
  } catch (error) {
    if (error instanceof CountersignError) return error;
    throw error;
  }
  throw new Error('it was expected to fail');
}
