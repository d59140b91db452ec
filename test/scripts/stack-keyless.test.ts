/** Our own keyless signing with a whole stack: `countersign up --dev`, and everything that people then do. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { after } from 'node:test';
import type { TestContext } from 'node:test';

import { browserAttendant, browserEnvironment, deviceAttendant } from '../support/attendants.ts';
import type { Attendant, AttendedRunOptions } from '../support/peers.ts';
import { reply, startScriptedServer } from '../support/scripted-server.ts';
import type { ScriptedServer, SeenRequest } from '../support/scripted-server.ts';
import { errorCodeOf, jsonOf } from './scene.ts';
import { identity, openStackScene, requireOk, storedBesides, storedBundleOf, storedLayerOf } from './stack-scene.ts';
import type { Json, StoredProof } from './stack-scene.ts';

const TYPE = 'https://example.test/p';

const scene = await openStackScene();
const { stack, run, services, who, initialized, write } = scene;
after(() => stack.close());

const token = await stack.token();
write('token', `${token}\n`);
const byToken = [...services, '--identity-token', 'token'];
const issuer = `${stack.url}/oidc`;
const somebodyElse = ['--certificate-identity', 'boss@example.com', '--certificate-oidc-issuer', issuer];
const trusting = ['--trusted-root', 'clients/trusted_root.json'];
const what = ['--type', TYPE, '--predicate', 'predicate.json'];

/** The code with which signing a file fails. */
async function refusalOf(args: readonly string[], options: AttendedRunOptions = {}): Promise<string> {
  const refused = await run(['sign-blob', '--json', ...args, 'app.txt'], options);
  assert.notEqual(refused.status, 0);
  return errorCodeOf(refused);
}

test('after initialize, an identity token is all that signing takes, however it is given', async () => {
  const { byDigest } = await scene.push();
  const env = initialized;
  const size = await scene.logSize();

  // 1. An image, by the token itself.
  const [image] = jsonOf(requireOk(await run(['sign', '--json', '--identity-token', token, byDigest], { env })))[
    'images'
  ] as [Json];
  assert.deepEqual([image['identity'], image['issuer']], [identity, issuer]);
  const entries = (image['signatures'] as Json[]).map(({ logEntries }) => requireEntry(logEntries));
  assert.deepEqual(entries, [size, size + 1]);
  const [seen] = JSON.parse(requireOk(await run(['verify', ...who, byDigest], { env })).stdout) as [Json];
  assert.equal((seen['optional'] as Json)['Subject'], identity);

  // 2. A file, by the token in a file.
  const signBlob = ['sign-blob', '--json', '--identity-token', 'token', '--bundle', 'app.json', 'app.txt'];
  const [file] = jsonOf(requireOk(await run(signBlob, { env })))['files'] as [Json];
  assert.deepEqual([file['identity'], file['issuer']], [identity, issuer]);
  assert.equal(requireEntry(file['logEntries']), size + 2);
  const verified = jsonOf(
    requireOk(await run(['verify-blob', '--json', '--bundle', 'app.json', ...who, 'app.txt'], { env })),
  );
  assert.deepEqual([verified['signer'], verified['issuer']], [identity, issuer]);
  const [entry] = verified['entries'] as [Json];
  assert.deepEqual([entry['baseUrl'], entry['logIndex']], [stack.url, `${size + 2}`]);

  // 3. An attestation, by the environment's token.
  const attested = await run(['attest', '--json', ...what, byDigest], { env: { ...env, SIGSTORE_ID_TOKEN: token } });
  const [attestation] = jsonOf(requireOk(attested))['images'] as [Json];
  assert.deepEqual([attestation['identity'], attestation['issuer']], [identity, issuer]);
  assert.equal(requireEntry(attestation['logEntries']), size + 3);
  requireOk(await run(['verify-attestation', '--type', TYPE, ...who, byDigest], { env }));
  assert.equal(await scene.logSize(), size + 4);
});

/** The index of the one entry in a report, which also says where and when it is. */
function requireEntry(logEntries: unknown): number {
  const [{ log, index, integratedTime }, ...more] = logEntries as [Json, ...Json[]];
  assert.deepEqual([log, more], [`${stack.url}/`, []]);
  assert.ok(Math.abs(Date.parse(String(integratedTime)) - Date.now()) < 60_000);
  return Number(index);
}

