import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';

import { createCertificateRequest, pemOfRequest } from '../../../test/support/certificate-request.ts';
import { hasCode } from '../../../test/support/error-code.ts';
import { callService, handleCall } from '../../../test/support/service-call.ts';
import { openTestAuthority, testToken } from '../../../test/support/test-authority.ts';
import type { TestAuthority, TestAuthorityOptions } from '../../../test/support/test-authority.ts';
import { createVirtualKey, pemOf, signBytes } from '../../../test/support/virtual-sigstore/virtual-key.ts';
import { CountersignError, InputError } from '../../base/errors.ts';
import { parseUtf8 } from '../../base/bytes.ts';
import { parseCertificatesPem } from '../../formats/x509/certificate-pem.ts';
import type { Answer, Service } from '../../serve/service.ts';
import { caService } from './ca-service.ts';

const key = createVirtualKey();
const content = pemOf('PUBLIC KEY', key.spki);
const proofOfPossession = signBytes(key, Buffer.from('dev@example.test')).toString('base64');
const publicKeyRequest = { publicKey: { algorithm: 'ECDSA', content }, proofOfPossession };
const credentials = { oidcIdentityToken: testToken };
const request = createCertificateRequest(key);
const bearer = { authorization: `Bearer ${testToken}` };

async function open(options: TestAuthorityOptions = {}): Promise<{ service: Service; authority: TestAuthority }> {
  const authority = await openTestAuthority(options);
  const configuration = { issuers: [{ issuerUrl: 'https://issuer.example.test' }] };
  return {
    service: caService({ authority: authority.authority, configurationDocument: () => configuration }),
    authority,
  };
}

function post(service: Service, version: 'v1' | 'v2', document: unknown, headers = {}): Promise<Answer> {
  const body = typeof document === 'string' ? document : JSON.stringify(document);
  return callService(service, 'POST', `/api/${version}/signingCert`, { headers, body });
}

const bodyOf = ({ body }: Answer): unknown => JSON.parse(parseUtf8(body));

function certificatesOf(answer: Answer): readonly string[] {
  assert.equal(answer.status, 200, parseUtf8(answer.body));
  assert.equal(answer.headers['Content-Type'], 'application/json');
  const { signedCertificateEmbeddedSct } = bodyOf(answer) as {
    signedCertificateEmbeddedSct: { chain: { certificates: readonly string[] } };
  };
  return signedCertificateEmbeddedSct.chain.certificates;
}

test('the second version answers 200 with leaf, intermediate and root, each trimmed PEM', async () => {
  const { service, authority } = await open();
  for (const [document, headers] of [
    [{ credentials, publicKeyRequest }, {}],
    [{ publicKeyRequest }, bearer],
    [{ certificateSigningRequest: Buffer.from(pemOfRequest(request)).toString('base64') }, bearer],
    [{ certificate_signing_request: request.toString('base64url') }, { authorization: `bearer ${testToken}` }],
  ] as const) {
    const certificates = certificatesOf(await post(service, 'v2', document, headers));
    assert.equal(certificates.length, 3);
    assert.ok(certificates.every((pem) => pem === pem.trim()));
    const [leaf, ...chain] = certificates.map((pem) => parseCertificatesPem(pem)[0]);
    assert.deepEqual(Buffer.from(leaf?.spki ?? []), key.spki);
    assert.deepEqual(
      chain.map((each) => each?.der),
      authority.chain,
    );
  }
});

test('the token of the body wins over that of the header', async () => {
  const { service } = await open();
  const other = { authorization: 'Bearer nonsense' };
  certificatesOf(await post(service, 'v2', { credentials, publicKeyRequest }, other));
  const lost = await post(service, 'v2', { credentials: { oidcIdentityToken: 'nonsense' }, publicKeyRequest }, bearer);
  assert.equal(lost.status, 400);
});

