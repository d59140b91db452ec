/** Images from signing to cleaning, as typed. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { buildImage, buildIndex, pushImage, pushIndex } from '../support/image.ts';
import { registryRequest } from '../support/registry-request.ts';
import { errorCodeOf, jsonOf, openScene } from './scene.ts';
import type { Scene } from './scene.ts';

interface ImageJson {
  readonly outcome: string;
  readonly exit: number;
  readonly resolved: string;
  readonly signatures: readonly { readonly form: string; readonly status: string; readonly signer?: string }[];
}

const imagesOf = (report: Record<string, unknown>): readonly ImageJson[] => report['images'] as readonly ImageJson[];

let scene: Scene;
before(async () => {
  scene = await openScene();
});
after(() => scene.close());

describe('images', { concurrency: 3 }, () => {
  test('sign writes nothing to stdout, stores both forms, and signing again stores nothing', async () => {
    const { image, byDigest } = await scene.push('sign-twice');
    const first = await scene.run(['sign', '--key', 'cosign.key', image]);
    assert.equal(first.status, 0, first.stderr);
    assert.equal(first.stdout, '');
    assert.match(first.stderr, new RegExp(`^Pushing signature to: ${scene.registry.host}/sign-twice$`, 'm'));
    assert.match(first.stderr, /is a tag/);
    assert.match(first.stderr, /transparency log/);
    const second = await scene.run(['sign', '--key', 'cosign.key', '--json', byDigest]);
    const [report] = jsonOf(second)['images'] as { readonly forms: readonly { readonly status: string }[] }[];
    assert.deepEqual(
      report?.forms.map(({ status }) => status),
      ['already-there', 'already-there'],
    );
    assert.doesNotMatch(second.stderr, /is a tag/);
  });

  test("verify prints cosign's array on stdout and its lines on stderr", async () => {
    const { image, digest } = await scene.push('verified');
    await scene.run(['sign', '--key', 'cosign.key', '-a', 'build=7', image]);
    const { status, stdout, stderr } = await scene.run(['verify', '--key', 'cosign.pub', '-a', 'build=7', image]);
    assert.equal(status, 0, stderr);
    const payload = `{"critical":{"identity":{"docker-reference":"${scene.registry.host}/verified"},"image":{"docker-manifest-digest":"${digest}"},"type":"cosign container image signature"},"optional":{"build":"7"}}`;
    assert.equal(stdout, `\n[${payload}]\n`);
    for (const line of [
      `\nVerification for ${image} --\nThe following checks were performed on each of these signatures:\n  - The specified annotations were verified.\n`,
      '  - The cosign claims were validated\n',
      '  - The signatures were verified against the specified public key\n',
      'transparency log: not checked (none configured)\n',
    ]) {
      assert.ok(stderr.includes(line), `${line} in ${stderr}`);
    }
    const text = await scene.run(['verify', '--key', 'cosign.pub', '-o', 'text', image]);
    assert.equal(text.stdout, `${payload}\n`);
  });

  test('a bundle alone prints as cosign 3 prints it', async () => {
    const { image, digest } = await scene.push('bundle-only');
    await scene.run(['sign', '--key', 'cosign.key', '--format=bundle', image]);
    const { stdout } = await scene.run(['verify', '--key', 'cosign.pub', image]);
    const critical = {
      identity: { 'docker-reference': image },
      image: { 'docker-manifest-digest': digest },
      type: 'https://sigstore.dev/cosign/sign/v1',
    };
    assert.equal(stdout, `\n[${JSON.stringify({ critical, optional: {} })}]\n`);
  });

  test('every answer has its exit status, and the first failure decides', async () => {
    const [signed, unsigned, other] = await Promise.all(
      ['answers/signed', 'answers/unsigned', 'answers/other'].map(scene.push),
    );
    assert.ok(signed && unsigned && other);
    await scene.run(['sign', '--key', 'cosign.key', signed.image, other.image]);
    await scene.run(['generate-key-pair', '--output-key-prefix', 'stranger']);
    const absent = `${scene.registry.host}/answers/none:v1`;
    const unreachable = '127.0.0.1:1/answers/none:v1';
    const verify = ['verify', '--key', 'cosign.pub'];
    const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
      [[...verify, signed.image, other.image], 0, /checks were performed/],
      [[...verify, unsigned.image], 10, /Error: no signatures found/],
      [[...verify, absent], 11, /is not in the registry/],
      [['verify', '--key', 'stranger.pub', signed.image], 12, /Error: no matching signatures/],
      [[...verify, '-a', 'missing=1', signed.image], 12, /no matching signatures/],
      [[...verify, unreachable], 20, /could not look/],
      [[...verify, '--exit-codes=cosign', unreachable], 1, /could not look/],
      [[...verify, '--exit-codes=cosign', unsigned.image], 10, /no signatures found/],
      [[...verify, signed.image, absent, unsigned.image], 11, /no signatures found/],
      [['verify', '--key', 'cosign.key', signed.image], 1, /public-key/],
      [[...verify, '--threshold=2', signed.image], 1, /threshold/],
      [[...verify, '--key', 'stranger.pub', '--threshold=2', signed.image], 12, /no matching|threshold/],
      [[...verify, '--key', 'stranger.pub', '--threshold=1', signed.image], 0, /checks were performed/],
    ];
    for (const [args, status, message] of cases) {
      const run = await scene.run(args);
      assert.equal(run.status, status, `${args.join(' ')}: ${run.stderr}`);
      assert.match(run.stderr, message);
    }
  });

  test('several images are judged all, and printed in the order of the arguments', async () => {
    const [one, two] = [await scene.push('order/one'), await scene.push('order/two')];
    await scene.run(['sign', '--key', 'cosign.key', two.image]);
    const run = await scene.run(['verify', '--key', 'cosign.pub', '--json', one.image, two.image, one.image]);
    assert.equal(run.status, 10);
    assert.deepEqual(
      imagesOf(jsonOf(run)).map(({ outcome }) => outcome),
      ['absent', 'verified', 'absent'],
    );
  });

  test('unchecked claims are always said to be unchecked', async () => {
    const { image } = await scene.push('unchecked');
    await scene.run(['sign', '--key', 'cosign.key', image]);
    const run = await scene.run(['verify', '--key', 'cosign.pub', '--check-claims=false', image]);
    assert.equal(run.status, 0, run.stderr);
    assert.match(run.stderr, /claims NOT checked/);
    assert.doesNotMatch(run.stderr, /claims were validated/);
  });

  test('--explain shows every check and what decided, on stderr', async () => {
    const { image } = await scene.push('explained');
    const run = await scene.run(['verify', '--key', 'cosign.pub', '--explain', image]);
    assert.equal(run.status, 10);
    assert.equal(run.stdout, '');
    assert.match(run.stderr, /pass {4}Read .*\.sig: absent/);
    assert.match(run.stderr, /^Decided by: /m);
    assert.match(run.stderr, /^Next: /m);
  });

  test('an overwritten tag is told from one that was never signed', async () => {
    const { image, byDigest } = await scene.push('overwritten');
    await scene.run(['sign', '--key', 'cosign.key', image]);
    const attack = await pushImage(scene.address, 'overwritten', 'v1', buildImage('attack'));
    const run = await scene.run(['verify', '--key', 'cosign.pub', image]);
    assert.equal(run.status, 10);
    assert.ok(run.stderr.includes(attack));
    assert.match(run.stderr, /overwritten since/);
    assert.equal((await scene.run(['verify', '--key', 'cosign.pub', byDigest])).status, 0);
  });

  test('an index and everything in it is signed and verified with --recursive', async () => {
    const digest = await pushIndex(scene.address, 'index', 'v1', buildIndex('recursive'));
    const image = `${scene.registry.host}/index@${digest}`;
    await scene.run(['sign', '--key', 'cosign.key', image]);
    assert.equal((await scene.run(['verify', '--key', 'cosign.pub', image])).status, 0);
    assert.equal((await scene.run(['verify', '--key', 'cosign.pub', '-r', image])).status, 10);
    const signed = await scene.run(['sign', '--key', 'cosign.key', '-r', '--json', image]);
    assert.equal((jsonOf(signed)['images'] as unknown[]).length, 3);
    assert.equal((await scene.run(['verify', '--key', 'cosign.pub', '-r', image])).status, 0);
  });

  test('--expect-digest signs only what was expected', async () => {
    const { image, digest } = await scene.push('expected');
    const run = await scene.run([
      'sign',
      '--key',
      'cosign.key',
      '--json',
      '--expect-digest',
      `sha256:${'0'.repeat(64)}`,
      image,
    ]);
    assert.equal(run.status, 1);
    assert.match(run.stdout, /DIGEST_UNEXPECTED/);
    assert.equal((await scene.run(['verify', '--key', 'cosign.pub', image])).status, 10);
    assert.equal((await scene.run(['sign', '--key', 'cosign.key', '--expect-digest', digest, image])).status, 0);
  });

  test('a wrong password is one clear error, however many images there are', async () => {
    const { image } = await scene.push('wrong-password');
    const env = { COSIGN_PASSWORD: 'wrong' };
    const run = await scene.run(['sign', '--key', 'cosign.key', '--json', image, image], { env });
    assert.equal(errorCodeOf(run), 'KEY_PASSWORD_WRONG');
    assert.equal(run.status, 1);
    assert.equal(run.stderr.match(/^Error: /gm)?.length, 1);
    assert.equal((await scene.run(['verify', '--key', 'cosign.pub', image])).status, 10);
  });

  test('what sign wrote to files is verified, and attached later', async () => {
    const { byDigest } = await scene.push('files');
    const files = ['--output-signature', 'f.sig', '--output-payload', 'f.payload', '--bundle', 'f.bundle'];
    const signed = await scene.run(['sign', '--key', 'cosign.key', '--upload=false', ...files, byDigest]);
    assert.equal(signed.status, 0, signed.stderr);
    assert.doesNotMatch(signed.stderr, /Pushing/);
    assert.equal((await scene.run(['verify', '--key', 'cosign.pub', byDigest])).status, 10);
    const detached = ['--signature', 'f.sig', '--payload', 'f.payload'];
    assert.equal((await scene.run(['verify', '--key', 'cosign.pub', ...detached, byDigest])).status, 0);
    const attached = await scene.run(['attach', 'signature', ...detached, '--json', byDigest]);
    assert.equal(attached.status, 0, attached.stderr);
    assert.equal(jsonOf(attached)['status'], 'stored');
    assert.equal((await scene.run(['attach', 'signature', '--bundle', 'f.bundle', byDigest])).status, 0);
    const verified = await scene.run(['verify', '--key', 'cosign.pub', '--json', byDigest]);
    assert.deepEqual(
      imagesOf(jsonOf(verified))[0]?.signatures.map(({ form, status }) => [form, status]),
      [
        ['legacy', 'verified'],
        ['bundle', 'verified'],
      ],
    );
    const { byDigest: another } = await scene.push('files-another');
    assert.equal(
      errorCodeOf(await scene.run(['attach', 'signature', ...detached, '--json', another])),
      'ATTACHMENT_MISMATCH',
    );
  });

  test('tree, triangulate, download, readers, copy and clean tell about the same signatures', async () => {
    const { image, digest, byDigest } = await scene.push('stored');
    await scene.run(['sign', '--key', 'cosign.key', byDigest]);
    const tag = `${scene.registry.host}/stored:${digest.replace(':', '-')}.sig`;
    const tree = await scene.run(['tree', image]);
    assert.ok(
      tree.stdout.startsWith(
        `📦 Supply Chain Security Related artifacts for an image: ${image}\n└── 🔐 Signatures for an image tag: ${tag}\n   └── 🍒 sha256:`,
      ),
    );
    assert.match(tree.stdout, /└── 🔗 https:\/\/sigstore\.dev\/cosign\/sign\/v1 artifacts via OCI referrer: /);
    assert.equal((await scene.run(['triangulate', image])).stdout, `${tag}\n`);
    const line = (await scene.run(['download', 'signature', image])).stdout;
    assert.match((JSON.parse(line) as { readonly mediaType: string }).mediaType, /bundle/);
    const readers = await scene.run(['readers', '--key', 'cosign.pub', image]);
    for (const name of [
      'countersign',
      'cosign 2.x',
      'cosign 3.x',
      'podman/skopeo',
      'Kyverno Cosign',
      'policy-controller',
    ]) {
      assert.ok(readers.stdout.includes(`  yes  ${name}: `), readers.stdout);
    }
    assert.match(readers.stdout, / Kyverno SigstoreBundle: /);
    const copy = `${scene.registry.host}/stored-copy:v2`;
    assert.equal((await scene.run(['copy', image, copy])).status, 0);
    assert.equal((await scene.run(['verify', '--key', 'cosign.pub', copy])).status, 0);
    const declined = await scene.run(['clean', copy], { stdin: '' });
    assert.match(declined.stderr, /user declined the prompt/);
    assert.equal(
      (await scene.run(['clean', '--force', copy])).stdout.split('\n').filter((each) => each.startsWith('Removed '))
        .length,
      2,
    );
    assert.equal((await scene.run(['verify', '--key', 'cosign.pub', copy])).status, 10);
    assert.equal((await scene.run(['verify', '--key', 'cosign.pub', image])).status, 0);
  });

  test('a taken tag is replaced by copy only with --force', async () => {
    const [one, two] = [await scene.push('taken/one'), await scene.push('taken/two')];
    assert.equal(errorCodeOf(await scene.run(['copy', '--json', one.image, two.image])), 'COPY_TAG_TAKEN');
    assert.equal((await scene.run(['copy', '-f', one.image, two.image])).status, 0);
  });

  test('every command about images prints one JSON document with --json, whether it worked or not', async () => {
    const { image } = await scene.push('json');
    await scene.run(['sign', '--key', 'cosign.key', image]);
    const missing = `${scene.registry.host}/json-missing:v1`;
    const commands = [
      ['sign', '--key', 'cosign.key'],
      ['verify', '--key', 'cosign.pub'],
      ['tree'],
      ['triangulate'],
      ['download', 'signature'],
      ['readers'],
      ['clean', '-f'],
      ['attach', 'signature', '--signature', 'f0'],
    ];
    writeFileSync(join(scene.folder, 'f0'), Buffer.from('no signature').toString('base64'));
    for (const command of commands) {
      jsonOf(await scene.run([...command, '--json', image]));
      const failed = await scene.run([...command, '--json', missing]);
      assert.equal(failed.status, 11, `${command.join(' ')}: ${failed.stderr}`);
      assert.match(JSON.stringify(jsonOf(failed)), /IMAGE_NOT_FOUND|image-absent/);
    }
    jsonOf(await scene.run(['public-key', '--key', 'cosign.key', '--json']));
    jsonOf(await scene.run(['sign-blob', '--key', 'cosign.key', '--json', 'f0']));
    jsonOf(await scene.run(['completion', 'fish', '--json']));
    jsonOf(await scene.run(['copy', '--json', image, `${scene.registry.host}/json-copy:v1`]));
  });

  test('COSIGN_REPOSITORY and the tag prefix are where everybody looks', async () => {
    const { image, digest } = await scene.push('elsewhere/image');
    const env = { COSIGN_REPOSITORY: `${scene.registry.host}/elsewhere/signatures` };
    const prefix = '--attachment-tag-prefix=team-';
    await scene.run(['sign', '--key', 'cosign.key', prefix, image], { env });
    assert.equal((await scene.run(['verify', '--key', 'cosign.pub', image])).status, 10);
    assert.equal((await scene.run(['verify', '--key', 'cosign.pub', prefix, image], { env })).status, 0);
    const tag = `team-${digest.replace(':', '-')}.sig`;
    assert.equal(
      (await scene.run(['triangulate', prefix, image], { env })).stdout,
      `${scene.registry.host}/elsewhere/signatures:${tag}\n`,
    );
    assert.equal(
      (await registryRequest(scene.address, 'GET', `/v2/elsewhere/signatures/manifests/${tag}`)).status,
      200,
    );
    const wrong = await scene.run(['verify', '--key', 'cosign.pub', '--json', image], {
      env: { COSIGN_REPOSITORY: 'No Repository' },
    });
    assert.equal(errorCodeOf(wrong), 'ENVIRONMENT_INVALID');
  });

  test('files are signed and verified, with a bundle of either generation, from standard input, and by digest', async () => {
    const file = join(scene.folder, 'file');
    writeFileSync(file, 'contents');
    const signed = await scene.run(['sign-blob', '--key', 'cosign.key', '--bundle', 'b3', 'file']);
    assert.match(signed.stdout, /^[A-Za-z0-9+/]+=*\n$/);
    assert.match(signed.stderr, /^Using payload from: file\nWrote bundle to file b3$/m);
    const piped = await scene.run(
      [
        'sign-blob',
        '--key',
        'cosign.key',
        '--new-bundle-format=false',
        '--bundle',
        'b2',
        '--output-signature',
        's',
        '-',
      ],
      { stdin: 'contents' },
    );
    assert.equal(piped.stdout, '');
    const { createHash } = await import('node:crypto');
    const digest = `sha256:${createHash('sha256').update('contents').digest('hex')}`;
    const good = [
      ['--bundle', 'b3', 'file'],
      ['--bundle', 'b2', 'file'],
      ['--signature', 's', 'file'],
      ['--signature', signed.stdout.trim(), 'file'],
      ['--bundle', 'b3', digest],
    ];
    for (const args of good) {
      const run = await scene.run(['verify-blob', '--key', 'cosign.pub', ...args]);
      assert.equal(run.status, 0, `${args.join(' ')}: ${run.stderr}`);
      assert.equal(run.stdout, '');
      assert.match(run.stderr, /^Verified OK$/m);
    }
    const changed = await scene.run(['verify-blob', '--key', 'cosign.pub', '--bundle', 'b3', '-'], {
      stdin: 'changed',
    });
    assert.equal(changed.status, 1);
    assert.doesNotMatch(changed.stderr, /Verified OK/);
    const wrong: readonly (readonly [readonly string[], string])[] = [
      [['--bundle', 'file', 'file'], 'JSON_MALFORMED'],
      [['--signature', 'no base64!', 'file'], 'SIGNATURE_MALFORMED'],
      [['--bundle', 'b3', 'absent'], 'FILE_NOT_READABLE'],
      [['--bundle', 'absent', 'file'], 'FILE_NOT_READABLE'],
    ];
    for (const [args, code] of wrong) {
      const run = await scene.run(['verify-blob', '--key', 'cosign.pub', '--json', ...args]);
      assert.equal(run.status, 1, args.join(' '));
      assert.equal(errorCodeOf(run), code);
    }
    assert.equal(readFileSync(join(scene.folder, 's'), 'utf8').trim().length > 60, true);
  });

  test('no control character of a registry reaches the terminal', async () => {
    const { image, digest } = await scene.push('hostile');
    const signed = await scene.run(['sign', '--key', 'cosign.key', '-a', 'evil=\u001b[2J\u202efdp', image]);
    assert.equal(signed.status, 0, signed.stderr);
    for (const args of [
      ['verify', '--explain', '--key', 'cosign.pub'],
      ['verify', '-o', 'text', '--key', 'cosign.pub'],
      ['verify', '--json', '--key', 'cosign.pub'],
      ['tree'],
      ['readers'],
      ['download', 'signature'],
    ]) {
      const { stdout, stderr } = await scene.run([...args, image]);
      assert.doesNotMatch(stdout + stderr, /[\u001b\u202e]/, args.join(' '));
    }
    assert.ok(digest);
  });

  test('--verbose shows requests without secrets', async () => {
    const { image } = await scene.push('verbose');
    const run = await scene.run([
      'verify',
      '-d',
      '--key',
      'cosign.pub',
      '--registry-username=me',
      '--registry-password=hush-hush',
      image,
    ]);
    assert.match(run.stderr, /^GET http:\/\/127\.0\.0\.1:\d+\/v2\/verbose\/manifests\/v1 200 \d+ ms$/m);
    assert.doesNotMatch(run.stderr, /hush-hush/);
  });
});
