/** Asks our own and other people's verifiers about a bundle that the usual identity signed. */

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

import { verifierNames, verifiers } from './oracles.ts';
import { requirePeer } from './peers.ts';
import { createScratchFolder } from './scratch.ts';
import { virtualIdentity } from './virtual-sigstore/virtual-authority.ts';
import type { BundleJson } from './virtual-sigstore/virtual-sigstore.ts';
import type { TrustedRootJson } from './virtual-sigstore/virtual-trusted-root.ts';

export interface AskedBundle {
  readonly name: string;
  readonly artifact: Uint8Array;
  readonly bundle: BundleJson;
  readonly root: TrustedRootJson;
  /** Who signed: by default the identity of the virtual Sigstore. */
  readonly subject?: string;
  readonly issuer?: string;
}

/** Fails unless all of them accept; skips the test where one is missing. */
export async function askVerifiers(t: TestContext, asked: AskedBundle): Promise<void> {
  if (!requirePeer(t, 'cosign-3', 'sigstore-python')) return;
  const folder = createScratchFolder('ask-verifiers');
  const write = (name: string, content: Uint8Array | string): string => {
    const file = join(folder, name);
    writeFileSync(file, content);
    return file;
  };
  const { name, artifact, bundle, root, subject = virtualIdentity.email, issuer = virtualIdentity.issuer } = asked;
  const question = {
    name,
    bundleFile: write('bundle.json', JSON.stringify(bundle)),
    artifactFile: write('artifact', artifact),
    trustedRootFile: write('trusted-root.json', JSON.stringify(root)),
    signer: { kind: 'identity', subject, issuer },
  } as const;
  for (const verifier of verifierNames) {
    const [answer] = await verifiers[verifier]([question]);
    assert.deepEqual([verifier, answer?.verdict], [verifier, 'accepts'], `${name}: ${answer?.words ?? ''}`);
  }
}
