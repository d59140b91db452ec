import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { hasCode } from '../../../test/support/error-code.ts';
import { createRoleKey, createTufRepository } from '../../../test/support/tuf-repository.ts';
import { limits } from '../../base/limits.ts';
import { parseTufDocument } from './document.ts';
import type { TopRole } from './document.ts';

const topRoles = ['root', 'timestamp', 'snapshot', 'targets'] as const;
const repository = createTufRepository({ 'trusted_root.json': '{}' });
const key = createRoleKey();
repository.delegations = {
  keys: { [key.id]: key.publicPart },
  roles: [{ name: 'a', keyids: [key.id], threshold: 1, terminating: false, paths: ['x/*'] }],
};
repository.publish('targets');
const documentOf = (role: TopRole): unknown => JSON.parse(String(repository.files.get(`${role}.json`)));
const parse = (role: TopRole, value: unknown): unknown =>
  parseTufDocument(role, `${role}.json`, Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)));

test('documents of each kind are read', () => {
  for (const role of topRoles) assert.equal((parse(role, documentOf(role)) as { version: number }).version, 1);
});

test('a document of one kind is none of another', () => {
  for (const role of topRoles) {
    for (const other of topRoles.filter((each) => each !== role)) {
      assert.throws(() => parse(role, documentOf(other)), hasCode('TUF_METADATA_MALFORMED'), `${other} as ${role}`);
    }
  }
});

const trustedRoot = { length: 2, hashes: { sha256: '0'.repeat(64) } };
const manyFiles = Object.fromEntries(
  Array.from({ length: limits.tufEntries + 1 }, (_, index) => [`r${index}.json`, { version: 1 }]),
);

/** A member by its path, and what stands there instead; undefined removes it. */
const edits: readonly (readonly [string, TopRole, string, unknown])[] = [
  ['a version of zero', 'timestamp', 'signed/version', 0],
  ['a fraction of a version', 'timestamp', 'signed/version', 1.5],
  ['a version beyond whole numbers', 'timestamp', 'signed/version', 2 ** 53],
  ['a version in quotes', 'timestamp', 'signed/version', '1'],
  ['no version', 'snapshot', 'signed/version', undefined],
  ['no snapshot', 'timestamp', 'signed/meta/snapshot.json', undefined],
  ['a threshold of zero', 'root', 'signed/roles/targets/threshold', 0],
  ['a negative threshold', 'root', 'signed/roles/root/threshold', -1],
  ['a threshold of zero for a delegated role', 'targets', 'signed/delegations/roles/0/threshold', 0],
  ['an expiry that is no date', 'root', 'signed/expires', '2030-02-30T00:00:00Z'],
  ['an expiry without a zone', 'root', 'signed/expires', '2030-01-01T00:00:00'],
  ['an expiry as a number', 'root', 'signed/expires', 2_000_000_000],
  ['another major version of the specification', 'root', 'signed/spec_version', '2.0'],
  ['a missing role', 'root', 'signed/roles/snapshot', undefined],
  ['no word on consistent snapshots', 'root', 'signed/consistent_snapshot', undefined],
  [
    'a key that is no PEM',
    'root',
    `signed/keys/${repository.roles.root.keys[0]?.id}/keyval/public`,
    '-----BEGIN PUBLIC KEY-----',
  ],
  ['a negative length', 'targets', 'signed/targets/trusted_root.json/length', -1],
  ['a hash in capitals', 'targets', 'signed/targets/trusted_root.json/hashes/sha256', 'AB'.repeat(32)],
  ['a member named as objects name theirs', 'targets', 'signed/targets/constructor', trustedRoot],
  ['a delegated role named as a top-level one', 'targets', 'signed/delegations/roles/0/name', 'root'],
  ['a delegated role named as objects name members', 'targets', 'signed/delegations/roles/0/name', '__proto__'],
  ['a pattern with braces', 'targets', 'signed/delegations/roles/0/paths', ['{a,b}*']],
  ['a pattern that means all but', 'targets', 'signed/delegations/roles/0/paths', ['!a']],
  ['a terminating that is no boolean', 'targets', 'signed/delegations/roles/0/terminating', 'no'],
  ['signatures that are no list', 'snapshot', 'signatures', {}],
  ['more entries than are looked at', 'snapshot', 'signed/meta', manyFiles],
  ['a name longer than any', 'targets', `signed/targets/${'n'.repeat(limits.tufNameLength + 1)}`, trustedRoot],
];

for (const [what, role, path, value] of edits) {
  test(`${what} is refused`, () => {
    assert.throws(() => parse(role, edited(documentOf(role), path, value)), hasCode('TUF_METADATA_MALFORMED'));
  });
}

test('a role that lists one key under two ids is refused, however the key is written', () => {
  const [first, second] = repository.roles.root.keys;
  assert.ok(first !== undefined && second !== undefined);
  const pem = (first.publicPart['keyval'] as { readonly public: string }).public;
  // The point alone is the last 65 bytes of the DER form.
  const point = Buffer.from(pem.replaceAll(/-----.*|\n/g, ''), 'base64')
    .subarray(-65)
    .toString('hex');
  for (const text of [pem, pem.replaceAll('\n', '\r\n'), point, point.toUpperCase()]) {
    const twin = { ...first.publicPart, keyval: { public: text } };
    const document = edited(documentOf('root'), 'signed/keys/another-id', twin);
    assert.doesNotThrow(() => parse('root', document), 'a key that no role lists');
    const listed = edited(document, 'signed/roles/root/keyids', [first.id, second.id, 'another-id']);
    assert.throws(() => parse('root', listed), hasCode('TUF_METADATA_MALFORMED'), text);
  }
});

test('a member that stands twice, or text after the end, is refused', () => {
  const text = JSON.stringify(documentOf('timestamp'));
  for (const bad of [
    text.replace('"version":1', '"version":1,"version":2'),
    `${text}{}`,
    `\ufeff${text}`,
    text.slice(0, -1),
  ]) {
    assert.throws(() => parse('timestamp', bad), hasCode('TUF_METADATA_MALFORMED'));
  }
});

test('a document larger than its kind can be is not read', () => {
  assert.throws(() => parse('timestamp', ' '.repeat(limits.tufTimestampBytes + 1)), hasCode('TUF_METADATA_MALFORMED'));
});

test('no JSON at all makes anything but TUF_METADATA_MALFORMED', () => {
  const names = [
    'signed',
    'signatures',
    'signed/version',
    'signed/roles',
    'signed/keys',
    'signed/meta',
    'signed/targets',
    'signed/delegations',
  ];
  fc.assert(
    fc.property(fc.constantFrom(...topRoles), fc.constantFrom(...names), fc.jsonValue(), (role, path, value) => {
      for (const each of [value, { signed: value, signatures: [] }, edited(documentOf(role), path, value)]) {
        try {
          parse(role, each);
        } catch (error) {
          assert.ok(hasCode('TUF_METADATA_MALFORMED')(error), String(error));
        }
      }
    }),
  );
});

function edited(document: unknown, path: string, value: unknown): unknown {
  const [first = '', ...rest] = path.split('/');
  const copy = structuredClone(document) as Record<string, unknown>;
  const next = rest.length === 0 ? value : edited(copy[first], rest.join('/'), value);
  if (next === undefined) delete copy[first];
  else copy[first] = next;
  return copy;
}
