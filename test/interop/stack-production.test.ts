/** A stack as an organisation runs it: over HTTPS, with issuers of its own, and with the keys of its root put away. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import type { TestContext } from 'node:test';

import { openScene } from '../scripts/scene.ts';
import { requireOk } from '../scripts/stack-scene.ts';
import { runCountersign } from '../support/countersign.ts';
import { requirePeer, runPeer } from '../support/peers.ts';
import type { PeerRun } from '../support/peers.ts';
import { registryRequest } from '../support/registry-request.ts';
import { createScratchFolder } from '../support/scratch.ts';
import { reply } from '../support/scripted-server.ts';
import { startStack } from '../support/stack.ts';
import type { TestStack } from '../support/stack.ts';
import { createTlsFiles } from '../support/tls.ts';
import type { TlsFiles } from '../support/tls.ts';
import { claimsOf, createTokenKey, discoveryPath, signToken, startTokenIssuer } from '../support/token-issuer.ts';

type Claims = Readonly<Record<string, unknown>>;

/** What an issuer of a type is configured with, what its tokens say, and what certificates then name. */
interface Kind {
  readonly settings: Readonly<Record<string, string>>;
  readonly claims: Claims;
  readonly name: string;
  /** Claims of its own that it may not certify, and why not. */
  readonly wrong: readonly (readonly [Claims, RegExp])[];
}

const noEmail = { email: undefined, email_verified: undefined };

const workflow = {
  sub: 'repo:octo/app:ref:refs/heads/main',
  event_name: 'push',
  sha: '5f0ee4fa95f04a05a9bd2d1bbea4c2a9f0e5e4d5',
  workflow: 'build',
  repository: 'octo/app',
  ref: 'refs/heads/main',
  job_workflow_ref: 'octo/app/.github/workflows/build.yml@refs/heads/main',
  job_workflow_sha: '5f0ee4fa95f04a05a9bd2d1bbea4c2a9f0e5e4d5',
  runner_environment: 'github-hosted',
  repository_id: '1234',
  repository_owner: 'octo',
  repository_owner_id: '99',
  workflow_ref: 'octo/app/.github/workflows/build.yml@refs/heads/main',
  workflow_sha: '5f0ee4fa95f04a05a9bd2d1bbea4c2a9f0e5e4d5',
  run_id: '77',
  run_attempt: '2',
  repository_visibility: 'private',
};

/** By the path of the issuer below its host. */
const kinds: Readonly<Record<string, Kind>> = {
  email: {
    settings: { type: 'email' },
    claims: {},
    name: 'ada@example.com',
    wrong: [
      [{ email_verified: false }, /email_verified/],
      [{ email: undefined }, /email/],
      [{ email: 'Ada <ada@example.com>' }, /email/],
    ],
  },
  uri: {
    settings: { type: 'uri', 'subject-domain': 'https://localhost' },
    claims: { ...noEmail, sub: 'https://localhost/people/ada' },
    name: 'https://localhost/people/ada',
    wrong: [[{ sub: 'https://localhost.example/people/ada' }, /https:\/\/localhost/]],
  },
  // Its tokens bring addresses as well, which is nothing that it vouches for.
  username: {
    settings: { type: 'username', 'subject-domain': 'localhost' },
    claims: { sub: 'ada' },
    name: 'ada!localhost',
    wrong: [[{ sub: 'ada!elsewhere' }, /sub/]],
  },
  spiffe: {
    settings: { type: 'spiffe', 'spiffe-trust-domain': 'prod.example' },
    claims: { ...noEmail, sub: 'spiffe://prod.example/ns/web/app' },
    name: 'spiffe://prod.example/ns/web/app',
    wrong: [[{ sub: 'spiffe://test.example/ns/web/app' }, /prod\.example/]],
  },
  kubernetes: {
    settings: { type: 'kubernetes' },
    claims: {
      ...noEmail,
      sub: 'system:serviceaccount:web:deployer',
      'kubernetes.io': { namespace: 'web', serviceaccount: { name: 'deployer' } },
    },
    name: 'https://kubernetes.io/namespaces/web/serviceaccounts/deployer',
    wrong: [[{ 'kubernetes.io': undefined }, /kubernetes\.io/]],
  },
  workflow: {
    settings: { type: 'ci-provider', 'ci-provider': 'github-workflow' },
    claims: { ...noEmail, ...workflow },
    name: `https://github.com/${workflow.job_workflow_ref}`,
    wrong: [[{ job_workflow_ref: undefined }, /job_workflow_ref/]],
  },
};

