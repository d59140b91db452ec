import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { hasCode } from '../../../../test/support/error-code.ts';
import { isErrorWithCode } from '../../../base/errors.ts';
import type { JsonObject } from '../../../base/json.ts';
import { limits } from '../../../base/limits.ts';
import type { Principal } from '../principal.ts';
import { findIssuer, parseIssuerConfiguration } from './issuer-configuration.ts';
import { principalOf } from './principal-of-claims.ts';

const configuration = parseIssuerConfiguration(
  JSON.stringify({
    'oidc-issuers': {
      'https://mail.example.com': { 'client-id': 'sigstore', type: 'email' },
      'https://entra.example.com': { 'client-id': 'sigstore', type: 'email', 'skip-email-verification': true },
      'https://dex.example.com': {
        'client-id': 'sigstore',
        type: 'email',
        'issuer-claim': '$.federated_claims.connector_id',
      },
      'https://pages.example.com': {
        'client-id': 'sigstore',
        type: 'uri',
        'subject-domain': 'https://www.example.com',
      },
      'https://users.example.com': { 'client-id': 'sigstore', type: 'username', 'subject-domain': 'example.com' },
      'https://spire.example.com': {
        'client-id': 'sigstore',
        type: 'spiffe',
        'spiffe-trust-domain': 'prod.example.com',
      },
      'https://kube.example.com': { 'client-id': 'sigstore', type: 'kubernetes' },
      'https://guard.example.com': { 'client-id': 'sigstore', type: 'chainguard-identity' },
      'https://token.actions.githubusercontent.com': { 'client-id': 'sigstore', type: 'github-workflow' },
      'https://gitlab.com': { 'client-id': 'sigstore', type: 'gitlab-pipeline' },
      'https://agent.buildkite.com': { 'client-id': 'sigstore', type: 'buildkite-job' },
      'https://oidc.codefresh.io': { 'client-id': 'sigstore', type: 'codefresh-workflow' },
      'https://oidc.circleci.com': { 'client-id': 'sigstore', type: 'ci-provider', 'ci-provider': 'circleci-job' },
      'https://oidc.buddyusercontent.com': {
        'client-id': 'sigstore',
        type: 'ci-provider',
        'ci-provider': 'buddy-pipeline',
      },
    },
  }),
);

function principalFor(issuerUrl: string, claims: JsonObject): Principal {
  const issuer = findIssuer(configuration, issuerUrl);
  assert.ok(issuer !== undefined);
  return principalOf({ issuerUrl, issuer, claims: { sub: 'subject-1', ...claims } });
}

const mail = (claims: JsonObject): Principal =>
  principalFor('https://mail.example.com', { email_verified: true, ...claims });

const github: JsonObject = {
  sub: 'repo:octo/app:ref:refs/heads/main',
  event_name: 'push',
  sha: '5f0ee4fa95f04a05a9bd2d1bbea4c2a9f0e5e4d5',
  workflow: 'Build ⚙️',
  repository: 'octo/app',
  ref: 'refs/heads/main',
  job_workflow_ref: 'octo/shared/.github/workflows/build.yml@refs/tags/v1',
  job_workflow_sha: 'aa',
  runner_environment: 'github-hosted',
  repository_id: '1234',
  repository_owner: 'octo',
  repository_owner_id: 99,
  workflow_ref: 'octo/app/.github/workflows/ci.yml@refs/heads/main',
  workflow_sha: 'bb',
  run_id: '77',
  run_attempt: '2',
  repository_visibility: 'private',
};

test('a GitHub workflow is named by the workflow that signs, and all that its token tells is kept', () => {
  const { name, extensions, proofSubjects } = principalFor('https://token.actions.githubusercontent.com', github);
  const signer = 'https://github.com/octo/shared/.github/workflows/build.yml@refs/tags/v1';
  assert.deepEqual(name, { kind: 'uri', value: signer });
  assert.deepEqual(proofSubjects, [signer, github['sub']]);
  assert.deepEqual(
    extensions,
    new Map([
      [1, 'https://token.actions.githubusercontent.com'],
      [8, 'https://token.actions.githubusercontent.com'],
      [24, 'repo:octo/app:ref:refs/heads/main'],
      [2, 'push'],
      [3, '5f0ee4fa95f04a05a9bd2d1bbea4c2a9f0e5e4d5'],
      [4, 'Build ⚙️'],
      [5, 'octo/app'],
      [6, 'refs/heads/main'],
      [9, signer],
      [10, 'aa'],
      [11, 'github-hosted'],
      [12, 'https://github.com/octo/app'],
      [13, '5f0ee4fa95f04a05a9bd2d1bbea4c2a9f0e5e4d5'],
      [14, 'refs/heads/main'],
      [15, '1234'],
      [16, 'https://github.com/octo'],
      [17, '99'],
      [18, 'https://github.com/octo/app/.github/workflows/ci.yml@refs/heads/main'],
      [19, 'bb'],
      [20, 'push'],
      [21, 'https://github.com/octo/app/actions/runs/77/attempts/2'],
      [22, 'private'],
    ]),
  );
});

