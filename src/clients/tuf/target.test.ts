/** Targets: found in the order of trust, compared with what was signed, kept under harmless names. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import { hasCode } from '../../../test/support/error-code.ts';
import { openTufClient } from '../../../test/support/tuf-client.ts';
import type { TufClient } from '../../../test/support/tuf-client.ts';
import {
  createRoleKey,
  createTufRepository,
  farFuture,
  headOf,
  targetOf,
} from '../../../test/support/tuf-repository.ts';
import type { Json, RoleKey, Signed, TufRepository } from '../../../test/support/tuf-repository.ts';
import { limits } from '../../base/limits.ts';

const content = Buffer.from('{"trusted":"root"}');

test('a target comes whole, is kept, and is fetched again when the kept one has changed', async (t) => {
  const repository = createTufRepository({ 'trusted_root.json': content });
  const client = await openTufClient(t, repository);
  assert.equal(await textOf(client, 'trusted_root.json'), String(content));
  const asked = (): number => client.asked().filter((each) => each.startsWith('GET /targets/')).length;
  assert.equal(await textOf(client, 'trusted_root.json'), String(content));
  assert.equal(asked(), 1, 'the second time from the cache');
  client.kept.set('targets/trusted_root.json', Buffer.from('{"trusted":"r00t"}'));
  assert.equal(await textOf(client, 'trusted_root.json'), String(content));
  assert.equal(asked(), 2);
});

const served =
  (change: (bytes: Buffer) => Buffer): ((repository: TufRepository) => void) =>
  ({ files }) => {
    for (const [path, bytes] of files) if (path.startsWith('targets/')) files.set(path, change(bytes));
  };

for (const [what, attack, code] of [
  [
    'another content of the same length',
    served((bytes) => Buffer.from(String(bytes).replace('root', 'r00t'))),
    'TUF_TARGET_INVALID',
  ],
  ['a shorter content', served((bytes) => bytes.subarray(0, -1)), 'TUF_TARGET_INVALID'],
  ['a longer content', served((bytes) => Buffer.concat([bytes, bytes])), 'INPUT_TOO_LARGE'],
  [
    'no content',
    ({ files }: TufRepository) =>
      [...files.keys()].filter((path) => path.startsWith('targets/')).forEach((path) => files.delete(path)),
    'TUF_MIRROR_FAILED',
  ],
] as const) {
  test(`a mirror that gives ${what} is refused, and nothing is kept`, async (t) => {
    const repository = createTufRepository({ 'trusted_root.json': content });
    attack(repository);
    const client = await openTufClient(t, repository);
    await assert.rejects(client.fetch('trusted_root.json'), hasCode(code));
    assert.equal(client.kept.has('targets/trusted_root.json'), false);
  });
}

for (const [what, target] of [
  ['no hash', { hashes: {} }],
  ['a weak hash only', { hashes: { md5: '0'.repeat(32), sha1: '0'.repeat(40) } }],
  [
    'a good SHA-256 and a wrong SHA-512',
    { hashes: { ...(targetOf(content)['hashes'] as Signed), sha512: '0'.repeat(128) } },
  ],
  ['no good SHA-256 but a good length', { hashes: { sha256: '0'.repeat(64) } }],
] as const) {
  test(`a target of which the signed documents give ${what} is refused`, async (t) => {
    const repository = createTufRepository({ 'trusted_root.json': content });
    repository.publish('targets', {
      signed: (signed) => ({ ...signed, targets: { 'trusted_root.json': { ...targetOf(content), ...target } } }),
    });
    // Where a prefix is asked for, the file is there.
    repository.files.set(`targets/${'0'.repeat(64)}.trusted_root.json`, content);
    const client = await openTufClient(t, repository);
    await assert.rejects(client.fetch('trusted_root.json'), hasCode('TUF_TARGET_INVALID'));
  });
}

test('a target larger than any of ours is not fetched, whatever is signed', async (t) => {
  const repository = createTufRepository({ 'trusted_root.json': content });
  repository.publish('targets', {
    signed: (signed) => ({
      ...signed,
      targets: { 'trusted_root.json': { ...targetOf(content), length: limits.tufTargetBytes + 1 } },
    }),
  });
  const client = await openTufClient(t, repository);
  await assert.rejects(client.fetch('trusted_root.json'), hasCode('INPUT_TOO_LARGE'));
  assert.deepEqual(
    client.asked().filter((each) => each.startsWith('GET /targets/')),
    [],
  );
});

for (const name of [
  '../root.json',
  'a/../b',
  '/etc/passwd',
  'a//b',
  '.',
  '..',
  'a\\b',
  'a\u0000b',
  '',
  'a'.repeat(600),
]) {
  test(`a target named ${JSON.stringify(name.slice(0, 20))} is neither asked for nor kept`, async (t) => {
    const repository = createTufRepository({});
    const client = await openTufClient(t, repository);
    const before = (await client.update(), client.asked().length);
    await assert.rejects(client.fetch(name), hasCode('TUF_TARGET_INVALID'));
    assert.equal(client.asked().length, before + 2, 'only what an update asks for');
  });
}

test('a target that nobody has is told of', async (t) => {
  const client = await openTufClient(t, createTufRepository({ 'trusted_root.json': content }));
  for (const name of ['other.json', 'constructor', '__proto__']) {
    await assert.rejects(client.fetch(name), hasCode('TUF_TARGET_MISSING'), name);
  }
});

/** A role's name, whom it delegates to, and whether it has the target (whose content then is the role's name). */
interface Node {
  readonly name: string;
  readonly has?: true;
  readonly terminating?: true;
  readonly paths?: readonly string[];
  readonly next?: readonly Node[];
}