interface Organisation {
  readonly stack: TestStack;
  /** Everything for clients is here. */
  readonly folder: string;
  /** The issuer of a kind. */
  readonly issuerOf: (kind: string) => string;
  /** Writes a token into a file and returns its name. */
  readonly tokenFile: (kind: string, claims?: Claims) => string;
  readonly token: (kind: string, claims?: Claims) => string;
  /** Ours, or a cosign, told whom to trust by `initialize` alone. */
  readonly ask: (program: Program, args: readonly string[]) => Promise<PeerRun>;
}

const programs = ['countersign', 'cosign-2', 'cosign-3'] as const;
type Program = (typeof programs)[number];

const key = createTokenKey('RS256');

interface Issuers {
  readonly issuerOf: (kind: string) => string;
  /** The configuration that believes these. */
  readonly yamlOf: (kinds: readonly string[]) => string;
  /** Of the issuers' host; another server of this machine may have them too. */
  readonly tls: TlsFiles;
}

/** One host, which has an issuer of each kind. */
async function openIssuers(t: TestContext, folder: string, names: readonly string[]): Promise<Issuers> {
  const tls = createTlsFiles(folder);
  const issuer = await startTokenIssuer(t, [key], { cert: readFileSync(tls.certFile), key: readFileSync(tls.keyFile) });
  const issuerOf = (kind: string): string => `${issuer.url}/${kind}`;
  for (const kind of names) {
    const discovery = JSON.stringify({ issuer: issuerOf(kind), jwks_uri: `${issuer.url}/keys` });
    issuer.scripts.set(`/${kind}${discoveryPath}`, (_, response) => reply(response, 200, {}, discovery));
  }
  return { issuerOf, tls, yamlOf: (believed) => issuersYamlOf(issuerOf, believed, tls.caFile) };
}

async function openOrganisation(t: TestContext): Promise<Organisation> {
  const folder = createScratchFolder('organisation');
  const { issuerOf, yamlOf } = await openIssuers(t, folder, Object.keys(kinds));
  writeFileSync(join(folder, 'issuers.yaml'), yamlOf(Object.keys(kinds)));
  const args = ['--listen', '127.0.0.1:0', '--tls-self-made', '--oidc-config', join(folder, 'issuers.yaml')];
  const stack = await startStack({ isDevelopment: false, args });
  t.after(() => stack.close());
  writeFileSync(join(folder, 'app.txt'), 'an application\n');
  requireOk(await runCountersign(['stack', 'export-config', '--data', stack.dataDir, '--output', folder]));
  const token = (kind: string, claims: Claims = {}): string =>
    signToken(key, claimsOf(issuerOf(kind), { ...kinds[kind]?.claims, ...claims }));
  const envOf = (program: Program): Record<string, string> => ({
    SSL_CERT_FILE: join(stack.dataDir, 'tls.pem'),
    TUF_ROOT: join(folder, `tuf-${program}`),
  });
  const ask: Organisation['ask'] = (program, words) =>
    program === 'countersign'
      ? runCountersign(words, { cwd: folder, env: envOf(program) })
      : runPeer(program, words, { cwd: folder, env: envOf(program) });
  for (const program of programs) {
    requireOk(await ask(program, ['initialize', '--mirror', `${stack.url}/tuf`, '--root', 'root.json']));
  }
  const tokenFile = (kind: string, claims?: Claims): string => {
    writeFileSync(join(folder, `${kind}.token`), token(kind, claims));
    return `${kind}.token`;
  };
  return { stack, folder, issuerOf, token, tokenFile, ask };
}

