/** cosign 2.5, unmodified, against a whole stack: files, images and attestations, by each way to trust it and to sign in. */

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { openStackScene, requireOk } from '../scripts/stack-scene.ts';
import type { StackScene } from '../scripts/stack-scene.ts';
import {
  browserAttendant,
  browserEnvironment,
  browserlessEnvironment,
  copyingAttendant,
  deviceAttendant,
} from '../support/attendants.ts';
import { requirePeer } from '../support/peers.ts';
import type { AttendedRunOptions, PeerRun } from '../support/peers.ts';
import { initializeCosign, requireRefused, runClient } from '../support/stack-client.ts';
import type { Environment } from '../support/stack-client.ts';

const email = 'dev@example.com';
const password = 'a password';
const provenance = ['--type', 'slsaprovenance', '--predicate', 'predicate.json'];
const byToken = ['--yes', '--identity-token', 'token'];
let scene: StackScene;
/** Flags that name the services which sign. */
let services: readonly string[];
/** Likewise, with the authority that says when. */
let stamped: readonly string[];
/** Flags of whoever verifies. */
let who: readonly string[];

before(async () => {
  scene = await openStackScene();
  const { url, token } = scene.stack;
  scene.write('token', await token(email));
  scene.write('predicate.json', '{"buildType":"here","builder":{"id":"https://builder.test"}}');
  services = ['--fulcio-url', url, '--rekor-url', url, '--oidc-issuer', `${url}/oidc`];
  stamped = [...services, '--timestamp-server-url', `${url}/api/v1/timestamp`];
  who = ['--rekor-url', url, ...scene.who];
});
after(() => scene.stack.close());

/** Ways to tell cosign whom to trust: what its environment holds then. */
const ways: readonly (readonly [string, string, () => Promise<Environment>])[] = [
  ['#11', 'files named by the environment', async () => files()],
  ['#12', 'initialize', initialize],
];

for (const [number, way, trust] of ways) {
  test(`§11.4 ${number} ${way}: cosign 2 signs a file and believes it, online and offline`, async (t) => {
    if (!requirePeer(t, 'cosign-2')) return;
    const env = await trust();
    requireOk(await cosign(['sign-blob', ...byToken, ...services, '--bundle', 'blob.json', 'app.txt'], { env }));
    const verify = ['verify-blob', '--bundle', 'blob.json', ...who];
    requireOk(await cosign([...verify, 'app.txt'], { env }));
    requireOk(await cosign([...verify, '--offline', 'app.txt'], { env }));
    requireRefused(await cosign([...verify, 'predicate.json'], { env }), /matching bundle to payload/);
  });

  test(`§11.4 ${number} ${way}: cosign 2 finds the log entry of a file that has no bundle`, async (t) => {
    if (!requirePeer(t, 'cosign-2')) return;
    const env = await trust();
    const written = ['--output-signature', 'blob.sig', '--output-certificate', 'blob.crt'];
    requireOk(await cosign(['sign-blob', ...byToken, ...services, ...written, 'app.txt'], { env }));
    const found = ['verify-blob', '--signature', 'blob.sig', '--certificate', 'blob.crt', ...who];
    requireOk(await cosign([...found, 'app.txt'], { env }));
  });

  test(`§11.4 ${number} ${way}: cosign 2 has a file stamped and judges by the stamp`, async (t) => {
    if (!requirePeer(t, 'cosign-2')) return;
    const env = await trust();
    const written = ['--bundle', 'stamped.json', '--rfc3161-timestamp', 'stamp.json'];
    requireOk(await cosign(['sign-blob', ...byToken, ...stamped, ...written, 'app.txt'], { env }));
    const verify = ['verify-blob', '--bundle', 'stamped.json', '--rfc3161-timestamp', 'stamp.json', ...who];
    const chain = ['--timestamp-certificate-chain', join('clients', 'tsa_chain.pem')];
    requireOk(await cosign([...verify, '--use-signed-timestamps', 'app.txt'], { env }));
    requireOk(await cosign([...verify, ...chain, 'app.txt'], { env }));
    // The stamp of one signature says nothing of another.
    requireOk(await cosign(['sign-blob', ...byToken, ...services, '--bundle', 'stamped.json', 'app.txt'], { env }));
    requireRefused(
      await cosign([...verify, '--use-signed-timestamps', 'app.txt'], { env }),
      /hashed messages don't match/,
    );
  });

  test(`§11.4 ${number} #13 ${way}: cosign 2 signs an image and believes it of this identity alone`, async (t) => {
    if (!requirePeer(t, 'cosign-2')) return;
    const env = await trust();
    const { byDigest } = await scene.push();
    requireOk(await cosign(['sign', ...byToken, ...services, byDigest], { env }));
    const { stdout } = requireOk(await cosign(['verify', ...who, byDigest], { env }));
    assert.equal((JSON.parse(stdout) as readonly SignedImage[])[0]?.optional.Subject, email);
    const other = ['--certificate-identity', 'eve@example.com', ...who.slice(4)];
    requireRefused(
      await cosign(['verify', ...other, byDigest], { env }),
      /none of the expected identities matched.*dev@example/s,
    );
    const issuer = [...who.slice(0, 4), '--certificate-oidc-issuer', 'https://issuer.test'];
    requireRefused(await cosign(['verify', ...issuer, byDigest], { env }), /none of the expected identities matched/);
  });

  test(`§11.4 ${number} #13 ${way}: cosign 2 signs an image stamped, and attests it`, async (t) => {
    if (!requirePeer(t, 'cosign-2')) return;
    const env = await trust();
    const { byDigest } = await scene.push();
    requireOk(await cosign(['sign', ...byToken, ...stamped, byDigest], { env }));
    requireOk(await cosign(['verify', '--use-signed-timestamps', ...who, byDigest], { env }));
    requireOk(await cosign(['attest', ...byToken, ...stamped, ...provenance, byDigest], { env }));
    const verify = ['verify-attestation', '--use-signed-timestamps', ...who];
    const { stdout } = requireOk(await cosign([...verify, '--type', 'slsaprovenance', byDigest], { env }));
    assert.match(Buffer.from((JSON.parse(stdout) as Envelope).payload, 'base64').toString(), /builder\.test/);
    requireRefused(await cosign([...verify, '--type', 'spdx', byDigest], { env }), /none of the attestations matched/);
  });
}

