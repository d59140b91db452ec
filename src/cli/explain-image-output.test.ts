import assert from 'node:assert/strict';
import { test } from 'node:test';

import { explained } from '../../test/support/explained.ts';
import type { Explained, ImageExplanation } from '../flows/explain-image.ts';
import type { Explanation } from '../flows/explain.ts';
import { createSigner } from '../../test/support/image-lab.ts';
import { usualIdentity } from '../../test/support/virtual-sigstore/judgement.ts';
import { imageExplanationExitOf, imageExplanationJson, imageExplanationText } from './explain-image-output.ts';

const identities = { kind: 'identities', identities: [usualIdentity], sct: { kind: 'required' } } as const;
const sound = await explained();
const unsound = await explained({ trust: (root) => void root.tlogs.shift() });
const untold = await explained({ trust: 'none' });
const accepted = await explained({ signer: identities });
const refused = await explained({ signer: { kind: 'keys', keys: [createSigner().publicKey] } });
const unjudged = await explained({ signer: identities, trust: 'none' });

const source = { form: 'bundle', place: 'referrers of r.test/app@sha256:00', status: 'found', foundCount: 1 } as const;
const unseen = { step: 'read', title: 'Read referrer x', status: 'unknown', note: 'HTTP 502' } as const;

function foundOf(explanations: readonly Explanation[], isWhole = true): Explained {
  return { sources: [source], explanations, unseen: isWhole ? [] : [unseen] };
}

function imageOf(hasPolicy: boolean, signatures: Explained, attestations: Explained = foundOf([])): ImageExplanation {
  return { resolved: 'r.test/app@sha256:00', hasPolicy, signatures, attestations };
}

const exits: Readonly<Record<string, readonly [ImageExplanation, number]>> = {
  'nothing was found': [imageOf(false, foundOf([])), 10],
  'all is sound': [imageOf(false, foundOf([sound]), foundOf([sound])), 0],
  'one is not sound': [imageOf(false, foundOf([sound]), foundOf([unsound])), 1],
  'one cannot be told': [imageOf(false, foundOf([sound, untold])), 20],
  'one is not sound, another cannot be told': [imageOf(false, foundOf([untold, unsound])), 1],
  'one could not be looked at': [imageOf(false, foundOf([sound]), foundOf([], false)), 20],
  'the policy accepts one of several': [imageOf(true, foundOf([refused, accepted])), 0],
  'the policy accepts one, and another could not be looked at': [imageOf(true, foundOf([accepted], false)), 0],
  'the policy refuses all': [imageOf(true, foundOf([refused])), 1],
  'the policy cannot judge one': [imageOf(true, foundOf([refused, unjudged])), 20],
  'the policy refuses one, and another could not be looked at': [imageOf(true, foundOf([refused], false)), 20],
  'the policy accepts an attestation alone': [imageOf(true, foundOf([]), foundOf([accepted])), 10],
  'the policy refuses the signature and accepts an attestation': [
    imageOf(true, foundOf([refused]), foundOf([accepted])),
    1,
  ],
  'the policy refuses the signature, and attestations could not be looked at': [
    imageOf(true, foundOf([refused]), foundOf([], false)),
    1,
  ],
};

for (const [what, [image, exit]] of Object.entries(exits)) {
  test(`exit status ${exit}: ${what}`, () => {
    assert.equal(imageExplanationExitOf(image), exit);
    assert.equal(imageExplanationJson(image)['exit'], exit);
  });
}

test('the text says where was looked, and what the policy says of the image', () => {
  const text = imageExplanationText(imageOf(true, foundOf([refused, accepted], false), foundOf([accepted])));
  assert.match(text, /^r\.test\/app@sha256:00: signatures 2, attestations 1$/m);
  assert.match(text, /^policy: accepts 1 of 2 signatures of the image$/m);
  assert.match(text, /^ {2}signatures in referrers of r\.test\/app@sha256:00: 1$/m);
  assert.match(text, /^ {2}UNKNOWN Read referrer x: HTTP 502$/m);
  assert.match(
    imageExplanationText(imageOf(true, foundOf([]), foundOf([accepted]))),
    /^policy: no signature of the image to judge; attestations do not count as one$/m,
  );
});

test('the JSON has every place with what was found there', () => {
  const { sources } = imageExplanationJson(imageOf(false, foundOf([sound]), foundOf([])));
  assert.deepEqual(sources, { signatures: [source], attestations: [source] });
});
