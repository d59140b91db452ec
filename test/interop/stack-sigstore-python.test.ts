/** sigstore-python, unmodified, against a whole stack; and what the bundle clients make of each other's bundles. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { openStackScene, requireOk } from '../scripts/stack-scene.ts';
import type { StackScene } from '../scripts/stack-scene.ts';
import { browserAttendant, browserEnvironment, copyingAttendant } from '../support/attendants.ts';
import { bundleClients, signBundle, stockBundleClients, verifyBundle } from '../support/bundle-clients.ts';
import { requirePeer } from '../support/peers.ts';
import type { AttendedRunOptions, PeerRun } from '../support/peers.ts';
import { requireRefused, runClient } from '../support/stack-client.ts';

const SLSA = 'https://slsa.dev/provenance/v1';
let scene: StackScene;
let token: string;
/** Flags of whoever verifies. */
let who: readonly string[];

before(async () => {
  scene = await openStackScene();
  token = await scene.stack.token();
  who = ['--cert-identity', 'dev@example.com', '--cert-oidc-issuer', `${scene.stack.url}/oidc`];
  scene.write('token', token);
  scene.write(
    'slsa.json',
    JSON.stringify({
      buildDefinition: { buildType: 'https://here.test', externalParameters: {} },
      runDetails: { builder: { id: 'https://builder.test' } },
    }),
  );
});
after(() => scene.stack.close());

/** How it is told whom to trust and whom to sign with. */
const ways: readonly (readonly [string, string, () => Promise<readonly string[]>])[] = [
  ['#21', 'by a client trust configuration', async () => configured()],
  ['#22', 'by the instance that it was told to trust', trustInstance],
];

for (const [number, name, choose] of ways) {
  test(`§11.6 ${number} sigstore-python signs a file and believes it, ${name}`, async (t) => {
    if (!requirePeer(t, 'sigstore-python')) return;
    const chosen = await choose();
    const sign = ['sign', '--rekor-version', '1', '--identity-token', token, '--overwrite', '--bundle', 'blob.json'];
    requireOk(await python([...chosen, ...sign, 'app.txt']));
    assert.equal(kindOf('blob.json'), 'hashedrekord');
    const verify = [...chosen, 'verify', 'identity', '--bundle', 'blob.json'];
    requireOk(await python([...verify, ...who, 'app.txt']));
    requireOk(await python([...verify, '--offline', ...who, 'app.txt']));
    const other = ['--cert-identity', 'eve@example.com', ...who.slice(2)];
    requireRefused(await python([...verify, ...other, 'app.txt']), /SANs do not match eve@example\.com/);
    const issuer = [...who.slice(0, 2), '--cert-oidc-issuer', 'https://issuer.test'];
    requireRefused(await python([...verify, ...issuer, 'app.txt']), /OIDCIssuer does not match/);
    requireRefused(await python([...verify, ...who, 'slsa.json']), /message digest mismatch/);
  });

  test(`§11.6 ${number} sigstore-python attests a file and believes it, ${name}`, async (t) => {
    if (!requirePeer(t, 'sigstore-python')) return;
    const chosen = await choose();
    const what = ['--predicate', 'slsa.json', '--predicate-type', SLSA, '--overwrite', '--bundle', 'attested.json'];
    requireOk(await python([...chosen, 'attest', ...what, '--identity-token', token, 'app.txt']));
    assert.equal(kindOf('attested.json'), 'dsse');
    const verify = [...chosen, 'verify', 'identity', '--bundle', 'attested.json', ...who];
    requireOk(await python([...verify, 'app.txt']));
    requireRefused(await python([...verify, 'slsa.json']), /statement has no subject for digest/);
  });
}

test('§11.6 #21 sigstore-python has somebody sign in with a browser', async (t) => {
  if (!requirePeer(t, 'sigstore-python')) return;
  const attendant = browserAttendant('browser@example.com');
  await signsInAs('browser@example.com', [], { attendant, env: browserEnvironment() });
});

test('§11.6 #21 sigstore-python has somebody sign in with a browser elsewhere and copy the code', async (t) => {
  if (!requirePeer(t, 'sigstore-python')) return;
  const attendant = copyingAttendant('copied@example.com');
  await signsInAs('copied@example.com', ['--oauth-force-oob'], { attendant });
});

// The protocol by which clients are compared: a token, a trusted root and a signing configuration.
for (const signer of bundleClients) {
  test(`§11.6 #23 every client believes the bundle that ${signer} made`, async (t) => {
    if (!requirePeer(t, ...stockBundleClients)) return;
    const bundle = `by-${signer}.json`;
    requireOk(await signBundle(scene, signer, token, bundle));
    await Promise.all(bundleClients.map(async (reader) => requireOk(await verifyBundle(scene, reader, bundle))));
  });
}

/** Signs in so, and is certified as this person. */
async function signsInAs(person: string, flags: readonly string[], options: AttendedRunOptions): Promise<void> {
  const written = ['--overwrite', '--bundle', 'login.json'];
  requireOk(await python([...configured(), 'sign', ...flags, ...written, 'app.txt'], options));
  const signer = ['--cert-identity', person, ...who.slice(2)];
  requireOk(await python([...configured(), 'verify', 'identity', '--bundle', 'login.json', ...signer, 'app.txt']));
}

function configured(): readonly string[] {
  return ['--trust-config', join('clients', 'client_trust_config.json')];
}

let trusted: Promise<readonly string[]> | undefined;

function trustInstance(): Promise<readonly string[]> {
  trusted ??= (async () => {
    const instance = ['--instance', `${scene.stack.url}/tuf`];
    requireOk(await python([...instance, 'trust-instance', join('clients', 'root.json')]));
    return instance;
  })();
  return trusted;
}

function python(args: readonly string[], options: AttendedRunOptions = {}): Promise<PeerRun> {
  // It keeps what it trusts at home.
  const env = { HOME: scene.folder, ...options.env };
  return runClient(scene.folder, 'sigstore-python', ['-m', 'sigstore', ...args], { ...options, env });
}

function kindOf(name: string): string | undefined {
  const bundle = JSON.parse(readFileSync(join(scene.folder, name), 'utf8')) as {
    readonly verificationMaterial: {
      readonly tlogEntries: readonly { readonly kindVersion: { readonly kind: string } }[];
    };
  };
  return bundle.verificationMaterial.tlogEntries[0]?.kindVersion.kind;
}