test('§11.4 #14 cosign 2 has somebody sign in on another device', async (t) => {
  if (!requirePeer(t, 'cosign-2')) return;
  await signsInAs('device@example.com', ['--fulcio-auth-flow', 'device'], {
    attendant: deviceAttendant('device@example.com'),
  });
});

test('§11.4 #14 cosign 2 has somebody sign in with a browser', async (t) => {
  if (!requirePeer(t, 'cosign-2')) return;
  await signsInAs('browser@example.com', ['--fulcio-auth-flow', 'normal'], {
    attendant: browserAttendant('browser@example.com'),
    env: browserEnvironment(),
  });
});

test('§11.4 #14 cosign 2 has somebody sign in with a browser elsewhere and copy the code', async (t) => {
  if (!requirePeer(t, 'cosign-2')) return;
  await signsInAs('copied@example.com', ['--fulcio-auth-flow', 'normal'], {
    attendant: copyingAttendant('copied@example.com'),
    env: browserlessEnvironment(),
  });
});

test('§11.4 #14 cosign 2 takes a token from its flag and from the environment', async (t) => {
  if (!requirePeer(t, 'cosign-2')) return;
  await signsInAs(email, ['--identity-token', await scene.stack.token()], {});
  await signsInAs(email, [], { env: { SIGSTORE_ID_TOKEN: await scene.stack.token() } });
});

test('§11.4 #15 cosign 2 signs a file and attests it into new bundles, and believes them by a trusted root', async (t) => {
  if (!requirePeer(t, 'cosign-2')) return;
  const env = await initialize();
  const form = ['--new-bundle-format', '--bundle', 'new.json'];
  const trusting = [...form, '--trusted-root', join('clients', 'trusted_root.json'), ...scene.who];
  requireOk(await cosign(['sign-blob', ...byToken, ...stamped, ...form, 'app.txt'], { env }));
  const bundle = JSON.parse(read('new.json')) as NewBundle;
  assert.equal(bundle.verificationMaterial.tlogEntries.length, 1);
  assert.equal(bundle.verificationMaterial.timestampVerificationData.rfc3161Timestamps.length, 1);
  requireOk(await cosign(['verify-blob', ...trusting, 'app.txt']));
  requireOk(await cosign(['verify-blob', ...trusting, '--use-signed-timestamps', 'app.txt']));
  requireOk(await cosign(['attest-blob', ...byToken, ...services, ...form, ...provenance, 'app.txt'], { env }));
  requireOk(await cosign(['verify-blob-attestation', ...trusting, '--type', 'slsaprovenance', 'app.txt']));
});

test('what cosign 2 signs twice by an RSA key, with the same bytes both times, is logged once', async (t) => {
  if (!requirePeer(t, 'cosign-2')) return;
  await importKey(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey, 'rsa');
  await isLoggedOnce(['sign-blob', '--key', 'rsa.key'], ['verify-blob', '--key', 'rsa.pub']);
});

