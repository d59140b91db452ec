/** What unmodified clients of a stack refuse, or are refused, and that they say why. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { openStackScene, requireOk } from '../scripts/stack-scene.ts';
import type { StackScene } from '../scripts/stack-scene.ts';
import { bundleClients, ctLogOf, signBundle, stockBundleClients, verifyBundle } from '../support/bundle-clients.ts';
import type { BundleClient } from '../support/bundle-clients.ts';
import { requirePeer } from '../support/peers.ts';
import type { PeerRun } from '../support/peers.ts';
import { createScratchFolder } from '../support/scratch.ts';
import { requireRefused, runClient } from '../support/stack-client.ts';
import { claimsOf, createTokenKey, signToken, startTokenIssuer } from '../support/token-issuer.ts';

/** Those of one library say the same. */
const libraryOf = { 'cosign-2': 'go', 'cosign-3': 'go', 'sigstore-python': 'python', countersign: 'ours' } as const;

type Words = Readonly<Record<(typeof libraryOf)[BundleClient], RegExp>>;

let scene: StackScene;
let other: StackScene;

before(async () => {
  [scene, other] = await Promise.all([openStackScene(), openStackScene()]);
});
after(() => Promise.all([scene.stack.close(), other.stack.close()]));

/** What is done to the log entry in a bundle, and what each client says of it. */
const touches: readonly Touch[] = [
  {
    touch: (entry) => {
      entry.integratedTime = `${Number(entry.integratedTime) + 1}`;
    },
    why: {
      go: /not enough verified log entries/,
      python: /SET: invalid inclusion promise/,
      ours: /The log signed for the entry/,
    },
  },
  {
    touch: ({ inclusionPromise }) => {
      const bytes = Buffer.from(inclusionPromise.signedEntryTimestamp, 'base64');
      bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
      inclusionPromise.signedEntryTimestamp = bytes.toString('base64');
    },
    why: {
      go: /not enough verified log entries/,
      python: /SET: invalid inclusion promise/,
      ours: /The log signed for the entry/,
    },
  },
  {
    touch: ({ inclusionProof: { checkpoint } }) => {
      checkpoint.envelope = checkpoint.envelope.replace(/\n\d+\n/, '\n1000\n');
    },
    why: {
      go: /signature on checkpoint did not verify/,
      python: /checkpoint: invalid signature/,
      ours: /The log signed the tree/,
    },
  },
  {
    touch: ({ inclusionProof }) => {
      inclusionProof.rootHash = Buffer.alloc(32).toString('base64');
    },
    why: {
      go: /calculated root:[^]*does not match expected root/,
      python: /proof contains invalid root hash/,
      ours: /The entry is in the log's tree/,
    },
  },
  {
    touch: ({ inclusionProof }) => {
      inclusionProof.hashes.push(Buffer.alloc(32).toString('base64'));
    },
    why: { go: /wrong proof size/, python: /proof has wrong size/, ours: /a path of \d hashes, which leads elsewhere/ },
  },
];

test('§11.8 whoever brings a token for somebody else or of yesterday is told so by the client', async (t) => {
  if (!requirePeer(t, ...stockBundleClients)) return;
  const key = createTokenKey('RS256');
  const issuer = await startTokenIssuer(t, [key]);
  const configuration = join(createScratchFolder('issuers'), 'issuers.yaml');
  const members = { 'issuer-url': issuer.url, 'client-id': 'sigstore', type: 'email' };
  writeFileSync(configuration, JSON.stringify({ 'oidc-issuers': { [issuer.url]: members } }));
  const own = await openStackScene({ args: ['--oidc-config', configuration] });
  t.after(() => own.stack.close());
  const now = Math.floor(Date.now() / 1000);
  const claims = claimsOf(issuer.url, { email: 'dev@example.com' });
  // sigstore-python looks into tokens itself, and says no more than this.
  const python = /Identity token is malformed or missing claims/;
  const tokens = [
    [
      { aud: 'other' },
      { go: /400.*the token is meant for .*other.*; expected .*sigstore/, python, ours: /TOKEN_AUDIENCE/ },
    ],
    [
      { iat: now - 600, exp: now - 300 },
      { go: /400.*the token expired 30\d s ago/, python, ours: /TOKEN_EXPIRED/ },
    ],
  ] as const;
  for (const name of bundleClients) {
    const size = await own.logSize();
    for (const [changes, why] of tokens) {
      const refused = await signBundle(own, name, signToken(key, { ...claims, ...changes }), 'refused.json');
      requireRefused(refused, why[libraryOf[name]]);
    }
    assert.equal(await own.logSize(), size);
    requireOk(await signBundle(own, name, signToken(key, claims), 'good.json'));
  }
});

