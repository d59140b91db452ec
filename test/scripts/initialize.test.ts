/** The choice of whom to trust: what is asked and said, and that a failure leaves the earlier choice alone. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { runCountersign } from '../support/countersign.ts';
import type { PeerRun, PeerRunOptions } from '../support/peers.ts';
import { createScratchFolder } from '../support/scratch.ts';
import type { ScriptedServer } from '../support/scripted-server.ts';
import { createRoleKey, createTufRepository, serveTufRepository } from '../support/tuf-repository.ts';
import type { TufRepository } from '../support/tuf-repository.ts';
import { errorCodeOf, jsonOf } from './scene.ts';

/** The smallest that is one. */
const trustedRoot = JSON.stringify({
  mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
  tlogs: [],
  certificateAuthorities: [],
  ctlogs: [],
  timestampAuthorities: [],
});

interface Scene {
  readonly repository: TufRepository;
  readonly server: ScriptedServer;
  readonly mirror: string;
  readonly folder: string;
  readonly cacheDir: string;
  readonly run: (args: readonly string[], options?: PeerRunOptions) => Promise<PeerRun>;
}

async function openScene(t: TestContext): Promise<Scene> {
  const repository = createTufRepository({
    'trusted_root.json': trustedRoot,
    'signing_config.v0.2.json': '{}',
    other: 'x',
  });
  const server = await serveTufRepository(t, repository);
  const folder = createScratchFolder('initialize');
  const cacheDir = join(folder, 'cache', 'root');
  writeFileSync(join(folder, 'root.json'), repository.firstRoot);
  return {
    repository,
    server,
    mirror: `http://${server.host}`,
    folder,
    cacheDir,
    run: (args, options = {}) =>
      runCountersign(['initialize', ...args], { cwd: folder, ...options, env: { TUF_ROOT: cacheDir, ...options.env } }),
  };
}

/** Everything that is kept, by path. */
function contentOf(folder: string): Record<string, string> {
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
  return Object.fromEntries(
    paths.map((each) => [
      join(each.parentPath, each.name).slice(folder.length + 1),
      readFileSync(join(each.parentPath, each.name), 'utf8'),
    ]),
  );
}