test('a GitHub token that lacks a claim, or has an empty or monstrous one, gives no certificate', () => {
  const url = 'https://token.actions.githubusercontent.com';
  assert.equal(principalFor(url, { ...github, environment: 'production' }).extensions.get(23), 'production');
  assert.equal(principalFor(url, { ...github, environment: null }).extensions.has(23), false);
  for (const claim of Object.keys(github)) {
    const less = Object.fromEntries(Object.entries(github).filter(([name]) => name !== claim));
    const tokenClaims = claim === 'sub' ? { ...less, sub: '' } : less;
    assert.throws(() => principalFor(url, tokenClaims), hasCode('TOKEN_CLAIMS'), claim);
    for (const value of [
      ['x'],
      { a: 1 },
      'a\u0000b',
      'a\nb',
      '\u001b[31m',
      '\ud800',
      'x'.repeat(limits.certificateTextBytes + 1),
    ]) {
      assert.throws(() => principalFor(url, { ...github, [claim]: value }), hasCode('TOKEN_CLAIMS'), claim);
    }
  }
  const long = 'x'.repeat(limits.certificateTextBytes);
  assert.throws(
    () => principalFor(url, { ...github, repository: long }),
    /"\{\{ \.url \}\}\/\{\{ \.repository \}\}" is longer than/,
  );
  for (const value of ['', null, 2 ** 53, 1e300, 0.0000001]) {
    assert.throws(
      () => principalFor(url, { ...github, job_workflow_ref: value }),
      hasCode('TOKEN_CLAIMS'),
      String(value),
    );
  }
});

test('other CI providers are named by their pipelines', () => {
  const gitlab = {
    ci_config_ref_uri: 'gitlab.com/group/app//.gitlab-ci.yml@refs/heads/main',
    ci_config_sha: 'cc',
    runner_environment: 'gitlab-hosted',
    project_path: 'group/app',
    sha: 'dd',
    ref_type: 'tag',
    ref: 'v1',
    project_id: 12,
    namespace_path: 'group',
    namespace_id: '34',
    pipeline_source: 'push',
    job_id: '56',
    project_visibility: 'public',
  };
  const pipeline = principalFor('https://gitlab.com', gitlab);
  assert.equal(pipeline.name.value, 'https://gitlab.com/group/app//.gitlab-ci.yml@refs/heads/main');
  assert.equal(pipeline.extensions.get(14), 'refs/tags/v1');
  assert.equal(
    principalFor('https://gitlab.com', { ...gitlab, ref_type: 'branch' }).extensions.get(14),
    'refs/heads/v1',
  );
  assert.equal(pipeline.extensions.get(21), 'https://gitlab.com/group/app/-/jobs/56');

  const buildkite = {
    organization_slug: 'acme',
    pipeline_slug: 'app',
    build_number: 7,
    job_id: 'j',
    runner_environment: 'self-hosted',
  };
  const job = principalFor('https://agent.buildkite.com', { ...buildkite, build_commit: 'ee', build_source: 'ui' });
  assert.equal(job.name.value, 'https://buildkite.com/acme/app');
  assert.equal(job.extensions.get(21), 'https://buildkite.com/acme/app/builds/7#j');

  const codefresh = {
    account_name: 'acme',
    pipeline_name: 'p/app',
    account_id: 'a1',
    pipeline_id: 'p1',
    workflow_id: 'w1',
  };
  const workflow = principalFor('https://oidc.codefresh.io', codefresh);
  assert.equal(workflow.name.value, 'https://g.codefresh.io/acme/p/app:a1/p1');
  assert.ok(!workflow.extensions.has(12));

  const circle = Object.fromEntries(
    ['project-id', 'pipeline-definition-id', 'pipeline-id', 'workflow-id', 'job-id'].map((name) => [
      `oidc.circleci.com/${name}`,
      name,
    ]),
  );
  const run = principalFor('https://oidc.circleci.com', { ...circle, 'oidc.circleci.com/ssh-rerun': true });
  assert.equal(
    run.name.value,
    'https://circleci.com/api/v2/projects/project-id/pipeline-definitions/pipeline-definition-id',
  );
  assert.equal(run.extensions.get(11), 'ssh-rerun');
  assert.ok(!run.extensions.has(14), 'a claim that may be missing');
  const { 'oidc.circleci.com/project-id': _, ...half } = circle;
  assert.throws(() => principalFor('https://oidc.circleci.com', half), hasCode('TOKEN_CLAIMS'), 'half a name');

  const buddy = {
    workspace_domain: 'w',
    project_name: 'p',
    pipeline_id: 5,
    triggered_on: 'CLICK',
    runner_environment: 'hosted',
    execution_id: 9,
  };
  const execution = principalFor('https://oidc.buddyusercontent.com', buddy);
  assert.equal(execution.name.value, 'https://app.buddy.works/w/p/pipelines/pipeline/5');
  assert.equal(execution.extensions.get(21), 'https://app.buddy.works/w/p/pipelines/pipeline/5/execution/9');
});

