import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import { hasCode } from '../support/error-code.ts';
import { manifestFaults, startFaultyProxy, wireFaults } from '../support/faulty-proxy.ts';
import type { FaultyProxy } from '../support/faulty-proxy.ts';
import {
  bundleFor,
  createSigner,
  legacyLayer,
  listReferrer,
  openImageLab,
  putLayers,
  putReferrer,
  signBundle,
  signLegacy,
} from '../support/image-lab.ts';
import type { ImageLab } from '../support/image-lab.ts';
import { createTestRuntime } from '../support/test-runtime.ts';
import { parseBase64, parseUtf8, utf8Of } from '../../src/base/bytes.ts';
import { CountersignError, isErrorWithCode } from '../../src/base/errors.ts';
import { limits } from '../../src/base/limits.ts';
import { openRegistryClient } from '../../src/clients/registry/open-registry-client.ts';
import { parsePublicKey, publicKeyPemOf } from '../../src/crypto/public-key.ts';
import type { PublicKey } from '../../src/crypto/public-key.ts';
import type { Signer } from '../../src/crypto/signer.ts';
import { signatureLayerOf } from '../../src/formats/cosign/signature-layer.ts';
import { digestOf } from '../../src/formats/oci/digest.ts';
import type { Digest } from '../../src/formats/oci/digest.ts';
import { mediaTypes } from '../../src/formats/oci/media-type.ts';
import { parseReference } from '../../src/formats/oci/reference.ts';
import { copyImage } from '../../src/flows/copy-image.ts';
import { downloadSignatures } from '../../src/flows/download-signatures.ts';
import { verifyImage } from '../../src/flows/verify-image.ts';
import type { ImageReport } from '../../src/flows/verify-report.ts';
import { keyPolicyOf } from '../../src/verify/policy.ts';

const claims = { kind: 'check', annotations: {}, isReferenceMatched: false, threshold: 1 } as const;

async function verify(lab: ImageLab, key: PublicKey, name = 'app/web:v1'): Promise<ImageReport> {
  return verifyImage(lab.context, {
    reference: lab.named(name),
    signature: keyPolicyOf([key]),
    claims,
    isRecursive: false,
  });
}

interface Bench {
  readonly lab: ImageLab;
  readonly digest: Digest;
  readonly alice: Signer;
}

async function openBench(t: TestContext, hasReferrers = true): Promise<Bench> {
  const lab = await openImageLab(t, { hasReferrers });
  return { lab, digest: await lab.push('one', 'v1'), alice: createSigner() };
}

interface ProxiedBench extends Bench {
  readonly proxy: FaultyProxy;
  readonly verifyThere: (idleTimeoutMs?: number) => Promise<ImageReport>;
}

async function openProxied(t: TestContext, hasReferrers: boolean): Promise<ProxiedBench> {
  const bench = await openBench(t, hasReferrers);
  const proxy = await startFaultyProxy(t, bench.lab.registry);
  const verifyThere = async (idleTimeoutMs = 5000): Promise<ImageReport> => {
    const runtime = createTestRuntime(t);
    const registry = openRegistryClient(
      { credentials: { credentialsFor: async () => undefined }, userAgent: 'countersign/test', idleTimeoutMs },
      runtime,
    );
    const reference = parseReference(`${proxy.host}/app/web:v1`);
    return verifyImage(
      { runtime, registry },
      { reference, signature: keyPolicyOf([bench.alice.publicKey]), claims, isRecursive: false },
    );
  };
  return { ...bench, proxy, verifyThere };
}

