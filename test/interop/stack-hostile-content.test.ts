/** What somebody who may speak to a stack can make its authorities and logs say: only what is so. */

import assert from 'node:assert/strict';
import { X509Certificate, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { createCertificateRequest, pemOfRequest } from '../support/certificate-request.ts';
import { octetString, sequence, oid } from '../support/der-writer.ts';
import { hashOids, timestampQuery } from '../support/own-timestamps.ts';
import { certify, hashedRekordOf, postJson } from '../support/plain-client.ts';
import { createScratchFolder } from '../support/scratch.ts';
import { startStack } from '../support/stack.ts';
import type { TestStack } from '../support/stack.ts';
import {
  claimsOf,
  createTokenKey,
  partOf,
  signToken,
  signWithSecret,
  startTokenIssuer,
} from '../support/token-issuer.ts';
import { createAuthority, issueLeaf } from '../support/virtual-sigstore/virtual-authority.ts';
import { createVirtualKey } from '../support/virtual-sigstore/virtual-key.ts';

let stack: TestStack;

before(async () => {
  stack = await startStack();
});
after(() => stack.close());

test('tokens that the issuer did not make for this authority and this time get no certificate', async (t) => {
  const key = createTokenKey('RS256');
  const stranger = createTokenKey('RS256');
  const issuer = await startTokenIssuer(t, [key]);
  const other = await startTokenIssuer(t, [stranger]);
  const dataDir = join(createScratchFolder('hostile-tokens'), 'data');
  mkdirSync(dataDir);
  const members = { 'issuer-url': issuer.url, 'client-id': 'sigstore', type: 'email' };
  writeFileSync(join(dataDir, 'issuers.yaml'), JSON.stringify({ 'oidc-issuers': { [issuer.url]: members } }));
  const own = await startStack({ dataDir, isDevelopment: false, args: ['--listen', '127.0.0.1:0'] });
  t.after(() => own.close());

  const claims = claimsOf(issuer.url);
  const now = Math.floor(Date.now() / 1000);
  const good = signToken(key, claims);
  const [, body = '', signature = ''] = good.split('.');
  const pem = key.publicKey.export({ type: 'spki', format: 'pem' }) as string;
  const signed = (changes: Record<string, unknown>) => signToken(key, { ...claims, ...changes });
  const headed = (header: Record<string, unknown>, by = key) => signToken(by, claims, { alg: 'RS256', ...header });
  const hostile: Readonly<Record<string, string>> = {
    'another audience': signed({ aud: 'other' }),
    'no audience': signed({ aud: undefined }),
    'a list without the audience': signed({ aud: ['a', 'b'] }),
    'an issuer that is not configured': signToken(stranger, claimsOf(other.url)),
    'an issuer with more behind it': signed({ iss: `${issuer.url}/` }),
    'an issuer in another spelling': signed({ iss: issuer.url.replace('127.0.0.1', '127.1') }),
    'an issuer with a user': signed({ iss: issuer.url.replace('//', '//a@') }),
    'two issuers': signToken(key, JSON.stringify(claims).replace('{', `{"iss":"${issuer.url}",`)),
    'two addresses': signToken(key, JSON.stringify(claims).replace('{', '{"email":"eve@example.com",')),
    'a prototype': signToken(
      key,
      JSON.stringify({ ...claims, iss: undefined }).replace('{', '{"__proto__":{"iss":1},'),
    ),
    expired: signed({ exp: now - 1 }),
    'without an end': signed({ exp: undefined }),
    'an end that is a text': signed({ exp: `${now + 300}` }),
    'of tomorrow': signed({ nbf: now + 86_400 }),
    'made tomorrow': signed({ iat: now + 86_400 }),
    'an address nobody verified': signed({ email_verified: false }),
    'two addresses in one': signed({ email: 'a@example.com,b@example.com' }),
    'an address with a line break': signed({ email: 'a@example.com\nb@example.com' }),
    'an address with a NUL': signed({ email: 'a@example.com\u0000.evil.example' }),
    'an address in another script': signed({ email: 'а@example.com' }),
    'a subject with a NUL': signed({ sub: 'a\u0000b' }),
    'a subject that no extension holds': signed({ sub: 'a'.repeat(50_000) }),
    'no signature': `${partOf({ alg: 'none' })}.${body}.`,
    'no algorithm and a signature': `${partOf({ alg: 'nOnE' })}.${body}.${signature}`,
    'an empty signature': good.slice(0, good.lastIndexOf('.') + 1),
    'a key of a stranger': headed({ kid: 'key-1' }, stranger),
    'a key of a stranger that it brings': headed({ kid: 'key-1', jwk: stranger.jwk }, stranger),
    'a key that it says where to fetch': headed({ kid: 'key-1', jku: `${other.url}/keys`, x5u: other.url }, stranger),
    'a name of a key that is a path': headed({ kid: '../../../../dev/null' }, stranger),
    'a name of a key that is a list': headed({ kid: ['key-1'] }),
    'the public key as a shared secret': signWithSecret(pem, claims, 'key-1'),
    'the public key in one line as a shared secret': signWithSecret(pem.trim(), claims, 'key-1'),
    'nothing as a shared secret': signWithSecret('', claims, 'key-1'),
    'what must be understood': headed({ kid: 'key-1', crit: ['b64'], b64: false }),
    'other claims': `${good.split('.')[0]}.${partOf({ ...claims, email: 'eve@example.com' })}.${signature}`,
    'a part more': `${good}.${signature}`,
    padding: `${good}=`,
    'a megabyte': signed({ more: 'a'.repeat(180_000) }),
  };
  for (const [what, token] of Object.entries(hostile)) {
    const { status, message } = await askFor(own.url, token, 'ada@example.com');
    assert.ok([400, 401, 403, 413].includes(status), `${what}: ${status} ${message}`);
    assert.ok(message.length > 20 && message.length < 1500, `${what}: ${message}`);
    assert.ok(!message.includes(token.slice(-40)) || token.length < 60, `${what}: the token is repeated`);
  }
  assert.deepEqual(other.server.seen, [], 'nobody is asked whom only the token names');
  assert.equal(await certificatesIn(own.url), 0);
  assert.equal(
    (await askFor(own.url, good, 'ada@example.com')).status,
    200,
    'what is changed above is taken unchanged',
  );
});

test("nobody is certified for a key that is weak, that is not theirs, or by a proof of somebody else's", async () => {
  const token = await stack.token('eve@example.com');
  const victim = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const victimsProof = sign('sha256', Buffer.from('ada@example.com'), victim.privateKey).toString('base64');
  const content = pemOf(victim.publicKey);
  const keyRequest = (key: string, proof: string) => ({
    publicKeyRequest: { publicKey: { content: key }, proofOfPossession: proof },
  });
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const other = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
  const proofBy = (key: KeyObject): string => sign('sha256', Buffer.from('eve@example.com'), key).toString('base64');
  const virtual = createVirtualKey();
  const csr = (changes = {}) =>
    Buffer.from(pemOfRequest(createCertificateRequest(virtual, changes))).toString('base64');
  const sizes = await certificatesIn(stack.url);
  for (const [what, request] of Object.entries({
    "somebody else's key and proof": keyRequest(content, victimsProof),
    'a proof by another key': keyRequest(
      content,
      proofBy(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey),
    ),
    'a proof over nothing': keyRequest(content, sign('sha256', Buffer.alloc(0), victim.privateKey).toString('base64')),
    'no proof': keyRequest(content, ''),
    'a proof of zeros': keyRequest(content, Buffer.from([0x30, 6, 2, 1, 0, 2, 1, 0]).toString('base64')),
    'a key of 1024 bits': keyRequest(pemOf(weak.publicKey), proofBy(weak.privateKey)),
    'a curve that is not taken': keyRequest(pemOf(other.publicKey), proofBy(other.privateKey)),
    'a private key': keyRequest(
      victim.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
      proofBy(victim.privateKey),
    ),
    'two keys': keyRequest(content + pemOf(weak.publicKey), proofBy(victim.privateKey)),
    'a request signed by another key': { certificateSigningRequest: csr({ signingKey: createVirtualKey() }) },
    'a request with something behind it': {
      certificateSigningRequest: csr({ trailing: octetString(Buffer.from('x')) }),
    },
    'a key and a request': { ...keyRequest(content, proofBy(victim.privateKey)), certificateSigningRequest: csr() },
  })) {
    const answer = await postJson(`${stack.url}/api/v2/signingCert`, {
      ...request,
      credentials: { oidcIdentityToken: token },
    });
    assert.equal(answer.status, 400, `${what}: ${await answer.text()}`);
  }
  assert.equal(await certificatesIn(stack.url), sizes);

  // A request names somebody else: the certificate names who the token names, and nothing of the request but its key.
  const asked = { certificateSigningRequest: csr(), credentials: { oidcIdentityToken: token } };
  const answer = await postJson(`${stack.url}/api/v2/signingCert`, asked);
  const { signedCertificateEmbeddedSct: embedded } = (await answer.json()) as {
    signedCertificateEmbeddedSct: { chain: { certificates: string[] } };
  };
  const certificate = new X509Certificate(embedded.chain.certificates[0] ?? '');
  assert.equal(certificate.subjectAltName, 'email:eve@example.com');
  assert.doesNotMatch(Buffer.from(certificate.raw).toString('latin1'), /else\.test/);
});

test('the development issuer names nobody whom a certificate cannot name as a whole', async () => {
  for (const email of [
    'a@example.com,DNS:evil.example',
    'a@example.com\nb',
    'a@b@c',
    '"a b"@example.com',
    '<a@example.com>',
    'a\u0000@example.com',
    `${'a'.repeat(300)}@example.com`,
    '',
  ]) {
    const minted = await askSocket(stack, JSON.stringify({ email, audience: 'sigstore' }));
    assert.ok(minted.token !== undefined, 'whoever owns the socket may say anything');
    const { status } = await askFor(stack.url, minted.token, email);
    assert.equal(status, 400, JSON.stringify(email));
  }
});

test('one signature is one entry, however it is spelled', async () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = pemOf(rsa.publicKey);
  const artifact = randomBytes(20);
  const entry = hashedRekordOf(artifact, rsa.privateKey, pem) as Entry;
  const add = async (body: unknown): Promise<number> =>
    (
      await fetch(`${stack.url}/api/v1/log/entries`, {
        method: 'POST',
        body: typeof body === 'string' ? body : JSON.stringify(body),
      })
    ).status;
  assert.equal(await add(entry), 201);
  const size = await entriesIn(stack.url);
  const withKey = (text: string): Entry =>
    changed(entry, (copy) => (copy.spec.signature.publicKey.content = Buffer.from(text).toString('base64')));
  const { content } = entry.spec.signature;
  const spellings: Readonly<Record<string, unknown>> = {
    'line breaks of Windows': withKey(pem.replaceAll('\n', '\r\n')),
    'one long line': withKey(pem.replace(/-\n([^-]+)\n-/, (_, lines: string) => `-\n${lines.replaceAll('\n', '')}\n-`)),
    'no line break at the end': withKey(pem.trim()),
    'spaces around': withKey(`\n\n${pem}\n\n`),
    'a comment before': withKey(`a comment\n${pem}`),
    'a comment behind': withKey(`${pem}a comment\n`),
    'PKCS #1': withKey(rsa.publicKey.export({ type: 'pkcs1', format: 'pem' }) as string),
    'the key twice': withKey(pem + pem),
    'base64 without padding': changed(entry, (copy) => (copy.spec.signature.content = content.replace(/=+$/, ''))),
    'base64 for addresses': changed(
      entry,
      (copy) => (copy.spec.signature.content = content.replaceAll('+', '-').replaceAll('/', '_')),
    ),
    'base64 in lines': changed(
      entry,
      (copy) => (copy.spec.signature.content = `${content.slice(0, 64)}\n${content.slice(64)}`),
    ),
    'a hash in capitals': changed(
      entry,
      (copy) => (copy.spec.data.hash.value = copy.spec.data.hash.value.toUpperCase()),
    ),
    'members in another order': Object.fromEntries(Object.entries(entry).toReversed()),
    spaces: JSON.stringify(entry, undefined, 3),
    escapes: JSON.stringify(entry).replace('"hashedrekord"', '"\\u0068ashedrekord"'),
    'members nobody knows': { ...entry, spec: { ...entry.spec, more: 1 }, more: 1 },
  };
  let same = 0;
  for (const [what, spelled] of Object.entries(spellings)) {
    const status = await add(spelled);
    assert.ok([400, 409, 422].includes(status), `${what}: ${status}`);
    if (status === 409) same += 1;
    assert.equal(await entriesIn(stack.url), size, what);
  }
  // The others are refused: a comment, a key twice, other base64.
  assert.equal(same, 10);
});