test('the first version answers 201 with a PEM chain and no SCT header', async () => {
  const { service, authority } = await open();
  for (const document of [
    {
      publicKey: { content: Buffer.from(content).toString('base64'), algorithm: 'ecdsa' },
      signedEmailAddress: proofOfPossession,
      certificateSigningRequest: null,
    },
    { publicKey: { content: key.spki.toString('base64') }, signedEmailAddress: proofOfPossession },
    { certificateSigningRequest: Buffer.from(pemOfRequest(request)).toString('base64') },
  ]) {
    const answer = await post(service, 'v1', document, bearer);
    assert.equal(answer.status, 201, parseUtf8(answer.body));
    assert.deepEqual(answer.headers, { 'Content-Type': 'application/pem-certificate-chain' });
    const [leaf, ...chain] = parseCertificatesPem(answer.body);
    assert.deepEqual(Buffer.from(leaf?.spki ?? []), key.spki);
    assert.deepEqual(
      chain.map(({ der }) => der),
      authority.chain,
    );
  }
});

test('the first version takes the token from the header alone', async () => {
  const { service } = await open();
  const answer = await post(service, 'v1', {
    credentials,
    publicKey: { content: key.spki.toString('base64') },
    signedEmailAddress: proofOfPossession,
  });
  assert.equal(answer.status, 400);
});

test('the chain and the issuers are told to whoever asks', async () => {
  const { service, authority } = await open();
  const bundle = await callService(service, 'GET', '/api/v2/trustBundle');
  const { chains } = bodyOf(bundle) as { chains: readonly { certificates: readonly string[] }[] };
  assert.deepEqual(
    chains.map(({ certificates }) => certificates.map((pem) => parseCertificatesPem(pem)[0]?.der)),
    [authority.chain],
  );
  const root = await callService(service, 'GET', '/api/v1/rootCert');
  assert.deepEqual([root.status, root.headers['Content-Type']], [200, 'application/pem-certificate-chain']);
  assert.deepEqual(
    parseCertificatesPem(root.body).map(({ der }) => der),
    authority.chain,
  );
  const configuration = await callService(service, 'GET', '/api/v2/configuration');
  assert.deepEqual(bodyOf(configuration), { issuers: [{ issuerUrl: 'https://issuer.example.test' }] });
});

test('no answer lets pages of other origins read it', async () => {
  const { service } = await open();
  for (const answer of [
    await post(service, 'v2', { credentials, publicKeyRequest }, { origin: 'https://evil.test' }),
    await post(service, 'v2', {}, { origin: 'https://evil.test' }),
    await callService(service, 'GET', '/api/v2/configuration', { headers: { origin: 'https://evil.test' } }),
  ]) {
    assert.ok(Object.keys(answer.headers).every((name) => !name.toLowerCase().startsWith('access-control')));
  }
});