for (const hasReferrers of [true, false]) {
  const where = hasReferrers ? 'with the referrers API' : 'with the fallback tag';

  test(`each request of a verify, broken on the wire in each way, is "could not look" ${where}`, async (t) => {
    const { lab, digest, proxy, verifyThere } = await openProxied(t, hasReferrers);
    await signLegacy(lab, digest, [createSigner()]);
    await signBundle(lab, digest, createSigner());
    assert.equal((await verifyThere()).outcome, 'rejected');
    // The API of the one, the fallback tag of the other, was asked in vain.
    const isNeeded = (path: string): boolean =>
      hasReferrers ? !/manifests\/sha256-[0-9a-f]{64}$/.test(path) : !path.includes('/referrers/');
    for (const path of new Set(proxy.seen.map((request) => request.path).filter(isNeeded))) {
      const faults = { ...wireFaults, ...(/\/(?:blobs|referrers)\//.test(path) ? {} : manifestFaults) };
      for (const [name, fault] of Object.entries(faults)) {
        const isHintOnly = path.includes('/referrers/') && (name === 'another digest' || name.includes('HTML'));
        const isTrueType = /sha256-[0-9a-f]{64}$/.test(path) && name === 'the type of an index';
        proxy.break(fault, (request) => request.path === path);
        if (!isHintOnly && !isTrueType)
          assert.equal(
            (await verifyThere(name === 'a stall' ? 50 : undefined)).outcome,
            'unknown',
            `${name} at ${path}`,
          );
      }
    }
  });
}

test('one broken form does not hide an acceptable signature in the other', async (t) => {
  const { lab, digest, alice, proxy, verifyThere } = await openProxied(t, true);
  await signLegacy(lab, digest, [alice]);
  proxy.break(wireFaults['403'], ({ path }) => path.includes('/referrers/'));
  const report = await verifyThere();
  assert.equal(report.exit, 0);
  assert.deepEqual(
    report.sources.map(({ form, status, error }) => [form, status, error?.code]),
    [
      ['legacy', 'found', undefined],
      ['bundle', 'unreachable', 'REGISTRY_DENIED'],
    ],
  );
});

test('one unreadable signature does not hide a good one; without a good one it is "could not look"', async (t) => {
  const { lab, digest, alice, proxy, verifyThere } = await openProxied(t, true);
  const stranger = await legacyLayer(lab, digest, createSigner(), { annotations: { who: 'stranger' } });
  const good = await legacyLayer(lab, digest, alice);
  proxy.break(wireFaults['500'], ({ path }) => path.endsWith(stranger.layer.digest));
  await putLayers(lab, digest, [stranger, good]);
  assert.equal((await verifyThere()).outcome, 'verified');
  await putLayers(lab, digest, [stranger, await legacyLayer(lab, digest, createSigner())]);
  assert.deepEqual([(await verifyThere()).exit, (await verifyThere()).failed?.step], [20, 'read']);
});

test('a .sig tag that names an index, a layer of another type, a layer without a signature: "could not look"', async (t) => {
  const { lab, digest, alice } = await openBench(t);
  const good = await legacyLayer(lab, digest, alice);
  await putLayers(lab, digest, [{ ...good, layer: { ...good.layer, mediaType: 'text/plain' } }]);
  assert.equal((await verify(lab, alice.publicKey)).exit, 20);
  const { annotations: _, ...bare } = good.layer;
  const tag = await putLayers(lab, digest, [{ ...good, layer: bare }]);
  assert.equal((await verify(lab, alice.publicKey)).exit, 20);
  await lab.client.putManifest(
    lab.repository,
    tag,
    utf8Of(JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [] })),
    mediaTypes.ociIndex,
  );
  assert.equal((await verify(lab, alice.publicKey)).exit, 20);
});

test('a malformed bundle, one of an unknown version and one over the cap are "could not look"', async (t) => {
  const { lab, alice } = await openBench(t);
  const bundles = {
    malformed: utf8Of('{"mediaType":'),
    unknown: utf8Of('{"mediaType":"application/vnd.dev.sigstore.bundle.v9.9+json","verificationMaterial":{}}'),
    large: new Uint8Array(limits.bundleBytes + 1),
  };
  for (const [tag, bundle] of Object.entries(bundles)) {
    const digest = await lab.push(tag, tag);
    await putReferrer(lab, digest, bundle);
    assert.equal((await verify(lab, alice.publicKey, `app/web:${tag}`)).exit, 20, tag);
  }
});

