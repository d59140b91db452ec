/** Key pairs: made, imported, shown; where passwords come from and that they go nowhere. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { runCountersign } from '../support/countersign.ts';
import { createScratchFolder } from '../support/scratch.ts';
import { errorCodeOf, jsonOf } from './scene.ts';

const vectors = join(import.meta.dirname, '..', 'vectors', 'cosign', 'keys');
const secret = '-a secret: päss"word';
/** Of the encrypted keys among the vectors. */
const ofTheVectors = 'correct-horse';

describe('key pairs', { concurrency: 4 }, () => {
  test("a key pair has cosign's names, messages and permissions, and no secret is printed", async () => {
    const cwd = createScratchFolder('keys');
    const { status, stdout, stderr } = await runCountersign(['generate-key-pair'], {
      cwd,
      env: { COSIGN_PASSWORD: secret },
    });
    assert.equal(status, 0);
    assert.equal(stdout, '');
    assert.equal(stderr, 'Private key written to cosign.key\nPublic key written to cosign.pub\n');
    assert.match(readFileSync(join(cwd, 'cosign.key'), 'utf8'), /^-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n/);
    assert.equal(statSync(join(cwd, 'cosign.key')).mode & 0o777, 0o600);
    assert.equal(statSync(join(cwd, 'cosign.pub')).mode & 0o777, 0o644);
    assert.deepEqual(readdirSync(cwd).toSorted(), ['cosign.key', 'cosign.pub']);
  });

  for (const [how, options] of [
    ['the environment', { env: { COSIGN_PASSWORD: secret } }],
    ['an empty variable', { env: { COSIGN_PASSWORD: '' } }],
    ['standard input', { stdin: secret }],
    ['an empty standard input', { stdin: '' }],
  ] as const) {
    test(`a password from ${how} locks the key and opens it again`, async () => {
      const cwd = createScratchFolder('keys');
      const made = await runCountersign(['generate-key-pair', '--output-key-prefix', 'k'], { cwd, ...options });
      assert.equal(made.status, 0, made.stderr);
      const shown = await runCountersign(['public-key', '--key', 'k.key'], { cwd, ...options });
      assert.equal(shown.stdout, readFileSync(join(cwd, 'k.pub'), 'utf8'));
      const wrong = await runCountersign(['public-key', '--key', 'k.key', '--json'], {
        cwd,
        env: { COSIGN_PASSWORD: 'wrong-password' },
      });
      assert.equal(errorCodeOf(wrong), 'KEY_PASSWORD_WRONG');
      assert.equal(wrong.stderr.split('\n').filter((line) => line.startsWith('Error:')).length, 1);
      for (const run of [made, shown, wrong])
        assert.doesNotMatch(run.stdout + run.stderr, /secret: p|wrong-password|PRIVATE KEY/);
    });
  }

  test('an existing key is replaced only after a yes', async () => {
    const cwd = createScratchFolder('keys');
    writeFileSync(join(cwd, 'cosign.key'), 'mine');
    const env = { COSIGN_PASSWORD: secret };
    for (const stdin of ['', 'n\n', '\n', 'maybe\nn\n']) {
      const declined = await runCountersign(['generate-key-pair', '--json'], { cwd, env, stdin });
      assert.equal(errorCodeOf(declined), 'CONFIRMATION_DECLINED');
      assert.match(
        declined.stderr,
        /WARNING: File cosign\.key already exists\. Overwrite\?\nAre you sure you would like to continue\? \[y\/N\] /,
      );
      assert.match(declined.stderr, /user declined the prompt/);
      assert.equal(readFileSync(join(cwd, 'cosign.key'), 'utf8'), 'mine');
    }
    // Here the password takes all of standard input: what is left to answer with is its end.
    const unanswered = await runCountersign(['generate-key-pair', '--json'], { cwd, stdin: secret });
    assert.equal(unanswered.status, 1);
    assert.equal(errorCodeOf(unanswered), 'CONFIRMATION_DECLINED');
    assert.equal(existsSync(join(cwd, 'cosign.pub')), false);
    const agreed = await runCountersign(['generate-key-pair'], { cwd, env, stdin: 'y\n' });
    assert.equal(agreed.status, 0, agreed.stderr);
    assert.notEqual(readFileSync(join(cwd, 'cosign.key'), 'utf8'), 'mine');
  });

  test('an existing public key is replaced only after a yes, also where there is no private key', async () => {
    const cwd = createScratchFolder('keys');
    writeFileSync(join(cwd, 'cosign.pub'), 'mine');
    const env = { COSIGN_PASSWORD: secret };
    const declined = await runCountersign(['generate-key-pair', '--json'], { cwd, env, stdin: 'n\n' });
    assert.equal(errorCodeOf(declined), 'CONFIRMATION_DECLINED');
    assert.match(declined.stderr, /WARNING: File cosign\.pub already exists\. Overwrite\?\n/);
    assert.equal(readFileSync(join(cwd, 'cosign.pub'), 'utf8'), 'mine');
    assert.equal(existsSync(join(cwd, 'cosign.key')), false);
    const agreed = await runCountersign(['generate-key-pair'], { cwd, env, stdin: 'y\n' });
    assert.equal(agreed.status, 0, agreed.stderr);
    assert.match(readFileSync(join(cwd, 'cosign.pub'), 'utf8'), /^-----BEGIN PUBLIC KEY-----\n/);
  });

  for (const [file, publicFile] of [
    ['ed25519.pkcs8.pem', 'ed25519.pub'],
    ['p521.sec1.pem', 'p521.pub'],
    ['rsa2048.pkcs1.pem', 'rsa2048.pub'],
  ] as const) {
    test(`import-key-pair takes ${file}`, async () => {
      const cwd = createScratchFolder('keys');
      const run = await runCountersign(['import-key-pair', '-k', join(vectors, file), '--json'], {
        cwd,
        stdin: secret,
      });
      assert.equal(run.status, 0, run.stderr);
      assert.equal(jsonOf(run)['privateKey'], 'import-cosign.key');
      assert.equal(
        readFileSync(join(cwd, 'import-cosign.pub'), 'utf8'),
        readFileSync(join(vectors, publicFile), 'utf8'),
      );
      assert.equal(
        (await runCountersign(['public-key', '--key', 'import-cosign.key'], { cwd, stdin: secret })).status,
        0,
      );
      const again = await runCountersign(['import-key-pair', '-k', join(vectors, file), '-y'], { cwd, stdin: secret });
      assert.equal(again.status, 0, again.stderr);
    });
  }

  test('import-key-pair opens an encrypted key with its own password, else with that of the new file', async () => {
    const cwd = createScratchFolder('keys');
    const args = ['import-key-pair', '--key', join(vectors, 'p384.encrypted.pem'), '--json'];
    const statusWith = async (env: Record<string, string>): Promise<string> => {
      const run = await runCountersign(args, { cwd, env });
      return run.status === 0 ? 'imported' : errorCodeOf(run);
    };
    assert.equal(await statusWith({ COSIGN_PASSWORD: 'no' }), 'KEY_PASSWORD_WRONG');
    assert.equal(
      await statusWith({ COSIGN_PASSWORD: ofTheVectors, COUNTERSIGN_IMPORT_PASSWORD: 'no' }),
      'KEY_PASSWORD_WRONG',
    );
    assert.equal(await statusWith({}), 'FLAGS_CONFLICT');
    assert.equal(await statusWith({ COSIGN_PASSWORD: ofTheVectors }), 'imported');
  });

  test('public-key writes to a file, reads env:// and says what a file is that is no key', async () => {
    const cwd = createScratchFolder('keys');
    const key = readFileSync(join(vectors, 'ed25519.pkcs8.pem'), 'utf8');
    const run = await runCountersign(['public-key', '--key', 'env://KEY', '--outfile', 'out.pub'], {
      cwd,
      env: { KEY: key },
    });
    assert.equal(run.stderr, 'Public key written to out.pub\n');
    assert.equal(readFileSync(join(cwd, 'out.pub'), 'utf8'), readFileSync(join(vectors, 'ed25519.pub'), 'utf8'));
    const wrong = await runCountersign(['public-key', '--key', join(vectors, 'ed25519.pub'), '--json'], { cwd });
    assert.equal(errorCodeOf(wrong), 'KEY_IS_PUBLIC');
    writeFileSync(join(cwd, 'x.json'), '{}');
    assert.match((await runCountersign(['public-key', '--key', 'x.json'], { cwd })).stderr, /JSON/);
  });
});
