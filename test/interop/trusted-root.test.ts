/** Trusted roots that we create, in the hands of other clients, and theirs in ours. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import { parseTrustedRoot } from '../../src/formats/trust/trusted-root.ts';
import { requireUsable } from '../../src/verify/root-material.ts';
import { runCountersign } from '../support/countersign.ts';
import { requirePeer, runPeer } from '../support/peers.ts';
import { createScratchFolder } from '../support/scratch.ts';
import { virtualIdentity } from '../support/virtual-sigstore/virtual-authority.ts';
import { pemOf } from '../support/virtual-sigstore/virtual-key.ts';
import { createVirtualSigstore } from '../support/virtual-sigstore/virtual-sigstore.ts';

const sigstore = createVirtualSigstore();
const { authority, timestampAuthority, rekorV1, rekorV2, ctLog } = sigstore;
const folder = createScratchFolder('interop-trusted-root');
const write = (name: string, content: string | Uint8Array): void => writeFileSync(join(folder, name), content);
const certificates = (chain: readonly Uint8Array[]): string => chain.map((der) => pemOf('CERTIFICATE', der)).join('');

write('ca.pem', certificates(authority.chain));
write('tsa.pem', certificates(timestampAuthority.chain));
write('rekor.pub', pemOf('PUBLIC KEY', rekorV1.key.spki));
write('rekor2.pub', pemOf('PUBLIC KEY', rekorV2.key.spki));
write('ctfe.pub', pemOf('PUBLIC KEY', ctLog.key.spki));
write('app.txt', 'something that is signed\n');

const end = 'end-time=2031-01-01T00:00:00.5Z';
const create = ['trusted-root', 'create'];
const identity = ['--certificate-identity', virtualIdentity.email, '--certificate-oidc-issuer', virtualIdentity.issuer];
const specs = [
  ['--fulcio', `url=${authority.uri},certificate-chain=ca.pem,start-time=2025-01-01T00:00:00Z,${end}`],
  ['--rekor', `url=${rekorV1.baseUrl},public-key=rekor.pub,start-time=2025-01-01T00:00:00Z`],
  [
    '--rekor',
    `url=${rekorV2.baseUrl},public-key=rekor2.pub,start-time=2025-02-01T00:00:00Z,origin=log2026.virtual.test`,
  ],
  ['--ctfe', `url=${ctLog.baseUrl},public-key=ctfe.pub,start-time=2025-01-01T00:00:00Z,${end}`],
  ['--tsa', `url=${timestampAuthority.uri},certificate-chain=tsa.pem,${end}`],
].flat();
const earlier = [
  ['--certificate-chain', 'ca.pem', '--fulcio-uri', authority.uri],
  ['--rekor-key', 'rekor2.pub,log2026.virtual.test', '--rekor-url', rekorV2.baseUrl],
  // Of services that begin at once, cosign writes now one first and now another.
  ['--rekor-start-time', '2025-01-01T00:00:00Z', '--rekor-key', 'rekor.pub'],
  ['--ctfe-key', 'ctfe.pub', '--ctfe-start-time', '2025-01-01T00:00:00Z', '--ctfe-end-time', '2031-01-01T00:00:00Z'],
].flat();

for (const [form, flags] of Object.entries({ specs, 'the flags before them': earlier })) {
  test(`cosign 3 makes the same root of ${form}`, async (t) => {
    if (!requirePeer(t, 'cosign-3')) return;
    const ours = await runCountersign([...create, ...flags], { cwd: folder });
    const theirs = await runPeer('cosign-3', [...create, ...flags], { cwd: folder });
    assert.deepEqual([ours.status, theirs.status], [0, 0], ours.stderr + theirs.stderr);
    const theirRoot = parseTrustedRoot(Buffer.from(theirs.stdout));
    requireUsable(theirRoot);
    assert.deepEqual(parseTrustedRoot(Buffer.from(ours.stdout)), theirRoot);
  });
}

test('the reference library reads what we create as what it is', async () => {
  const { stdout, stderr, status } = await runCountersign([...create, ...specs], { cwd: folder });
  assert.equal(status, 0, stderr);
  const written: unknown = JSON.parse(stdout);
  const root = TrustedRoot.fromJSON(written);
  assert.equal(root.tlogs.length, 2);
  assert.equal(root.timestampAuthorities[0]?.certChain?.certificates.length, timestampAuthority.chain.length);
  assert.deepEqual(TrustedRoot.toJSON(root), asItWrites(written));
});

test('cosign 3 verifies by a root that we create', async (t) => {
  if (!requirePeer(t, 'cosign-3')) return;
  const made = await runCountersign([...create, ...specs, '--out', 'root.json'], { cwd: folder });
  assert.equal(made.status, 0, made.stderr);
  const artifact = readFileSync(join(folder, 'app.txt'));
  const kinds = {
    v1: sigstore.sign({ content: { artifact } }),
    v2: sigstore.sign({
      content: { artifact },
      entries: [{ log: rekorV2 }],
      timestamps: [{ authority: timestampAuthority }],
    }),
  };
  for (const [name, signed] of Object.entries(kinds)) {
    write(`${name}.json`, JSON.stringify(signed.bundle()));
    const args = ['verify-blob', '--bundle', `${name}.json`, '--trusted-root', 'root.json', ...identity, 'app.txt'];
    const verified = await runPeer('cosign-3', args, { cwd: folder });
    assert.equal(verified.status, 0, `${name}: ${verified.stderr}`);
  }
});

/** The library writes milliseconds always. */
function asItWrites(written: unknown): unknown {
  const whole = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})Z$/;
  return JSON.parse(JSON.stringify(written), (_, value: unknown) =>
    typeof value === 'string' ? value.replace(whole, '$1.000Z') : value,
  ) as unknown;
}
