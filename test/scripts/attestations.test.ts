/** verify-attestation and verify-blob-attestation, as typed. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { utf8Of } from '../../src/base/bytes.ts';
import { parsePrivateKey } from '../../src/crypto/private-key.ts';
import { signerOf } from '../../src/crypto/signer.ts';
import type { Signer } from '../../src/crypto/signer.ts';
import { attestationBundle, attestationLayer, signedEnvelope, statementAbout } from '../support/attestation.ts';
import { contentOf, descriptorOf, jsonContentOf, pushBlob, pushManifest } from '../support/image.ts';
import { errorCodeOf, jsonOf, openScene, password } from './scene.ts';
import type { Scene } from './scene.ts';

const TYPE = 'https://example.com/tested';

let scene: Scene;
let signer: Signer;
before(async () => {
  scene = await openScene();
  const pem = new Uint8Array(readFileSync(join(scene.folder, 'cosign.key')));
  signer = signerOf(await parsePrivateKey(pem, async () => utf8Of(password)));
  writeFileSync(join(scene.folder, 'file.txt'), 'a file');
  const made = await scene.run(['generate-key-pair', '--output-key-prefix', 'other']);
  assert.equal(made.status, 0, made.stderr);
});
after(() => scene.close());

/** Pushes an image, and attests each type about it under its `.att` tag. Returns its name and the envelopes. */
async function attested(
  repository: string,
  ...types: readonly string[]
): Promise<{ readonly image: string; readonly digest: string; readonly envelopes: readonly string[] }> {
  const { image, digest } = await scene.push(repository);
  const envelopes = await Promise.all(
    types.map(async (predicateType) => signedEnvelope(signer, statementAbout(digest, { predicateType }))),
  );
  const config = jsonContentOf('application/vnd.oci.image.config.v1+json', {});
  const manifest = jsonContentOf('application/vnd.oci.image.manifest.v1+json', {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: descriptorOf(config),
    layers: envelopes.map((envelope) => attestationLayer(envelope).layer),
  });
  for (const blob of [config, ...envelopes.map((envelope) => contentOf('', Buffer.from(envelope)))]) {
    await pushBlob(scene.address, repository, blob);
  }
  await pushManifest(scene.address, repository, `${digest.replace(':', '-')}.att`, manifest);
  return { image, digest, envelopes: envelopes.map((envelope) => Buffer.from(envelope).toString()) };
}

const verify = ['verify-attestation', '--key', 'cosign.pub'];