test('an e-mail address must be verified, and be an address and nothing else', () => {
  assert.deepEqual(mail({ email: 'ada@example.com' }).name, { kind: 'email', value: 'ada@example.com' });
  for (const email_verified of ['true', 'True']) assert.ok(mail({ email: 'ada@example.com', email_verified }));
  for (const email_verified of [false, 'false', 'TRUE', 'yes', 1, null, [true]]) {
    assert.throws(
      () => mail({ email: 'ada@example.com', email_verified }),
      hasCode('TOKEN_CLAIMS'),
      String(email_verified),
    );
  }
  assert.throws(() => principalFor('https://mail.example.com', { email: 'ada@example.com' }), hasCode('TOKEN_CLAIMS'));
  assert.equal(principalFor('https://entra.example.com', { email: 'ada@example.com' }).name.value, 'ada@example.com');
  const wrong = [
    'Ada <ada@example.com>',
    '<ada@example.com>',
    '"ada lovelace"@example.com',
    'ada@example.com,eve@example.com',
    'ada@example.com eve@example.com',
    'ada@example.com\u0000.evil.example',
    'ada@example.com\n',
    'ada@evil.example@example.com',
    'ada(comment)@example.com',
    'ada@[127.0.0.1]',
    'ädä@example.com',
    'ada@exämple.com',
    'ada\u200b@example.com',
    'ada@',
    '@example.com',
    '.ada@example.com',
    'a..da@example.com',
    'ada@example..com',
    'ada',
    '',
    `${'a'.repeat(250)}@example.com`,
    ['ada@example.com'],
    null,
  ];
  for (const email of wrong) assert.throws(() => mail({ email }), hasCode('TOKEN_CLAIMS'), String(email));
});

test('an issuer that federates vouches in the name of the one that the claim names', () => {
  const dex = (federated_claims: JsonObject['x']): Principal =>
    principalFor('https://dex.example.com', {
      email: 'ada@example.com',
      email_verified: true,
      federated_claims: federated_claims ?? null,
    });
  const principal = dex({ connector_id: 'https://accounts.google.com' });
  assert.equal(principal.extensions.get(1), 'https://accounts.google.com');
  assert.equal(principal.extensions.get(8), 'https://accounts.google.com');
  assert.equal(principal.issuer, 'https://dex.example.com');
  for (const claim of [
    null,
    'x',
    {},
    { connector_id: '' },
    { connector_id: 7 },
    { connector_id: 'a\u0000' },
    [{ connector_id: 'x' }],
  ]) {
    assert.throws(() => dex(claim), hasCode('TOKEN_CLAIMS'), JSON.stringify(claim));
  }
});

test('a URI stays below its origin, whatever parsers make of it', () => {
  const uri = (sub: string): string => principalFor('https://pages.example.com', { sub }).name.value;
  for (const sub of [
    'https://www.example.com',
    'https://www.example.com/a?b#c',
    'https://www.example.com/users/ada%20l',
  ]) {
    assert.equal(uri(sub), sub);
  }
  const wrong = [
    'https://example.com/a',
    'http://www.example.com/a',
    'https://www.example.com.evil.example/',
    'https://www.example.com@evil.example/',
    'https://www.example.com:8443/',
    'https://www.example.com\\@evil.example/',
    'HTTPS://www.example.com/',
    ' https://www.example.com/',
    'https://www.example.com/a b',
    'https://www.example.com/ü',
    'https://www.example.com/%zz',
    'ada@example.com',
  ];
  for (const sub of wrong) assert.throws(() => uri(sub), hasCode('TOKEN_CLAIMS'), sub);
});