test('flags name the services one by one, with and without timestamps, or a file names them all', async () => {
  const config = ['--signing-config', 'clients/signing_config.json', ...trusting, '--identity-token', 'token'];
  const stamped = [...byToken, '--timestamp-server-url', `${stack.url}/api/v1/timestamp`];
  const ways = { flags: [byToken, 0], stamped: [stamped, 1], config: [config, 1] } as const;
  await Promise.all(
    Object.entries(ways).map(async ([name, [how, stamps]]) => {
      const bundle = ['--bundle', `${name}.json`];
      const { byDigest } = await scene.push();
      const signed = jsonOf(requireOk(await run(['sign', '--json', ...how, byDigest])));
      const [{ signatures }] = signed['images'] as [{ readonly signatures: readonly Json[] }];
      assert.deepEqual(
        signatures.map(({ timestamps = 0 }) => timestamps),
        [stamps, stamps],
      );
      requireOk(await run(['attest', ...what, ...how, byDigest]));
      requireOk(await run(['sign-blob', ...how, ...bundle, 'app.txt']));
      const terms = [...trusting, ...who, ...(stamps === 0 ? [] : ['--use-signed-timestamps'])];
      requireOk(await run(['verify', ...terms, byDigest]));
      requireOk(await run(['verify-attestation', ...terms, '--type', TYPE, byDigest]));
      requireOk(await run(['verify-blob', ...terms, ...bundle, 'app.txt']));
    }),
  );
});