describe('verify-attestation', { concurrency: 3 }, () => {
  test("prints the envelopes of the wanted type on stdout and cosign's lines on stderr", async () => {
    const { image, digest, envelopes } = await attested('attested', TYPE, 'x:y', TYPE);
    const { status, stdout, stderr } = await scene.run([...verify, '--type', TYPE, image]);
    assert.equal(status, 0, stderr);
    assert.equal(stdout, `${envelopes[0]}\n${envelopes[2]}\n`);
    for (const line of [
      `\nVerification for ${image} --\nThe following checks were performed on each of these signatures:\n`,
      '  - The cosign claims were validated\n',
      '  - The signatures were verified against the specified public key\n',
      'transparency log: not checked (none configured)\n',
      `verified: ${scene.registry.host}/attested@${digest}\n`,
    ]) {
      assert.ok(stderr.includes(line), `${line} in ${stderr}`);
    }
    const any = await scene.run([...verify, '--type', 'any', '-o', 'text', image]);
    assert.equal(any.stdout, envelopes.map((line) => `${line}\n`).join(''));
  });

  test("every answer has its exit status; asked for, all failures are cosign's 1", async () => {
    const [own, unattested] = await Promise.all([attested('answers', TYPE), scene.push('unattested')]);
    const cases: readonly (readonly [number, readonly string[]])[] = [
      [0, ['--type', TYPE, own.image]],
      [10, [unattested.image]],
      [11, [`${scene.registry.host}/answers:none`]],
      [12, [own.image]],
      [12, ['--type', TYPE, '--key', 'other.pub', own.image]],
      [20, ['127.0.0.1:9/app:v1']],
    ];
    for (const [exit, args] of cases) {
      const keyed = args.includes('--key') ? args : ['--key', 'cosign.pub', ...args];
      const [ours, cosigns] = await Promise.all([
        scene.run(['verify-attestation', ...keyed]),
        scene.run(['verify-attestation', '--exit-codes', 'cosign', ...keyed]),
      ]);
      assert.equal(ours.status, exit, `${args.join(' ')}: ${ours.stderr}`);
      assert.equal(cosigns.status, exit === 0 ? 0 : 1, cosigns.stderr);
      if (exit !== 0) assert.equal(ours.stdout, '');
    }
    const several = await scene.run([...verify, '--type', TYPE, unattested.image, own.image]);
    assert.deepEqual([several.status, several.stdout], [10, `${own.envelopes[0]}\n`]);
  });

  test('another type is refused with the types that are there', async () => {
    const { image } = await attested('other-types', TYPE, 'https://spdx.dev/Document');
    const { status, stderr } = await scene.run([...verify, '--type', 'slsaprovenance', image]);
    assert.equal(status, 12);
    assert.match(
      stderr,
      /^Error: none of the attestations matched the predicate type: slsaprovenance, found: https:\/\/example\.com\/tested,https:\/\/spdx\.dev\/Document$/m,
    );
  });

  test('--check-claims=false accepts what is about another image, and says so', async () => {
    const { image, digest } = await scene.push('moved');
    const envelope = await signedEnvelope(signer, statementAbout('0'.repeat(64)));
    const blob = contentOf('', Buffer.from(envelope));
    const { layer } = attestationLayer(envelope);
    const config = jsonContentOf('application/vnd.oci.image.config.v1+json', {});
    const manifest = { schemaVersion: 2, config: descriptorOf(config), layers: [layer] };
    for (const each of [config, blob]) await pushBlob(scene.address, 'moved', each);
    const content = jsonContentOf('application/vnd.oci.image.manifest.v1+json', manifest);
    await pushManifest(scene.address, 'moved', `${digest.replace(':', '-')}.att`, content);
    assert.equal((await scene.run([...verify, image])).status, 12);
    const { status, stderr } = await scene.run([...verify, '--check-claims=false', image]);
    assert.equal(status, 0, stderr);
    assert.match(stderr, /claims NOT checked/);
    assert.doesNotMatch(stderr, /claims were validated/);
  });

  test('the report holds each attestation with its statement and its checks', async () => {
    const { image } = await attested('report', TYPE);
    const [report] = jsonOf(await scene.run([...verify, '--type', TYPE, '--json', image]))['images'] as {
      readonly outcome: string;
      readonly signatures: readonly {
        readonly status: string;
        readonly claims: { readonly type: string };
        readonly statement: { readonly predicate: unknown };
        readonly checks: readonly { readonly step: string }[];
      }[];
    }[];
    assert.equal(report?.outcome, 'verified');
    const [attestation] = report.signatures;
    assert.deepEqual(attestation?.statement.predicate, { Data: 'tested' });
    assert.equal(attestation.claims.type, TYPE);
    assert.deepEqual(
      attestation.checks.map(({ step }) => step).filter((step) => step.startsWith('claims')),
      ['claims.type', 'claims.digest'],
    );
  });

  const refusals: readonly (readonly [string, readonly string[]])[] = [
    ['PREDICATE_TYPE_INVALID', ['--type', 'bogus']],
    ['PREDICATE_TYPE_INVALID', ['--type', 'https://sigstore.dev/cosign/sign/v1']],
    ['FLAG_NOT_AVAILABLE', ['--policy', 'rules.cue']],
    ['FLAG_NOT_AVAILABLE', ['--certificate', 'leaf.pem']],
    ['FLAGS_CONFLICT', ['--key', 'other.pub']],
    ['FLAG_VALUE_INVALID', ['--max-workers', '0']],
  ];
  for (const [code, args] of refusals) {
    test(`${args.join(' ')} is refused`, async () => {
      const run = await scene.run([...verify, ...args, '--json', 'registry.example.com/app:v1']);
      assert.deepEqual([run.status, errorCodeOf(run)], [1, code]);
    });
  }

  test('without a key or identity nobody is believed', async () => {
    const run = await scene.run(['verify-attestation', '--json', 'registry.example.com/app:v1']);
    assert.deepEqual([run.status, errorCodeOf(run)], [1, 'FLAGS_CONFLICT']);
  });

  test('the environment does not say what counts as attested', async () => {
    const run = await scene.run([...verify, '--json', 'registry.example.com/app:v1'], { env: { COSIGN_TYPE: 'any' } });
    assert.deepEqual([run.status, errorCodeOf(run)], [1, 'ENVIRONMENT_WEAKENS']);
  });
});

