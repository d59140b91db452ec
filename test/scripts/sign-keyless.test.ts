/** Signing by identity on the command line: where tokens and services come from, what is said, what is refused. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';

import type { PeerRun } from '../support/peers.ts';
import { createTufRepository, serveTufRepository } from '../support/tuf-repository.ts';
import { errorCodeOf, jsonOf } from './scene.ts';
import { openSigningScene } from './signing-scene.ts';
import type { SigningScene } from './signing-scene.ts';

type Json = Record<string, unknown>;

const requireOk = (run: PeerRun): PeerRun => {
  assert.equal(run.status, 0, run.stderr);
  return run;
};

/** The code with which signing a file fails. */
async function refusalOf(
  { run }: SigningScene,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<string> {
  const refused = await run(['sign-blob', '--json', ...args, 'app.txt'], { env });
  assert.notEqual(refused.status, 0);
  return errorCodeOf(refused);
}

test('an image is signed by identity, verified by it, and signed once', async (t) => {
  const scene = await openSigningScene(t);
  const { run, services, served, who } = scene;
  const { byDigest } = await scene.push('app/web');
  const sign = ['sign', '--json', ...services, '--timestamp-server-url', served.stampUrl, '--identity-token', 'token'];
  const files = [
    '--output-certificate',
    'cert.pem',
    '--bundle',
    'bundle.json',
    '--output-signature',
    'sig',
    '--output-payload',
    'payload',
  ];
  const [report] = jsonOf(requireOk(await run([...sign, ...files, byDigest])))['images'] as [Json];
  assert.equal(report['identity'], 'dev@example.test');
  assert.equal(report['issuer'], served.issuer);
  for (const [at, form] of ['legacy', 'bundle'].entries()) {
    const signature = (report['signatures'] as [Json, Json])[at === 0 ? 0 : 1];
    const [entry] = signature['logEntries'] as [Json];
    assert.equal(signature['form'], form);
    assert.equal(signature['timestamps'], 1);
    assert.equal(entry['log'], `${served.origin}/`);
    assert.match(String(entry['index']), /^\d+$/);
    assert.match(String(entry['integratedTime']), /^20\d\d-.*Z$/);
  }
  assert.match(readFileSync(join(scene.folder, 'cert.pem'), 'utf8'), /^-----BEGIN CERTIFICATE-----\n/);

  const verify = ['verify', '--trusted-root', 'root.json', '--use-signed-timestamps'];
  requireOk(await run([...verify, ...who, byDigest]));
  const other = ['--certificate-identity', 'boss@example.test', '--certificate-oidc-issuer', served.issuer];
  assert.equal((await run([...verify, ...other, byDigest])).status, 12);

  const [again] = jsonOf(requireOk(await run([...sign, byDigest])))['images'] as [Json];
  assert.deepEqual(
    (again['forms'] as Json[]).map(({ status }) => status),
    ['already-there', 'already-there'],
  );
});

test('an attestation is made by identity and verified by it', async (t) => {
  const scene = await openSigningScene(t);
  const { run, services, who } = scene;
  const { byDigest } = await scene.push('app/web');
  scene.write('predicate.json', '{"passed":true,"count":12345678901234567890}');
  const what = ['--type', 'https://example.test/p', '--predicate', 'predicate.json'];
  const made = await run([
    'attest',
    '--json',
    ...what,
    ...services,
    '--identity-token',
    'token',
    '--bundle',
    'b.json',
    byDigest,
  ]);
  const [report] = jsonOf(requireOk(made))['images'] as [Json];
  assert.equal(report['identity'], 'dev@example.test');
  assert.equal((report['logEntries'] as Json[]).length, 1);
  const verify = ['verify-attestation', '--trusted-root', 'root.json', '--type', 'https://example.test/p', ...who];
  assert.match(requireOk(await run([...verify, byDigest])).stdout, /"payload"/);
  assert.match(Buffer.from(String(report['payload']), 'base64').toString(), /"count":12345678901234567890/);
  const { stdout } = await run(['attest', ...what, '--key', 'cosign.key', '--no-upload', byDigest]);
  assert.deepEqual(Object.keys(JSON.parse(stdout) as Json), ['payload', 'payloadType', 'signatures']);
});

test('a file is signed in both generations of bundles', async (t) => {
  const { run, services, served, who, folder } = await openSigningScene(t);
  const sign = ['sign-blob', ...services, '--timestamp-server-url', served.stampUrl, '--identity-token', 'token'];
  requireOk(await run([...sign, '--bundle', 'new.json', 'app.txt']));
  requireOk(
    await run([
      ...sign,
      '--bundle',
      'old.json',
      '--new-bundle-format=false',
      '--output-signature',
      'sig',
      '--output-certificate',
      'cert',
      '--rfc3161-timestamp',
      'stamp',
      'app.txt',
    ]),
  );
  for (const bundle of ['new.json', 'old.json']) {
    requireOk(await run(['verify-blob', '--trusted-root', 'root.json', ...who, '--bundle', bundle, 'app.txt']));
  }
  const old = JSON.parse(readFileSync(join(folder, 'old.json'), 'utf8')) as Json;
  assert.deepEqual(Object.keys(old), ['base64Signature', 'cert', 'rekorBundle']);
  // cosign writes the certificate as it writes the signature.
  assert.match(Buffer.from(readFileSync(join(folder, 'cert'), 'utf8'), 'base64').toString(), /^-----BEGIN CERTIFICATE/);
  assert.deepEqual(Object.keys(JSON.parse(readFileSync(join(folder, 'stamp'), 'utf8')) as Json), [
    'SignedRFC3161Timestamp',
  ]);
  const proof = ['--signature', 'sig', '--certificate', 'cert', '--rfc3161-timestamp', 'stamp'];
  const ignoring = ['--insecure-ignore-tlog', '--use-signed-timestamps'];
  requireOk(await run(['verify-blob', '--trusted-root', 'root.json', ...who, ...ignoring, ...proof, 'app.txt']));
});

test('a token comes from the flag, a file or the environment, and is never shown', async (t) => {
  const { run, services, served } = await openSigningScene(t);
  const token = served.token();
  const ways: readonly (readonly [readonly string[], Record<string, string>])[] = [
    [['--identity-token', token], {}],
    [['--identity-token', 'token'], {}],
    [[], { SIGSTORE_ID_TOKEN: token }],
    [[], { COSIGN_IDENTITY_TOKEN: token }],
  ];
  for (const [args, env] of ways) {
    const made = requireOk(await run(['sign-blob', '--verbose', '--json', ...services, ...args, 'app.txt'], { env }));
    assert.ok(!`${made.stdout}${made.stderr}`.includes(token.split('.')[1] ?? ''), args.join(' '));
  }
  served.misdeeds.instead = (request, response) => {
    response.writeHead(400).end(JSON.stringify({ message: `no: ${request.headers.authorization}` }));
    return true;
  };
  const failed = await run(['sign-blob', '--verbose', ...services, '--identity-token', token, 'app.txt']);
  assert.match(failed.stderr, /answered 400: no: Bearer \(/);
  assert.ok(!failed.stderr.includes(token.slice(0, 40)), failed.stderr);
});

test('a token that is none, is for somebody else or has expired is refused here', async (t) => {
  const scene = await openSigningScene(t);
  const { services, served } = scene;
  scene.write('empty', '');
  const by = (token: string): readonly string[] => [...services, '--identity-token', token];
  assert.equal(await refusalOf(scene, by('empty')), 'TOKEN_MALFORMED');
  assert.equal(await refusalOf(scene, by('nowhere')), 'FILE_NOT_READABLE');
  assert.equal(await refusalOf(scene, by(served.token({ aud: 'other' }))), 'TOKEN_AUDIENCE');
  assert.equal(await refusalOf(scene, by(served.token({ exp: 1 }))), 'TOKEN_EXPIRED');
  assert.equal(await refusalOf(scene, by(served.token({ email_verified: false }))), 'TOKEN_CLAIMS');
  assert.deepEqual(served.server.asked(), []);
  const other = [...by(served.token({ aud: 'other' })), '--oidc-client-id', 'other'];
  requireOk(await scene.run(['sign-blob', ...other, 'app.txt']));
});

test('without a token and without a terminal nobody is waited for', async (t) => {
  const scene = await openSigningScene(t);
  const login = [...scene.services, '--oidc-issuer', scene.served.issuer];
  assert.equal(await refusalOf(scene, login), 'LOGIN_IMPOSSIBLE');
  assert.equal(await refusalOf(scene, [...login, '--fulcio-auth-flow', 'token']), 'LOGIN_IMPOSSIBLE');
  const env = { SIGSTORE_ID_TOKEN: scene.served.token() };
  assert.equal(await refusalOf(scene, [...login, '--oidc-disable-ambient-providers'], env), 'LOGIN_IMPOSSIBLE');
  assert.equal(await refusalOf(scene, [...scene.services, '--fulcio-auth-flow', 'device']), 'SIGNING_SERVICE_MISSING');
  assert.equal(
    await refusalOf(scene, [...login, '--fulcio-auth-flow', 'device', '--identity-token', 'token']),
    'FLAGS_CONFLICT',
  );
  assert.deepEqual(scene.served.server.asked(), []);
});

test('somebody logs in on another device', async (t) => {
  const { run, services, served } = await openSigningScene(t);
  served.misdeeds.device = ['authorization_pending'];
  const login = ['--oidc-issuer', served.issuer, '--fulcio-auth-flow', 'device'];
  const made = requireOk(await run(['sign-blob', ...services, ...login, 'app.txt']));
  assert.match(made.stderr, /Enter the verification code ABCD-EFGH in your browser at: http:.*\/oidc\/enter/);
  assert.match(made.stderr, /Signing as dev@example.test/);
});

test('somebody logs in with a browser', async (t) => {
  const { run, services, served, folder } = await openSigningScene(t);
  // What opens a page here is a program that follows the link, as a browser whose owner is logged in would.
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const script = `#!${process.execPath}\nfetch(process.argv[2]).then(({ status }) => process.exit(status === 200 ? 0 : 1));\n`;
  writeFileSync(join(bin, 'xdg-open'), script);
  chmodSync(join(bin, 'xdg-open'), 0o755);
  const login = ['--oidc-issuer', served.issuer, '--fulcio-auth-flow', 'normal'];
  const env = { PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}` };
  const made = requireOk(await run(['sign-blob', ...services, ...login, 'app.txt'], { env }));
  assert.match(made.stderr, /Your browser will now be opened to: http:/);
  assert.match(made.stderr, /Signing as dev@example.test/);
  // Without a browser and without a terminal to copy a code at, that is the end.
  const nowhere = { PATH: join(folder, 'nothing') };
  const failed = await run(['sign-blob', '--json', ...services, ...login, 'app.txt'], { env: nowhere });
  assert.equal(errorCodeOf(failed), 'LOGIN_FAILED');
});

test('nothing speaks to public services unless somebody says yes, with a key neither', async (t) => {
  const scene = await openSigningScene(t);
  // Nobody is asked anything: the proxy would have been.
  const env = { HTTPS_PROXY: scene.served.origin };
  const ca = ['--fulcio-url', 'https://fulcio.sigstore.dev', '--identity-token', 'token'];
  const log = ['--rekor-url', 'https://rekor.sigstore.dev'];
  assert.equal(await refusalOf(scene, [...ca, ...log], env), 'CONFIRMATION_DECLINED');
  assert.equal(await refusalOf(scene, ['--key', 'cosign.key', ...log], env), 'CONFIRMATION_DECLINED');
  const asked = await scene.run(['sign-blob', ...ca, ...log, 'app.txt'], { env, stdin: 'n\n' });
  assert.match(asked.stderr, /fulcio\.sigstore\.dev, rekor\.sigstore\.dev\. They publish for everybody and for good/);
  assert.deepEqual(scene.served.server.asked(), []);
  const agreed = await scene.run(['sign-blob', '--yes', '--trusted-root', 'root.json', ...ca, ...log, 'app.txt'], {
    env,
  });
  assert.match(agreed.stderr, /They publish for everybody/);
  assert.ok(!agreed.stderr.includes('CONFIRMATION_DECLINED'));
});

test('what is missing is said: an authority, somebody who says when, trust', async (t) => {
  const scene = await openSigningScene(t);
  const { origin } = scene.served;
  const token = ['--identity-token', 'token'];
  assert.equal(await refusalOf(scene, token), 'SIGNING_SERVICE_MISSING');
  assert.equal(await refusalOf(scene, [...token, '--rekor-url', origin]), 'SIGNING_SERVICE_MISSING');
  assert.equal(await refusalOf(scene, [...token, '--fulcio-url', origin]), 'SIGNING_SERVICE_MISSING');
  const unlogged = [...token, '--fulcio-url', origin, '--rekor-url', origin, '--tlog-upload=false'];
  assert.equal(await refusalOf(scene, unlogged), 'SIGNING_SERVICE_MISSING');
  assert.equal(await refusalOf(scene, [...token, '--fulcio-url', origin, '--rekor-url', origin]), 'TRUST_ROOT_MISSING');
  assert.equal(await refusalOf(scene, ['--key', 'cosign.key', '--rekor-url', origin]), 'TRUST_ROOT_MISSING');
  assert.deepEqual(scene.served.server.asked(), []);
  // A timestamp says when, too.
  const stamped = ['--timestamp-server-url', scene.served.stampUrl, '--trusted-root', 'root.json'];
  requireOk(await scene.run(['sign-blob', ...unlogged, ...stamped, 'app.txt']));
});

const serviceAt = (url: string): Json => ({
  url,
  majorApiVersion: 1,
  validFor: { start: '2025-01-01T00:00:00Z' },
  operator: 'served.test',
});
const configOf = ({ served }: SigningScene): string =>
  JSON.stringify({
    mediaType: 'application/vnd.dev.sigstore.signingconfig.v0.2+json',
    caUrls: [serviceAt(served.origin)],
    oidcUrls: [serviceAt(served.issuer)],
    rekorTlogUrls: [serviceAt(served.origin)],
    rekorTlogConfig: { selector: 'ANY' },
    tsaUrls: [serviceAt(served.stampUrl)],
    tsaConfig: { selector: 'ANY' },
  });

test('a signing configuration names all services', async (t) => {
  const scene = await openSigningScene(t);
  const { run, served, who } = scene;
  scene.write('config.json', configOf(scene));
  const config = ['--signing-config', 'config.json', '--trusted-root', 'root.json'];
  requireOk(await run(['sign-blob', ...config, '--identity-token', 'token', '--bundle', 'b.json', 'app.txt']));
  requireOk(await run(['sign-blob', ...config, '--fulcio-auth-flow', 'device', 'app.txt']));
  const verify = [
    'verify-blob',
    '--trusted-root',
    'root.json',
    ...who,
    '--use-signed-timestamps',
    '--bundle',
    'b.json',
  ];
  requireOk(await run([...verify, 'app.txt']));
  assert.equal(await refusalOf(scene, [...config, '--rekor-url', served.origin]), 'FLAGS_CONFLICT');
  scene.write('config.json', '{}');
  assert.equal(await refusalOf(scene, config), 'SIGNING_CONFIG_MALFORMED');
});

test('after initialize, nothing but the token is needed; a key stays alone unless a log is asked for', async (t) => {
  const scene = await openSigningScene(t);
  const { run, who, served } = scene;
  const repository = createTufRepository({
    'trusted_root.json': JSON.stringify(served.trustedRoot()),
    'signing_config.v0.2.json': configOf(scene),
  });
  const server = await serveTufRepository(t, repository);
  scene.write('tuf-root.json', repository.firstRoot);
  const env = { TUF_ROOT: join(scene.folder, 'tuf') };
  requireOk(await run(['initialize', '--mirror', `http://${server.host}`, '--root', 'tuf-root.json'], { env }));
  const { byDigest } = await scene.push('app/web');
  requireOk(await run(['sign', '--identity-token', 'token', byDigest], { env }));
  requireOk(await run(['verify', ...who, byDigest], { env }));
  const entries = (): number => served.server.asked().filter((asked) => asked === 'POST /api/v1/log/entries').length;
  const before = entries();
  requireOk(await run(['sign', '--key', 'cosign.key', byDigest], { env }));
  assert.equal(entries(), before);
  requireOk(await run(['sign', '--key', 'cosign.key', '--tlog-upload=true', byDigest], { env }));
  assert.equal(entries(), before + 2);
  const logged = ['verify', '--key', 'cosign.pub', '--trusted-root', 'root.json', byDigest];
  requireOk(await run(logged));
  assert.equal(
    await refusalOf(scene, ['--identity-token', 'token', '--use-signing-config=false'], env),
    'SIGNING_SERVICE_MISSING',
  );
});

test('a certificate for somebody else and an entry that proves nothing store nothing', async (t) => {
  const scene = await openSigningScene(t);
  const { run, services, served } = scene;
  const { byDigest, image } = await scene.push('app/web');
  const sign = ['sign', '--json', ...services, '--identity-token', 'token', byDigest];
  served.misdeeds.leaf = { issuer: 'https://other.example' };
  const codeOf = async (): Promise<unknown> => {
    const [failure] = jsonOf(await run(sign))['images'] as [Json];
    return (failure['error'] as Json | undefined)?.['code'];
  };
  const first = await run(sign);
  assert.equal(first.status, 1);
  assert.match(first.stdout + first.stderr, /CERTIFICATE_UNFIT/);
  delete served.misdeeds.leaf;
  served.misdeeds.entry = { promised: (payload) => ({ ...payload, logIndex: 0 }) };
  assert.equal(await codeOf(), 'SIGNATURE_UNPROVEN');
  assert.equal((await run(['verify', '--key', 'cosign.pub', image])).status, 10);
});
