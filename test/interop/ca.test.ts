/** Other people's programs believe the certificates of our certificate authority, and of our timestamp chain. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import type { TestContext } from 'node:test';

import { sign } from 'sigstore';

import { verifiers } from '../support/oracles.ts';
import type { VerifierName } from '../support/oracles.ts';
import { requirePeer, runPeer } from '../support/peers.ts';
import type { PeerName } from '../support/peers.ts';
import { createScratchFolder } from '../support/scratch.ts';
import { serveServices } from '../support/serve-services.ts';
import { openTestAuthority, testPrincipal, testToken } from '../support/test-authority.ts';
import type { TestAuthority } from '../support/test-authority.ts';
import { createVirtualKey, pemOf, signBytes } from '../support/virtual-sigstore/virtual-key.ts';
import type { VirtualKey } from '../support/virtual-sigstore/virtual-key.ts';
import { createVirtualSigstore, statementOf } from '../support/virtual-sigstore/virtual-sigstore.ts';
import type { Content, SignRequest } from '../support/virtual-sigstore/virtual-sigstore.ts';
import type { VirtualTimestampAuthority } from '../support/virtual-sigstore/virtual-timestamp-authority.ts';
import type { TrustedRootJson } from '../support/virtual-sigstore/virtual-trusted-root.ts';
import { InputError } from '../../src/base/errors.ts';
import { createKeyPair } from '../../src/crypto/private-key.ts';
import { signerOf } from '../../src/crypto/signer.ts';
import { parseCertificate } from '../../src/formats/x509/certificate.ts';
import { createTimestampChain } from '../../src/servers/ca/authority.ts';
import { caService } from '../../src/servers/ca/ca-service.ts';
import type { Principal } from '../../src/servers/ca/principal.ts';

const folder = createScratchFolder('ca');
const artifact = Buffer.from('something that is signed\n');
const sigstore = createVirtualSigstore();
const { now } = sigstore;

const workflow = 'https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main';
const issuer = 'https://token.actions.githubusercontent.com';
const workflowPrincipal: Principal = {
  ...testPrincipal,
  name: { kind: 'uri', value: workflow },
  extensions: new Map([
    [1, issuer],
    [2, 'push'],
    [3, '0123456789abcdef0123456789abcdef01234567'],
    [5, 'acme/app'],
    [8, issuer],
    [9, workflow],
    [24, 'repo:acme/app:ref:refs/heads/main'],
  ]),
};

interface Case {
  readonly name: string;
  readonly principal: Principal;
  readonly key: VirtualKey;
  readonly content: Content;
  readonly isStamped?: true;
}

const cases: readonly Case[] = [
  { name: 'an e-mail address', principal: testPrincipal, key: createVirtualKey(), content: { artifact } },
  {
    name: 'a workflow, with our timestamps',
    principal: workflowPrincipal,
    key: createVirtualKey(),
    content: { artifact },
    isStamped: true,
  },
  {
    name: 'an attestation',
    principal: workflowPrincipal,
    key: createVirtualKey(),
    content: { payload: statementOf(artifact) },
  },
];

const peerOf: Readonly<Record<VerifierName, PeerName | undefined>> = {
  countersign: undefined,
  'sigstore-js': undefined,
  'cosign-3': 'cosign-3',
  'sigstore-python': 'sigstore-python',
};

for (const [verifier, verify] of Object.entries(verifiers)) {
  test(`${verifier} believes what our certificates signed, and nobody else's name`, async (t) => {
    const peer = peerOf[verifier as VerifierName];
    if (peer !== undefined && !requirePeer(t, peer)) return;
    for (const each of cases) {
      const files = await signedFiles(each);
      const wanted = { subject: each.principal.name.value, issuer: each.principal.extensions.get(8) ?? '' };
      const [good, bad] = await verify([
        { name: each.name, ...files, signer: { kind: 'identity', ...wanted } },
        { name: each.name, ...files, signer: { kind: 'identity', ...wanted, subject: 'eve@example.test' } },
      ]);
      assert.deepEqual([good?.verdict, bad?.verdict], ['accepts', 'rejects'], `${each.name}: ${good?.words}`);
    }
  });
}

test('OpenSSL verifies the chain strictly, and reads every extension', async () => {
  const authority = await openTestAuthority({ at: now, principal: workflowPrincipal });
  const [leaf = '', intermediate = '', root = ''] = (await issue(authority, createVirtualKey())).map(certificateFile);
  const at = `${Math.floor(now.getTime() / 1000) + 60}`;
  const chain = ['-x509_strict', '-ignore_critical', '-attime', at, '-CAfile', root, '-untrusted', intermediate];
  assert.match(openssl('verify', ...chain, leaf), /OK/);
  const text = openssl('x509', '-in', leaf, '-noout', '-text');
  for (const part of [
    'CN = DEVELOPMENT code signing intermediate',
    'Key Usage: critical',
    'Code Signing',
    'Subject Alternative Name: critical',
    `URI:${workflow}`,
    '1.3.6.1.4.1.57264.1.24',
    'CT Precertificate SCTs',
  ]) {
    assert.ok(text.includes(part), `${part} in ${text}`);
  }
  assert.match(openssl('x509', '-in', intermediate, '-noout', '-text'), /CA:TRUE, pathlen:0/);
});

test("OpenSSL's certificate signing requests prove their keys", async () => {
  const authority = await openTestAuthority({ at: now });
  for (const algorithm of [
    ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
    ['ec', '-pkeyopt', 'ec_paramgen_curve:P-384'],
    ['rsa', '-pkeyopt', 'rsa_keygen_bits:2048'],
    ['ed25519'],
  ]) {
    const keyFile = join(folder, 'request.key');
    openssl('genpkey', '-algorithm', ...algorithm, '-out', keyFile);
    const extension = ['-addext', 'basicConstraints=critical,CA:TRUE'];
    const pem = openssl('req', '-new', '-key', keyFile, '-subj', '/emailAddress=eve@example.test', ...extension);
    const key = { kind: 'request', request: Buffer.from(pem) } as const;
    const [leaf = new Uint8Array()] = await authority.authority.issue(testToken, key);
    const spki = openssl('pkey', '-in', keyFile, '-pubout');
    assert.equal(pemOf('PUBLIC KEY', parseCertificate(leaf).spki), spki);
    assert.equal(Buffer.from(leaf).includes('eve@example.test'), false);
  }
});

test('OpenSSL verifies a timestamp of our chain, with and without the certificate inside', async () => {
  const authority = await ownTimestampAuthority();
  const [leaf = '', root = ''] = authority.chain.map(certificateFile);
  for (const embedded of [[], authority.chain.slice(0, 1)]) {
    const signed = sigstore.sign({ content: { artifact }, timestamps: [{ authority, embedded }] });
    const [stamp] = signed.bundle().verificationMaterial.timestampVerificationData?.rfc3161Timestamps ?? [];
    const response = fileOf('stamp.tsr', Buffer.from(stamp?.signedTimestamp ?? '', 'base64'));
    const data = fileOf('stamped.bin', signed.signature);
    const trust = ['-CAfile', root, '-untrusted', leaf, '-attime', `${Math.floor(now.getTime() / 1000)}`];
    assert.match(openssl('ts', '-verify', '-in', response, '-data', data, ...trust), /Verification: OK/);
  }
});

/** What a client can read of a token: who it is about. Our identities are given what to think of it. */
const token = [
  { alg: 'RS256', typ: 'JWT' },
  {
    iss: testPrincipal.issuer,
    aud: 'sigstore',
    sub: 'subject-of-dev',
    email: 'dev@example.test',
    email_verified: true,
  },
]
  .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
  .concat('c2lnbmF0dXJl')
  .join('.');