describe('verify-blob-attestation', { concurrency: 3 }, () => {
  const verifyBlob = ['verify-blob-attestation', '--key', 'cosign.pub', '--type', TYPE];
  const hex = createHash('sha256').update('a file').digest('hex');
  before(async () => {
    const statement = statementAbout(hex, { predicateType: TYPE });
    writeFileSync(join(scene.folder, 'bundle.json'), await attestationBundle(signer, statement));
    writeFileSync(join(scene.folder, 'envelope.json'), await signedEnvelope(signer, statement));
  });

  test('a file, standard input and a digest verify by a bundle or an envelope', async () => {
    for (const proof of [
      ['--bundle', 'bundle.json'],
      ['--signature', 'envelope.json'],
    ]) {
      const runs = await Promise.all([
        scene.run([...verifyBlob, ...proof, 'file.txt']),
        scene.run([...verifyBlob, ...proof, '-'], { stdin: 'a file' }),
        scene.run([...verifyBlob, ...proof, '--digest', hex, '--digestAlg', 'sha256']),
        scene.run([...verifyBlob, ...proof, '--check-claims=false']),
      ]);
      for (const { status, stdout, stderr } of runs) {
        assert.deepEqual([status, stdout], [0, ''], stderr);
        assert.match(stderr, /^Verified OK$/m);
      }
      assert.match(runs.at(-1)?.stderr ?? '', /claims NOT checked/);
    }
  });

  test('another file, type, key or digest fails with 1 and a reason', async () => {
    const proof = ['--bundle', 'bundle.json'];
    const cases: readonly (readonly [RegExp, readonly string[]])[] = [
      [/about this artifact/, [...verifyBlob, ...proof, 'cosign.pub']],
      [/about this artifact/, [...verifyBlob, ...proof, '--digest', '0'.repeat(64), '--digestAlg', 'sha256']],
      [/what was asked for/, [...verifyBlob, '--type', 'spdx', ...proof, 'file.txt']],
      [/what was asked for/, [...verifyBlob, '--type', 'spdx', ...proof, '--check-claims=false']],
      [/trusted key/, ['verify-blob-attestation', '--key', 'other.pub', '--type', TYPE, ...proof, 'file.txt']],
    ];
    for (const [reason, args] of cases) {
      const { status, stderr } = await scene.run(args);
      assert.equal(status, 1, args.join(' '));
      assert.match(stderr, /^Error: invalid attestation: /m);
      assert.match(stderr, reason);
    }
  });

  const refusals: readonly (readonly [string, readonly string[]])[] = [
    ['ARGUMENTS_INVALID', ['--bundle', 'bundle.json']],
    ['FLAGS_CONFLICT', ['file.txt']],
    ['FLAGS_CONFLICT', ['--bundle', 'bundle.json', '--signature', 'envelope.json', 'file.txt']],
    ['FLAGS_CONFLICT', ['--bundle', 'bundle.json', '--digest', hex]],
    ['FLAGS_CONFLICT', ['--bundle', 'bundle.json', '--digestAlg', 'sha256']],
    ['FLAGS_CONFLICT', ['--bundle', 'bundle.json', '--digest', hex, '--digestAlg', 'sha256', 'file.txt']],
    ['FLAGS_CONFLICT', ['--bundle', 'bundle.json', '--rfc3161-timestamp', 'x', 'file.txt']],
    ['FLAG_VALUE_INVALID', ['--bundle', 'bundle.json', '--digest', hex.toUpperCase(), '--digestAlg', 'sha256']],
    ['FLAG_VALUE_INVALID', ['--bundle', 'bundle.json', '--digest', hex, '--digestAlg', 'sha512']],
    ['FLAG_VALUE_INVALID', ['--bundle', 'bundle.json', '--digest', hex, '--digestAlg', 'md5']],
    ['PREDICATE_TYPE_INVALID', ['--type', 'bogus', '--bundle', 'bundle.json', 'file.txt']],
    ['JSON_MALFORMED', ['--bundle', 'file.txt', 'file.txt']],
  ];
  for (const [code, args] of refusals) {
    test(`${args.map((arg) => arg.slice(0, 20)).join(' ')} is refused`, async () => {
      const run = await scene.run([...verifyBlob, '--json', ...args]);
      assert.deepEqual([run.status, errorCodeOf(run)], [1, code]);
    });
  }
});
