/** Verifying by identity, as typed: files and images, where trust comes from, and what is refused. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';

import { requirePeer, runPeer } from '../support/peers.ts';
import type { PeerName } from '../support/peers.ts';
import { artifact, openKeylessScene, who } from './keyless-scene.ts';
import type { KeylessScene } from './keyless-scene.ts';
import { errorCodeOf, jsonOf } from './scene.ts';

const root = ['--trusted-root', 'trusted_root.json'];
const blob = ['verify-blob', '--bundle', 'app.sigstore.json', 'app.txt'];

let scene: KeylessScene;
before(async () => {
  scene = await openKeylessScene();
});
after(() => scene.close());

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

  test('a digest by a hash that was not signed is not called a wrong signature', async () => {
    const digest = `sha512:${createHash('sha512').update(artifact).digest('hex')}`;
    const run = await scene.run(['verify-blob', '--bundle', 'app.sigstore.json', digest, ...who, ...root]);
    assert.equal(run.status, 1, run.stderr);
    assert.match(run.stderr, /could not check the signature/);
  });
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
  refuses('a key to fetch, offline', [...blob, '--offline', '--key', 'https://127.0.0.1:1/k.pub'], 'FLAGS_CONFLICT');
  refuses('authorities beside a key', [...blob, '--key', 'cosign.pub', '--ca-roots', 'ca.pem'], 'FLAGS_CONFLICT');
  refuses('an own authority and no log', [...blob, ...who, '--ca-roots', 'ca.pem'], 'TRUST_ROOT_MISSING');
  refuses(
    'a signature that is no file',
    ['verify-blob', '--signature', '/nonexistent', 'app.txt', '--key', 'cosign.pub'],
    'SIGNATURE_MALFORMED',
  );
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
    const unlogged = scene.sigstore.sign({ content: { artifact }, entries: [], at: new Date() });
    scene.write('unlogged.sigstore.json', JSON.stringify(unlogged.bundle()));
    const args = ['verify-blob', '--bundle', 'unlogged.sigstore.json', 'app.txt', ...who, ...root];
    const strict = await scene.run([...args, '--json']);
    assert.deepEqual([strict.status, (jsonOf(strict)['failed'] as Record<string, string>)['step']], [1, 'log']);
    const ignoring = await scene.run([...args, '--insecure-ignore-tlog']);
    assert.equal(ignoring.status, 0, ignoring.stderr);
    assert.match(ignoring.stderr, /^WARNING: Skipping tlog verification/m);
    assert.match(ignoring.stderr, /^time: this machine's clock$/m);
  });

  test('a certificate that was not logged is refused, or its missing check is said', async () => {
    const unlogged = scene.sigstore.sign({ content: { artifact }, certificate: { scts: [] } });
    scene.write('no-sct.sigstore.json', JSON.stringify(unlogged.bundle()));
    const args = ['verify-blob', '--bundle', 'no-sct.sigstore.json', 'app.txt', ...who, ...root];
    const strict = await scene.run([...args, '--json']);
    assert.deepEqual([strict.status, (jsonOf(strict)['failed'] as Record<string, string>)['step']], [1, 'sct']);
    const ignoring = await scene.run([...args, '--insecure-ignore-sct']);
    assert.equal(ignoring.status, 0, ignoring.stderr);
    assert.match(ignoring.stderr, /^WARNING: Skipping SCT verification/m);
  });

  test('variables may not take checks away', async () => {
    for (const name of ['COSIGN_INSECURE_IGNORE_SCT', 'COSIGN_INSECURE_IGNORE_TLOG']) {
      const run = await scene.run([...blob, ...who, ...root, '--json'], { env: { [name]: 'true' } });
      assert.deepEqual([run.status, errorCodeOf(run)], [1, 'ENVIRONMENT_WEAKENS'], name);
    }
  });
});

describe('verify by identity', { concurrency: 2 }, () => {
  const own = ['--ca-roots', 'ca.pem', '--ca-intermediates', 'intermediate.pem'];
  const keys = { SIGSTORE_REKOR_PUBLIC_KEY: 'rekor.pub', SIGSTORE_CT_LOG_PUBLIC_KEY_FILE: 'ctfe.pub' };

  test('images signed in either form verify, and stdout is that of cosign', async (t) => {
    const legacy = await scene.push('keyless-legacy');
    await scene.attachLayer(legacy.image, legacy.digest);
    const bundled = await scene.push('keyless-bundle');
    await scene.attachBundle(bundled.image, bundled.digest);
    const byRoot = (image: string): string[] => ['verify', ...who, ...root, image];
    const cases: readonly (readonly [PeerName, readonly string[]])[] = [
      ['cosign-2', ['verify', ...who, ...own, '--offline', legacy.image]],
      ['cosign-2', ['verify', ...who, ...own, '--offline', '-o', 'text', legacy.image]],
      ['cosign-3', byRoot(legacy.image)],
      ['cosign-3', byRoot(bundled.image)],
    ];
    for (const [peer, args] of cases) {
      const options = { cwd: scene.folder, env: keys };
      const mine = await scene.run(args, options);
      assert.equal(mine.status, 0, mine.stderr);
      assert.match(mine.stderr, /The code-signing certificate was verified using trusted certificate authority certi/);
      assert.match(mine.stderr, /^Certificate subject: dev@example\.test\nCertificate issuer URL: https:\/\/issuer\./m);
      if (!requirePeer(t, peer)) return;
      const cosigns = await runPeer(peer, args, options);
      assert.equal(cosigns.status, 0, cosigns.stderr);
      assert.equal(mine.stdout, cosigns.stdout, args.join(' '));
    }
    const [element] = JSON.parse((await scene.run(byRoot(legacy.image))).stdout) as { readonly optional: object }[];
    assert.deepEqual(Object.keys(element?.optional ?? {}), ['1.3.6.1.4.1.57264.1.1', 'Bundle', 'Issuer', 'Subject']);
  });

  test('an image signed by another identity has signatures, none acceptable', async () => {
    const { image, digest } = await scene.push('keyless-other');
    await scene.attachLayer(image, digest);
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
    await scene.attachBundle(image, digest, 'https://slsa.dev/provenance/v1');
    assert.equal((await scene.run(['verify', ...who, ...root, image])).status, 10);
    const attestation = ['verify-attestation', ...who, ...root, image];
    const wanted = await scene.run([...attestation, '--type', 'slsaprovenance1']);
    assert.equal(wanted.status, 0, wanted.stderr);
    assert.equal((await scene.run([...attestation, '--type', 'vuln'])).status, 12);
  });
});