test('user names carry their domain, and cannot pretend to another', () => {
  const user = principalFor('https://users.example.com', { sub: 'ada' });
  assert.deepEqual(user.name, { kind: 'username', value: 'ada!example.com' });
  assert.deepEqual(user.proofSubjects, ['ada!example.com', 'ada']);
  for (const sub of ['ada!evil.example', 'ada@example.com', 'ada\u202e', 'a\u200bda', 'a\tda']) {
    assert.throws(() => principalFor('https://users.example.com', { sub }), hasCode('TOKEN_CLAIMS'), sub);
  }
});

test('SPIFFE IDs are of the one trust domain and of the grammar', () => {
  const spiffe = (sub: string): string => principalFor('https://spire.example.com', { sub }).name.value;
  for (const sub of ['spiffe://prod.example.com', 'spiffe://prod.example.com/ns/a/sa/b-1._'])
    assert.equal(spiffe(sub), sub);
  const wrong = [
    'spiffe://prod.example.com.evil/x',
    'spiffe://prod.example.com@evil/x',
    'spiffe://other.example.com/x',
    'spiffe:/x',
    'spiffe://prod.example.com/',
    'spiffe://prod.example.com/a//b',
    'spiffe://prod.example.com/a/../b',
    'spiffe://prod.example.com/.',
    'spiffe://prod.example.com/a?b',
    'spiffe://prod.example.com/%61',
    'SPIFFE://prod.example.com/a',
    'https://prod.example.com/a',
  ];
  for (const sub of wrong) assert.throws(() => spiffe(sub), hasCode('TOKEN_CLAIMS'), sub);
});

test('service accounts and Chainguard identities are named below fixed addresses', () => {
  const account = (namespace: unknown, name: unknown): Principal =>
    principalFor('https://kube.example.com', {
      'kubernetes.io': { namespace, serviceaccount: { name } },
    } as JsonObject);
  assert.equal(account('build', 'signer').name.value, 'https://kubernetes.io/namespaces/build/serviceaccounts/signer');
  for (const [namespace, name] of [
    ['build/serviceaccounts/x', 'y'],
    ['', 'y'],
    ['..', 'y'],
    ['a', 'b?c'],
    ['a', undefined],
    ['A', 'b'],
    [['a'], 'b'],
  ]) {
    assert.throws(() => account(namespace, name), hasCode('TOKEN_CLAIMS'), JSON.stringify([namespace, name]));
  }
  assert.throws(() => principalFor('https://kube.example.com', {}), hasCode('TOKEN_CLAIMS'));
  const guard = (sub: string, more: JsonObject = { email_verified: true }): Principal =>
    principalFor('https://guard.example.com', { sub, email: 'ada@example.com', ...more });
  assert.equal(guard('a1/b2').name.value, 'https://guard.example.com/a1/b2');
  assert.deepEqual(guard('a1').proofSubjects, ['https://guard.example.com/a1', 'a1', 'ada@example.com']);
  // An address that nobody verified is anybody's, and so would its owner's proof be.
  for (const more of [{}, { email_verified: false }] as const) {
    assert.deepEqual(guard('a1', more).proofSubjects, ['https://guard.example.com/a1', 'a1']);
  }
  for (const sub of ['../other', 'a//b', '/a', 'a?b', 'a b'])
    assert.throws(() => guard(sub), hasCode('TOKEN_CLAIMS'), sub);
});

test('names are escaped as Go escapes them, and what cannot be escaped is refused', () => {
  const named = (job_workflow_ref: string): string =>
    principalFor('https://token.actions.githubusercontent.com', { ...github, job_workflow_ref }).name.value;
  assert.equal(named('o/r/w.yml@refs/heads/grün und'), 'https://github.com/o/r/w.yml@refs/heads/gr%C3%BCn%20und');
  assert.equal(named('o/r/w.yml@refs/heads/a#b'), 'https://github.com/o/r/w.yml@refs/heads/a#b');
  assert.throws(() => named('o/r/w.yml@refs/heads/50%'), hasCode('TOKEN_CLAIMS'));
});

test('any claims at all give a principal of printable ASCII names, or TOKEN_CLAIMS', () => {
  const urls = [...configuration.issuers.keys()];
  const claims = fc.dictionary(
    fc.constantFrom(...Object.keys(github), 'email', 'email_verified', 'kubernetes.io', '__proto__'),
    fc.jsonValue(),
  );
  fc.assert(
    fc.property(fc.constantFrom(...urls), claims, (url, more) => {
      try {
        const { name, extensions } = principalFor(url, { ...github, ...(more as JsonObject) });
        assert.match(name.value, name.kind === 'username' ? /!example\.com$/ : /^[\x21-\x7e]+$/);
        assert.ok([...extensions.values()].every((text) => text !== '' && text.isWellFormed()));
      } catch (error) {
        assert.ok(isErrorWithCode(error, 'TOKEN_CLAIMS'), String(error));
      }
    }),
  );
});
