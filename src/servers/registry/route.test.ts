import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { RegistryProblem } from './problem.ts';
import { parseTarget } from './route.ts';

const digest = `sha256:${'0'.repeat(64)}`;
const id = '01234567-89ab-cdef-0123-456789abcdef';

test('each address of the specification is known, and names are taken from the right', () => {
  const table: readonly (readonly [string, unknown])[] = [
    ['/v2/', { kind: 'ping' }],
    ['/v2', { kind: 'ping' }],
    ['/v2/_catalog?n=1', { kind: 'catalog' }],
    ['/v2/a/tags/list', { kind: 'tags', name: 'a' }],
    ['/v2/a/b/c/tags/list', { kind: 'tags', name: 'a/b/c' }],
    [`/v2/a/blobs/${digest}`, { kind: 'blob', name: 'a', digest }],
    [`/v2/a/blobs/${digest.replace(':', '%3A')}`, { kind: 'blob', name: 'a', digest }],
    ['/v2/a/blobs/uploads/', { kind: 'uploads', name: 'a' }],
    ['/v2/a/blobs/uploads?x=/', { kind: 'uploads', name: 'a' }],
    [`/v2/a/blobs/uploads/${id}`, { kind: 'upload', name: 'a', id }],
    ['/v2/a/blobs/blobs/uploads/', { kind: 'uploads', name: 'a/blobs' }],
    [
      '/v2/a/manifests/b/manifests/v1',
      { kind: 'manifest', name: 'a/manifests/b', reference: { kind: 'tag', tag: 'v1' } },
    ],
    [`/v2/a/manifests/${digest}`, { kind: 'manifest', name: 'a', reference: { kind: 'digest', digest } }],
    [`/v2/a/referrers/${digest}`, { kind: 'referrers', name: 'a', digest }],
  ];
  for (const [url, route] of table) {
    assert.deepEqual(parseTarget(url)?.route, route, url);
  }
  for (const url of ['/', '/v1/', '/v2/a', '/v2/a/tags', '/v2//tags/list', '/v2/a/uploads/', '', '*', 'http://x/v2/']) {
    assert.equal(parseTarget(url), undefined, url);
  }
});

test('what breaks the grammar is refused with the code of its part', () => {
  const table: readonly (readonly [string, string])[] = [
    ['/v2/../tags/list', 'NAME_INVALID'],
    ['/v2/a/../../etc/tags/list', 'NAME_INVALID'],
    ['/v2/a%2f..%2fb/tags/list', 'NAME_INVALID'],
    ['/v2/_tags/tags/list', 'NAME_INVALID'],
    ['/v2/a/_blobs/tags/list', 'NAME_INVALID'],
    ['/v2/A/tags/list', 'NAME_INVALID'],
    ['/v2/a%00/tags/list', 'NAME_INVALID'],
    ['/v2/%ff/tags/list', 'NAME_INVALID'],
    [`/v2/${'a'.repeat(256)}/tags/list`, 'NAME_INVALID'],
    ['/v2/a/blobs/sha256:00', 'DIGEST_INVALID'],
    ['/v2/a/blobs/x', 'DIGEST_INVALID'],
    ['/v2/a/manifests/sha256:..', 'DIGEST_INVALID'],
    ['/v2/a/manifests/..', 'MANIFEST_INVALID'],
    ['/v2/a/manifests/.hidden', 'MANIFEST_INVALID'],
    [`/v2/a/manifests/${'a'.repeat(129)}`, 'MANIFEST_INVALID'],
    ['/v2/a/blobs/uploads/..', 'BLOB_UPLOAD_UNKNOWN'],
    ['/v2/a/blobs/uploads/%2e%2e', 'BLOB_UPLOAD_UNKNOWN'],
  ];
  for (const [url, code] of table) {
    assert.throws(() => parseTarget(url), { name: 'RegistryProblem', code }, url);
  }
});

test('whatever the address, no part of a route can leave its folder or reach a reserved one', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '..',
      '.',
      '_tags',
      '%2e%2e',
      '%2f',
      'tags',
      'list',
      'blobs',
      'uploads',
      'manifests',
      'referrers',
      'a',
      digest,
      id,
    ),
    fc.string(),
  );
  const urls = fc.array(piece, { maxLength: 8 }).map((pieces) => `/v2/${pieces.join('/')}`);
  fc.assert(
    fc.property(urls, (url) => {
      const route = routeOf(url);
      for (const part of JSON.stringify(route ?? {}).match(/"(?:name|tag|digest|id)":"[^"]*"/g) ?? []) {
        const value = part.slice(part.indexOf(':"') + 2, -1);
        assert.ok(
          value.split('/').every((step) => /^[A-Za-z0-9_][A-Za-z0-9_.:-]*$/.test(step)),
          value,
        );
        assert.ok(part.startsWith('"tag"') || !/(?:^|\/)_/.test(value), value);
      }
    }),
    { numRuns: 2000 },
  );
});

function routeOf(url: string): unknown {
  try {
    return parseTarget(url)?.route;
  } catch (error) {
    assert.ok(error instanceof RegistryProblem);
    return undefined;
  }
}
