import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { FulcioExtensionName } from '../formats/x509/fulcio-extensions.ts';
import { originLines } from './origin-output.ts';

function linesFor(extensions: Partial<Record<FulcioExtensionName, string>>): readonly string[] {
  const entries = Object.entries(extensions) as [FulcioExtensionName, string][];
  return originLines({ subjects: [], unread: [], issuer: undefined, extensions: new Map(entries) });
}

test('people read where it was made, in the order of their questions; the issuer is told elsewhere', () => {
  const lines = linesFor({
    issuer: 'https://issuer.test',
    issuerV2: 'https://issuer.test',
    githubWorkflowTrigger: 'push',
    githubWorkflowSha: 'abc',
    githubWorkflowName: 'Release',
    githubWorkflowRepository: 'acme/app',
    githubWorkflowRef: 'refs/heads/main',
    runnerEnvironment: 'github-hosted',
    sourceRepositoryUri: 'https://github.com/acme/app',
    sourceRepositoryDigest: 'abc',
    sourceRepositoryRef: 'refs/heads/main',
    buildConfigUri: 'https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main',
    buildTrigger: 'push',
    runInvocationUri: 'https://github.com/acme/app/actions/runs/1',
    sourceRepositoryVisibilityAtSigning: 'public',
  });
  assert.deepEqual(lines, [
    '  repository      https://github.com/acme/app',
    '  ref             refs/heads/main',
    '  commit          abc',
    '  workflow        https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main',
    '  trigger         push',
    '  run             https://github.com/acme/app/actions/runs/1',
    '  runner          github-hosted',
    '  githubWorkflowName Release',
    '  sourceRepositoryVisibilityAtSigning public',
  ]);
});

test('the older spellings serve where the newer ones are missing', () => {
  assert.deepEqual(linesFor({ githubWorkflowRepository: 'acme/app', githubWorkflowSha: 'abc' }), [
    '  repository      acme/app',
    '  commit          abc',
  ]);
});

test('two spellings that say different things are both told', () => {
  const lines = linesFor({ sourceRepositoryUri: 'https://github.com/acme/app', githubWorkflowRepository: 'evil/app' });
  assert.deepEqual(lines, ['  repository      https://github.com/acme/app', '  githubWorkflowRepository evil/app']);
});

test('what the certificate says cannot begin a line of its own', () => {
  assert.deepEqual(linesFor({ sourceRepositoryUri: 'a\nsound: \u202eb' }), ['  repository      a\\x0asound: \\u202eb']);
  assert.deepEqual(linesFor({}), []);
});
