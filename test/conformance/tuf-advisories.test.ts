/** Advisories of other TUF clients, each as the attack that it was. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { mirrorFolderOf } from '../../src/clients/tuf/cache.ts';
import { readTufTarget } from '../../src/clients/tuf/tuf-source.ts';
import { hasCode } from '../support/error-code.ts';
import { createScratchFolder } from '../support/scratch.ts';
import { createTestRuntime } from '../support/test-runtime.ts';
import { openTufClient } from '../support/tuf-client.ts';
import {
  createRoleKey,
  createTufRepository,
  farFuture,
  headOf,
  serveTufRepository,
  targetOf,
} from '../support/tuf-repository.ts';

const repositoryWithTarget = () => createTufRepository({ 'trusted_root.json': '{}' });

for (const role of ['timestamp', 'snapshot', 'targets'] as const) {
  test(`CVE-2022-29173 (go-tuf): an older ${role} than was seen before is refused, not only an older root`, async (t) => {
    const repository = repositoryWithTarget();
    repository.publishNext('targets', 'snapshot', 'timestamp');
    const client = await openTufClient(t, repository);
    await client.update();
    repository.roles[role].version = 1;
    if (role === 'timestamp') repository.publish('timestamp');
    else
      repository.publishNext(...(role === 'targets' ? (['snapshot', 'timestamp'] as const) : (['timestamp'] as const)));
    await assert.rejects(client.update(), hasCode('TUF_ROLLBACK'));
  });
}

test('CVE-2024-47534 (go-tuf): delegations are walked in depth first, so the most trusted content wins', async (t) => {
  const repository = createTufRepository({});
  const key = createRoleKey();
  const delegationsOf = (...names: readonly string[]) => ({
    keys: { [key.id]: key.publicPart },
    roles: names.map((name) => ({ name, keyids: [key.id], threshold: 1, terminating: false, paths: ['file'] })),
  });
  const has = (content: string) => ({ file: targetOf(Buffer.from(content)) });
  const publish = (name: string, rest: object) =>
    repository.publishAs(name, 1, { ...headOf('targets', 1, farFuture), targets: {}, ...rest }, [key]);
  publish('a', { delegations: delegationsOf('deep') });
  publish('deep', { targets: has('of the more trusted') });
  publish('b', { targets: has('of the less trusted') });
  repository.delegations = delegationsOf('a', 'b');
  repository.publish('targets');
  const meta = Object.fromEntries(['targets', 'a', 'b', 'deep'].map((name) => [`${name}.json`, { version: 1 }]));
  repository.publish('snapshot', { signed: (signed) => ({ ...signed, meta }) });
  for (const content of ['of the more trusted', 'of the less trusted']) {
    const { hashes } = targetOf(Buffer.from(content)) as { hashes: { sha256: string } };
    repository.files.set(`targets/${hashes.sha256}.file`, Buffer.from(content));
  }
  const client = await openTufClient(t, repository);
  assert.equal(Buffer.from(await client.fetch('file')).toString(), 'of the more trusted');
});

for (const [what, text] of [
  ['nothing', ''],
  ['null', 'null'],
  ['a list', '[]'],
  ['no signed part', '{"signatures":[]}'],
  ['a signed part that is null', '{"signed":null,"signatures":[]}'],
  ['signatures that are null', '{"signed":{"_type":"timestamp"},"signatures":null}'],
  ['a type that is a number', '{"signed":{"_type":1},"signatures":[]}'],
  [
    'members of wrong types',
    '{"signed":{"_type":"timestamp","spec_version":{},"version":[],"expires":0,"meta":1},"signatures":[{}]}',
  ],
  ['very deep nesting', `${'['.repeat(8000)}${']'.repeat(8000)}`],
] as const) {
  test(`CVE-2026-23991 (go-tuf): a mirror that answers with ${what} is told of, and nothing breaks`, async (t) => {
    for (const name of ['2.root.json', 'timestamp.json', '1.snapshot.json', '1.targets.json']) {
      const repository = repositoryWithTarget();
      repository.files.set(name, Buffer.from(text));
      const client = await openTufClient(t, repository);
      await assert.rejects(client.update(), hasCode('TUF_METADATA_MALFORMED'), name);
    }
  });
}

for (const threshold of [0, -1]) {
  test(`CVE-2026-23992 (go-tuf): a threshold of ${threshold} does not make signatures needless`, async (t) => {
    const delegating = createTufRepository({});
    const key = createRoleKey();
    delegating.delegations = {
      keys: { [key.id]: key.publicPart },
      roles: [{ name: 'a', keyids: [key.id], threshold, terminating: false, paths: ['file'] }],
    };
    delegating.publish('targets');
    delegating.publishAs(
      'a',
      1,
      { ...headOf('targets', 1, farFuture), targets: { file: targetOf(Buffer.from('x')) } },
      [],
    );
    const client = await openTufClient(t, delegating);
    await assert.rejects(client.fetch('file'), hasCode('TUF_METADATA_MALFORMED'));

    const weak = repositoryWithTarget();
    weak.roles.timestamp.threshold = threshold;
    weak.publishNext('root');
    weak.publish('timestamp', { signers: [] });
    await assert.rejects((await openTufClient(t, weak)).update(), hasCode('TUF_METADATA_MALFORMED'));
  });
}

test('CVE-2026-24137 (sigstore), CVE-2021-41131 (python-tuf): names in signed documents lead to no place outside the cache', async (t) => {
  const name = '../../../escaped.txt';
  const repository = createTufRepository({});
  repository.publish('targets', {
    signed: (signed) => ({ ...signed, targets: { [name]: targetOf(Buffer.from('x')) } }),
  });
  const folder = createScratchFolder('tuf-escape');
  const server = await serveTufRepository(t, repository);
  const source = {
    cacheDir: join(folder, 'a', 'root'),
    mirror: `http://${server.host}`,
    firstRoot: repository.firstRoot,
    isOffline: false,
    isReadOnly: false,
  };
  await assert.rejects(readTufTarget(source, name, createTestRuntime(t)), hasCode('TUF_TARGET_INVALID'));

  // A role's name becomes a file's name too.
  const key = createRoleKey();
  const role = '../../../escaped';
  repository.delegations = {
    keys: { [key.id]: key.publicPart },
    roles: [{ name: role, keyids: [key.id], threshold: 1, terminating: false, paths: ['file'] }],
  };
  repository.publishNext('targets');
  repository.roles.snapshot.version += 1;
  const meta = { 'targets.json': { version: 2 }, [`${role}.json`]: { version: 1 } };
  repository.publish('snapshot', { signed: (signed) => ({ ...signed, meta }) });
  repository.publishNext('timestamp');
  repository.publishAs(role, 1, { ...headOf('targets', 1, farFuture), targets: { file: targetOf(Buffer.from('x')) } }, [
    key,
  ]);
  const { hashes } = targetOf(Buffer.from('x')) as { hashes: { sha256: string } };
  repository.files.set(`targets/${hashes.sha256}.file`, Buffer.from('x'));
  await readTufTarget(source, 'file', createTestRuntime(t));
  assert.deepEqual(
    readdirSync(folder, { recursive: true }).filter((path) => String(path).includes('escaped')),
    [join('a', 'root', server.host.replace(':', '-'), '..%2F..%2F..%2Fescaped.json')],
  );
  assert.equal(existsSync(join(folder, 'escaped.txt')), false);
});

test('CVE-2026-24686 (go-tuf): the name of a repository leads to no place outside the cache', () => {
  for (const address of [
    'https://..',
    'https://.',
    'http://',
    'https://remote.json',
    'https://targets',
    'https://a\\..\\b',
    `https://${'a'.repeat(300)}`,
  ]) {
    assert.throws(() => mirrorFolderOf('/cache', address), hasCode('TUF_MIRROR_INVALID'), address);
  }
  assert.equal(mirrorFolderOf('/cache', 'https://tuf.example/../../escaped'), '/cache/tuf.example-..-..-escaped');
  assert.equal(mirrorFolderOf('/cache', 'https://TUF.example:8443/a/'), '/cache/tuf.example-8443-a-');
});