test('a listed referrer that the registry lost is "could not look"', async (t) => {
  const { lab, digest, alice } = await openBench(t, false);
  assert.equal(await lab.client.deleteManifest(lab.repository, await signBundle(lab, digest, createSigner())), true);
  const report = await verify(lab, alice.publicKey);
  assert.deepEqual([report.exit, report.failed?.step], [20, 'read']);
  await assert.rejects(downloadSignatures(lab.context, lab.named('app/web:v1')), hasCode('REFERRER_MISSING'));
});

test('the fallback index is a hint: a listed bundle whose subject is another image does not count, and is told', async (t) => {
  const { lab, digest, alice } = await openBench(t, false);
  const other = await lab.push('two', 'v2');
  const foreign = await signBundle(lab, other, alice, { claimedDigest: digest });
  await listReferrer(lab, digest, { mediaType: mediaTypes.ociManifest, digest: foreign, size: 1 });
  const report = await verify(lab, alice.publicKey);
  assert.equal(report.exit, 10);
  assert.match(report.checks.find(({ step }) => step === 'source.bundle')?.note ?? '', new RegExp(other));
});

test('a referrer of another tool is no signature and no failure', async (t) => {
  const { lab, digest, alice } = await openBench(t);
  const config = utf8Of('{}');
  await lab.client.putBlob(lab.repository, config);
  const layer = { mediaType: 'application/spdx+json', digest: digestOf(config), size: 2 };
  const sbom = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    artifactType: 'application/spdx+json',
    config: { ...layer, mediaType: mediaTypes.ociEmpty },
    layers: [layer],
    subject: { mediaType: mediaTypes.ociManifest, digest, size: 1 },
  };
  await lab.client.putManifest(lab.repository, undefined, utf8Of(JSON.stringify(sbom)), mediaTypes.ociManifest);
  assert.equal((await verify(lab, alice.publicKey)).exit, 10);
});

test('a changed byte of a payload or signature, stored consistently, never verifies', async (t) => {
  const { lab, digest, alice } = await openBench(t);
  const { payload, layer } = await legacyLayer(lab, digest, alice);
  const signature = parseBase64(layer.annotations?.['dev.cosignproject.cosign/signature'] ?? '');
  for (const at of spread(payload.length, 40)) {
    const changed = flipped(payload, at);
    await putLayers(lab, digest, [{ payload: changed, layer: signatureLayerOf(changed, signature) }]);
    assert.notEqual((await verify(lab, alice.publicKey)).outcome, 'verified', `payload byte ${at}`);
  }
  for (const at of spread(signature.length, 40)) {
    await putLayers(lab, digest, [{ payload, layer: signatureLayerOf(payload, flipped(signature, at)) }]);
    assert.notEqual((await verify(lab, alice.publicKey)).outcome, 'verified', `signature byte ${at}`);
  }
});

test('a changed byte of a bundle outside the signer hint, stored consistently, never verifies', async (t) => {
  const { lab, digest, alice } = await openBench(t);
  const honest = await bundleFor(digest, alice);
  const hint = /"publicKey":\{.*?\}/.exec(parseUtf8(honest));
  const isHint = (at: number): boolean => hint !== null && at > hint.index + 12 && at < hint.index + hint[0].length - 1;
  for (const at of spread(honest.length, 50).filter((each) => !isHint(each))) {
    await putReferrer(lab, digest, flipped(honest, at));
    assert.notEqual((await verify(lab, alice.publicKey)).outcome, 'verified', `bundle byte ${at}`);
  }
  await putReferrer(lab, digest, honest);
  assert.equal((await verify(lab, alice.publicKey)).outcome, 'verified');
});