test('what cosign 2 attests twice by an Ed25519 key, with the same bytes both times, is logged once', async (t) => {
  if (!requirePeer(t, 'cosign-2')) return;
  await importKey(generateKeyPairSync('ed25519').privateKey, 'ed25519');
  const verify = ['verify-blob-attestation', '--key', 'ed25519.pub', '--type', 'slsaprovenance'];
  await isLoggedOnce(['attest-blob', '--key', 'ed25519.key', ...provenance], verify);
});

test('cosign 2 is told why the log does not take the file that it signed by an Ed25519 key', async (t) => {
  if (!requirePeer(t, 'cosign-2')) return;
  await importKey(generateKeyPairSync('ed25519').privateKey, 'ed25519');
  const env = { ...(await initialize()), COSIGN_PASSWORD: password };
  const size = await scene.logSize();
  const words = ['sign-blob', '--yes', '--key', 'ed25519.key', '--rekor-url', scene.stack.url, 'app.txt'];
  requireRefused(await cosign(words, { env }), /an Ed25519 key has to sign as Ed25519ph/);
  assert.equal(await scene.logSize(), size);
});

/** Both times the same entry, and what was written believed. */
async function isLoggedOnce(sign: readonly string[], verify: readonly string[]): Promise<void> {
  const env = { ...(await initialize()), COSIGN_PASSWORD: password };
  const size = await scene.logSize();
  const rekor = ['--rekor-url', scene.stack.url];
  const payloads: unknown[] = [];
  for (const told of [/^tlog entry created/m, /^Signature already exists/m]) {
    const run = requireOk(await cosign([...sign, '--yes', ...rekor, '--bundle', 'twice.json', 'app.txt'], { env }));
    assert.match(run.stderr, told);
    requireOk(await cosign([...verify, ...rekor, '--bundle', 'twice.json', 'app.txt'], { env }));
    payloads.push((JSON.parse(read('twice.json')) as OldBundle).rekorBundle.Payload);
  }
  assert.deepEqual(payloads[0], payloads[1]);
  assert.equal(await scene.logSize(), size + 1);
}

/** By our own command: this build of cosign 2 imports no RSA key. */
async function importKey(key: KeyObject, name: string): Promise<void> {
  scene.write(`${name}.pem`, key.export({ format: 'pem', type: 'pkcs8' }).toString());
  const env = { COSIGN_PASSWORD: password };
  requireOk(
    await scene.run(['import-key-pair', '--yes', '--key', `${name}.pem`, '--output-key-prefix', name], { env }),
  );
}

/** Signs in so, and is certified as this person. */
async function signsInAs(person: string, flags: readonly string[], options: AttendedRunOptions): Promise<void> {
  const env = { ...(await initialize()), ...options.env };
  requireOk(
    await cosign(['sign-blob', '--yes', ...services, ...flags, '--bundle', 'login.json', 'app.txt'], {
      ...options,
      env,
    }),
  );
  const signer = ['--certificate-identity', person, ...scene.who.slice(2)];
  requireOk(await cosign(['verify-blob', '--bundle', 'login.json', ...signer, 'app.txt'], { env }));
}

function cosign(args: readonly string[], options?: AttendedRunOptions): Promise<PeerRun> {
  return runClient(scene.folder, 'cosign-2', args, options);
}

function files(): Environment {
  return {
    SIGSTORE_ROOT_FILE: join('clients', 'fulcio_chain.pem'),
    SIGSTORE_REKOR_PUBLIC_KEY: join('clients', 'rekor.pub'),
    SIGSTORE_CT_LOG_PUBLIC_KEY_FILE: join('clients', 'ctfe.pub'),
    SIGSTORE_TSA_CERTIFICATE_FILE: join('clients', 'tsa_chain.pem'),
  };
}

let initialized: Promise<Environment> | undefined;

function initialize(): Promise<Environment> {
  return (initialized ??= initializeCosign(scene.folder, 'cosign-2', scene.stack.url));
}

function read(name: string): string {
  return readFileSync(join(scene.folder, name), 'utf8');
}

interface SignedImage {
  readonly optional: { readonly Subject: string };
}

interface Envelope {
  readonly payload: string;
}

interface OldBundle {
  readonly rekorBundle: { readonly Payload: unknown };
}

interface NewBundle {
  readonly verificationMaterial: {
    readonly tlogEntries: readonly unknown[];
    readonly timestampVerificationData: { readonly rfc3161Timestamps: readonly unknown[] };
  };
}
