/** What `readers` promises, run with the programs it speaks of: each command exactly as printed, and where it says that a
 *  reader cannot, the plain command fails. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { publicKeyPemOf } from '../../src/crypto/public-key.ts';
import type { Signer } from '../../src/crypto/signer.ts';
import { readersOf } from '../../src/flows/readers.ts';
import type { ReaderAnswer } from '../../src/flows/reader-rules.ts';
import { createSigner, openImageLab, signBundle, signLegacy } from '../support/image-lab.ts';
import type { ImageLab } from '../support/image-lab.ts';
import { requirePeer, runPeer } from '../support/peers.ts';
import type { PeerRun } from '../support/peers.ts';
import { createScratchFolder } from '../support/scratch.ts';

type Fill = (lab: ImageLab, digest: Awaited<ReturnType<ImageLab['push']>>, signer: Signer) => Promise<unknown>;

const fills: Readonly<Record<string, Fill>> = {
  'the .sig tag alone': (lab, digest, signer) => signLegacy(lab, digest, [signer]),
  'a bundle alone': (lab, digest, signer) => signBundle(lab, digest, signer),
  'both forms': async (lab, digest, signer) => [
    await signLegacy(lab, digest, [signer]),
    await signBundle(lab, digest, signer),
  ],
  "the .sig tag beside a stranger's bundle": async (lab, digest, signer) => [
    await signLegacy(lab, digest, [signer]),
    await signBundle(lab, digest, createSigner()),
  ],
};

for (const hasReferrers of [true, false]) {
  for (const [name, fill] of Object.entries(fills)) {
    test(`readers of ${name}, ${hasReferrers ? 'referrers API' : 'fallback tag'}: the commands do what they promise`, async (t) => {
      if (!requirePeer(t, 'cosign-2', 'cosign-3', 'skopeo')) return;
      const lab = await openImageLab(t, { hasReferrers });
      const digest = await lab.push('one', 'v1');
      const signer = createSigner();
      await fill(lab, digest, signer);
      const report = await readersOf(lab.context, { reference: lab.named('app/web:v1'), keys: [signer.publicKey] });
      const own = report.signers.find(({ isVerified }) => isVerified);
      for (const answer of own?.readers ?? []) {
        const run = await runReader(answer, signer, report.resolved);
        if (run !== undefined)
          assert.equal(
            run.status === 0,
            answer.canRead,
            `${answer.reader}: ${answer.why}\n${answer.command}\n${run.stderr}`,
          );
      }
    });
  }
}

/** Undefined for readers that live in a cluster, and for ourselves. */
async function runReader(
  { reader, command }: ReaderAnswer,
  signer: Signer,
  resolved: string,
): Promise<PeerRun | undefined> {
  const cwd = createScratchFolder('reader');
  writeFileSync(join(cwd, 'cosign.pub'), publicKeyPemOf(signer.publicKey));
  if (reader === 'cosign 2.x' || reader === 'cosign 3.x') {
    const words = command ?? `cosign verify --key cosign.pub --insecure-ignore-tlog=true ${resolved}`;
    return runPeer(reader === 'cosign 2.x' ? 'cosign-2' : 'cosign-3', words.split(' ').slice(1), { cwd });
  }
  return reader === 'podman/skopeo' ? runSkopeo(command, cwd, resolved) : undefined;
}

/** The command's comments are the files that it needs. */
async function runSkopeo(command: string | undefined, cwd: string, resolved: string): Promise<PeerRun> {
  const repository = resolved.slice(0, resolved.indexOf('@'));
  const fallback = [
    `# registries.d/signed.yaml: {"docker": {"${repository}": {"use-sigstore-attachments": true}}}`,
    `# policy.json: {"default": [{"type": "reject"}], "transports": {"docker": {"${repository}": [{"type": "sigstoreSigned", "keyPath": "cosign.pub", "signedIdentity": {"type": "matchRepository"}}]}}}`,
    `skopeo --policy policy.json --registries.d registries.d copy docker://${resolved} dir:verified`,
  ].join('\n');
  const lines = (command ?? fallback).split('\n');
  mkdirSync(join(cwd, 'registries.d'));
  for (const line of lines) {
    const file = /^# (\S+): (.*)$/.exec(line);
    if (file !== null) writeFileSync(join(cwd, file[1] ?? ''), file[2] ?? '');
  }
  const words = (lines.at(-1) ?? '').split(' ').slice(1);
  // The registry of the test speaks plain HTTP.
  return runPeer(
    'skopeo',
    words.flatMap((word) => (word === 'copy' ? ['copy', '--src-tls-verify=false'] : [word])),
    { cwd },
  );
}