/** As people write it, with one authority for all. */
function issuersYamlOf(issuerOf: (kind: string) => string, names: readonly string[], caFile: string): string {
  const pem = readFileSync(caFile, 'utf8').trimEnd().replaceAll(/^/gm, '    ');
  const issuers = names.flatMap((name) => [
    `  ${issuerOf(name)}:`,
    '    client-id: sigstore',
    '    ca-cert: *authority',
    ...Object.entries(kinds[name]?.settings ?? { type: 'email' }).map(([setting, value]) => `    ${setting}: ${value}`),
  ]);
  return ['define:', '  authority: &authority |', pem, 'oidc-issuers:', ...issuers, ''].join('\n');
}

const signBlob = ({ stack }: Organisation, program: Program, tokenFile: string, bundle: string): readonly string[] => {
  const places = ['--fulcio-url', stack.url, '--rekor-url', stack.url];
  const words = ['sign-blob', '--yes', '--identity-token', tokenFile, '--bundle', bundle, 'app.txt'];
  return program === 'cosign-2' ? [...words, ...places] : words;
};

test('a production stack over HTTPS certifies identities of every type of issuer', async (t) => {
  if (!requirePeer(t, 'cosign-2', 'cosign-3')) return;
  const organisation = await openOrganisation(t);
  for (const [kind, { name }] of Object.entries(kinds)) {
    await t.test(`${kind}: ${name}`, () => requireCertified(organisation, kind, name));
  }
  await t.test('a workflow signs an image, and is recognised by what its certificate says of it', (within) =>
    requireWorkflow(within, organisation),
  );
  await t.test('what an issuer may not vouch for is answered 400 with the reason', () => requireRefusals(organisation));
  await t.test('it proves no identities itself', async () => {
    const { dataDir } = organisation.stack;
    const asked = await runCountersign(['stack', 'token', '--data', dataDir, '--identity', 'ada@example.com']);
    assert.equal(asked.status, 1);
    assert.match(asked.stderr, /a production stack proves no identities[^]*CONTROL_REFUSED/);
  });
});

async function requireCertified(organisation: Organisation, kind: string, name: string): Promise<void> {
  const { ask, tokenFile, issuerOf } = organisation;
  const who = ['--certificate-identity', name, '--certificate-oidc-issuer', issuerOf(kind)];
  const verify = ['verify-blob', 'app.txt', '--bundle'];
  const token = tokenFile(kind);
  const signed = requireOk(await ask('countersign', signBlob(organisation, 'countersign', token, 'ours.json')));
  assert.ok(signed.stderr.includes(`Signing as ${name}, by the word of ${issuerOf(kind)}\n`), signed.stderr);
  requireOk(await ask('cosign-3', [...verify, 'ours.json', ...who]));
  for (const cosign of ['cosign-2', 'cosign-3'] as const) {
    requireOk(await ask(cosign, signBlob(organisation, cosign, token, `${cosign}.json`)));
    requireOk(await ask('countersign', [...verify, `${cosign}.json`, ...who]));
  }
  const other = ['--certificate-identity', `x${name}`, '--certificate-oidc-issuer', issuerOf(kind)];
  assert.equal((await ask('countersign', [...verify, 'cosign-3.json', ...other])).status, 1);
}

