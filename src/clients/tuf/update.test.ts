/** A mirror in the hands of somebody else: what the documents of a repository may not do. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import { hasCode } from '../../../test/support/error-code.ts';
import { openTufClient } from '../../../test/support/tuf-client.ts';
import { createRoleKey, createTufRepository, longPast } from '../../../test/support/tuf-repository.ts';
import type { Bend, Role, Signed, TufRepository } from '../../../test/support/tuf-repository.ts';
import type { ErrorCode } from '../../base/catalogue.ts';
import { limits } from '../../base/limits.ts';

const repositoryWithTarget = (): TufRepository => createTufRepository({ 'trusted_root.json': '{}' });

test('a good repository is taken in, every document is kept, and a second run asks only for what may be new', async (t) => {
  const repository = repositoryWithTarget();
  const client = await openTufClient(t, repository);
  const trusted = await client.update();
  assert.deepEqual(Object.keys(trusted.targets('targets')?.targets ?? {}), ['trusted_root.json']);
  assert.deepEqual([...client.kept.keys()].toSorted(), [
    'root.json',
    'snapshot.json',
    'targets.json',
    'timestamp.json',
  ]);
  const first = client.asked().length;
  await client.update();
  assert.deepEqual(client.asked().slice(first), ['GET /2.root.json', 'GET /timestamp.json']);
});

test('roots are walked through one by one, each signed by the keys of the last', async (t) => {
  const repository = repositoryWithTarget();
  const client = await openTufClient(t, repository);
  await client.update();
  for (let rotation = 0; rotation < 3; rotation += 1) rotateRoot(repository);
  assert.equal((await client.update()).root().version, 4);
  assert.equal((await client.update({ root: repository.firstRoot })).root().version, 4, 'from the first root again');
});

test('a role gets new keys by a new root, and its old documents, signed by the old ones, are no longer believed', async (t) => {
  const repository = repositoryWithTarget();
  const client = await openTufClient(t, repository);
  await client.update();
  repository.roles.timestamp.keys = [createRoleKey()];
  repository.publishNext('root');
  await assert.rejects(client.update(), hasCode('TUF_SIGNATURES_INSUFFICIENT'));
  // The keys are new, and so the count may begin again: whoever stole the old ones may have counted up high.
  repository.publish('timestamp');
  assert.equal((await client.update()).timestamp()?.version, 1);
});

const signatureCases: readonly (readonly [string, (repository: TufRepository) => void])[] = [
  ['a root that the keys of the last root did not sign', (r) => bendRoot(r, { signers: newRootKeys(r) })],
  [
    'a root that its own new keys did not sign',
    (r) => {
      const old = r.roles.root.keys;
      newRootKeys(r);
      bendRoot(r, { signers: old });
    },
  ],
  ['a root signed by one key of the two that it takes', (r) => bendRoot(r, { signers: r.roles.root.keys.slice(0, 1) })],
  ['a root whose second signature is of another document', (r) => bendRoot(r, { bytes: withSpoiledSignature })],
  ['a timestamp signed by a stranger', (r) => bendNext(r, 'timestamp', { signers: [createRoleKey()] })],
  ['a timestamp without signatures', (r) => bendNext(r, 'timestamp', { signers: [] })],
  [
    'a snapshot signed with the key of the timestamp',
    (r) => {
      bendNext(r, 'snapshot', { signers: r.roles.timestamp.keys });
      r.publishNext('timestamp');
    },
  ],
  [
    'targets signed with the key of the snapshot',
    (r) => {
      bendNext(r, 'targets', { signers: r.roles.snapshot.keys });
      r.publishNext('snapshot', 'timestamp');
    },
  ],
  [
    'a timestamp changed after it was signed',
    (r) => bendNext(r, 'timestamp', { bytes: (bytes) => Buffer.from(String(bytes).replace('2040-', '2041-')) }),
  ],
];

for (const [what, attack] of signatureCases) {
  test(`not enough signatures: ${what}`, async (t) => refuses(t, attack, 'TUF_SIGNATURES_INSUFFICIENT'));
}

const rollbackCases: readonly (readonly [string, (repository: TufRepository) => void])[] = [
  [
    'an older timestamp',
    (r) => {
      r.roles.timestamp.version = 1;
      r.publish('timestamp');
    },
  ],
  [
    'a newer timestamp that names an older snapshot',
    (r) => {
      r.roles.snapshot.version = 1;
      r.publishNext('timestamp');
    },
  ],
  [
    'a newer snapshot that names older targets',
    (r) => {
      r.roles.targets.version = 1;
      r.publishNext('snapshot', 'timestamp');
    },
  ],
  [
    'a newer snapshot that no longer names the targets',
    (r) => {
      bendNext(r, 'snapshot', { signed: (signed) => ({ ...signed, meta: { 'other.json': { version: 9 } } }) });
      r.publishNext('timestamp');
    },
  ],
  [
    'a snapshot of another version than the timestamp names',
    (r) => {
      r.roles.snapshot.version = 3;
      r.publish('snapshot', { signed: (signed) => ({ ...signed, version: 2 }) });
      r.publishNext('timestamp');
    },
  ],
  [
    'targets of another version than the snapshot names',
    (r) => {
      r.roles.targets.version = 3;
      r.publish('targets', { signed: (signed) => ({ ...signed, version: 2 }) });
      r.publishNext('snapshot', 'timestamp');
    },
  ],
  [
    'a snapshot that is not the one whose hash the timestamp gives',
    (r) => {
      r.publishNext('snapshot');
      bendNext(r, 'timestamp', {
        signed: (signed) => ({
          ...signed,
          meta: { 'snapshot.json': { version: 3, hashes: { sha256: '0'.repeat(64) } } },
        }),
      });
    },
  ],
  [
    'a next root that has the version of the last',
    (r) => void r.files.set('2.root.json', r.files.get('1.root.json') ?? Buffer.alloc(0)),
  ],
  [
    'a next root that leaves a version out',
    (r) => {
      r.roles.root.version = 3;
      r.files.set('2.root.json', r.publish('root'));
    },
  ],
];

for (const [what, attack] of rollbackCases) {
  test(`a step back: ${what}`, async (t) => refuses(t, attack, 'TUF_ROLLBACK'));
}

for (const role of ['root', 'timestamp', 'snapshot', 'targets'] as const) {
  test(`a mirror that stands still: an expired ${role}`, async (t) => {
    await refuses(
      t,
      (repository) => {
        repository.roles[role].expires = longPast;
        repository.publishNext(
          ...(role === 'root' ? ['root' as const] : (['targets', 'snapshot', 'timestamp'] as const)),
        );
      },
      'TUF_EXPIRED',
    );
  });
}

test('the very second in which a document expires is too late, and the one before is not', async (t) => {
  const repository = repositoryWithTarget();
  repository.roles.timestamp.expires = '2030-01-01T00:00:10Z';
  repository.publish('timestamp');
  const client = await openTufClient(t, repository);
  await client.update({ now: new Date('2030-01-01T00:00:09.999Z') });
  await assert.rejects(client.update({ now: new Date('2030-01-01T00:00:10Z') }), hasCode('TUF_EXPIRED'));
});

test('an expired first root is a start: what counts is the last', async (t) => {
  const repository = repositoryWithTarget();
  repository.roles.root.expires = longPast;
  const old = repository.publish('root');
  repository.roles.root.expires = '2040-01-01T00:00:00Z';
  repository.publishNext('root');
  const client = await openTufClient(t, repository);
  assert.equal((await client.update({ root: old })).root().version, 2);
});

test('a mirror whose newest root is older than one seen before is refused', async (t) => {
  const repository = repositoryWithTarget();
  const client = await openTufClient(t, repository);
  rotateRoot(repository);
  await client.update();
  repository.files.delete('2.root.json');
  await assert.rejects(client.update({ root: repository.firstRoot }), hasCode('TUF_ROLLBACK'));
  assert.equal(versionOf(client.kept.get('root.json')), 2, 'the newer root stays');
});

test('a mirror that always has another root is left', async (t) => {
  const repository = repositoryWithTarget();
  const client = await openTufClient(t, repository);
  for (let count = 0; count < limits.tufRootRotations; count += 1) repository.publishNext('root');
  assert.equal((await client.update()).root().version, limits.tufRootRotations + 1);
  repository.publishNext('root');
  await assert.rejects(client.update({ root: repository.firstRoot }), hasCode('TUF_MIRROR_FAILED'));
});

test('a timestamp of the same version and another content changes nothing', async (t) => {
  const repository = repositoryWithTarget();
  const client = await openTufClient(t, repository);
  await client.update();
  const before = client.kept.get('timestamp.json');
  repository.publish('timestamp', { signed: (signed) => ({ ...signed, meta: { 'snapshot.json': { version: 99 } } }) });
  assert.equal((await client.update()).timestamp()?.meta['snapshot.json'].version, 1);
  assert.deepEqual(client.kept.get('timestamp.json'), before);
});

test('a damaged cache is told of and healed', async (t) => {
  const repository = repositoryWithTarget();
  const client = await openTufClient(t, repository);
  await client.update();
  for (const name of ['timestamp.json', 'snapshot.json', 'targets.json']) client.kept.set(name, Buffer.from('{"half'));
  await client.update();
  assert.equal(client.warnings.length, 3);
  for (const name of ['timestamp.json', 'snapshot.json', 'targets.json']) {
    assert.equal(versionOf(client.kept.get(name)), 1, name);
  }
});

test('a length that a signed document gives never lifts the cap', async (t) => {
  await refuses(
    t,
    (repository) => {
      repository.roles.snapshot.version += 1;
      const large = repository.publish('snapshot', {
        signed: (signed) => ({ ...signed, padding: ' '.repeat(limits.tufSnapshotBytes) }),
      });
      bendNext(repository, 'timestamp', {
        signed: (signed) => ({
          ...signed,
          meta: { 'snapshot.json': { version: repository.roles.snapshot.version, length: large.length } },
        }),
      });
    },
    'INPUT_TOO_LARGE',
  );
});

test('a repository without consistent snapshots is asked for plain names', async (t) => {
  const repository = repositoryWithTarget();
  repository.roles.root.version = 2;
  repository.publish('root', { signed: (signed) => ({ ...signed, consistent_snapshot: false }) });
  const client = await openTufClient(t, repository);
  await client.update();
  assert.ok(client.asked().includes('GET /targets.json'));
});

/** After a client has seen the repository at version 2 of everything but the root, the attack. */
async function refuses(t: TestContext, attack: (repository: TufRepository) => void, code: ErrorCode): Promise<void> {
  const repository = repositoryWithTarget();
  repository.publishNext('targets', 'snapshot', 'timestamp');
  const client = await openTufClient(t, repository);
  await client.update();
  const seen = new Map(client.kept);
  attack(repository);
  await assert.rejects(client.update(), hasCode(code));
  // What was refused is not kept: the next run starts from what was seen before, or from good documents on the way.
  for (const [name, bytes] of client.kept) assert.ok(versionOf(bytes) >= versionOf(seen.get(name)), name);
  await assert.rejects(client.update(), hasCode(code), 'and again');
}

function versionOf(bytes: Uint8Array | undefined): number {
  return (JSON.parse(Buffer.from(bytes ?? []).toString()) as { signed: { version: number } }).signed.version;
}

function bendRoot(repository: TufRepository, bend: Bend): void {
  bendNext(repository, 'root', bend);
}

function bendNext(repository: TufRepository, role: Role, bend: Bend): void {
  repository.roles[role].version += 1;
  repository.publish(role, bend);
}

/** Gives the root role new keys; returns the new ones that sign. */
function newRootKeys({ roles }: TufRepository): TufRepository['roles']['root']['keys'] {
  roles.root.keys = [createRoleKey(), createRoleKey(), createRoleKey()];
  return roles.root.keys.slice(0, 2);
}

function rotateRoot(repository: TufRepository): void {
  const old = repository.roles.root.keys.slice(0, 2);
  bendRoot(repository, { signers: [...old, ...newRootKeys(repository)] });
}

function withSpoiledSignature(bytes: Buffer): Buffer {
  const document = JSON.parse(String(bytes)) as { signatures: { sig: string }[]; signed: Signed };
  const [first, second] = document.signatures;
  if (first !== undefined && second !== undefined) second.sig = first.sig;
  return Buffer.from(JSON.stringify(document));
}
