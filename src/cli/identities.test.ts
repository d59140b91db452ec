import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hasCode } from '../../test/support/error-code.ts';
import { openLog } from './log.ts';
import { defaultValueOf } from './flag-value.ts';
import type { ValuesOf } from './flag.ts';
import { identityFlags } from './flags/identity.ts';
import { identitiesOf } from './identities.ts';

type IdentityValues = ValuesOf<typeof identityFlags>;

const none = Object.fromEntries(
  Object.entries(identityFlags).map(([name, flag]) => [name, defaultValueOf(flag)]),
) as IdentityValues;

async function judge(given: Partial<IdentityValues>): Promise<{
  readonly identities: Awaited<ReturnType<typeof identitiesOf>>;
  readonly warnings: string;
}> {
  let warnings = '';
  const log = openLog((text) => {
    warnings += text;
  }, false);
  return { identities: await identitiesOf({ ...none, ...given }, { log }), warnings };
}

const dev = { 'certificate-identity': 'dev@example.com', 'certificate-oidc-issuer': 'https://accounts.example.com' };

test('no flag, no identity', async () => {
  assert.deepEqual(await judge({}), { identities: undefined, warnings: '' });
});

test('the whole name and the whole issuer are compared exactly', async () => {
  const { identities, warnings } = await judge(dev);
  const [identity] = identities ?? [];
  assert.equal(identity?.subject.isMatch('dev@example.com'), true);
  assert.equal(identity?.subject.isMatch('evil-dev@example.com'), false);
  assert.equal(identity?.issuer.isMatch('https://accounts.example.com/'), false);
  assert.deepEqual(identity?.extensions, {});
  assert.equal(warnings, '');
});

test('who without issuer, issuer without who, and an extension alone are incomplete', async () => {
  const halves: readonly Partial<IdentityValues>[] = [
    { 'certificate-identity': 'dev@example.com' },
    { 'certificate-identity-regexp': '^dev@example\\.com$' },
    { 'certificate-oidc-issuer': 'https://accounts.example.com' },
    { 'certificate-oidc-issuer-regexp': '^https://accounts\\.example\\.com$' },
    { 'certificate-github-workflow-ref': 'refs/heads/main' },
    { 'certificate-extension': ['buildTrigger=push'] },
  ];
  for (const half of halves) await assert.rejects(judge(half), hasCode('IDENTITY_INCOMPLETE'));
});

test('an empty text is none, as in cosign: a variable that is not set is no pattern that fits everybody', async () => {
  const issuer = { 'certificate-oidc-issuer': 'https://accounts.example.com' };
  await assert.rejects(judge({ ...issuer, 'certificate-identity-regexp': '' }), hasCode('IDENTITY_INCOMPLETE'));
  await assert.rejects(judge({ ...issuer, 'certificate-identity': '' }), hasCode('IDENTITY_INCOMPLETE'));
  const nothing = { 'certificate-identity': '', 'certificate-oidc-issuer-regexp': '' };
  assert.equal((await judge(nothing)).identities, undefined);
  assert.notEqual((await judge({ ...dev, 'certificate-identity-regexp': '' })).identities, undefined);
});

test('a name and a pattern for it exclude each other: neither is passed over', async () => {
  await assert.rejects(judge({ ...dev, 'certificate-identity-regexp': 'dev' }), hasCode('FLAGS_CONFLICT'));
  await assert.rejects(judge({ ...dev, 'certificate-oidc-issuer-regexp': 'accounts' }), hasCode('FLAGS_CONFLICT'));
});

test('patterns match anywhere, as in cosign, and both are honoured', async () => {
  const { identities } = await judge({
    'certificate-identity-regexp': 'acme/[a-z]+',
    'certificate-oidc-issuer-regexp': '(?i)GITHUBUSERCONTENT\\.com$',
  });
  const [identity] = identities ?? [];
  assert.equal(identity?.subject.isMatch('https://github.com/acme/app'), true);
  assert.equal(identity?.subject.isMatch('https://github.com/other/app'), false);
  assert.equal(identity?.issuer.isMatch('https://token.actions.githubusercontent.com'), true);
  assert.equal(identity?.issuer.isMatch('https://evil.example'), false);
});

