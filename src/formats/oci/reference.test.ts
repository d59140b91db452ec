import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { InputError } from '../../base/errors.ts';
import { parseReference, parseRegistry, parseRepository, referenceNameOf, repositoryNameOf } from './reference.ts';

const hex = 'a'.repeat(64);

test('names are normalised as Docker does and printed in full', () => {
  const cases: [string, string][] = [
    ['alpine', 'index.docker.io/library/alpine:latest'],
    ['alpine:3', 'index.docker.io/library/alpine:3'],
    ['grafana/loki', 'index.docker.io/grafana/loki:latest'],
    ['docker.io/alpine', 'index.docker.io/library/alpine:latest'],
    ['index.docker.io/alpine', 'index.docker.io/library/alpine:latest'],
    ['localhost/app', 'localhost/app:latest'],
    ['localhost:5000/app', 'localhost:5000/app:latest'],
    ['127.0.0.1:5000/a/b_c/d__e/f--g:v1.2-rc_3', '127.0.0.1:5000/a/b_c/d__e/f--g:v1.2-rc_3'],
    ['[::1]:5000/app:x', '[::1]:5000/app:x'],
    ['ghcr.io/org/app', 'ghcr.io/org/app:latest'],
    ['MyHost/app', 'MyHost/app:latest'],
    ['a', 'index.docker.io/library/a:latest'],
    [`ghcr.io/org/app@sha256:${hex}`, `ghcr.io/org/app@sha256:${hex}`],
    [`ghcr.io/org/app:v1@sha256:${hex}`, `ghcr.io/org/app:v1@sha256:${hex}`],
  ];
  for (const [text, name] of cases) {
    assert.equal(referenceNameOf(parseReference(text)), name, text);
  }
});

test('what Docker refuses is refused', () => {
  const bad = [
    '',
    '/',
    'App',
    'a/B',
    'a//b',
    'a/',
    '/a',
    'a..b',
    'a___b',
    '-a',
    'a-',
    'a:',
    'a:-x',
    `a:${'x'.repeat(129)}`,
    'a@',
    'a@sha256:abc',
    `a@sha256:${'A'.repeat(64)}`,
    `a@sha256:${hex}@sha256:${hex}`,
    `a@md5:${'a'.repeat(32)}`,
    'http://host/a',
    'host:port/a',
    'host_x.y/a',
    'host:99999/a',
    '256.1.1.1/a',
    '1.2.3.4.5/a',
    '[1:2]/a',
    '[::1.2]:5000/a',
    'ho st/a',
    'a\u0000b',
    'a/../b',
    hex,
    'x/'.repeat(130) + 'x',
  ];
  for (const text of bad) {
    assert.throws(
      () => parseReference(text),
      (error) => error instanceof InputError && error.code === 'REFERENCE_MALFORMED',
      text,
    );
  }
});

test('a full name reads back as the same reference', () => {
  const part = fc.stringMatching(/^[a-z0-9]{1,8}$/);
  const path = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
  const tag = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}$/);
  fc.assert(
    fc.property(path, tag, fc.boolean(), (name, tagName, hasDigest) => {
      const reference = parseReference(`registry.example:5000/${name}:${tagName}${hasDigest ? `@sha256:${hex}` : ''}`);
      assert.deepEqual(parseReference(referenceNameOf(reference)), reference);
    }),
  );
});

test('a repository and a registry are read alone, for COSIGN_REPOSITORY and login', () => {
  assert.equal(repositoryNameOf(parseRepository('ghcr.io/org/signatures')), 'ghcr.io/org/signatures');
  assert.deepEqual(parseRepository('alpine'), parseRepository('docker.io/library/alpine'));
  assert.equal(parseRegistry('docker.io'), 'index.docker.io');
  assert.equal(parseRegistry('localhost:5000'), 'localhost:5000');
  assert.throws(() => parseRegistry('https://ghcr.io'), InputError);
});
