/** `copy` and `clean` between real registries, of what stock tools signed: the stock tools then verify the copy, and find
 *  nothing after the cleaning. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { readFileSync } from 'node:fs';

import { openRegistryClient } from '../../src/clients/registry/open-registry-client.ts';
import { cleanImage, planClean } from '../../src/flows/clean-image.ts';
import { copyImage } from '../../src/flows/copy-image.ts';
import type { ImageContext } from '../../src/flows/image-context.ts';
import { treeOf } from '../../src/flows/tree.ts';
import { verifyImage } from '../../src/flows/verify-image.ts';
import { parsePublicKey } from '../../src/crypto/public-key.ts';
import { parseReference } from '../../src/formats/oci/reference.ts';
import { buildImage, pushImage } from '../support/image.ts';
import { requirePeer } from '../support/peers.ts';
import { registryPeers, startRegistry } from '../support/registries.ts';
import type { RegistryKind } from '../support/registries.ts';
import { createStockKeys, stockClients } from '../support/stock-clients.ts';
import { createTestRuntime } from '../support/test-runtime.ts';
import { keyPolicyOf } from '../../src/verify/policy.ts';

const ways: readonly (readonly [RegistryKind, RegistryKind])[] = [
  ['docker', 'olareg'],
  ['olareg', 'docker'],
  ['ggcr', 'docker'],
  ['docker', 'ggcr'],
];

for (const [source, destination] of ways) {
  test(`what cosign 2 and 3 signed on ${source} is copied to ${destination}, verified there by both, and cleaned`, async (t) => {
    if (!requirePeer(t, 'cosign-2', 'cosign-3', registryPeers[source], registryPeers[destination])) return;
    const [from, to] = await Promise.all([startRegistry(source), startRegistry(destination)]);
    t.after(() => Promise.all([from.close(), to.close()]));
    const digest = await pushImage(from, 'app/web', 'v1', buildImage('to be copied'));
    const [second, third] = await Promise.all([createStockKeys(), createStockKeys()]);
    const here = { registry: from, repository: 'app/web', digest };
    const there = { registry: to, repository: 'mirror/web', digest };
    assert.equal((await stockClients['cosign-2'].sign(here, second)).status, 0);
    assert.equal((await stockClients['cosign-3'].sign(here, third)).status, 0);

    const runtime = createTestRuntime(t);
    const registry = openRegistryClient(
      { credentials: { credentialsFor: async () => undefined }, userAgent: 'countersign/test', idleTimeoutMs: 5000 },
      runtime,
    );
    const context: ImageContext = { runtime, registry };
    const copied = parseReference(`${to.host}/mirror/web:v1`);
    await copyImage(context, {
      source: parseReference(`${from.host}/app/web:v1`),
      destination: copied,
      isForced: false,
      progress: { onBytes: () => undefined },
    });
    const checks = {
      claims: { kind: 'check', annotations: {}, isReferenceMatched: false, threshold: 1 },
      isRecursive: false,
    } as const;
    for (const keys of [second, third]) {
      assert.equal(
        (
          await verifyImage(context, {
            ...checks,
            reference: copied,
            signature: keyPolicyOf([parsePublicKey(readFileSync(keys.publicFile))]),
          })
        ).exit,
        0,
      );
    }
    assert.equal((await stockClients['cosign-2'].verify(there, second.publicFile)).status, 0);
    assert.equal((await stockClients['cosign-3'].verify(there, third.publicFile)).status, 0);

    const plan = await planClean(context, { reference: copied, type: 'all' });
    assert.equal(plan.items.length, 2);
    await cleanImage(context, plan);
    assert.deepEqual((await treeOf(context, copied)).branches, []);
    assert.notEqual((await stockClients['cosign-2'].verify(there, second.publicFile)).status, 0);
    assert.notEqual((await stockClients['cosign-3'].verify(there, third.publicFile)).status, 0);
    assert.equal((await registry.fetchImage(copied)).digest, digest);
  });
}