test('the log takes no signature that it cannot verify, nor certificates that do not belong together', async () => {
  const { privateKey, chain } = await certify(stack.url, await stack.token());
  const [leaf = '', intermediate = '', root = ''] = chain;
  const artifact = randomBytes(20);
  const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const entry = hashedRekordOf(artifact, privateKey, leaf) as Entry;
  const other = hashedRekordOf(randomBytes(20), privateKey, leaf) as Entry;
  const size = await entriesIn(stack.url);
  for (const [what, hostile] of Object.entries({
    'another key': hashedRekordOf(artifact, privateKey, pemOf(stranger.publicKey)),
    'another hash': changed(entry, (copy) => (copy.spec.data.hash.value = other.spec.data.hash.value)),
    'another algorithm': changed(entry, (copy) => (copy.spec.data.hash.algorithm = 'sha512')),
    'a weak key': hashedRekordOf(artifact, weak.privateKey, pemOf(weak.publicKey)),
    'a private key': hashedRekordOf(
      artifact,
      privateKey,
      privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    ),
    'the certificate of the authority': hashedRekordOf(artifact, privateKey, intermediate),
    'a chain in another order': hashedRekordOf(artifact, privateKey, leaf + root + intermediate),
    'a certificate twice': hashedRekordOf(artifact, privateKey, leaf + leaf),
    'a certificate and a key': hashedRekordOf(artifact, privateKey, leaf + pemOf(stranger.publicKey)),
    'eleven certificates': hashedRekordOf(artifact, privateKey, leaf + intermediate + root.repeat(9)),
    'a hundred thousand': hashedRekordOf(artifact, privateKey, leaf + root.repeat(1000)),
  })) {
    const answer = await postJson(`${stack.url}/api/v1/log/entries`, hostile);
    assert.ok([400, 413, 422].includes(answer.status), `${what}: ${answer.status} ${await answer.text()}`);
  }
  assert.equal(await entriesIn(stack.url), size);
  const many = { entryUUIDs: Array.from({ length: 11 }, () => 'a'.repeat(64)) };
  assert.equal((await postJson(`${stack.url}/api/v1/log/entries/retrieve`, many)).status, 422);
  const key = { email: 'a'.repeat(100_000) };
  assert.equal((await postJson(`${stack.url}/api/v1/index/retrieve`, key)).status, 422);
  const fetched = { publicKey: { format: 'x509', url: 'http://169.254.169.254/' } };
  assert.equal((await postJson(`${stack.url}/api/v1/index/retrieve`, fetched)).status, 400);
});