test('somebody else is not believed: not for images, attestations, files, nor by another issuer', async () => {
  const { byDigest } = await scene.push();
  const signing = [
    ['sign', ...byToken, byDigest],
    ['attest', ...what, ...byToken, byDigest],
    ['sign-blob', ...byToken, '--bundle', 'own.json', 'app.txt'],
  ];
  for (const signed of await Promise.all(signing.map((args) => run(args)))) requireOk(signed);
  const elsewhere = ['--certificate-identity', identity, '--certificate-oidc-issuer', 'https://issuer.example'];
  for (const [terms, told] of [
    [somebodyElse, /expected.* "boss@example\.com".*seen "dev@example\.com"/],
    [elsewhere, /expected.*"https:\/\/issuer\.example", seen.*\/oidc"/],
  ] as const) {
    const commands: readonly (readonly [readonly string[], number])[] = [
      [['verify', ...trusting, ...terms, byDigest], 12],
      [['verify-attestation', ...trusting, '--type', TYPE, ...terms, byDigest], 12],
      [['verify-blob', ...trusting, '--bundle', 'own.json', ...terms, 'app.txt'], 1],
    ];
    const refusals = await Promise.all(commands.map(([command]) => run(command)));
    for (const [at, refused] of refusals.entries()) {
      assert.deepEqual([refused.status, refused.stdout], [commands[at]?.[1], ''], refused.stderr);
      assert.match(refused.stderr, told);
    }
  }
});

test('each form of a signature carries the entry of its own signature, and the log has no other', async () => {
  const image = await scene.push();
  const before = await scene.logSize();
  requireOk(await run(['sign', ...byToken, image.byDigest]));
  assert.equal(await scene.logSize(), before + 2);
  const [layer, bundle] = await Promise.all([storedLayerOf(scene, image, 'sig'), storedBundleOf(scene, image)]);
  assert.notEqual(layer.signature, bundle.signature);
  assert.deepEqual([layer.logIndex, bundle.logIndex], [before, before + 1]);
  const { data, signature } = layer.entry['spec'] as { readonly data: Json; readonly signature: Json };
  assert.deepEqual(
    [layer.entry['kind'], data['hash'], signature['content']],
    ['hashedrekord', { algorithm: 'sha256', value: sha256Of(layer) }, layer.signature],
  );
  requireEnvelopeEntry(bundle);
  assert.equal(Number(bundle.inclusion?.['logIndex']), before + 1);
  // The same again is there already, and the log hears nothing of it.
  requireOk(await run(['sign', ...byToken, image.byDigest]));
  assert.equal(await scene.logSize(), before + 2);
});

test('both forms of an attestation hold one signature, with its one entry', async () => {
  const image = await scene.push();
  const before = await scene.logSize();
  requireOk(await run(['attest', ...what, ...byToken, image.byDigest]));
  assert.equal(await scene.logSize(), before + 1);
  const [layer, bundle] = await Promise.all([storedLayerOf(scene, image, 'att'), storedBundleOf(scene, image)]);
  assert.deepEqual(
    [layer.signature, layer.logIndex, layer.payload],
    [bundle.signature, bundle.logIndex, bundle.payload],
  );
  requireEnvelopeEntry(layer);
  requireEnvelopeEntry(bundle);
  assert.equal(Number(bundle.inclusion?.['logIndex']), before);
});

function requireEnvelopeEntry(stored: StoredProof): void {
  const { signatures, payloadHash } = stored.entry['spec'] as {
    readonly signatures: readonly Json[];
    readonly payloadHash: Json;
  };
  assert.deepEqual(
    [stored.entry['kind'], signatures.map((each) => each['signature']), payloadHash],
    ['dsse', [stored.signature], { algorithm: 'sha256', value: sha256Of(stored) }],
  );
}

function sha256Of({ payload }: StoredProof): string {
  return createHash('sha256').update(payload).digest('hex');
}

/** Passes everything on to the stack, but lets a script answer instead, or after the stack has. */
function startBefore(
  t: TestContext,
  instead: (request: SeenRequest) => 'pass' | 'fail' | 'pass and fail',
): Promise<ScriptedServer> {
  return startScriptedServer(t, async ({ method, path, headers, body }, response) => {
    const fate = instead({ method, path, headers, body });
    const passed = Object.entries(headers).filter(([name]) => /^(?:accept|authorization|content-type)$/.test(name));
    const answer =
      fate === 'fail'
        ? undefined
        : await fetch(`${stack.url}${path}`, {
            method,
            headers: passed.map(([name, value]) => [name, String(value)] as [string, string]),
            ...(body.length === 0 ? {} : { body: new Uint8Array(body) }),
          });
    if (fate !== 'pass' || answer === undefined) return reply(response, 503, {}, '{"message":"come back later"}');
    const told = ['content-type', 'location'].map((name) => [name, answer.headers.get(name)] as const);
    const kept = Object.fromEntries(told.filter((each): each is [string, string] => each[1] !== null));
    reply(response, answer.status, kept, new Uint8Array(await answer.arrayBuffer()));
  });
}

test('when the log fails for the second form, neither is stored', async (t) => {
  const image = await scene.push();
  const before = await scene.logSize();
  const log = await startBefore(t, ({ body }) => (body.includes('"dsse"') ? 'fail' : 'pass'));
  const there = [...byToken, '--rekor-url', `http://${log.host}`, image.byDigest];
  const [signed, attested] = await Promise.all([
    run(['sign', '--json', ...there]),
    run(['attest', '--json', ...what, ...there]),
  ]);
  const [{ error }] = jsonOf(signed)['images'] as [{ readonly error: Json }];
  for (const [status, { code, message }] of [
    [signed.status, error],
    [attested.status, jsonOf(attested)['error'] as Json],
  ] as const) {
    assert.deepEqual([status, code], [20, 'SERVICE_FAILED']);
    assert.equal(message, `the transparency log http://${log.host}/api/v1/log/entries answered 503: come back later`);
  }
  // The first form was in the log before the second failed: what a log took cannot be taken back.
  assert.equal(await scene.logSize(), before + 1);
  assert.deepEqual(await storedBesides(scene, image), []);
});

test('an entry that was made although its answer was lost is found again, not made twice', async (t) => {
  let isLost = false;
  const log = await startBefore(t, ({ method }) => {
    if (isLost || method !== 'POST') return 'pass';
    isLost = true;
    return 'pass and fail';
  });
  const before = await scene.logSize();
  requireOk(
    await run(['sign-blob', ...byToken, '--rekor-url', `http://${log.host}`, '--bundle', 'lost.json', 'app.txt']),
  );
  assert.equal(await scene.logSize(), before + 1);
  assert.deepEqual(
    log.asked().map((asked) => asked.replace(/[0-9a-f]{80}$/, 'UUID')),
    ['POST /api/v1/log/entries', 'POST /api/v1/log/entries', 'GET /api/v1/log/entries/UUID'],
  );
  requireOk(await run(['verify-blob', ...trusting, '--bundle', 'lost.json', ...who, 'app.txt']));
});

test('somebody logs in with a browser, by the link that is printed', async () => {
  const env = { ...initialized, ...browserEnvironment() };
  const args = ['sign-blob', '--fulcio-auth-flow', 'normal', '--bundle', 'browser.json', 'app.txt'];
  const signed = requireOk(await run(args, { env, attendant: browserAttendant('ada@example.com') }));
  assert.match(signed.stderr, /Signing as ada@example\.com, by the word of http:.*\/oidc\n/);
  const ada = ['--certificate-identity', 'ada@example.com', '--certificate-oidc-issuer', issuer];
  requireOk(await run(['verify-blob', '--bundle', 'browser.json', ...ada, 'app.txt'], { env }));
});

test('somebody logs in on another device, with the code that is printed', async () => {
  const { byDigest } = await scene.push();
  const args = ['sign', ...services, '--oidc-issuer', issuer, '--fulcio-auth-flow', 'device', byDigest];
  const signed = requireOk(await run(args, { attendant: deviceAttendant('grace@example.com') }));
  assert.match(signed.stderr, /Signing as grace@example\.com/);
  const grace = ['--certificate-identity', 'grace@example.com', '--certificate-oidc-issuer', issuer];
  requireOk(await run(['verify', ...trusting, ...grace, byDigest]));
});

test('without a token and without a terminal nobody is waited for, and it is said what to give', async () => {
  const env = initialized;
  // Standard input stays open: whoever reads it waits until the time is over.
  const nobody: Attendant = { question: /(?!)/, answer: () => Promise.resolve('') };
  const { byDigest } = await scene.push();
  const commands = [
    ['sign', byDigest],
    ['attest', ...what, byDigest],
    ['sign-blob', 'app.txt'],
  ];
  const refusals = await Promise.all(
    commands.map((command) => run(command, { env, attendant: nobody, timeoutMs: 10_000 })),
  );
  for (const refused of refusals) {
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /no identity token is given, and this is no terminal to log in from\n/);
    assert.match(
      refused.stderr,
      /--identity-token FILE or SIGSTORE_ID_TOKEN, or choose a flow with --fulcio-auth-flow/,
    );
    assert.match(refused.stderr, /LOGIN_IMPOSSIBLE/);
  }
});

