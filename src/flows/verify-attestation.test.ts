import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import {
  attestationBundle,
  attestationLayer,
  CUSTOM_TYPE,
  signedEnvelope,
  statementAbout,
} from '../../test/support/attestation.ts';
import {
  bundleFor,
  createSigner,
  openImageLab,
  putLayers,
  putReferrer,
  signBundle,
  signLegacy,
} from '../../test/support/image-lab.ts';
import type { ImageLab, LabOptions } from '../../test/support/image-lab.ts';
import { parseUtf8, utf8Of } from '../base/bytes.ts';
import { limits } from '../base/limits.ts';
import type { Signer } from '../crypto/signer.ts';
import { digestOf } from '../formats/oci/digest.ts';
import type { Digest } from '../formats/oci/digest.ts';
import { keyPolicyOf } from '../verify/policy.ts';
import type { WantedType } from './attestation-judgement.ts';
import { envelopeLinesOf } from './attestation-lines.ts';
import { verifyAttestations } from './verify-attestation.ts';
import type { ImageReport } from './verify-report.ts';

const SPDX = 'https://spdx.dev/Document';
const custom: WantedType = { kind: 'exactly', uri: CUSTOM_TYPE, name: 'custom' };
const signer = createSigner();

interface Scene {
  readonly lab: ImageLab;
  readonly digest: Digest;
  readonly verify: (more?: Partial<Parameters<typeof verifyAttestations>[1]>) => Promise<ImageReport>;
}

async function openScene(t: TestContext, options: LabOptions = {}): Promise<Scene> {
  const lab = await openImageLab(t, options);
  const digest = await lab.push('one', 'v1');
  const verify: Scene['verify'] = async (more = {}) => {
    const { images, exit } = await verifyAttestations(lab.context, {
      references: [lab.named('app/web:v1')],
      signature: keyPolicyOf([signer.publicKey]),
      type: custom,
      claims: { kind: 'check' },
      inFlight: 2,
      ...more,
    });
    const [image] = images;
    assert.ok(image !== undefined);
    assert.equal(exit, images.find((each) => each.exit !== 0)?.exit ?? 0);
    return image;
  };
  return { lab, digest, verify };
}

/** Puts these envelopes under the `.att` tag. */
const attestLegacy = async ({ lab, digest }: Scene, ...envelopes: readonly Uint8Array[]): Promise<string> =>
  putLayers(lab, digest, envelopes.map(attestationLayer), 'att');
const attestBundle = async (
  { lab, digest }: Scene,
  by: Signer,
  statement: Uint8Array,
  predicateType = CUSTOM_TYPE,
): Promise<Digest> => putReferrer(lab, digest, await attestationBundle(by, statement), predicateType);

const outcomeOf = ({ outcome, exit }: ImageReport): readonly [string, number] => [outcome, exit];

for (const hasReferrers of [true, false]) {
  test(`attestations in both forms are found and all printed (referrers API: ${hasReferrers})`, async (t) => {
    const scene = await openScene(t, { hasReferrers });
    const envelope = await signedEnvelope(signer, statementAbout(scene.digest));
    await attestLegacy(scene, envelope);
    const statement = statementAbout(scene.digest, { predicate: { Data: 'again' } });
    await attestBundle(scene, signer, statement);
    const report = await scene.verify();
    assert.deepEqual(outcomeOf(report), ['verified', 0]);
    assert.match(report.summary, /^attested by sha256:[0-9a-f]{64}$/);
    const [legacy, bundle, ...more] = envelopeLinesOf(report);
    assert.equal(legacy, parseUtf8(envelope));
    assert.match(
      bundle ?? '',
      /^\{"payload":"[^"]+","payloadType":"application\/vnd\.in-toto\+json","signatures":\[\{"sig":"[^"]+"\}\]\}$/,
    );
    assert.deepEqual(more, []);
  });
}