test('the certificate log takes nothing that its own authority did not issue, and certificates only as what they are', async () => {
  const { chain } = await certify(stack.url, await stack.token());
  const own = chain.map((pem) => Buffer.from(new X509Certificate(pem).raw).toString('base64'));
  const authority = createAuthority({
    uri: 'https://x.test',
    organization: 'x',
    purpose: 'codeSigning',
    now: new Date(),
  });
  const foreign = issueLeaf(authority, { spki: createVirtualKey().spki, at: new Date(), scts: [] });
  const size = await certificatesIn(stack.url);
  const strangers = authority.chain.map((each) => each.toString('base64'));
  for (const [what, path, given] of [
    ['a foreign chain', 'add-chain', [foreign.toString('base64'), ...strangers]],
    ['a foreign certificate below our root', 'add-chain', [foreign.toString('base64'), ...own.slice(1)]],
    ['a foreign root behind ours', 'add-chain', [...own, ...strangers]],
    ['no precertificate', 'add-pre-chain', own],
    ['a chain without its middle', 'add-chain', [own[0], own[2]]],
    ['nothing', 'add-chain', []],
    ['eleven certificates', 'add-chain', [...own, ...Array.from({ length: 9 }, () => own[2])]],
    [
      'something behind the certificate',
      'add-chain',
      [Buffer.concat([Buffer.from(own[0] ?? '', 'base64'), Buffer.of(0)]).toString('base64'), ...own.slice(1)],
    ],
  ] as const) {
    const answer = await postJson(`${stack.url}/ctlog/ct/v1/${path}`, { chain: given });
    assert.ok([400, 413].includes(answer.status), `${what}: ${answer.status} ${await answer.text()}`);
  }
  assert.equal(await certificatesIn(stack.url), size);
});