test('§11.8 a bundle whose log entry was touched is not believed', async (t) => {
  if (!requirePeer(t, ...stockBundleClients)) return;
  requireOk(await signBundle(scene, 'cosign-3', await scene.stack.token(), 'good.json'));
  await all(async (name) => requireOk(await verifyBundle(scene, name, 'good.json')));
  for (const { touch, why } of touches) {
    const bundle = JSON.parse(readFileSync(join(scene.folder, 'good.json'), 'utf8')) as Bundle;
    touch(bundle.verificationMaterial.tlogEntries[0] ?? assert.fail());
    scene.write('touched.json', JSON.stringify(bundle));
    for (const name of bundleClients)
      requireRefused(await verifyBundle(scene, name, 'touched.json'), why[libraryOf[name]]);
  }
});

test('§11.8 a signature of another stack is not believed', async (t) => {
  if (!requirePeer(t, ...stockBundleClients)) return;
  const foreign = join(scene.folder, 'foreign.json');
  requireOk(await signBundle(other, 'cosign-3', await other.stack.token(), foreign));
  const why = {
    go: /not enough verified log entries/,
    python: /chain was not valid/,
    ours: /entries of 1 trusted log/,
  };
  await all(async (name) => {
    requireOk(await verifyBundle(other, name, foreign));
    requireRefused(await verifyBundle(scene, name, foreign, other), why[libraryOf[name]]);
  });
});

test('§11.8 a certificate of another stack is not believed, though this log has the entry', async (t) => {
  if (!requirePeer(t, ...stockBundleClients)) return;
  const issuer = `${other.stack.url}/oidc`;
  const services = ['--fulcio-url', other.stack.url, '--rekor-url', scene.stack.url, '--oidc-issuer', issuer];
  const token = ['--yes', '--identity-token', await other.stack.token()];
  const words = ['sign-blob', '--new-bundle-format', ...services, ...token, '--bundle', 'mixed.json', 'app.txt'];
  const signAs = (trusting: StackScene): Promise<PeerRun> =>
    runClient(scene.folder, 'cosign-2', words, { env: ctLogOf(trusting) });
  // Who signs sees at once that the certificate is in no log that they know.
  requireRefused(await signAs(scene), /verifying SCT: ctfe public key not found/);
  requireOk(await signAs(other));
  const why = {
    go: /leaf certificate verification failed/,
    python: /chain was not valid/,
    ours: /not by \w{40} of O=localhost/,
  };
  await all(async (name) => requireRefused(await verifyBundle(scene, name, 'mixed.json', other), why[libraryOf[name]]));
});

test('the first signature in a new stack is believed, whoever reads it', async (t) => {
  if (!requirePeer(t, ...stockBundleClients)) return;
  const fresh = await openStackScene();
  t.after(() => fresh.stack.close());
  // The log begins with the root that clients begin with, signed by the stack.
  const first = (await (await fetch(`${fresh.stack.url}/api/v1/log/entries?logIndex=0`)).json()) as Logged;
  const { body } = Object.values(first)[0] ?? assert.fail();
  const root = createHash('sha256').update(readFileSync(fresh.stack.rootFile)).digest('hex');
  assert.ok(Buffer.from(body, 'base64').toString().includes(root));
  requireOk(await signBundle(fresh, 'cosign-3', await fresh.stack.token(), 'first.json'));
  await all(async (name) => requireOk(await verifyBundle(fresh, name, 'first.json')));
});

/** Each client, all at once. */
async function all(run: (name: BundleClient) => Promise<unknown>): Promise<void> {
  await Promise.all(bundleClients.map(run));
}

type Logged = Readonly<Record<string, { readonly body: string }>>;

interface Touch {
  readonly touch: (entry: Entry) => void;
  readonly why: Words;
}

interface Entry {
  integratedTime: string;
  readonly inclusionPromise: { signedEntryTimestamp: string };
  readonly inclusionProof: {
    rootHash: string;
    readonly hashes: string[];
    readonly checkpoint: { envelope: string };
  };
}

interface Bundle {
  readonly verificationMaterial: { readonly tlogEntries: readonly Entry[] };
}