async function requireWorkflow(t: TestContext, { ask, tokenFile, issuerOf }: Organisation): Promise<void> {
  const scene = await openScene();
  t.after(scene.close);
  const { byDigest } = await scene.push('octo/app');
  requireOk(await ask('countersign', ['sign', '--identity-token', tokenFile('workflow'), byDigest]));
  const own = ['--certificate-identity-regexp', '^https://github\\.com/octo/app/'];
  const built = [
    '--certificate-github-workflow-name',
    workflow.workflow,
    '--certificate-github-workflow-sha',
    workflow.sha,
  ];
  const why = ['--certificate-github-workflow-ref', workflow.ref, '--certificate-github-workflow-trigger', 'push'];
  const who = [...own, '--certificate-oidc-issuer', issuerOf('workflow'), ...built, ...why];
  const terms = (repository: string): readonly string[] => [
    ...who,
    '--certificate-github-workflow-repository',
    repository,
  ];
  for (const program of programs) {
    const http = program === 'countersign' ? [] : ['--allow-http-registry'];
    requireOk(await ask(program, ['verify', ...http, ...terms('octo/app'), byDigest]));
    const refused = await ask(program, ['verify', ...http, ...terms('octo/other'), byDigest]);
    assert.notEqual(refused.status, 0, program);
    assert.match(refused.stderr, /octo\/other|expected GitHub Workflow Repository not found/, program);
  }
}