test('the timestamp authority stamps strong hashes under its own policy, and repeats what was asked', async () => {
  const stamp = async (query: Uint8Array): Promise<{ readonly status: number; readonly bytes: Buffer }> => {
    const headers = { 'content-type': 'application/timestamp-query' };
    const body = query as Uint8Array<ArrayBuffer>;
    const answer = await fetch(`${stack.url}/api/v1/timestamp`, { method: 'POST', headers, body });
    return { status: answer.status, bytes: Buffer.from(await answer.arrayBuffer()) };
  };
  const data = randomBytes(20);
  const nonce = Buffer.concat([Buffer.of(0x40), randomBytes(1999)]);
  const extension = sequence(oid('1.2.3.4'), octetString(Buffer.from('x')));
  const query = Buffer.from(timestampQuery(data));
  const extended = sequence(query.subarray(2), Buffer.concat([Buffer.of(0xa0, extension.length), extension]));
  for (const [what, hostile] of Object.entries({
    'SHA-1': timestampQuery(data, { hashOid: hashOids.sha1, digest: randomBytes(20) }),
    'a hash of another length': timestampQuery(data, { digest: randomBytes(31) }),
    'another policy': timestampQuery(data, { policy: '1.2.3.4' }),
    'an endless policy': timestampQuery(data, { policy: `1.2${'.999'.repeat(500)}` }),
    'another version': timestampQuery(data, { version: 2 }),
    'an extension': extended,
    'a nonce that is larger than a request may be': timestampQuery(data, {
      nonce: Buffer.concat([nonce, nonce, nonce]),
    }),
    'something behind it': Buffer.concat([query, Buffer.of(0)]),
  })) {
    const { status, bytes } = await stamp(hostile);
    assert.ok(status === 400 || status === 413, `${what}: ${status} ${bytes.toString()}`);
  }
  const large = await stamp(timestampQuery(data, { nonce }));
  assert.ok(large.status === 400 || large.bytes.includes(nonce));
});