test('what is refused is answered in the shape of gRPC with the reason, and nothing is logged', async () => {
  const { service, authority } = await open();
  const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey;
  const curve = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey;
  const asking = (publicKey: string, proof = proofOfPossession): unknown => ({
    credentials,
    publicKeyRequest: { publicKey: { content: publicKey }, proofOfPossession: proof },
  });
  const other = signBytes(key, Buffer.from('eve@example.test')).toString('base64');
  const csr = (der: Uint8Array): unknown => ({
    credentials,
    certificateSigningRequest: Buffer.from(der).toString('base64'),
  });
  const refused: readonly (readonly [RegExp, unknown, number?, number?])[] = [
    [/no identity token/, { publicKeyRequest }],
    [/not a token/, { credentials: { oidcIdentityToken: 'a.b.c' }, publicKeyRequest }],
    [/no key$/, { credentials }],
    [/no proof of possession/, { credentials, publicKeyRequest: { publicKey: { content } } }],
    [/not the key's signature over "dev@example.test" or "subject-of-dev"/, asking(content, other)],
    [/not the key's signature/, asking(content, 'AAAA')],
    [/canonical padded base64/, asking(content, '@@')],
    [/canonical padded base64/, asking('a key')],
    [/PEM text/, asking('-----BEGIN PUBLIC KEY-----\nAAAA')],
    [/found a PEM block CERTIFICATE/, asking(pemOf('CERTIFICATE', key.spki))],
    [/cannot be decoded/, asking(pemOf('PUBLIC KEY', key.spki.subarray(0, -1)))],
    [/1024 bits, at least 2048/, asking(rsa.export({ type: 'spki', format: 'pem' }).toString())],
    [/secp256k1/, asking(curve.export({ type: 'spki', format: 'pem' }).toString())],
    [/certificate signing request: DER/, csr(request.subarray(0, -1))],
    [/not signed by its own key/, csr(createCertificateRequest(key, { signingKey: createVirtualKey() }))],
    [/PEM text/, csr(Buffer.from('request'))],
    [/expected an object/, '[]'],
    [/certificate request/, '{'],
    [/certificate request/, ''],
    [/appears twice/, '{"credentials":{},"credentials":{}}'],
    [/nests deeper/, `{"a":${'['.repeat(100)}`],
    [/more than 262144 bytes/, JSON.stringify({ a: 'x'.repeat(262_144) }), 413, 8],
  ];
  for (const [reason, document, status = 400, code = 3] of refused) {
    const answer = await post(service, 'v2', document);
    const what = typeof document === 'string' ? document.slice(0, 60) : JSON.stringify(document);
    assert.equal(answer.status, status, what);
    assert.equal(answer.headers['Content-Type'], 'application/json');
    const { message, ...rest } = bodyOf(answer) as { message: string };
    assert.deepEqual(rest, { code, details: [] }, what);
    assert.match(message, reason, what);
    assert.equal(message.includes(testToken), false);
  }
  assert.deepEqual(authority.logged, []);
});

test('headers that carry no token of the right kind are none', async () => {
  const { service } = await open();
  for (const authorization of ['', 'Bearer', 'Bearer ', `Basic ${testToken}`, `Bearer ${testToken} more`, testToken]) {
    const call = { headers: { authorization }, body: JSON.stringify({ publicKeyRequest }) };
    const handled = handleCall(service, 'POST', '/api/v2/signingCert', call);
    await assert.rejects(handled, hasCode('TOKEN_MISSING'), authorization);
  }
});

test("failures of the authority and its log are the server's, and may pass", async () => {
  for (const [error, status, code] of [
    [new InputError('LOG_BUSY', 'too much to do'), 503, 14],
    [new InputError('LOG_READ_ONLY', 'the disk is full'), 503, 14],
    [new InputError('STORE_FAILED', 'the disk failed'), 500, 13],
  ] as const) {
    const { service } = await open({ logPrecertificate: () => Promise.reject(error) });
    const answer = await post(service, 'v2', { credentials, publicKeyRequest });
    assert.equal(answer.status, status);
    assert.equal(answer.headers['Retry-After'], status === 503 ? '1' : undefined);
    assert.deepEqual(bodyOf(answer), { code, message: error.message, details: [] });
  }
  const { service } = await open({ now: () => new Date(0) });
  const answer = await post(
    service,
    'v1',
    { publicKey: { content: key.spki.toString('base64') }, signedEmailAddress: proofOfPossession },
    bearer,
  );
  assert.equal(answer.status, 500);
  assert.match((bodyOf(answer) as { message: string }).message, /valid from 2026-03-01T11:00:00Z/);
});

test('what a stranger wrote does not act on the terminal of whoever reads the message', async () => {
  const { service } = await open();
  const problem = service.problemOf(new CountersignError('TOKEN_CLAIMS', 'the claim "\u001b[2J\u202e" is odd'));
  assert.equal((bodyOf(problem) as { message: string }).message, 'the claim "\\x1b[2J\\u202e" is odd');
});
