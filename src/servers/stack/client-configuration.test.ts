import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash, createPublicKey, X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { parseAllDocuments } from 'yaml';

import { createStackFacts } from '../../../test/support/own-tuf.ts';
import { createScratchFolder } from '../../../test/support/scratch.ts';
import { parseUtf8, utf8Of } from '../../base/bytes.ts';
import { encodeTrustedRoot } from '../../formats/trust/trusted-root.ts';
import { stackTrustedRootOf } from '../tuf/trust-material.ts';
import { clientConfigurationsOf } from './client-configuration.ts';
import type { ConfigurationContext } from './client-scripts.ts';

const url = 'https://sigstore.example.com:8443';
const tufRoot = utf8Of('{"signatures": []}');
const facts = await createStackFacts(url);
const context: ConfigurationContext = { facts, tufRoot, folder: '/etc/sigstore' };
const shells = ['countersign', 'cosign-2', 'cosign-3', 'sigstore-python', 'sigstore-js', 'gitsign'];

const textOf = (name: string, from = context): string =>
  parseUtf8(clientConfigurationsOf(from).get(name) ?? assert.fail(`no ${name}`));
const manifestsOf = (name: string, from = context): unknown[] =>
  parseAllDocuments(textOf(name, from), { schema: 'core' }).map((each): unknown => {
    assert.deepEqual([each.errors, each.warnings], [[], []]);
    return each.toJS();
  });

/** Every command that a script runs, with its arguments, run by a real shell with programs that only tell them. */
function commandsOf(name: string, from = context, environment: Readonly<Record<string, string>> = {}): string[][] {
  const folder = createScratchFolder('client-script');
  const script = join(folder, name);
  writeFileSync(script, textOf(name, from));
  mkdirSync(join(folder, 'bin'));
  const told = join(folder, 'told');
  writeFileSync(told, '');
  for (const program of ['countersign', 'cosign', 'sigstore', 'git', 'gitsign']) {
    const lines = ['#!/bin/sh', `{ printf '%s\\0' ${program} "$@"; printf '\\n'; } >> "$TOLD"`];
    writeFileSync(join(folder, 'bin', program), lines.join('\n'), { mode: 0o755 });
  }
  const env = { PATH: `${join(folder, 'bin')}:/usr/bin:/bin`, TOLD: told, ...environment };
  const run = spawnSync('sh', ['-eu', script], { env, encoding: 'utf8', timeout: 10_000 });
  assert.deepEqual([run.status, run.stdout, run.stderr], [0, '', ''], name);
  const ended = readFileSync(told, 'utf8').split('\0\n').slice(0, -1);
  return ended.map((each) => each.split('\0'));
}

function valueAfter(command: readonly string[] | undefined, flag: string): string | undefined {
  return command?.[command.indexOf(flag) + 1];
}

test('the files hold what their names say', () => {
  const files = clientConfigurationsOf(context);
  assert.deepEqual(files.get('root.json'), tufRoot);
  assert.deepEqual(files.get('trusted_root.json'), encodeTrustedRoot(stackTrustedRootOf(facts)));
  const whole = JSON.parse(textOf('client_trust_config.json')) as Record<string, unknown>;
  assert.deepEqual(whole['trustedRoot'], JSON.parse(textOf('trusted_root.json')));
  assert.deepEqual(whole['signingConfig'], JSON.parse(textOf('signing_config.json')));
  for (const name of ['rekor.pub', 'ctfe.pub']) assert.equal(createPublicKey(textOf(name)).type, 'public');
  for (const [name, chain] of [
    ['fulcio_chain.pem', facts.caChain],
    ['tsa_chain.pem', facts.timestampChain],
  ] as const) {
    const blocks = textOf(name).split(/(?=-----BEGIN)/);
    assert.deepEqual(
      blocks.map((pem) => new Uint8Array(new X509Certificate(pem).raw)),
      chain.map(({ der }) => new Uint8Array(der)),
    );
  }
});

test('each client is told where everything is', () => {
  const rootSha256 = createHash('sha256').update(tufRoot).digest('hex');
  for (const name of ['cosign-2', 'cosign-3', 'countersign']) {
    const [initialize, sign, verify] = commandsOf(`${name}.sh`);
    const program = name === 'countersign' ? name : 'cosign';
    const places = ['--mirror', `${url}/tuf`, '--root', '/etc/sigstore/root.json', '--root-checksum', rootSha256];
    assert.deepEqual(initialize, [program, 'initialize', ...places]);
    assert.equal(sign?.at(-1), 'registry.example.com/app:v1');
    assert.equal(valueAfter(verify, '--certificate-identity'), 'dev@example.com');
    assert.equal(valueAfter(verify, '--certificate-oidc-issuer'), `${url}/oidc`);
  }
  const [, sign2] = commandsOf('cosign-2.sh');
  assert.deepEqual(
    ['--fulcio-url', '--rekor-url', '--oidc-issuer'].map((flag) => valueAfter(sign2, flag)),
    [url, url, `${url}/oidc`],
  );
  const [trust] = commandsOf('sigstore-python.sh');
  assert.deepEqual(trust, ['sigstore', '--instance', `${url}/tuf`, 'trust-instance', '/etc/sigstore/root.json']);
  const attest = commandsOf('sigstore-js.sh')[1];
  assert.equal(valueAfter(attest, '--tsa-server-url'), `${url}/api/v1/timestamp`);
  const settings = commandsOf('gitsign.sh').filter(([program]) => program === 'git');
  assert.ok(settings.some((words) => words.join(' ') === `git config gitsign.rekor ${url}`));
});