async function serveAuthority(t: TestContext): Promise<{ readonly authority: TestAuthority; readonly url: string }> {
  const authority = await openTestAuthority({
    at: new Date(),
    identify: async (given) => {
      assert.equal(given, token);
      return testPrincipal;
    },
  });
  const service = caService({ authority: authority.authority, configurationDocument: () => ({ issuers: [] }) });
  return { authority, ...(await serveServices(t, [service])) };
}

test('cosign 2 is given a certificate by the first version of the API, and believes its timestamp', async (t) => {
  if (!requirePeer(t, 'cosign-2')) return;
  const { authority, url } = await serveAuthority(t);
  const certificate = fileOf('leaf.pem', '');
  const env = {
    SIGSTORE_ROOT_FILE: fileOf('roots.pem', authority.chain.map((der) => pemOf('CERTIFICATE', der)).join('')),
    SIGSTORE_CT_LOG_PUBLIC_KEY_FILE: fileOf('ct.pem', pemOf('PUBLIC KEY', authority.ctLog.key.spki)),
  };
  const service = ['--fulcio-url', url, '--identity-token', token, '--tlog-upload=false', '--yes'];
  const output = ['--output-certificate', certificate, '--output-signature', fileOf('signature', '')];
  const run = await runPeer('cosign-2', ['sign-blob', ...service, ...output, fileOf('artifact', artifact)], { env });
  assert.equal(run.status, 0, run.stderr);
  const issued = Buffer.from(readFileSync(certificate, 'utf8'), 'base64').toString();
  assert.deepEqual(serialNumbersOf(authority.logged), [new X509Certificate(issued).serialNumber]);
});

test('sigstore-js is given a certificate by the second version of the API', async (t) => {
  const { authority, url } = await serveAuthority(t);
  const bundle = await sign(artifact, { fulcioURL: url, identityToken: token, tlogUpload: false });
  const { certificate, x509CertificateChain } = bundle.verificationMaterial;
  const { rawBytes = '' } = certificate ?? x509CertificateChain?.certificates[0] ?? {};
  assert.deepEqual(serialNumbersOf(authority.logged), serialNumbersOf([Buffer.from(rawBytes, 'base64')]));
});