test('a malformed pattern is refused', async () => {
  const { 'certificate-oidc-issuer': issuer } = dev;
  const given = { 'certificate-identity-regexp': '(?=dev)', 'certificate-oidc-issuer': issuer };
  await assert.rejects(judge(given), hasCode('PATTERN_MALFORMED'));
});

test('anyone of any issuer is refused, anyone of one issuer is warned about', async () => {
  for (const pattern of ['.*', '.+', '^', '|']) {
    const both = { 'certificate-identity-regexp': pattern, 'certificate-oidc-issuer-regexp': '.*' };
    await assert.rejects(judge(both), hasCode('IDENTITY_ANYONE'), pattern);
  }
  const { 'certificate-identity': name, 'certificate-oidc-issuer': issuer } = dev;
  const anyone = await judge({ 'certificate-identity-regexp': '.*', 'certificate-oidc-issuer': issuer });
  assert.match(anyone.warnings, /^WARNING: --certificate-identity-regexp .*"mallory@evil\.example"/);
  const anywhere = await judge({ 'certificate-identity': name, 'certificate-oidc-issuer-regexp': '.*' });
  assert.match(anywhere.warnings, /^WARNING: --certificate-oidc-issuer-regexp /);
});

test('a loose pattern is warned about once, with names that it lets in; a tight one is not', async () => {
  const { 'certificate-oidc-issuer': issuer } = dev;
  const loose = await judge({
    'certificate-identity-regexp': 'https://github.com/acme/.*',
    'certificate-oidc-issuer': issuer,
  });
  assert.equal(loose.warnings.split('\n').length, 2);
  assert.match(loose.warnings, /"https:\/\/evil\.example\/https:\/\/github\.com\/acme\/x"/);
  assert.match(loose.warnings, /"https:\/\/githubXcom\/acme\/x"/);
  const tight = await judge({
    'certificate-identity-regexp': '^dev@example\\.com$',
    'certificate-oidc-issuer': issuer,
  });
  assert.equal(tight.warnings, '');
});

test('extensions are taken from the workflow flags, by name and by OID', async () => {
  const { identities } = await judge({
    ...dev,
    'certificate-github-workflow-trigger': 'push',
    'certificate-github-workflow-sha': 'abc',
    'certificate-github-workflow-name': 'release',
    'certificate-github-workflow-repository': 'acme/app',
    'certificate-github-workflow-ref': 'refs/heads/main',
    'certificate-extension': [
      'sourceRepositoryUri=https://github.com/acme/app?a=b',
      '1.3.6.1.4.1.57264.1.20=push',
      'githubWorkflowRef=refs/heads/main',
    ],
  });
  const extensions = Object.entries(identities?.[0].extensions ?? {}).map(([name, { exactText }]) => [name, exactText]);
  assert.deepEqual(Object.fromEntries(extensions), {
    githubWorkflowTrigger: 'push',
    githubWorkflowSha: 'abc',
    githubWorkflowName: 'release',
    githubWorkflowRepository: 'acme/app',
    githubWorkflowRef: 'refs/heads/main',
    sourceRepositoryUri: 'https://github.com/acme/app?a=b',
    buildTrigger: 'push',
  });
});

test('an extension that is unknown, without value or given twice is refused', async () => {
  for (const text of ['nonsense=x', 'sourceRepositoryUri', '=x', '1.2.3=x', '__proto__=x']) {
    await assert.rejects(judge({ ...dev, 'certificate-extension': [text] }), hasCode('FLAG_VALUE_INVALID'), text);
  }
  const twice = { ...dev, 'certificate-extension': ['buildTrigger=push', '1.3.6.1.4.1.57264.1.20=release'] };
  await assert.rejects(judge(twice), hasCode('FLAG_VALUE_INVALID'));
  const both = {
    ...dev,
    'certificate-github-workflow-ref': 'refs/heads/main',
    'certificate-extension': ['githubWorkflowRef=refs/tags/v1'],
  };
  await assert.rejects(judge(both), hasCode('FLAG_VALUE_INVALID'));
});
