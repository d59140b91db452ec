/** explain of bundles, as typed. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { createTufRepository, serveTufRepository } from '../support/tuf-repository.ts';
import { envelopeTextOf } from '../support/virtual-sigstore/entry-body.ts';
import { blobBundleOf } from '../support/virtual-sigstore/legacy-forms.ts';
import { generalName } from '../support/virtual-sigstore/virtual-certificate.ts';
import { statementOf } from '../support/virtual-sigstore/virtual-sigstore.ts';
import { artifact, openKeylessScene, who } from './keyless-scene.ts';
import type { KeylessScene } from './keyless-scene.ts';
import { errorCodeOf } from './scene.ts';

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

  test('without the file, nothing good is said without saying so, and no policy accepts', async () => {
    const sound = await scene.run(['explain', ...root, 'app.sigstore.json']);
    assert.equal(sound.status, 0, sound.stdout);
    assert.match(sound.stdout, /^sound: .*; NO FILE was compared with it: give --artifact$/m);
    const attested = scene.sigstore.sign({ content: { payload: statementOf(artifact) } });
    scene.write('attested.json', JSON.stringify(attested.bundle()));
    for (const bundle of ['app.sigstore.json', 'app.legacy.json', 'attested.json']) {
      const { status, stdout } = await scene.run(['explain', ...root, ...who, bundle]);
      assert.equal(status, 20, stdout);
      assert.match(stdout, /^policy: cannot judge this signature: /m);
      assert.match(stdout, /^ {2}subject +dev@example\.test$/m);
    }
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
      assert.match(stdout, /^ {2}repository +a\\u202eb\\x0ac$/m);
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

  test('a pattern that does not match is named by its flag', async () => {
    const pattern = ['--certificate-identity-regexp', '^ops@example\\.test$', ...who.slice(2)];
    const { status, stdout } = await scene.run(['explain', ...given, ...root, ...pattern, 'app.sigstore.json']);
    assert.equal(status, 1, stdout);
    assert.match(stdout, /^ {2}subject +does not match --certificate-identity-regexp$/m);
  });

  test('an attestation in either generation is explained with its subjects', async () => {
    const signed = scene.sigstore.sign({ content: { payload: statementOf(artifact) } });
    const envelope = Buffer.from(envelopeTextOf(signed.logged));
    scene.write('att.json', JSON.stringify(signed.bundle()));
    scene.write(
      'att.legacy.json',
      JSON.stringify({ ...blobBundleOf(signed), base64Signature: envelope.toString('base64') }),
    );
    for (const bundle of ['att.json', 'att.legacy.json']) {
      const { status, stdout } = await scene.run(['explain', ...given, ...root, ...who, bundle]);
      assert.equal(status, 0, stdout);
      assert.match(stdout, /^policy: accepts this signature$/m);
      assert.match(stdout, /^ {2}predicate type +https:\/\/example\.test\/predicate$/m);
      scene.write('elsewhere.txt', 'another file\n');
      const other = await scene.run(['explain', '--artifact', 'elsewhere.txt', ...root, bundle, '--json']);
      const { failed } = statusOf(other, 'soundness');
      assert.deepEqual([other.status, (failed as { step: string }).step], [1, 'claims.digest']);
    }
  });

  test('a bundle of Rekor v2 with timestamps has its marks in order', async () => {
    const { rekorV1, rekorV2, timestampAuthority: authority, now } = scene.sigstore;
    const at = new Date(now.getTime() + 5_000);
    const entries = [{ log: rekorV1 }, { log: rekorV2 }];
    const signed = scene.sigstore.sign({ content: { artifact }, entries, timestamps: [{ authority, at }] });
    scene.write('stamped.json', JSON.stringify(signed.bundle()));
    const { status, stdout } = await scene.run(['explain', ...given, ...root, 'stamped.json']);
    assert.equal(status, 0, stdout);
    assert.equal(stdout.match(/^ {2}proven +2026-03-01T12:00:0/gm)?.length, 2);
    assert.match(stdout, /^ {2}TSA +\[=+\]$/m);
    assert.match(stdout, /^ +a +b +n *$|^ +\* +n *$/m);
    const timeline = stdout.slice(stdout.indexOf('TIMELINE')).split('\n');
    assert.ok(timeline.every((line) => line.length <= 80));
  });

  test('own certificates and keys are believed instead of a trusted root', async () => {
    const own = ['--ca-roots', 'ca.pem', '--ca-intermediates', 'intermediate.pem'];
    const env = { SIGSTORE_REKOR_PUBLIC_KEY: 'rekor.pub', SIGSTORE_CT_LOG_PUBLIC_KEY_FILE: 'ctfe.pub' };
    const whole = await scene.run(['explain', ...given, ...own, ...who, 'app.sigstore.json'], { env });
    assert.equal(whole.status, 0, whole.stdout);
    const logless = await scene.run(['explain', ...given, ...own, ...who, 'app.sigstore.json']);
    assert.equal(logless.status, 20, logless.stdout);
    assert.match(logless.stdout, /^NOT verified: could not tell: .*: no trusted log$/m);
    assert.match(logless.stdout, /^policy: cannot judge this signature: /m);
  });

  test('what "initialize" keeps is believed, without a network too', async (t) => {
    const repository = createTufRepository({ 'trusted_root.json': JSON.stringify(scene.sigstore.trustedRoot()) });
    const server = await serveTufRepository(t, repository);
    scene.write('root.json', repository.firstRoot);
    const env = { TUF_ROOT: join(scene.folder, 'tuf') };
    const mirror = `http://${server.host}`;
    const kept = await scene.run(['initialize', '--mirror', mirror, '--root', 'root.json'], { env });
    assert.equal(kept.status, 0, kept.stderr);
    for (const offline of [[], ['--offline']]) {
      const { status, stdout } = await scene.run(['explain', ...given, ...offline, 'app.sigstore.json'], { env });
      assert.equal(status, 0, stdout);
      assert.match(stdout, /^sound: /m);
    }
  });

  test('standard input is a bundle, or the file that it is about', async () => {
    const bundle = readFileSync(join(scene.folder, 'app.sigstore.json'), 'utf8');
    const read = await scene.run(['explain', ...given, ...root, '-'], { stdin: bundle });
    assert.equal(read.status, 0, read.stdout);
    const file = await scene.run(['explain', '--artifact', '-', ...root, 'app.sigstore.json'], {
      stdin: artifact.toString(),
    });
    assert.equal(file.status, 0, file.stdout);
  });

  test('colours are never needed, nor written', async () => {
    const { stdout } = await scene.run(['explain', ...given, 'app.sigstore.json'], { env: { FORCE_COLOR: '1' } });
    assert.match(stdout, /^ {2}UNKNOWN /m);
    assert.doesNotMatch(stdout, /\u001b/);
  });

  test('a name of 8 KiB is told where it may be, and breaks nothing', async () => {
    const long = `https://example.test/${'a'.repeat(8100)}`;
    const names = [generalName.uri(long)];
    scene.write(
      'long.json',
      JSON.stringify(scene.sigstore.sign({ content: { artifact }, certificate: { names } }).bundle()),
    );
    const { status, stdout } = await scene.run(['explain', ...given, ...root, ...who, 'long.json']);
    assert.equal(status, 1, stdout.slice(0, 500));
    assert.ok(stdout.includes(`  subject         ${long}\n`));
    assert.ok(
      stdout
        .slice(stdout.indexOf('TIMELINE'))
        .split('\n')
        .every((line) => line.length <= 80),
    );
  });

  test('a mistyped file is never looked for in a registry', async () => {
    mkdirSync(join(scene.folder, 'out'), { recursive: true });
    for (const name of ['nowhere.json', 'out/app.sigstore', './nowhere', 'out/app', 'nowhere.bundle', '../nowhere']) {
      const run = await scene.run(['explain', ...root, name, '--json']);
      assert.deepEqual([run.status, errorCodeOf(run)], [1, 'FILE_NOT_READABLE'], name);
    }
  });

  test('what is no bundle has a code', async () => {
    const run = await scene.run(['explain', ...root, 'trusted_root.json', '--json']);
    assert.deepEqual([run.status, errorCodeOf(run)], [1, 'BUNDLE_UNSUPPORTED']);
  });

  test('a key and an identity, or half an identity, are no policy', async () => {
    const key = ['--key', 'cosign.pub'];
    for (const [args, code] of [
      [[...key, ...who], 'FLAGS_CONFLICT'],
      [who.slice(2), 'IDENTITY_INCOMPLETE'],
    ] as const) {
      assert.equal(errorCodeOf(await scene.run(['explain', ...root, ...args, 'app.sigstore.json', '--json'])), code);
    }
  });
});