function serialNumbersOf(certificates: readonly Uint8Array[]): readonly string[] {
  return certificates.map((der) => new X509Certificate(der).serialNumber);
}

test('cosign 2 and sigstore-js print why they are refused', async (t) => {
  if (!requirePeer(t, 'cosign-2')) return;
  const authority = await openTestAuthority({
    identify: () => Promise.reject(new InputError('TOKEN_EXPIRED', 'the token expired 34 s ago')),
  });
  const service = caService({ authority: authority.authority, configurationDocument: () => ({ issuers: [] }) });
  const { url } = await serveServices(t, [service]);
  const flags = ['--fulcio-url', url, '--identity-token', token, '--tlog-upload=false', '--yes'];
  const run = await runPeer('cosign-2', ['sign-blob', ...flags, fileOf('artifact', artifact)]);
  assert.match(run.stderr, /the token expired 34 s ago/);
  await assert.rejects(sign(artifact, { fulcioURL: url, identityToken: token, tlogUpload: false }), (error: Error) =>
    `${error.message} ${String(error.cause)}`.includes('the token expired 34 s ago'),
  );
});

/** A bundle that a certificate of our authority signed, and a trusted root with our chains. */
async function signedFiles({
  principal,
  key,
  content,
  isStamped,
}: Case): Promise<{ readonly bundleFile: string; readonly artifactFile: string; readonly trustedRootFile: string }> {
  const authority = await openTestAuthority({ at: now, principal });
  const stamping = await ownTimestampAuthority();
  const [issued = new Uint8Array()] = await issue(authority, key);
  const request: SignRequest = {
    content,
    key,
    certificate: { issued },
    ...(isStamped === true ? { timestamps: [{ authority: stamping }] } : {}),
  };
  const bundle = sigstore.sign(request).bundle();
  return {
    bundleFile: fileOf('bundle.json', JSON.stringify(bundle)),
    artifactFile: fileOf('artifact', artifact),
    trustedRootFile: fileOf('trusted_root.json', JSON.stringify(rootWith(authority, stamping))),
  };
}

async function issue({ authority }: TestAuthority, key: VirtualKey): Promise<readonly Uint8Array[]> {
  const proof = signBytes(key, Buffer.from('dev@example.test'));
  return authority.issue(testToken, { kind: 'public-key', publicKey: key.spki, proof });
}

function rootWith(authority: TestAuthority, stamping: VirtualTimestampAuthority): TrustedRootJson {
  const root = sigstore.trustedRoot();
  const [ca] = root.certificateAuthorities;
  const [log] = root.ctlogs;
  const [tsa] = root.timestampAuthorities;
  assert.ok(ca !== undefined && log !== undefined && tsa !== undefined);
  ca.certChain.certificates = rawBytesOf(authority.chain);
  tsa.certChain.certificates = rawBytesOf(stamping.chain);
  log.publicKey.rawBytes = authority.ctLog.key.spki.toString('base64');
  log.logId.keyId = authority.ctLog.logId.toString('base64');
  return root;
}

function rawBytesOf(chain: readonly Uint8Array[]): { rawBytes: string }[] {
  return chain.map((der) => ({ rawBytes: Buffer.from(der).toString('base64') }));
}

/** The virtual authority with a key and a chain of ours. */
async function ownTimestampAuthority(): Promise<VirtualTimestampAuthority> {
  const pair = createKeyPair('ecdsa-p256');
  const chain = await createTimestampChain({
    organization: 'authority.test',
    isDevelopment: true,
    now: () => now,
    random: randomBytes,
    root: signerOf(createKeyPair('ecdsa-p256')),
    leaf: signerOf(pair),
  });
  const { timestampAuthority } = sigstore;
  const leaf = parseCertificate(chain[0]);
  return {
    ...timestampAuthority,
    key: { kind: 'p256', privateKey: pair.keyObject, spki: Buffer.from(pair.publicKey.spki) },
    leaf: {
      ...timestampAuthority.leaf,
      issuer: Buffer.from(leaf.issuer),
      subject: Buffer.from(leaf.subject),
      serialNumber: Buffer.from(leaf.serialNumber),
    },
    chain: chain.map((der) => Buffer.from(der)),
  };
}

function certificateFile(der: Uint8Array): string {
  return fileOf('certificate.pem', pemOf('CERTIFICATE', der));
}

let fileCount = 0;

function fileOf(name: string, content: string | Uint8Array): string {
  fileCount += 1;
  const path = join(folder, `${fileCount}-${name}`);
  writeFileSync(path, content);
  return path;
}

function openssl(...args: readonly string[]): string {
  return execFileSync('openssl', args, { encoding: 'utf8', timeout: 20_000, stdio: ['ignore', 'pipe', 'pipe'] });
}
