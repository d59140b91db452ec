/** One stack, two command lines: what ours signs by identity cosign 2 and 3 verify, and what they sign ours verifies. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import test, { after, before } from 'node:test';

import { requirePeer, runPeer } from '../support/peers.ts';
import type { PeerName, PeerRun } from '../support/peers.ts';
import { openStackScene, requireOk } from '../scripts/stack-scene.ts';
import type { StackScene } from '../scripts/stack-scene.ts';

const TYPE = 'https://example.test/p';
const peers = ['cosign-2', 'cosign-3'] as const satisfies readonly PeerName[];
type Cosign = (typeof peers)[number];

let scene: StackScene;
let somebodyElse: readonly string[];
before(async () => {
  scene = await openStackScene();
  scene.write('token', await scene.stack.token());
  somebodyElse = ['--certificate-identity', 'boss@example.com', ...scene.who.slice(2)];
});
after(() => scene.stack.close());

/** Runs a cosign that has been told of the stack by `initialize`, and by nothing else. */
async function ask(peer: Cosign, args: readonly string[]): Promise<PeerRun> {
  return runPeer(peer, args, { cwd: scene.folder, env: { TUF_ROOT: await (roots[peer] ??= initialize(peer)) } });
}

const roots: Partial<Record<Cosign, Promise<string>>> = {};

async function initialize(peer: Cosign): Promise<string> {
  const root = join(scene.folder, `tuf-${peer}`);
  const args = ['initialize', '--mirror', `${scene.stack.url}/tuf`, '--root', scene.stack.rootFile];
  requireOk(await runPeer(peer, args, { env: { TUF_ROOT: root } }));
  return root;
}

/** Ours, after `initialize` too. */
const own = (args: readonly string[]): Promise<PeerRun> => scene.run(args, { env: scene.initialized });

/** The one who signed is believed, and somebody else is not. */
async function requireSignedBy(verify: (terms: readonly string[]) => Promise<PeerRun>, told: RegExp): Promise<void> {
  // One after the other: a second cosign 2 fails while a first has the cache open.
  requireOk(await verify(scene.who));
  const refused = await verify(somebodyElse);
  assert.notEqual(refused.status, 0, refused.stdout);
  assert.match(refused.stderr, told);
}

/** As cosign says it, of the old form and of the new one. */
const refusal = /none of the expected identities|expected SAN value "boss@example\.com", got "dev@example\.com"/;

const readers: readonly (readonly [Cosign, string, readonly string[]])[] = [
  ['cosign-2', 'under the tag', []],
  ['cosign-3', 'under the tag', ['--new-bundle-format=false']],
  ['cosign-3', 'in the bundle', []],
];

test('cosign 2 and 3 verify images and attestations of ours, in each form, after initialize alone', async (t) => {
  if (!requirePeer(t, ...peers)) return;
  const { byDigest } = await scene.push();
  const byToken = ['--identity-token', 'token'];
  requireOk(await own(['sign', ...byToken, byDigest]));
  requireOk(await own(['attest', '--type', TYPE, '--predicate', 'predicate.json', ...byToken, byDigest]));
  for (const [peer, form, terms] of readers) {
    await t.test(`${peer} ${form}`, async () => {
      await requireSignedBy((who) => ask(peer, ['verify', ...terms, ...who, byDigest]), refusal);
      const attestation = ['verify-attestation', '--type', TYPE, ...terms];
      await requireSignedBy((who) => ask(peer, [...attestation, ...who, byDigest]), refusal);
    });
  }
});

test('cosign 2 and 3 verify files of ours, in the bundles of both generations', async (t) => {
  if (!requirePeer(t, ...peers)) return;
  const sign = ['sign-blob', '--identity-token', 'token'];
  requireOk(await own([...sign, '--bundle', 'new.json', 'app.txt']));
  requireOk(await own([...sign, '--bundle', 'old.json', '--new-bundle-format=false', 'app.txt']));
  const verify = ['verify-blob', 'app.txt', '--bundle'];
  const isNew = ['new.json', '--new-bundle-format', '--trusted-root', 'clients/trusted_root.json'];
  for (const [peer, terms] of [
    ['cosign-2', ['old.json']],
    ['cosign-2', isNew],
    ['cosign-3', ['new.json']],
  ] as const) {
    await requireSignedBy((who) => ask(peer, [...verify, ...terms, ...who]), refusal);
  }
});

/** How each cosign is told where to sign: by flags, or by what `initialize` brought. */
const places = (peer: Cosign): readonly string[] => {
  const { url } = scene.stack;
  const flags = ['--fulcio-url', url, '--rekor-url', url, '--oidc-issuer', `${url}/oidc`];
  return ['--yes', '--identity-token', 'token', ...(peer === 'cosign-2' ? flags : [])];
};

for (const peer of peers) {
  test(`ours verifies images, attestations and files that ${peer} signed, after initialize alone`, async (t) => {
    if (!requirePeer(t, peer)) return;
    const { byDigest } = await scene.push();
    const what = ['--type', TYPE, '--predicate', 'predicate.json'];
    requireOk(await ask(peer, ['sign', ...places(peer), byDigest]));
    requireOk(await ask(peer, ['attest', ...what, ...places(peer), byDigest]));
    requireOk(await ask(peer, ['sign-blob', ...places(peer), '--bundle', `${peer}.json`, 'app.txt']));
    const isBy = /expected.* "boss@example\.com".*seen "dev@example\.com"/;
    await requireSignedBy((who) => own(['verify', ...who, byDigest]), isBy);
    await requireSignedBy((who) => own(['verify-attestation', '--type', TYPE, ...who, byDigest]), isBy);
    await requireSignedBy((who) => own(['verify-blob', '--bundle', `${peer}.json`, ...who, 'app.txt']), isBy);
  });

  test(`an image that ${peer} signed first is signed by ours too, and each says so of both`, async (t) => {
    if (!requirePeer(t, peer)) return;
    const { byDigest } = await scene.push();
    requireOk(await ask(peer, ['sign', ...places(peer), byDigest]));
    scene.write('ada.token', await scene.stack.token('ada@example.com'));
    requireOk(await own(['sign', '--identity-token', 'ada.token', byDigest]));
    const ada = ['--certificate-identity', 'ada@example.com', ...scene.who.slice(2)];
    for (const who of [scene.who, ada]) {
      requireOk(await ask(peer, ['verify', ...who, byDigest]));
      requireOk(await own(['verify', ...who, byDigest]));
    }
  });
}

test('ours verifies an attestation of a file that cosign 3 made', async (t) => {
  if (!requirePeer(t, 'cosign-3')) return;
  const what = ['--type', TYPE, '--predicate', 'predicate.json', '--bundle', 'attested.json'];
  requireOk(await ask('cosign-3', ['attest-blob', ...what, ...places('cosign-3'), 'app.txt']));
  const verify = ['verify-blob-attestation', '--type', TYPE, '--bundle', 'attested.json'];
  await requireSignedBy((who) => own([...verify, ...who, 'app.txt']), /boss@example\.com/);
  scene.write('other.txt', 'another application\n');
  assert.notEqual((await own([...verify, ...scene.who, 'other.txt'])).status, 0);
});
