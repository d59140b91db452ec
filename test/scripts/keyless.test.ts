/** Verifying by identity, as typed: files and images, where trust comes from, and what is refused. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import type { PeerRun } from '../support/peers.ts';
import { blobBundleOf, layerAnnotationsOf } from '../support/virtual-sigstore/legacy-forms.ts';
import { virtualIdentity } from '../support/virtual-sigstore/virtual-authority.ts';
import { pemOf } from '../support/virtual-sigstore/virtual-key.ts';
import { createVirtualSigstore } from '../support/virtual-sigstore/virtual-sigstore.ts';
import type { VirtualSignature } from '../support/virtual-sigstore/virtual-sigstore.ts';
import { errorCodeOf, jsonOf, openScene } from './scene.ts';
import type { Scene } from './scene.ts';

const sigstore = createVirtualSigstore();
const artifact = Buffer.from('an application\n');
const who = ['--certificate-identity', virtualIdentity.email, '--certificate-oidc-issuer', virtualIdentity.issuer];
const root = ['--trusted-root', 'trusted_root.json'];
const blob = ['verify-blob', '--bundle', 'app.sigstore.json', 'app.txt'];

let scene: Scene;
before(async () => {
  scene = await openScene();
  write('app.txt', artifact);
  write('trusted_root.json', JSON.stringify(sigstore.trustedRoot()));
  const signed = sigstore.sign({ content: { artifact } });
  write('app.sigstore.json', JSON.stringify(signed.bundle()));
  write('app.legacy.json', JSON.stringify(blobBundleOf(signed)));
  const { rootCertificate, intermediateCertificate } = ownPki();
  write('ca.pem', rootCertificate);
  write('intermediate.pem', intermediateCertificate);
  write('chain.pem', `${intermediateCertificate}${rootCertificate}`);
  write('rekor.pub', pemOf('PUBLIC KEY', sigstore.rekorV1.key.spki));
  write('ctfe.pub', pemOf('PUBLIC KEY', sigstore.ctLog.key.spki));
});
after(() => scene.close());

function write(name: string, value: string | Uint8Array): void {
  writeFileSync(join(scene.folder, name), value);
}

function ownPki(): { readonly rootCertificate: string; readonly intermediateCertificate: string } {
  const [authority] = sigstore.trustedRoot().certificateAuthorities;
  const [intermediate = '', last = ''] = (authority?.certChain.certificates ?? []).map(({ rawBytes }) =>
    pemOf('CERTIFICATE', Buffer.from(rawBytes, 'base64')),
  );
  return { rootCertificate: last, intermediateCertificate: intermediate };
}

describe('verify-blob by identity', { concurrency: 3 }, () => {
  const accepts = (title: string, args: readonly string[], env: Record<string, string> = {}): void => {
    test(title, async () => {
      const { status, stderr } = await scene.run(args, { env });
      assert.equal(status, 0, stderr);
      assert.match(stderr, /^Verified OK$/m);
    });
  };
  const refuses = (title: string, args: readonly string[], code: string): void => {
    test(title, async () => {
      const run = await scene.run([...args, '--json']);
      assert.deepEqual([run.status, errorCodeOf(run)], [1, code], run.stderr);
    });
  };

  accepts('a bundle, with a trusted root', [...blob, ...who, ...root]);
  accepts("cosign's first bundle", ['verify-blob', '--bundle', 'app.legacy.json', 'app.txt', ...who, ...root]);
  accepts('a pattern', [
    ...blob,
    ...root,
    '--certificate-identity-regexp',
    '^[a-z]+@example\\.test$',
    '--certificate-oidc-issuer-regexp',
    '^https://issuer\\.example\\.test$',
  ]);
  accepts(
    'own certificates and keys instead of a trusted root, from flags and the environment',
    [...blob, ...who, '--ca-roots', 'ca.pem', '--ca-intermediates', 'intermediate.pem'],
    {
      SIGSTORE_REKOR_PUBLIC_KEY: 'rekor.pub',
      SIGSTORE_CT_LOG_PUBLIC_KEY_FILE: 'ctfe.pub',
    },
  );
  accepts('a chain in one file', [...blob, ...who, '--certificate-chain', 'chain.pem'], {
    SIGSTORE_REKOR_PUBLIC_KEY: 'rekor.pub',
    SIGSTORE_CT_LOG_PUBLIC_KEY_FILE: 'ctfe.pub',
  });
  accepts('own certificates in front of a trusted root', [
    ...blob,
    ...who,
    ...root,
    '--certificate-chain',
    'chain.pem',
  ]);

  refuses('nobody is named', [...blob, ...root], 'FLAGS_CONFLICT');
  refuses('an identity without an issuer', [...blob, ...root, ...who.slice(0, 2)], 'IDENTITY_INCOMPLETE');
  refuses('an issuer without an identity', [...blob, ...root, ...who.slice(2)], 'IDENTITY_INCOMPLETE');
  refuses('a key and an identity', [...blob, ...root, ...who, '--key', 'cosign.pub'], 'FLAGS_CONFLICT');
  refuses(
    'a pattern that is none',
    [...blob, ...root, '--certificate-identity-regexp', '(', ...who.slice(2)],
    'PATTERN_MALFORMED',
  );
  refuses('a pattern and a name', [...blob, ...root, ...who, '--certificate-identity-regexp', '^a$'], 'FLAGS_CONFLICT');
  refuses(
    'patterns that mean anyone',
    [...blob, ...root, '--certificate-identity-regexp', '.*', '--certificate-oidc-issuer-regexp', '.*'],
    'IDENTITY_ANYONE',
  );
  refuses('no trusted root', [...blob, ...who], 'TRUST_ROOT_MISSING');
  refuses('a trusted root that is none', [...blob, ...who, '--trusted-root', 'app.txt'], 'TRUSTED_ROOT_MALFORMED');
  refuses('no such trusted root', [...blob, ...who, '--trusted-root', 'nowhere.json'], 'FILE_NOT_READABLE');
  refuses(
    'roots twice',
    [...blob, ...who, '--ca-roots', 'ca.pem', '--certificate-chain', 'chain.pem'],
    'FLAGS_CONFLICT',
  );

  test('another identity is told as a near miss, and nothing else is blamed', async () => {
    const run = await scene.run([
      ...blob,
      ...root,
      '--certificate-identity',
      'dev@example.org',
      ...who.slice(2),
      '--json',
    ]);
    assert.equal(run.status, 1);
    const { failed } = jsonOf(run) as { readonly failed: Record<string, string> };
    assert.deepEqual(
      [failed['step'], failed['seen']],
      ['identity', '"dev@example.test", issuer "https://issuer.example.test"'],
    );
    assert.match(failed['note'] ?? '', /example\.org.*example\.test/);
  });

  test('an unanchored pattern is told with a stranger whom it lets in', async () => {
    const { status, stderr } = await scene.run([
      ...blob,
      ...root,
      '--certificate-identity-regexp',
      'example.test',
      ...who.slice(2),
    ]);
    assert.equal(status, 0, stderr);
    assert.match(stderr, /^WARNING: --certificate-identity-regexp lets others in: /m);
  });

  test('checks that weaken are said, and the clock is named where it decides', async () => {
    const unlogged = sigstore.sign({ content: { artifact }, entries: [], at: new Date() });
    write('unlogged.sigstore.json', JSON.stringify(unlogged.bundle()));
    const args = ['verify-blob', '--bundle', 'unlogged.sigstore.json', 'app.txt', ...who, ...root];
    const strict = await scene.run([...args, '--json']);
    assert.deepEqual([strict.status, (jsonOf(strict)['failed'] as Record<string, string>)['step']], [1, 'log']);
    const ignoring = await scene.run([...args, '--insecure-ignore-tlog']);
    assert.equal(ignoring.status, 0, ignoring.stderr);
    assert.match(ignoring.stderr, /^WARNING: Skipping tlog verification/m);
    assert.match(ignoring.stderr, /^time: this machine's clock$/m);
  });

  test('variables may not take checks away', async () => {
    for (const name of ['COSIGN_INSECURE_IGNORE_SCT', 'COSIGN_INSECURE_IGNORE_TLOG']) {
      const run = await scene.run([...blob, ...who, ...root, '--json'], { env: { [name]: 'true' } });
      assert.deepEqual([run.status, errorCodeOf(run)], [1, 'ENVIRONMENT_WEAKENS'], name);
    }
  });
});

describe('verify by identity', { concurrency: 2 }, () => {
  test('images signed in either form, with the proven names in the output', async () => {
    const { image, digest } = await scene.push('keyless');
    const legacy = await attachLayer(image, digest);
    const expected = { Subject: virtualIdentity.email, Issuer: virtualIdentity.issuer };
    const first = await scene.run(['verify', ...who, ...root, image]);
    assert.equal(first.status, 0, first.stderr);
    assert.match(
      first.stderr,
      /The code-signing certificate was verified using trusted certificate authority certificates/,
    );
    const [element] = JSON.parse(first.stdout) as { readonly optional: Record<string, unknown> }[];
    assert.equal(element?.optional['Subject'], expected.Subject);
    assert.equal(element?.optional['Issuer'], expected.Issuer);
    assert.ok('Bundle' in (element?.optional ?? {}));
    assert.ok(legacy.certificate !== undefined);

    const bundled = await scene.push('keyless-bundle');
    await attachBundle(bundled.image, bundled.digest);
    const second = await scene.run(['verify', ...who, ...root, bundled.image]);
    assert.equal(second.status, 0, second.stderr);
    assert.match(second.stdout, /"type":"https:\/\/sigstore\.dev\/cosign\/sign\/v1"/);
  });

  test('an image signed by another identity has signatures, none acceptable', async () => {
    const { image, digest } = await scene.push('keyless-other');
    await attachLayer(image, digest);
    const run = await scene.run([
      'verify',
      '--certificate-identity',
      'other@example.test',
      ...who.slice(2),
      ...root,
      image,
    ]);
    assert.equal(run.status, 12, run.stderr);
    assert.match(run.stderr, /dev@example\.test/);
    assert.equal(
      (await scene.run(['verify', '--key', 'cosign.pub', image])).status,
      12,
      'a key does not judge certificates',
    );
  });

  test('an attestation by the right identity is no signature', async () => {
    const { image, digest } = await scene.push('keyless-attested');
    const statement = JSON.stringify({
      _type: 'https://in-toto.io/Statement/v1',
      subject: [{ digest: { sha256: digest.slice(7) } }],
      predicateType: 'https://slsa.dev/provenance/v1',
      predicate: {},
    });
    await attach(image, sigstore.sign({ content: { payload: Buffer.from(statement) } }));
    assert.equal((await scene.run(['verify', ...who, ...root, image])).status, 10);
    const attestation = ['verify-attestation', ...who, ...root, image];
    const wanted = await scene.run([...attestation, '--type', 'slsaprovenance1']);
    assert.equal(wanted.status, 0, wanted.stderr);
    assert.equal((await scene.run([...attestation, '--type', 'vuln'])).status, 12);
  });
});

async function attachLayer(image: string, digest: string): Promise<VirtualSignature> {
  const payload = JSON.stringify({
    critical: {
      identity: { 'docker-reference': image.replace(/:[^:/]*$/, '') },
      image: { 'docker-manifest-digest': digest },
      type: 'cosign container image signature',
    },
    optional: null,
  });
  const signed = sigstore.sign({ content: { artifact: Buffer.from(payload) } });
  const annotations = layerAnnotationsOf(signed);
  const folder = `layer-${digest.slice(7, 15)}`;
  mkdirSync(join(scene.folder, folder), { recursive: true });
  const file = (name: string, text: string): string => {
    write(join(folder, name), text);
    return join(folder, name);
  };
  requireDone(
    await scene.run([
      ...['attach', 'signature', image],
      ...['--signature', file('sig', annotations['dev.cosignproject.cosign/signature'] ?? '')],
      ...['--payload', file('payload', payload)],
      ...['--certificate', file('cert.pem', annotations['dev.sigstore.cosign/certificate'] ?? '')],
      ...['--rekor-response', file('rekor.json', annotations['dev.sigstore.cosign/bundle'] ?? '')],
    ]),
  );
  return signed;
}

async function attachBundle(image: string, digest: string): Promise<void> {
  const statement = JSON.stringify({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ digest: { sha256: digest.slice(7) }, annotations: {} }],
    predicateType: 'https://sigstore.dev/cosign/sign/v1',
    predicate: {},
  });
  await attach(image, sigstore.sign({ content: { payload: Buffer.from(statement) } }));
}

async function attach(image: string, signed: VirtualSignature): Promise<void> {
  const name = `bundle-${signed.signature.toString('hex').slice(0, 16)}.json`;
  write(name, JSON.stringify(signed.bundle()));
  requireDone(await scene.run(['attach', 'signature', '--bundle', name, image]));
}

function requireDone(run: PeerRun): void {
  assert.equal(run.status, 0, run.stderr);
}