async function requireRefusals({ stack, token, issuerOf }: Organisation): Promise<void> {
  const address = { host: new URL(stack.url).host, scheme: 'https', caFile: join(stack.dataDir, 'tls.pem') } as const;
  const head = async (): Promise<string> =>
    (await registryRequest(address, 'GET', '/ctlog/ct/v1/get-sth')).body.toString();
  const sizeIn = (text: string): unknown => (JSON.parse(text) as { readonly tree_size: number }).tree_size;
  const before = sizeIn(await head());
  const stranger = createTokenKey('RS256');
  const email = claimsOf(issuerOf('email'));
  const refused: readonly (readonly [string, RegExp])[] = [
    [token('email', { aud: 'elsewhere' }), /meant for "elsewhere"; expected "sigstore"/],
    [token('email', { exp: 1 }), /expired/],
    [token('email', { nbf: Math.floor(Date.now() / 1000) + 3600 }), /begins in \d+ s/],
    [token('email', { iss: issuerOf('nobody') }), /\/nobody.*not configured|configured.*\/email/],
    [signToken(stranger, email), /not signed by/],
    [signToken(key, email, { alg: 'none', kid: key.keyId }), /alg|signed/],
    ...Object.entries(kinds).flatMap(([kind, { wrong }]) =>
      wrong.map(([claims, why]) => [token(kind, claims), why] as const),
    ),
  ];
  for (const [identityToken, why] of refused) {
    const { status, body } = await registryRequest(address, 'POST', '/api/v2/signingCert', {
      headers: { authorization: `Bearer ${identityToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        publicKeyRequest: {
          publicKey: { content: key.publicKey.export({ type: 'spki', format: 'pem' }) },
          proofOfPossession: 'AAAA',
        },
      }),
    });
    const { message } = JSON.parse(body.toString()) as { readonly message: string };
    assert.equal(status, 400, message);
    assert.match(message, why);
  }
  assert.equal(sizeIn(await head()), before);
}

/** A stack that is started again and again, and the one who runs it. */
interface Household extends Issuers {
  readonly dataDir: string;
  /** Whom the stack believes from its next start. */
  readonly believe: (...kinds: readonly string[]) => void;
  readonly start: (...args: readonly string[]) => Promise<TestStack>;
  readonly run: (...args: readonly string[]) => Promise<PeerRun>;
  /** Has the person of this issuer sign, and believes it. */
  readonly requireSigned: (kind: string) => Promise<void>;
  /** Where clients are told to log in. */
  readonly loginPlaces: () => Promise<readonly string[]>;
}

async function openHousehold(t: TestContext): Promise<Household> {
  const folder = createScratchFolder('household');
  const issuers = await openIssuers(t, folder, ['first', 'second']);
  const { tls, issuerOf, yamlOf } = issuers;
  const dataDir = join(folder, 'data');
  const certificate = ['--tls-cert', tls.certFile, '--tls-key', tls.keyFile];
  const run: Household['run'] = (...args) =>
    runCountersign(args, {
      cwd: folder,
      env: { SSL_CERT_FILE: tls.caFile, TUF_ROOT: join(folder, 'tuf'), COUNTERSIGN_STACK_PASSWORD: 'test password' },
    });
  return {
    ...issuers,
    dataDir,
    believe: (...believed) => writeFileSync(join(dataDir, 'issuers.yaml'), yamlOf(believed)),
    start: (...args) => startStack({ dataDir, isDevelopment: false, args: [...certificate, ...args] }),
    run,
    requireSigned: async (kind) => {
      writeFileSync(join(folder, 'token'), signToken(key, claimsOf(issuerOf(kind))));
      requireOk(await run('sign-blob', '--identity-token', 'token', '--bundle', 'b.json', 'root.json'));
      const who = ['--certificate-identity', 'ada@example.com', '--certificate-oidc-issuer', issuerOf(kind)];
      requireOk(await run('verify-blob', '--bundle', 'b.json', ...who, 'root.json'));
    },
    loginPlaces: async () => {
      const { stdout } = requireOk(await run('stack', 'export-config', '--data', dataDir, 'signing_config.json'));
      const { oidcUrls } = JSON.parse(stdout) as { readonly oidcUrls: readonly { readonly url: string }[] };
      return oidcUrls.map(({ url }) => url);
    },
  };
}

test('issuers are changed in the data directory, even when no root keys are left to tell clients of it', async (t) => {
  const household = await openHousehold(t);
  const { dataDir, believe, start, run, requireSigned, loginPlaces, issuerOf } = household;
  const nobody = await start('--listen', '127.0.0.1:0');
  assert.match(
    nobody.log(),
    /no issuer of identities is configured, so nobody gets a certificate: write \S+issuers\.yaml/,
  );
  assert.equal(await nobody.close(), 0);

  // 1. In the data directory, where nobody has to name it.
  believe('first');
  const first = await start();
  assert.deepEqual([first.url, await loginPlaces()], [nobody.url, [issuerOf('first')]]);
  requireOk(await run('stack', 'export-config', '--data', dataDir, '--output', '.'));
  requireOk(await run('initialize', '--mirror', `${first.url}/tuf`, '--root', 'root.json'));
  await requireSigned('first');
  requireOk(await run('stack', 'root', 'export', '--data', dataDir, '--output', 'root-keys.json'));
  assert.equal(await first.close(), 0);

  // 2. Another issuer, and no key to tell clients of it: it is said, and everything works.
  believe('first', 'second');
  const second = await start();
  assert.match(second.log(), /clients are not told of what has changed: .*tuf-targets was exported/);
  assert.deepEqual(await loginPlaces(), [issuerOf('first')]);
  requireOk(await run('initialize', '--mirror', `${second.url}/tuf`, '--root', 'root.json'));
  await requireSigned('first');
  await requireSigned('second');
  assert.match((await run('stack', 'status', '--data', dataDir)).stdout, /\(production\), ready\n/);
  assert.equal(await second.close(), 0);

  // 3. With the keys back clients are told.
  requireOk(await run('stack', 'root', 'import', '--data', dataDir, 'root-keys.json'));
  const third = await start();
  assert.deepEqual(await loginPlaces(), [issuerOf('first'), issuerOf('second')]);
  assert.doesNotMatch(third.log(), /not told/);
  assert.equal(await third.close(), 0);

  // 4. What cannot be read stops it, at its place.
  writeFileSync(join(dataDir, 'issuers.yaml'), 'oidc-issuers:\n  https://issuer.example: {type: email}\n');
  await assert.rejects(start(), /client-id[^]*ISSUER_CONFIGURATION_INVALID/);
});