const walks: readonly (readonly [string, readonly Node[], string | undefined])[] = [
  [
    'the first delegate that has it',
    [
      { name: 'a', has: true },
      { name: 'b', has: true },
    ],
    'a',
  ],
  [
    "a delegate's own delegate before the next delegate",
    [
      { name: 'a', next: [{ name: 'c', has: true }] },
      { name: 'b', has: true },
    ],
    'c',
  ],
  [
    'nobody after a terminating delegate',
    [
      { name: 'a', terminating: true },
      { name: 'b', has: true },
    ],
    undefined,
  ],
  [
    'delegates of a terminating delegate',
    [
      { name: 'a', terminating: true, next: [{ name: 'c', has: true }] },
      { name: 'b', has: true },
    ],
    'c',
  ],
  [
    'nobody after a terminating delegate further down',
    [
      { name: 'a', next: [{ name: 'c', terminating: true }] },
      { name: 'b', has: true },
    ],
    undefined,
  ],
  [
    'nobody who may not speak about it',
    [
      { name: 'a', has: true, paths: ['other/*'] },
      { name: 'b', has: true, paths: ['dir/*'] },
    ],
    'b',
  ],
  ['a pattern does not reach across slashes', [{ name: 'a', has: true, paths: ['*'] }], undefined],
];

for (const [what, nodes, expected] of walks) {
  test(`delegations: ${what}`, async (t) => {
    const found = await fetchDelegated(t, nodes);
    assert.equal(found, expected);
  });
}

test('delegations that lead in a circle, or on for ever, come to an end', async (t) => {
  const deep = (level: number): Node => ({ name: `level-${level}`, next: level === 0 ? [] : [deep(level - 1)] });
  assert.equal(await fetchDelegated(t, [deep(limits.tufDelegations + 8)]), undefined);
  const circle: Node = { name: 'a', next: [{ name: 'b', next: [{ name: 'a' }] }] };
  assert.equal(await fetchDelegated(t, [circle, { name: 'c', has: true }]), 'c');
});

test('a delegate that is signed by too few, expired or another version is refused, not passed over', async (t) => {
  const good: Node[] = [{ name: 'a' }, { name: 'b', has: true }];
  const stranger = createRoleKey();
  const cases = [
    [
      'TUF_SIGNATURES_INSUFFICIENT',
      (r: TufRepository) => void r.publishAs('a', 1, { ...headOf('targets', 1, farFuture), targets: {} }, [stranger]),
    ],
    [
      'TUF_EXPIRED',
      (r: TufRepository, key: RoleKey) =>
        void r.publishAs('a', 1, { ...headOf('targets', 1, '2020-01-01T00:00:00Z'), targets: {} }, [key]),
    ],
    [
      'TUF_ROLLBACK',
      (r: TufRepository, key: RoleKey) =>
        r.files.set('1.a.json', r.publishAs('a', 2, { ...headOf('targets', 2, farFuture), targets: {} }, [key])),
    ],
    ['TUF_MIRROR_FAILED', (r: TufRepository) => void r.files.delete('1.a.json')],
  ] as const;
  for (const [code, attack] of cases) {
    await assert.rejects(fetchDelegated(t, good, attack), hasCode(code), code);
  }
});

const target = 'dir/file';

/** The content of the target as found through these delegations: the name of the role that had it. */
async function fetchDelegated(
  t: TestContext,
  nodes: readonly Node[],
  attack: (repository: TufRepository, key: RoleKey) => unknown = () => undefined,
): Promise<string | undefined> {
  const repository = createTufRepository({});
  const key = createRoleKey();
  const names = new Set<string>();
  const publish = (node: Node): void => {
    if (names.has(node.name)) return;
    names.add(node.name);
    const bytes = Buffer.from(node.name);
    const next = node.next ?? [];
    repository.publishAs(
      node.name,
      1,
      {
        ...headOf('targets', 1, farFuture),
        targets: node.has ? { [target]: targetOf(bytes) } : {},
        ...(next.length > 0 && { delegations: delegationsOf(next, key) }),
      },
      [key],
    );
    const hash = (targetOf(bytes)['hashes'] as { sha256: string }).sha256;
    repository.files.set(`targets/dir/${hash}.file`, bytes);
    next.forEach(publish);
  };
  nodes.forEach(publish);
  repository.delegations = delegationsOf(nodes, key);
  repository.publish('targets');
  repository.publish('snapshot', {
    signed: (signed) => ({
      ...signed,
      meta: {
        'targets.json': { version: 1 },
        ...Object.fromEntries([...names].map((name) => [`${name}.json`, { version: 1 }])),
      },
    }),
  });
  attack(repository, key);
  const client = await openTufClient(t, repository);
  try {
    return await textOf(client, target);
  } catch (error) {
    if (hasCode('TUF_TARGET_MISSING')(error)) return undefined;
    throw error;
  }
}

async function textOf(client: TufClient, name: string): Promise<string> {
  return Buffer.from(await client.fetch(name)).toString();
}

function delegationsOf(nodes: readonly Node[], key: RoleKey): Json {
  return {
    keys: { [key.id]: key.publicPart },
    roles: nodes.map(({ name, terminating = false, paths = ['dir/*'] }) => ({
      name,
      keyids: [key.id],
      threshold: 1,
      terminating,
      paths,
    })),
  };
}