test('what one signer attested in both forms is printed once, and what two did twice', async (t) => {
  const scene = await openScene(t);
  const statement = statementAbout(scene.digest);
  await attestLegacy(scene, await signedEnvelope(signer, statement));
  await attestBundle(scene, signer, statement);
  assert.equal(envelopeLinesOf(await scene.verify()).length, 1);
  const other = createSigner();
  await attestBundle(scene, other, statement);
  const both = keyPolicyOf([signer.publicKey, other.publicKey]);
  assert.equal(envelopeLinesOf(await scene.verify({ signature: both })).length, 2);
});

test('an envelope that is stored over several lines is printed on one', async (t) => {
  const scene = await openScene(t);
  const envelope = parseUtf8(await signedEnvelope(signer, statementAbout(scene.digest)));
  await attestLegacy(scene, utf8Of(`${JSON.stringify(JSON.parse(envelope), undefined, 2)}\r\n`));
  assert.deepEqual(envelopeLinesOf(await scene.verify()), [envelope]);
});

test('CVE-2022-35929: attestations of other types do not satisfy, and the answer names their types', async (t) => {
  const scene = await openScene(t);
  const spdx = statementAbout(scene.digest, { predicateType: SPDX });
  await attestLegacy(scene, await signedEnvelope(signer, spdx), await signedEnvelope(signer, spdx));
  await attestBundle(scene, signer, statementAbout(scene.digest, { predicateType: 'x:y' }), CUSTOM_TYPE);
  await attestBundle(scene, createSigner(), statementAbout(scene.digest), CUSTOM_TYPE);
  const report = await scene.verify();
  assert.deepEqual(outcomeOf(report), ['rejected', 12]);
  assert.equal(report.summary, `none of the attestations matched the predicate type: custom, found: ${SPDX},x:y`);
  assert.equal(report.failed?.step, 'claims.type');
  assert.deepEqual(envelopeLinesOf(report), []);
  const ofSpdx = await scene.verify({ type: { kind: 'exactly', uri: SPDX, name: 'spdx' } });
  assert.equal(envelopeLinesOf(ofSpdx).length, 2);
  assert.equal(envelopeLinesOf(await scene.verify({ type: { kind: 'any' } })).length, 3);
});

test('what strangers attest is told as such, and their types are not', async (t) => {
  const scene = await openScene(t);
  await attestBundle(scene, createSigner(), statementAbout(scene.digest, { predicateType: SPDX }), SPDX);
  const report = await scene.verify();
  assert.deepEqual(outcomeOf(report), ['rejected', 12]);
  assert.equal(report.failed?.step, 'signature');
  assert.match(report.summary, /^no matching attestations: /);
  assert.doesNotMatch(report.summary, /spdx/);
});

test('an attestation moved from another image is rejected by its digest, unless claims are not checked', async (t) => {
  const scene = await openScene(t);
  await attestLegacy(scene, await signedEnvelope(signer, statementAbout(digestOf(utf8Of('another')))));
  const report = await scene.verify();
  assert.deepEqual([outcomeOf(report), report.failed?.step], [['rejected', 12], 'claims.digest']);
  const unchecked = await scene.verify({ claims: { kind: 'unchecked' } });
  assert.deepEqual(outcomeOf(unchecked), ['verified', 0]);
  assert.match(unchecked.summary, /claims NOT checked/);
  assert.equal(unchecked.isClaimsChecked, false);
});

test('signatures are no attestations, and attestations are no signatures', async (t) => {
  const scene = await openScene(t);
  await signLegacy(scene.lab, scene.digest, [signer]);
  await signBundle(scene.lab, scene.digest, signer);
  const report = await scene.verify({ type: { kind: 'any' } });
  assert.deepEqual(outcomeOf(report), ['absent', 10]);
  assert.match(report.summary, /^no attestations found: /);
  assert.match(
    report.checks.find(({ step }) => step === 'source.bundle')?.note ?? '',
    /is a signature, not an attestation$/,
  );
});

test('no attestation, no image', async (t) => {
  const scene = await openScene(t);
  assert.deepEqual(outcomeOf(await scene.verify()), ['absent', 10]);
  assert.deepEqual(outcomeOf(await scene.verify({ references: [scene.lab.named('app/web:none')] })), [
    'image-absent',
    11,
  ]);
});