test('who signs and what is signed may be said before', () => {
  const environment = { IDENTITY: 'ci@example.com', ISSUER: 'https://ci.example.com', IMAGE: 'r.example.com/a b' };
  const verify = commandsOf('cosign-3.sh', context, environment)[2];
  assert.equal(valueAfter(verify, '--certificate-identity'), 'ci@example.com');
  assert.equal(valueAfter(verify, '--certificate-oidc-issuer'), 'https://ci.example.com');
  assert.equal(verify?.at(-1), 'r.example.com/a b');
});

test('no name, path or address becomes a command', () => {
  const hostile = `a'b"c $(touch owned) \`id\` ; \\ \n git owned`;
  const changed = {
    ...context,
    folder: `/etc/${hostile}`,
    facts: { ...facts, name: hostile, oidcIssuers: [`https://issuer.example.com/${hostile}`] },
  };
  for (const name of shells) {
    const [usual, strange] = [commandsOf(`${name}.sh`), commandsOf(`${name}.sh`, changed)];
    assert.deepEqual(
      strange.map((words) => words.length),
      usual.map((words) => words.length),
      name,
    );
  }
  const verify = commandsOf('cosign-3.sh', changed)[2];
  assert.equal(valueAfter(verify, '--certificate-oidc-issuer'), `https://issuer.example.com/${hostile}`);
  const manifest = JSON.stringify(manifestsOf('kyverno-cluster-policy.yaml', changed));
  assert.ok(manifest.includes(JSON.stringify(hostile).slice(1, -1)));
});

test("the program of sigstore-js is a module that asks for the identity's whole name", () => {
  const program = textOf('sigstore-js.mjs');
  const file = join(createScratchFolder('client-program'), 'sigstore-js.mjs');
  writeFileSync(file, program);
  const checked = spawnSync(process.execPath, ['--check', file], { encoding: 'utf8', timeout: 10_000 });
  assert.deepEqual([checked.status, checked.stderr], [0, '']);
  const [, written = ''] = /certificateIdentityEmail: (".*"),/.exec(program) ?? [];
  const pattern = new RegExp(JSON.parse(written) as string);
  assert.ok(pattern.test('dev@example.com'));
  assert.ok(!pattern.test('dev@exampleXcom') && !pattern.test('xdev@example.com'));
});

interface Manifest {
  readonly kind: string;
  readonly spec: Readonly<Record<string, unknown>>;
}

test('Kyverno is given the keys, or the repository that says them', () => {
  const [policy] = manifestsOf('kyverno-cluster-policy.yaml') as Manifest[];
  assert.ok(policy);
  const [rule] = policy.spec['rules'] as { verifyImages: { attestors: { entries: { keyless: object }[] }[] }[] }[];
  const chain = textOf('fulcio_chain.pem').split(/(?=-----BEGIN)/);
  assert.deepEqual(rule?.verifyImages[0]?.attestors[0]?.entries[0]?.keyless, {
    issuer: `${url}/oidc`,
    subject: 'dev@example.com',
    roots: chain.toReversed().join(''),
    rekor: { url, pubkey: textOf('rekor.pub') },
    ctlog: { pubkey: textOf('ctfe.pub'), tsaCertChain: textOf('tsa_chain.pem') },
  });
  const [validating] = manifestsOf('kyverno-image-validating-policy.yaml') as Manifest[];
  assert.ok(validating);
  const [attestor] = validating.spec['attestors'] as { cosign: { tuf: object } }[];
  const data = Buffer.from(tufRoot).toString('base64');
  assert.deepEqual(attestor?.cosign.tuf, { mirror: `${url}/tuf`, root: { data } });
});

test('policy-controller is given both trust roots, and a policy that names the first', () => {
  const [remote, byKeys, policy] = manifestsOf('policy-controller.yaml') as Manifest[];
  assert.deepEqual([remote?.kind, byKeys?.kind, policy?.kind], ['TrustRoot', 'TrustRoot', 'ClusterImagePolicy']);
  const root = Buffer.from(tufRoot).toString('base64');
  assert.deepEqual(remote?.spec, { remote: { mirror: `${url}/tuf`, root } });
  const keys = byKeys?.spec['sigstoreKeys'] as Record<string, Record<string, string>[]>;
  const decoded = (list: string, member: string): string =>
    Buffer.from(keys[list]?.[0]?.[member] ?? '', 'base64').toString();
  assert.equal(decoded('certificateAuthorities', 'certChain'), textOf('fulcio_chain.pem'));
  assert.equal(decoded('timestampAuthorities', 'certChain'), textOf('tsa_chain.pem'));
  assert.equal(decoded('tLogs', 'publicKey'), textOf('rekor.pub'));
  assert.equal(decoded('ctLogs', 'publicKey'), textOf('ctfe.pub'));
  assert.match(JSON.stringify(policy?.spec), /"trustRootRef":"private-sigstore"/);
});