test('any changed byte of the key is refused or verifies nothing', async (t) => {
  const { lab, digest, alice } = await openBench(t);
  await signLegacy(lab, digest, [alice]);
  assert.equal((await verify(lab, alice.publicKey)).outcome, 'verified');
  const pem = utf8Of(publicKeyPemOf(alice.publicKey));
  for (const at of pem.keys()) {
    const key = keyIn(flipped(pem, at));
    // White space at the end of a line is all that may differ.
    if (key !== undefined && pem[at] !== LINE_FEED)
      assert.notEqual((await verify(lab, key)).outcome, 'verified', `key byte ${at}`);
  }
});

test('an index over the cap of children or of levels is "could not look", and is not copied', async (t) => {
  const { lab, digest, alice } = await openBench(t);
  const child = { mediaType: mediaTypes.ociManifest, digest, size: 1 };
  const putIndex = (tag: string, manifests: readonly object[]): Promise<Digest> =>
    lab.client.putManifest(
      lab.repository,
      tag,
      utf8Of(JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests })),
      mediaTypes.ociIndex,
    );
  await putIndex(
    'wide',
    Array.from({ length: limits.indexChildren + 1 }, () => child),
  );
  let deepest: object = child;
  for (let depth = 0; depth <= limits.indexDepth; depth += 1) {
    deepest = { mediaType: mediaTypes.ociIndex, digest: await putIndex('deep', [deepest]), size: 1 };
  }
  for (const digested of [digest, ...(await indexesOf(lab, 'deep'))]) await signLegacy(lab, digested, [alice]);
  for (const tag of ['wide', 'deep']) {
    const report = await verifyImage(lab.context, {
      reference: lab.named(`app/web:${tag}`),
      signature: keyPolicyOf([alice.publicKey]),
      claims,
      isRecursive: true,
    });
    assert.equal(report.exit, 20, tag);
    const copy = copyImage(lab.context, {
      source: lab.named(`app/web:${tag}`),
      destination: lab.named('mirror/web:v1'),
      isForced: false,
      progress: { onBytes: () => undefined },
    });
    await assert.rejects(copy, hasCode('INDEX_OVER_CAP'));
  }
});

test('an interruption ends the verification instead of becoming an answer', async (t) => {
  const lab = await openImageLab(t, {
    bend: async (request, direct) => {
      if (request.url.pathname.includes('/referrers/')) throw new CountersignError('INTERRUPTED', 'interrupted');
      return direct(request);
    },
  });
  await lab.push('one', 'v1');
  await assert.rejects(verify(lab, createSigner().publicKey), hasCode('INTERRUPTED'));
});

test('text from the registry and the signer reaches the report as it is, for the printer to escape', async (t) => {
  const { lab, digest, alice } = await openBench(t);
  await signLegacy(lab, digest, [alice], { dockerReference: 'evil\u001b[2J' });
  const report = await verify(lab, alice.publicKey);
  const [signature] = report.signatures;
  assert.equal(
    signature?.verdict.status === 'verified' && signature.verdict.evidence.claims.dockerReference,
    'evil\u001b[2J',
  );
});

const LINE_FEED = 0x0a;

/** The digests of an index and of those nested in it. */
async function indexesOf(lab: ImageLab, tagOrDigest: string): Promise<readonly Digest[]> {
  const fetched = await lab.client.fetchManifest(lab.repository, tagOrDigest);
  if (fetched?.manifest.kind !== 'index') return [];
  const nested = await Promise.all(fetched.manifest.manifests.map((child) => indexesOf(lab, child.digest)));
  return [fetched.digest, ...nested.flat()];
}

function keyIn(pem: Uint8Array): PublicKey | undefined {
  try {
    return parsePublicKey(pem);
  } catch (error) {
    if (
      ['KEY_MALFORMED', 'PEM_MALFORMED', 'KEY_UNSUPPORTED', 'KEY_IS_PRIVATE'].some((code) =>
        isErrorWithCode(error, code as 'KEY_MALFORMED'),
      )
    )
      return undefined;
    throw error;
  }
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

/** At most `count` positions, evenly. */
function spread(length: number, count: number): readonly number[] {
  return Array.from({ length: Math.min(length, count) }, (_, index) =>
    Math.floor((index * length) / Math.min(length, count)),
  );
}