const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe('initialize', { concurrency: 4 }, () => {
  test('what is fetched is reported, and kept as cosign keeps it', async (t) => {
    const { repository, server, mirror, cacheDir, run } = await openScene(t);
    const done = await run(['--mirror', mirror, '--root', 'root.json', '--json']);
    assert.equal(done.status, 0, done.stderr);
    assert.equal(done.stderr, '');
    const expires = '2040-01-01T00:00:00Z';
    const role = { version: 1, expires };
    assert.deepEqual(jsonOf(done), {
      mirror,
      cacheDir,
      firstRoot: { sha256: sha256Of(repository.firstRoot), trustedBy: 'file' },
      roles: { root: role, timestamp: role, snapshot: role, targets: role },
      targets: ['trusted_root.json', 'signing_config.v0.2.json', 'other'],
    });
    const folder = server.host.replace(':', '-');
    const names = [
      'root.json',
      'snapshot.json',
      'targets.json',
      'targets/signing_config.v0.2.json',
      'targets/trusted_root.json',
      'timestamp.json',
    ];
    assert.deepEqual(
      Object.keys(contentOf(cacheDir))
        .filter((name) => name !== '.lock')
        .toSorted(),
      [`${folder}.json`, 'remote.json', ...names.map((name) => `${folder}/${name}`)].toSorted(),
    );
    assert.equal(readFileSync(join(cacheDir, 'remote.json'), 'utf8'), JSON.stringify({ mirror }));
  });

  test('the text says whom, from which root, until when', async (t) => {
    const { repository, mirror, cacheDir, run } = await openScene(t);
    const { stdout } = await run(['--mirror', mirror, '--root', 'root.json']);
    assert.equal(
      stdout,
      `Trusting ${mirror}\n` +
        `  first root  from the file given, sha256:${sha256Of(repository.firstRoot)}\n` +
        ['root', 'timestamp', 'snapshot', 'targets']
          .map((role) => `  ${role.padEnd(12)}version 1, expires 2040-01-01T00:00:00Z\n`)
          .join('') +
        `  files       trusted_root.json, signing_config.v0.2.json, other\n  kept in     ${cacheDir}\n`,
    );
  });

  test('without --mirror it is a request for the public instance: that is said, and asked', async (t) => {
    const { folder, run } = await openScene(t);
    for (const stdin of ['', 'n\n']) {
      const declined = await run(['--json'], { stdin });
      assert.equal(errorCodeOf(declined), 'CONFIRMATION_DECLINED');
      assert.match(declined.stderr, /asks the public instance of Sigstore, https:\/\/tuf-repo-cdn\.sigstore\.dev/);
    }
    // A proxy that is not there, so that nothing leaves this machine: with --yes it is asked for at once.
    const env = { HTTPS_PROXY: 'http://127.0.0.1:1' };
    const agreed = await run(['--yes', '--json'], { env });
    assert.equal(errorCodeOf(agreed), 'HTTP_UNREACHABLE');
    assert.match(agreed.stderr, /asks the public instance/);
    assert.equal(existsSync(join(folder, 'cache')), false, 'nothing is kept');
  });

  test('a root from an address without a checksum is trusted on first use, which is said with its checksum', async (t) => {
    const { repository, mirror, run } = await openScene(t);
    const done = await run(['--mirror', mirror, '--root', `${mirror}/1.root.json`, '--json']);
    assert.equal((jsonOf(done)['firstRoot'] as { trustedBy: string }).trustedBy, 'first-use');
    assert.match(done.stderr, /^WARNING: the root is trusted on first use/);
    assert.ok(done.stderr.includes(`sha256:${sha256Of(repository.firstRoot)}`));
  });

  test('a checksum is checked, in the forms of cosign, for files and addresses', async (t) => {
    const { repository, mirror, run } = await openScene(t);
    const sha512 = createHash('sha512').update(repository.firstRoot).digest('hex');
    for (const root of ['root.json', `${mirror}/1.root.json`]) {
      for (const checksum of [
        sha256Of(repository.firstRoot),
        `sha256:${sha256Of(repository.firstRoot)}`,
        `sha512:${sha512.toUpperCase()}`,
      ]) {
        const done = await run(['--mirror', mirror, '--root', root, '--root-checksum', checksum, '--json']);
        assert.equal((jsonOf(done)['firstRoot'] as { trustedBy: string }).trustedBy, 'checksum', done.stderr);
        assert.equal(done.stderr, '');
      }
    }
    for (const [checksum, code] of [
      ['0'.repeat(64), 'TUF_CHECKSUM_MISMATCH'],
      [`sha512:${'0'.repeat(128)}`, 'TUF_CHECKSUM_MISMATCH'],
      [`sha512:${'0'.repeat(64)}`, 'FLAG_VALUE_INVALID'],
      ['md5:00', 'FLAG_VALUE_INVALID'],
      ['root.json', 'FLAG_VALUE_INVALID'],
    ] as const) {
      assert.equal(
        errorCodeOf(await run(['--mirror', mirror, '--root', 'root.json', '--root-checksum', checksum, '--json'])),
        code,
      );
    }
  });

  test('flags that mean nothing together are refused', async (t) => {
    const { mirror, run } = await openScene(t);
    for (const [args, code] of [
      [['--mirror', mirror, '--staging'], 'FLAGS_CONFLICT'],
      [['--mirror', mirror, '--root-checksum', '0'.repeat(64)], 'FLAGS_CONFLICT'],
      [['--staging'], 'TRUST_ROOT_MISSING'],
      [['--mirror', 'tuf.example.com', '--root', 'root.json'], 'TUF_MIRROR_INVALID'],
      [['--mirror', 'https://user:secret@tuf.example.com', '--root', 'root.json'], 'TUF_MIRROR_INVALID'],
      [['--mirror', mirror, '--root', 'missing.json'], 'FILE_NOT_READABLE'],
      [['--mirror', mirror, '--root', `${mirror}/missing.json`], 'TUF_MIRROR_FAILED'],
    ] as const) {
      const run1 = await run([...args, '--json']);
      assert.equal(errorCodeOf(run1), code, args.join(' '));
      assert.doesNotMatch(run1.stdout + run1.stderr, /secret/);
    }
  });

  test('a private repository is not taken for a copy of the public one', async (t) => {
    const { mirror, run } = await openScene(t);
    const refused = await run(['--mirror', mirror, '--json']);
    assert.match(refused.stderr, /^Without --root .* is taken for a copy of the public instance/);
    assert.equal(errorCodeOf(refused), 'TUF_SIGNATURES_INSUFFICIENT');
  });

  test('a failure of any kind leaves the earlier choice as it was', async (t) => {
    const { repository, mirror, cacheDir, run } = await openScene(t);
    await run(['--mirror', mirror, '--root', 'root.json']);
    const before = contentOf(cacheDir);
    const attacks: readonly (readonly [string, () => void])[] = [
      [
        'TUF_MIRROR_FAILED',
        () => repository.files.delete('targets.json') && void repository.files.delete('1.targets.json'),
      ],
      [
        'TUF_TARGET_MISSING',
        () => {
          repository.targets.delete('trusted_root.json');
          repository.publishNext('targets', 'snapshot', 'timestamp');
        },
      ],
      [
        'TRUSTED_ROOT_MALFORMED',
        () => {
          repository.targets.set('trusted_root.json', Buffer.from('{}'));
          repository.publishNext('targets', 'snapshot', 'timestamp');
        },
      ],
      ['TUF_SIGNATURES_INSUFFICIENT', () => void repository.publish('timestamp', { signers: [createRoleKey()] })],
    ];
    for (const [code, attack] of attacks) {
      attack();
      const failed = await run(['--mirror', mirror, '--root', 'root.json', '--json']);
      assert.equal(errorCodeOf(failed), code, failed.stderr);
      assert.deepEqual(contentOf(cacheDir), before, code);
    }
  });

  test('a new choice takes the place of the earlier one, even of a repository that was begun anew at the same address', async (t) => {
    const { repository, mirror, folder, cacheDir, run } = await openScene(t);
    repository.publishNext('targets', 'snapshot', 'timestamp');
    await run(['--mirror', mirror, '--root', 'root.json']);
    const anew = createTufRepository({ 'trusted_root.json': trustedRoot });
    repository.files.clear();
    for (const [path, bytes] of anew.files) repository.files.set(path, bytes);
    writeFileSync(join(folder, 'root.json'), anew.firstRoot);
    const done = await run(['--mirror', mirror, '--root', 'root.json', '--json']);
    assert.equal(done.status, 0, done.stderr);
    assert.deepEqual(
      Object.keys(contentOf(cacheDir)).filter((name) => name.includes('signing_config')),
      [],
      'nothing is left of the old',
    );
    assert.deepEqual(
      readdirSync(cacheDir).filter((name) => /\.(?:new|old)$/.test(name)),
      [],
    );
  });

  test('a folder of files is a mirror, with no network at all', async (t) => {
    const { repository, folder, run } = await openScene(t);
    for (const [path, bytes] of repository.files) {
      mkdirSync(dirname(join(folder, 'copy', path)), { recursive: true });
      writeFileSync(join(folder, 'copy', path), bytes);
    }
    const mirror = pathToFileURL(join(folder, 'copy')).href;
    const done = await run(['--mirror', mirror, '--root', 'root.json', '--json']);
    assert.equal(jsonOf(done)['mirror'], mirror, done.stderr);
  });

  test('eight at once each succeed, and the last one counts whole', async (t) => {
    const { mirror, cacheDir, run } = await openScene(t);
    const runs = await Promise.all(
      Array.from({ length: 8 }, () => run(['--mirror', mirror, '--root', 'root.json', '--json'])),
    );
    assert.deepEqual(
      runs.map(({ status }) => status),
      Array.from({ length: 8 }, () => 0),
      runs.map(({ stderr }) => stderr).join(''),
    );
    const names = Object.keys(contentOf(cacheDir));
    assert.equal(names.filter((name) => name.endsWith('targets/trusted_root.json')).length, 1);
    assert.deepEqual(
      names.filter((name) => /\.(?:new|old)\//.test(name)),
      [],
    );
  });
});
