/** cosign 3.1, unmodified, against a whole stack: after `initialize` without any other flag, by files, and by URL flags. */

import assert from 'node:assert/strict';
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

/** How cosign is told whom to trust and whom to sign with. */
interface Way {
  readonly env: Environment;
  /** Flags of whoever signs, besides the token; and of whoever verifies. */
  readonly signing: readonly string[];
  readonly trusting: readonly string[];
}

const byToken = ['--yes', '--identity-token', 'token'];
const provenance = ['--type', 'slsaprovenance1', '--predicate', 'predicate.json'];
let scene: StackScene;

before(async () => {
  scene = await openStackScene();
  scene.write('token', await scene.stack.token());
  scene.write('predicate.json', '{"buildDefinition":{"buildType":"here"},"runDetails":{}}');
});
after(() => scene.stack.close());

const ways: readonly (readonly [string, string, () => Promise<Way>])[] = [
  ['#16', 'by a signing configuration and a trusted root', async () => byFiles()],
  ['#18', 'after initialize, without other flags', initialize],
  ['#20', 'by URL flags, without a signing configuration', byFlags],
];

for (const [number, name, choose] of ways) {
  test(`§11.5 ${number} cosign 3 signs a file and believes it, ${name}`, async (t) => {
    if (!requirePeer(t, 'cosign-3')) return;
    const { env, signing, trusting } = await choose();
    requireOk(await cosign(['sign-blob', ...byToken, ...signing, '--bundle', 'blob.json', 'app.txt'], { env }));
    const verify = ['verify-blob', '--bundle', 'blob.json', ...trusting, ...scene.who];
    requireOk(await cosign([...verify, 'app.txt'], { env }));
    requireOk(await cosign([...verify, '--use-signed-timestamps', 'app.txt'], { env }));
    requireRefused(await cosign([...verify, 'predicate.json'], { env }), /invalid signature/);
    const { verificationMaterial: proof } = JSON.parse(read('blob.json')) as Bundle;
    assert.equal(proof.timestampVerificationData.rfc3161Timestamps.length, 1);
    assert.deepEqual(
      proof.tlogEntries.map(({ kindVersion }) => kindVersion),
      [{ kind: 'hashedrekord', version: '0.0.1' }],
    );
  });

  test(`§11.5 ${number} #19 cosign 3 attests a file and believes it, ${name}`, async (t) => {
    if (!requirePeer(t, 'cosign-3')) return;
    const { env, signing, trusting } = await choose();
    const made = ['attest-blob', ...byToken, ...signing, ...provenance, '--bundle', 'attested.json', 'app.txt'];
    requireOk(await cosign(made, { env }));
    const verify = ['verify-blob-attestation', '--bundle', 'attested.json', ...trusting, ...scene.who];
    requireOk(await cosign([...verify, '--type', 'slsaprovenance1', 'app.txt'], { env }));
    requireRefused(
      await cosign([...verify, '--type', 'slsaprovenance1', 'token'], { env }),
      /artifact digests do not match/,
    );
    requireRefused(
      await cosign([...verify, '--type', 'spdx', 'app.txt'], { env }),
      /invalid predicate type, expected spdx/,
    );
    const { tlogEntries } = (JSON.parse(read('attested.json')) as Bundle).verificationMaterial;
    assert.equal(tlogEntries[0]?.kindVersion.kind, 'dsse');
  });

  test(`§11.5 ${number} cosign 3 signs an image and believes it of this identity alone, ${name}`, async (t) => {
    if (!requirePeer(t, 'cosign-3')) return;
    const { env, signing, trusting } = await choose();
    const { byDigest } = await scene.push();
    requireOk(await cosign(['sign', ...byToken, ...signing, byDigest], { env }));
    const { stdout } = requireOk(await cosign(['verify', ...trusting, ...scene.who, byDigest], { env }));
    assert.equal((JSON.parse(stdout) as readonly unknown[]).length, 1);
    const other = ['--certificate-identity', 'eve@example.com', ...scene.who.slice(2)];
    requireRefused(
      await cosign(['verify', ...trusting, ...other, byDigest], { env }),
      /expected SAN value "eve@example.com", got "dev@example.com"/,
    );
    const issuer = [...scene.who.slice(0, 2), '--certificate-oidc-issuer', 'https://issuer.test'];
    requireRefused(
      await cosign(['verify', ...trusting, ...issuer, byDigest], { env }),
      /expected issuer value "https:\/\/issuer\.test"/,
    );
  });

  test(`§11.5 ${number} cosign 3 attests an image and believes it, ${name}`, async (t) => {
    if (!requirePeer(t, 'cosign-3')) return;
    const { env, signing, trusting } = await choose();
    const { byDigest } = await scene.push();
    requireOk(await cosign(['attest', ...byToken, ...signing, ...provenance, byDigest], { env }));
    const verify = ['verify-attestation', ...trusting, ...scene.who];
    const { stdout } = requireOk(await cosign([...verify, '--type', 'slsaprovenance1', byDigest], { env }));
    assert.match(stdout, /payload/);
    requireRefused(
      await cosign([...verify, '--type', 'spdx', byDigest], { env }),
      /none of the attestations matched the predicate type: spdx/,
    );
  });
}