interface Entry {
  readonly spec: {
    readonly data: { readonly hash: { algorithm: string; value: string } };
    readonly signature: { content: string; readonly publicKey: { content: string } };
  };
}

function changed(entry: Entry, change: (copy: Entry) => void): Entry {
  const copy = structuredClone(entry);
  change(copy);
  return copy;
}

function pemOf(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' }) as string;
}

/** For a new key, with a proof over the name. */
async function askFor(
  url: string,
  token: string,
  name: string,
): Promise<{ readonly status: number; readonly message: string }> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const answer = await postJson(`${url}/api/v2/signingCert`, {
    credentials: { oidcIdentityToken: token },
    publicKeyRequest: {
      publicKey: { content: pemOf(publicKey) },
      proofOfPossession: sign('sha256', Buffer.from(name), privateKey).toString('base64'),
    },
  });
  const { message = '' } = (await answer.json()) as { readonly message?: string };
  return { status: answer.status, message };
}

async function certificatesIn(url: string): Promise<number> {
  return ((await (await fetch(`${url}/ctlog/ct/v1/get-sth`)).json()) as { tree_size: number }).tree_size;
}

async function entriesIn(url: string): Promise<number> {
  return ((await (await fetch(`${url}/api/v1/log`)).json()) as { treeSize: number }).treeSize;
}

function askSocket({ dataDir }: TestStack, body: string): Promise<{ readonly token?: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ readonly token?: string }>();
  const socketPath = join(dataDir, 'control.sock');
  const request = httpRequest({ socketPath, path: '/token', method: 'POST' }, (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (part: string) => (text += part));
    response.once('end', () => resolve(JSON.parse(text) as { readonly token?: string }));
  });
  request.on('error', reject);
  request.end(body);
  return promise;
}