test('an image named by its digest is judged meanwhile, and an absent one is still absent', async (t) => {
  const scene = await openScene(t);
  await attestLegacy(scene, await signedEnvelope(signer, statementAbout(scene.digest)));
  const byDigest = scene.lab.named(`app/web@${scene.digest}`);
  assert.deepEqual(outcomeOf(await scene.verify({ references: [byDigest] })), ['verified', 0]);
  const absent = scene.lab.named(`app/web@sha256:${'0'.repeat(64)}`);
  assert.deepEqual(outcomeOf(await scene.verify({ references: [absent] })), ['image-absent', 11]);
});

test('a place that cannot be looked at makes the answer unknown, unless another place holds a good attestation', async (t) => {
  let isDown = false;
  const scene = await openScene(t, {
    bend: async (request, direct) => {
      const isReferrers = request.url.pathname.includes('/referrers/');
      return direct(
        isDown && isReferrers ? { ...request, url: new URL('/nothing-here', 'http://127.0.0.1:9') } : request,
      );
    },
  });
  isDown = true;
  assert.deepEqual(outcomeOf(await scene.verify()), ['unknown', 20]);
  await attestLegacy(scene, await signedEnvelope(createSigner(), statementAbout(scene.digest)));
  assert.deepEqual(outcomeOf(await scene.verify()), ['unknown', 20]);
  await attestLegacy(scene, await signedEnvelope(signer, statementAbout(scene.digest)));
  assert.deepEqual(outcomeOf(await scene.verify()), ['verified', 0]);
});

const envelopeWith = async (digest: Digest, more: object): Promise<Uint8Array> => {
  const envelope = JSON.parse(parseUtf8(await signedEnvelope(signer, statementAbout(digest)))) as object;
  return utf8Of(JSON.stringify({ ...envelope, ...more }));
};
const malformed: readonly (readonly [string, (digest: Digest) => Promise<Uint8Array>])[] = [
  ['no JSON', async () => utf8Of('attested!')],
  ['no signature', (digest) => envelopeWith(digest, { signatures: [] })],
  ['two signatures', (digest) => envelopeWith(digest, { signatures: [{ sig: 'AQ==' }, { sig: 'AQ==' }] })],
];
for (const [name, make] of malformed) {
  test(`an envelope with ${name} cannot be judged: unknown, never absent`, async (t) => {
    const scene = await openScene(t);
    await attestLegacy(scene, await make(scene.digest));
    const report = await scene.verify();
    assert.deepEqual([outcomeOf(report), report.failed?.step], [['unknown', 20], 'read']);
  });
}

test('a statement that cannot be read is rejected in both forms, never passed over', async (t) => {
  const scene = await openScene(t);
  const crowd = { subject: Array.from({ length: limits.statementSubjects + 1 }, () => ({ digest: { sha256: '00' } })) };
  const statement = utf8Of(
    JSON.stringify({ ...(JSON.parse(parseUtf8(statementAbout(scene.digest))) as object), ...crowd }),
  );
  await attestLegacy(scene, await signedEnvelope(signer, statement));
  await attestBundle(scene, signer, statement);
  const { signatures, ...report } = await scene.verify({ type: { kind: 'any' }, claims: { kind: 'unchecked' } });
  assert.deepEqual([report.outcome, report.failed?.step, signatures.length], ['rejected', 'content', 2]);
});

test('a layer of another kind under the tag is not taken for an attestation', async (t) => {
  const scene = await openScene(t);
  const bundle = await bundleFor(scene.digest, signer, { predicateType: CUSTOM_TYPE });
  const { layer, payload } = attestationLayer(bundle);
  await putLayers(scene.lab, scene.digest, [{ layer: { ...layer, mediaType: 'text/plain' }, payload }], 'att');
  assert.deepEqual(outcomeOf(await scene.verify()), ['unknown', 20]);
});
