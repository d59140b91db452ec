/** explain and bundle inspect, as typed. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { generalName } from '../support/virtual-sigstore/virtual-certificate.ts';
import { artifact, openKeylessScene, who } from './keyless-scene.ts';
import type { KeylessScene } from './keyless-scene.ts';
import { errorCodeOf, jsonOf } from './scene.ts';

const root = ['--trusted-root', 'trusted_root.json'];
const given = ['--artifact', 'app.txt'];

let scene: KeylessScene;
before(async () => {
  scene = await openKeylessScene();
});
after(() => scene.close());

function statusOf(run: { readonly stdout: string }, member: 'soundness' | 'acceptance'): Record<string, unknown> {
  return (JSON.parse(run.stdout) as Record<string, Record<string, unknown>>)[member] ?? {};
}

describe('explain', { concurrency: 3 }, () => {
  test('a good bundle of either generation is sound, and nobody is called verified', async () => {
    for (const bundle of ['app.sigstore.json', 'app.legacy.json']) {
      const { status, stdout, stderr } = await scene.run(['explain', ...given, ...root, bundle]);
      assert.equal(status, 0, stdout + stderr);
      assert.match(stdout, /^sound: every check passed; whether you trust this signer is your decision$/m);
      assert.match(stdout, /^ {2}subject +dev@example\.test$/m);
      assert.match(stdout, /^ {2}issuer +https:\/\/issuer\.example\.test$/m);
      assert.match(stdout, /^ {2}proven +2026-03-01T12:00:0\dZ by https:\/\/rekor\.virtual\.test/m);
      assert.doesNotMatch(stdout, /\bverified\b|\bOK\b/i);
    }
  });

  test('the timeline holds windows and marks in 80 columns', async () => {
    const { stdout } = await scene.run(['explain', ...given, ...root, 'app.sigstore.json']);
    const bars = stdout.split('\n').filter((line) => /^ {2}(certificate|issuing CA|log key) +\[=*[\]>]$/.test(line));
    assert.equal(bars.length, 3, stdout);
    assert.ok(bars.every((line) => line.length <= 80));
    assert.match(stdout, /^ {2}a log +2026-03-01T12:00:0\dZ {2}https:\/\/rekor\.virtual\.test$/m);
    assert.match(stdout, /^ {2}n now +\d{4}-/m);
    assert.doesNotMatch(stdout, /OUTSIDE/);
  });

  test('a time outside the certificate is marked, and the check of it named', async () => {
    const { sigstore } = scene;
    const late = new Date(sigstore.now.getTime() + 3_600_000);
    const signed = sigstore.sign({ content: { artifact }, entries: [{ log: sigstore.rekorV1, integratedTime: late }] });
    scene.write('late.json', JSON.stringify(signed.bundle()));
    const { status, stdout } = await scene.run(['explain', ...given, ...root, 'late.json']);
    assert.equal(status, 1, stdout);
    assert.match(stdout, /OUTSIDE: certificate$/m);
    const json = await scene.run(['explain', ...given, ...root, 'late.json', '--json']);
    assert.equal((statusOf(json, 'soundness')['failed'] as { step: string }).step, 'certificate.time');
  });

  test('without a trusted root everything is told and nothing believed', async () => {
    const { status, stdout } = await scene.run(['explain', ...given, 'app.sigstore.json']);
    assert.equal(status, 20, stdout);
    assert.match(stdout, /^NOT verified: nothing here was checked against a trusted root$/m);
    assert.match(stdout, /^ {2}subject +dev@example\.test$/m);
    assert.match(stdout, /UNKNOWN .*no trusted root$/m);
    assert.doesNotMatch(stdout, /^sound/m);
  });

  test('a changed file and a changed signature are named by their checks, with and without trust', async () => {
    scene.write('other.txt', 'another application\n');
    const bundle = scene.sigstore.sign({ content: { artifact } }).bundle();
    const signature = Buffer.from(bundle.messageSignature?.signature ?? '', 'base64');
    signature[signature.length - 1] = (signature.at(-1) ?? 0) ^ 1;
    if (bundle.messageSignature !== undefined) bundle.messageSignature.signature = signature.toString('base64');
    scene.write('forged.json', JSON.stringify(bundle));
    for (const [args, step] of [
      [['--artifact', 'other.txt', ...root, 'app.sigstore.json'], 'digest'],
      [[...given, ...root, 'forged.json'], 'signature'],
      [[...root, 'forged.json'], 'signature'],
    ] as const) {
      const run = await scene.run(['explain', ...args, '--json']);
      const { status, failed } = statusOf(run, 'soundness');
      assert.deepEqual([run.status, status, (failed as { step: string }).step], [1, 'unsound', step]);
    }
  });

  test('without the file, nothing good is said without saying so', async () => {
    const { status, stdout } = await scene.run(['explain', ...root, ...who, 'app.sigstore.json']);
    assert.equal(status, 0, stdout);
    assert.match(stdout, /^sound: .*; NO FILE was compared with it: give --artifact$/m);
    assert.match(stdout, /^policy: accepts this signature; NO FILE was compared with it: give --artifact$/m);
  });

  test('a policy is answered, and a near miss is marked where it differs', async () => {
    const accepted = await scene.run(['explain', ...given, ...root, ...who, 'app.sigstore.json']);
    assert.equal(accepted.status, 0, accepted.stderr);
    assert.match(accepted.stdout, /^policy: accepts this signature$/m);
    const other = ['--certificate-identity', 'dev@example.tent', ...who.slice(2)];
    const refused = await scene.run(['explain', ...given, ...root, ...other, 'app.sigstore.json']);
    assert.equal(refused.status, 1);
    assert.match(refused.stdout, /^sound: /m);
    assert.match(refused.stdout, /^policy: refuses this signature: /m);
    const lines = refused.stdout.split('\n');
    const at = lines.findIndex((line) => /^ {2} {2}seen/.test(line));
    assert.equal(lines[at]?.indexOf('st"'), lines[at + 1]?.indexOf('^'), refused.stdout);
    assert.match(lines[at + 1] ?? '', /^ +\^$/);
  });

  test('what a hostile certificate names cannot act on a terminal', async () => {
    const names = [generalName.uri('https://x.test/\u001b[2J\nsound: every check passed')];
    const signed = scene.sigstore.sign({
      content: { artifact },
      certificate: { names, claims: { 12: 'a\u202eb\nc' } },
    });
    scene.write('hostile.json', JSON.stringify(signed.bundle()));
    for (const command of [
      ['explain', ...given, ...root],
      ['bundle', 'inspect'],
    ]) {
      const { stdout } = await scene.run([...command, 'hostile.json']);
      assert.doesNotMatch(stdout, /[\u001b\u202e]/);
      assert.match(stdout, /\\x1b\[2J\\x0asound/);
      assert.match(stdout, /^ {2}sourceRepositoryUri a\\u202eb\\x0ac$/m);
    }
  });

  test('a signature by key is explained by its key, and not told apart without one', async () => {
    const made = await scene.run(['sign-blob', '--key', 'cosign.key', '--bundle', 'key.json', '--yes', 'app.txt']);
    assert.equal(made.status, 0, made.stderr);
    const blind = await scene.run(['explain', ...given, 'key.json']);
    assert.equal(blind.status, 20, blind.stdout);
    assert.match(blind.stdout, /^ {2}key hint/m);
    const own = await scene.run(['explain', ...given, '--key', 'cosign.pub', 'key.json']);
    assert.equal(own.status, 0, own.stdout);
    assert.match(own.stdout, /^policy: accepts this signature$/m);
  });

  test('an image is explained with its signatures and attestations, and absences have their exit status', async () => {
    const { image, digest } = await scene.push('explained');
    assert.equal((await scene.run(['explain', ...root, image])).status, 10);
    await scene.attachLayer(image, digest);
    await scene.attachBundle(image, digest);
    await scene.attachBundle(image, digest, 'https://slsa.dev/provenance/v1');
    const { status, stdout } = await scene.run(['explain', ...root, image]);
    assert.equal(status, 0, stdout);
    assert.match(stdout, /@sha256:[0-9a-f]{64}: signatures 2, attestations 1$/m);
    assert.match(stdout, /^ {2}predicate type +https:\/\/slsa\.dev\/provenance\/v1$/m);
    assert.equal((await scene.run(['explain', ...root, `${scene.registry.host}/explained:none`])).status, 11);
  });

  test('what is no bundle has a code', async () => {
    const run = await scene.run(['explain', ...root, 'trusted_root.json', '--json']);
    assert.deepEqual([run.status, errorCodeOf(run)], [1, 'BUNDLE_UNSUPPORTED']);
  });
});

test('bundle inspect shows the parts and judges nothing', async () => {
  const { status, stdout } = await scene.run(['bundle', 'inspect', 'app.sigstore.json']);
  assert.equal(status, 0);
  assert.match(stdout, /^app\.sigstore\.json: inspected, not verified$/m);
  assert.match(stdout, /^ {2}version +application\/vnd\.dev\.sigstore\.bundle\.v0\.3\+json$/m);
  const json = jsonOf(await scene.run(['bundle', 'inspect', 'app.legacy.json', '--json']));
  assert.equal(json['isVerified'], false);
  assert.equal((json['entries'] as { kind: string }[])[0]?.kind, 'hashedrekord');
  const bad = await scene.run(['bundle', 'inspect', 'app.txt', '--json']);
  assert.deepEqual([bad.status, errorCodeOf(bad)], [1, 'JSON_MALFORMED']);
});