test('§11.5 #20 cosign 3 signs and attests an image in the older form', async (t) => {
  if (!requirePeer(t, 'cosign-3')) return;
  const { env, signing } = await byFlags();
  const old = ['--new-bundle-format=false'];
  const { byDigest } = await scene.push();
  requireOk(await cosign(['sign', ...byToken, ...signing, ...old, byDigest], { env }));
  requireOk(await cosign(['verify', ...old, ...scene.who, byDigest], { env }));
  requireOk(await cosign(['attest', ...byToken, ...signing, ...old, ...provenance, byDigest], { env }));
  const verify = ['verify-attestation', ...old, '--type', 'slsaprovenance1'];
  requireOk(await cosign([...verify, ...scene.who, byDigest], { env }));
});

test('cosign 3 has somebody sign in on another device', async (t) => {
  if (!requirePeer(t, 'cosign-3')) return;
  await signsInAs('device@example.com', 'device', { attendant: deviceAttendant('device@example.com') });
});

test('cosign 3 has somebody sign in with a browser', async (t) => {
  if (!requirePeer(t, 'cosign-3')) return;
  const attendant = browserAttendant('browser@example.com');
  await signsInAs('browser@example.com', 'normal', { attendant, env: browserEnvironment() });
});

test('cosign 3 has somebody sign in with a browser elsewhere and copy the code', async (t) => {
  if (!requirePeer(t, 'cosign-3')) return;
  const attendant = copyingAttendant('copied@example.com');
  await signsInAs('copied@example.com', 'normal', { attendant, env: browserlessEnvironment() });
});

/** Signs in so, after `initialize` alone, and is certified as this person. */
async function signsInAs(person: string, flow: string, options: AttendedRunOptions): Promise<void> {
  const env = { ...(await initialize()).env, ...options.env };
  const sign = ['sign-blob', '--yes', '--fulcio-auth-flow', flow, '--bundle', 'login.json', 'app.txt'];
  requireOk(await cosign(sign, { ...options, env }));
  const signer = ['--certificate-identity', person, ...scene.who.slice(2)];
  requireOk(await cosign(['verify-blob', '--bundle', 'login.json', ...signer, 'app.txt'], { env }));
}

function byFiles(): Way {
  const trusting = ['--trusted-root', join('clients', 'trusted_root.json')];
  return { env: {}, signing: ['--signing-config', join('clients', 'signing_config.json'), ...trusting], trusting };
}

async function byFlags(): Promise<Way> {
  const { url } = scene.stack;
  const services = ['--fulcio-url', url, '--rekor-url', url, '--oidc-issuer', `${url}/oidc`];
  const signing = ['--use-signing-config=false', ...services, '--timestamp-server-url', `${url}/api/v1/timestamp`];
  return { ...(await initialize()), signing };
}

let initialized: Promise<Environment> | undefined;

async function initialize(): Promise<Way> {
  initialized ??= initializeCosign(scene.folder, 'cosign-3', scene.stack.url);
  return { env: await initialized, signing: [], trusting: [] };
}

function cosign(args: readonly string[], options?: AttendedRunOptions): Promise<PeerRun> {
  return runClient(scene.folder, 'cosign-3', args, options);
}

function read(name: string): string {
  return readFileSync(join(scene.folder, name), 'utf8');
}

interface Bundle {
  readonly verificationMaterial: {
    readonly tlogEntries: readonly { readonly kindVersion: { readonly kind: string } }[];
    readonly timestampVerificationData: { readonly rfc3161Timestamps: readonly unknown[] };
  };
}
