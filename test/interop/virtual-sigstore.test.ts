/** Other people's verifiers believe the virtual Sigstore: so what our own tests attack is the real thing. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import { bundleFromJSON } from '@sigstore/bundle';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import { Verifier, toSignedEntity, toTrustMaterial } from '@sigstore/verify';

import { requirePeer, runPeer } from '../support/peers.ts';
import { createScratchFolder } from '../support/scratch.ts';
import { virtualIdentity } from '../support/virtual-sigstore/virtual-authority.ts';
import { fulcioExtension, generalName } from '../support/virtual-sigstore/virtual-certificate.ts';
import { createVirtualKey, pemOf } from '../support/virtual-sigstore/virtual-key.ts';
import { blobBundleOf } from '../support/virtual-sigstore/legacy-forms.ts';
import { createVirtualSigstore, statementOf } from '../support/virtual-sigstore/virtual-sigstore.ts';
import type {
  SignRequest,
  VirtualSigstore,
  VirtualSigstoreOptions,
} from '../support/virtual-sigstore/virtual-sigstore.ts';

const artifact = Buffer.from('something that is signed\n');
const folder = createScratchFolder('virtual-sigstore');
const sigstore = createVirtualSigstore();
const message = { artifact };
const attestation = { payload: statementOf(artifact) };

interface Case {
  readonly name: string;
  readonly sigstore?: VirtualSigstore;
  readonly request: SignRequest;
  readonly readers: readonly ('sigstore-js' | 'cosign-3')[];
}

const { rekorV1, rekorV2, timestampAuthority } = sigstore;
const stamped = { entries: [{ log: rekorV2 }], timestamps: [{ authority: timestampAuthority }] };
const both = ['sigstore-js', 'cosign-3'] as const;
const onlyJs = ['sigstore-js'] as const;
const onlyCosign = ['cosign-3'] as const;

const cases: readonly Case[] = [
  { name: 'a message in Rekor v1', request: { content: message }, readers: both },
  { name: 'an envelope in Rekor v1', request: { content: attestation }, readers: both },
  { name: 'a message in Rekor v2, stamped', request: { content: message, ...stamped }, readers: both },
  { name: 'an envelope in Rekor v2, stamped', request: { content: attestation, ...stamped }, readers: both },
  {
    name: 'a witnessed checkpoint',
    request: {
      content: message,
      ...stamped,
      entries: [{ log: rekorV2, witnesses: [createVirtualKey('ed25519'), createVirtualKey('ed25519')] }],
    },
    readers: both,
  },
  { name: 'a bundle 0.2', request: { content: message, bundleVersion: '0.2' }, readers: onlyJs },
  {
    name: 'a bundle 0.1 with nothing but a promise',
    request: { content: message, bundleVersion: '0.1', entries: [{ log: rekorV1, hasProof: false }] },
    readers: onlyJs,
  },
  {
    name: 'an envelope logged as intoto 0.0.2',
    request: { content: attestation, entries: [{ log: rekorV1, kind: 'intoto/0.0.2' }] },
    readers: both,
  },
  {
    name: 'an envelope logged as dsse 0.0.2',
    request: { content: attestation, ...stamped, entries: [{ log: rekorV2, kind: 'dsse/0.0.2' }] },
    readers: onlyJs,
  },
  {
    name: 'a key on P-384 with SHA-384',
    request: { content: message, key: createVirtualKey('p384') },
    readers: both,
  },
  {
    name: 'an envelope by a key on P-384 with SHA-384',
    request: { content: attestation, ...stamped, key: createVirtualKey('p384') },
    readers: onlyCosign,
  },
  { name: 'a key on P-521', request: { content: message, ...stamped, key: createVirtualKey('p521') }, readers: both },
  { name: 'an RSA key', request: { content: message, ...stamped, key: createVirtualKey('rsa-2048') }, readers: both },
  {
    name: 'a key on Edwards25519, prehashed',
    request: { content: message, ...stamped, key: createVirtualKey('ed25519'), scheme: 'ed25519ph' },
    readers: onlyCosign,
  },
  withParts('an RSA authority, a static CT log and an RSA timestamp authority', {
    caKey: 'rsa-2048',
    isCtLogStatic: true,
    timestampKey: 'rsa-2048',
  }),
  withParts('an authority, a Rekor v2 and a timestamp authority on P-256', {
    caKey: 'p256',
    rekorV2Key: 'p256',
    timestampKey: 'p256',
  }),
  // sigstore-js reads RSA keys of logs as PKCS#1 only.
  withParts('a CT log with an RSA key', { ctLogKey: 'rsa-2048' }, onlyCosign),
];

for (const { name, sigstore: itsOwn = sigstore, request, readers } of cases) {
  if (readers.includes('sigstore-js')) {
    test(`sigstore-js believes ${name}`, () => verifyWithSigstoreJs(itsOwn, request));
  }
  if (readers.includes('cosign-3')) {
    test(`cosign 3 believes ${name}`, async (t) => {
      if (!requirePeer(t, 'cosign-3')) return;
      const run = await verifyWithCosign(itsOwn, request);
      assert.equal(run.status, 0, run.stderr);
    });
  }
}

test('cosign 3 refuses the same signature with another identity, and from another Sigstore', async (t) => {
  if (!requirePeer(t, 'cosign-3')) return;
  const other = await verifyWithCosign(sigstore, { content: message }, 'other@example.test');
  assert.match(other.stderr, /no matching CertificateIdentity/);
  const foreign = createVirtualSigstore({ name: 'foreign' });
  const run = await verifyWithCosign(sigstore, {
    content: message,
    certificate: { authority: foreign.authority },
  });
  assert.notEqual(run.status, 0);
});

test('cosign 2 believes the first form of blob bundles', async (t) => {
  if (!requirePeer(t, 'cosign-2')) return;
  const signed = sigstore.sign({ content: message });
  const who = ['--certificate-identity', virtualIdentity.email, '--certificate-oidc-issuer', virtualIdentity.issuer];
  const files = ['--offline', '--bundle', fileOf('bundle.json', blobBundleOf(signed)), fileOf('artifact', artifact)];
  const roots = sigstore.authority.chain.map((der) => pemOf('CERTIFICATE', der)).join('');
  const env = {
    SIGSTORE_ROOT_FILE: fileOf('roots.pem', roots),
    SIGSTORE_REKOR_PUBLIC_KEY: fileOf('rekor.pem', pemOf('PUBLIC KEY', rekorV1.key.spki)),
    SIGSTORE_CT_LOG_PUBLIC_KEY_FILE: fileOf('ct.pem', pemOf('PUBLIC KEY', sigstore.ctLog.key.spki)),
  };
  const run = await runPeer('cosign-2', ['verify-blob', ...who, ...files], { env });
  assert.equal(run.status, 0, run.stderr);
});

test('openssl reads the certificates and their extensions', () => {
  const { certificate = Buffer.alloc(0) } = sigstore.sign({
    content: message,
    certificate: {
      names: [generalName.other('dev!example.test')],
      claims: { 2: 'push' },
      changes: { extensions: (usual) => [...usual, fulcioExtension(24, 'subject')] },
    },
  });
  const chain = [certificate, ...sigstore.authority.chain].map((der) => pemOf('CERTIFICATE', der));
  const [leaf, intermediate, root] = chain.map((pem, index) => fileOf(`chain-${index}.pem`, pem));
  const text = openssl('x509', '-in', leaf ?? '', '-noout', '-text');
  for (const part of ['Code Signing', 'othername', 'CT Precertificate SCTs', '1.3.6.1.4.1.57264.1.24']) {
    assert.ok(text.includes(part), `${part} in ${text}`);
  }
  const at = `${Math.floor(sigstore.now.getTime() / 1000) + 60}`;
  const files = ['-CAfile', root ?? '', '-untrusted', intermediate ?? '', leaf ?? ''];
  assert.match(openssl('verify', '-x509_strict', '-ignore_critical', '-attime', at, ...files), /OK/);
});

for (const timestampKey of ['p256', 'p384', 'rsa-2048'] as const) {
  for (const isEmbedded of [false, true]) {
    test(`openssl verifies a timestamp by ${timestampKey} with${isEmbedded ? '' : 'out'} its certificate`, () => {
      const { timestampAuthority: authority, sign, now } = createVirtualSigstore({ timestampKey });
      const embedded = isEmbedded ? authority.chain.slice(0, 1) : [];
      const signed = sign({ content: message, timestamps: [{ authority, embedded }] });
      const [stamp] = signed.bundle().verificationMaterial.timestampVerificationData?.rfc3161Timestamps ?? [];
      const response = fileOf('stamp.tsr', Buffer.from(stamp?.signedTimestamp ?? '', 'base64'));
      const data = fileOf('stamped.bin', signed.signature);
      const pems = authority.chain.map((der) => pemOf('CERTIFICATE', der));
      const [root, untrusted] = [fileOf('tsa-root.pem', pems.at(-1) ?? ''), fileOf('tsa.pem', pems.join(''))];
      const at = `${Math.floor(now.getTime() / 1000)}`;
      const trust = ['-CAfile', root, '-untrusted', untrusted, '-attime', at];
      assert.match(openssl('ts', '-verify', '-in', response, '-data', data, ...trust), /Verification: OK/);
    });
  }
}

function withParts(name: string, parts: VirtualSigstoreOptions, readers: Case['readers'] = both): Case {
  const own = createVirtualSigstore(parts);
  const entries = [{ log: own.rekorV2 }];
  const timestamps = [{ authority: own.timestampAuthority }];
  return { name, sigstore: own, request: { content: message, entries, timestamps }, readers };
}

function verifyWithSigstoreJs(from: VirtualSigstore, request: SignRequest): void {
  const bundle = bundleFromJSON(from.sign(request).bundle());
  const entity = toSignedEntity(bundle, 'artifact' in request.content ? artifact : undefined);
  const verifier = new Verifier(toTrustMaterial(TrustedRoot.fromJSON(from.trustedRoot())));
  const policy = { subjectAlternativeName: virtualIdentity.email, extensions: { issuer: virtualIdentity.issuer } };
  assert.equal(verifier.verify(entity, policy).identity?.subjectAlternativeName, virtualIdentity.email);
}

function verifyWithCosign(from: VirtualSigstore, request: SignRequest, identity?: string): ReturnType<typeof runPeer> {
  const isMessage = 'artifact' in request.content;
  const command = isMessage ? 'verify-blob' : 'verify-blob-attestation';
  const flags = isMessage ? [] : ['--type', 'https://example.test/predicate'];
  const stamps = request.timestamps === undefined ? [] : ['--use-signed-timestamps'];
  return runCosign(from, command, from.sign(request).bundle(), [...flags, ...stamps], identity);
}

function runCosign(
  from: VirtualSigstore,
  command: string,
  bundle: object,
  flags: readonly string[],
  identity: string = virtualIdentity.email,
): ReturnType<typeof runPeer> {
  const [root, bundleFile] = [fileOf('root.json', from.trustedRoot()), fileOf('bundle.json', bundle)];
  const who = ['--certificate-identity', identity, '--certificate-oidc-issuer', virtualIdentity.issuer];
  const files = ['--trusted-root', root, '--bundle', bundleFile];
  return runPeer('cosign-3', [command, ...files, ...who, ...flags, fileOf('artifact', artifact)]);
}

let files = 0;

function fileOf(name: string, content: object | string): string {
  files += 1;
  const path = join(folder, `${files}-${name}`);
  writeFileSync(path, typeof content === 'string' || content instanceof Uint8Array ? content : JSON.stringify(content));
  return path;
}

function openssl(...args: readonly string[]): string {
  return execFileSync('openssl', args, { encoding: 'utf8', timeout: 20_000, stdio: ['ignore', 'pipe', 'pipe'] });
}