test('a token that the authority refuses signs nothing, and its reason is shown', async () => {
  const image = await scene.push();
  const before = await scene.logSize();
  const minting = ['stack', 'token', '--data', stack.dataDir, '--identity', identity, '--audience', 'elsewhere'];
  const elsewhere = requireOk(await run(minting)).stdout.trim();
  assert.equal(await refusalOf([...services, '--identity-token', elsewhere]), 'TOKEN_AUDIENCE');
  const insisting = ['--identity-token', elsewhere, '--oidc-client-id', 'elsewhere'];
  const refused = await run(['sign', ...services, ...insisting, image.byDigest]);
  assert.match(
    refused.stderr,
    /the certificate authority http:\S+ answered 400: the token is meant for "elsewhere"; expected "sigstore"\n/,
  );
  assert.ok(!`${refused.stdout}${refused.stderr}`.includes(elsewhere.split('.')[1] ?? ''));
  const [header, claims, signature = ''] = token.split('.');
  const forged = [header, claims, `${signature.slice(0, -4)}AAAA`].join('.');
  assert.match(
    (await run(['sign', ...services, '--identity-token', forged, image.byDigest])).stderr,
    /answered 40[01]: .*sign/,
  );
  assert.deepEqual(await storedBesides(scene, image), []);
  assert.equal(await scene.logSize(), before);
});

test('a token goes over plain http to this machine alone, and never where an answer sends it', async (t) => {
  // Whoever would be asked by any name that is not this machine's is asked through this.
  const proxy = await startScriptedServer(t, (_, response) => reply(response, 502));
  const env = { HTTP_PROXY: `http://${proxy.host}`, http_proxy: `http://${proxy.host}` };
  const log = ['--rekor-url', stack.url, ...trusting];
  const places = ['http://sigstore.example', 'http://192.0.2.1:8080', 'http://localhost.example'];
  const config = readFileSync(join(scene.folder, 'clients', 'signing_config.json'), 'utf8');
  write('plain.json', config.replaceAll(stack.url, 'http://127.0.0.1.example'));
  const refusals = await Promise.all([
    ...places.map((place) => refusalOf([...log, '--fulcio-url', place, '--identity-token', 'token'], { env })),
    refusalOf(['--signing-config', 'plain.json', ...trusting, '--identity-token', 'token'], { env }),
    refusalOf([...services, '--oidc-issuer', 'http://sigstore.example/oidc', '--fulcio-auth-flow', 'device'], { env }),
  ]);
  assert.deepEqual(new Set(refusals), new Set(['SERVICE_URL_INVALID']));
  assert.deepEqual(proxy.asked(), []);

  const thief = await startScriptedServer(t, (_, response) => reply(response, 200, {}, '{}'));
  for (const status of [302, 307]) {
    const sending = await startScriptedServer(t, ({ path }, response) =>
      reply(response, status, { location: `http://${thief.host}${path}` }),
    );
    const there = ['--fulcio-url', `http://${sending.host}`, '--identity-token', 'token'];
    const { stderr } = await run(['sign-blob', ...log, ...there, 'app.txt']);
    const told = `answered ${status}: a redirect to http://${thief.host}/api/v2/signingCert, which is not followed\n`;
    assert.ok(stderr.includes(told), stderr);
    assert.deepEqual(sending.asked(), ['POST /api/v2/signingCert']);
  }
  assert.deepEqual(thief.asked(), []);
});
