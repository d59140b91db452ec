/** An image in the embedded registry, signed by the real flow over real HTTP. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';

import { utf8Of } from '../../src/base/bytes.ts';
import type { HttpResponse, Log } from '../../src/base/runtime.ts';
import type { Signer } from '../../src/crypto/signer.ts';
import { signImage } from '../../src/flows/sign-image.ts';
import { keyMethodOf } from '../../src/flows/signing-method.ts';
import type { SignImageRequest, SignReport } from '../../src/flows/sign-image.ts';
import { verifyImage } from '../../src/flows/verify-image.ts';
import type { Digest } from '../../src/formats/oci/digest.ts';
import { openImageLab } from './image-lab.ts';
import type { ImageLab, LabOptions } from './image-lab.ts';
import { keyPolicyOf } from '../../src/verify/policy.ts';

export interface Bench {
  readonly lab: ImageLab;
  readonly digest: Digest;
  readonly sigTag: string;
  /** What was said to the person. */
  readonly said: string[];
  readonly sign: (signer: Signer, more?: Partial<SignImageRequest>) => Promise<SignReport>;
  readonly tags: () => Promise<readonly string[]>;
  /** Signatures in the `.sig` image and bundles among the referrers. */
  readonly counts: () => Promise<readonly [number, number]>;
}

export async function openBench(t: TestContext, options: LabOptions = {}): Promise<Bench> {
  const said: string[] = [];
  const say = (message: string): void => void said.push(message);
  const lab = await openImageLab(t, options);
  const digest = await lab.push('one', 'v1');
  const log: Log = { note: say, warn: say, noteOnce: say, debug: () => {} };
  const context = { ...lab.context, runtime: { ...lab.context.runtime, log } };
  const repository = context.signaturePlace ?? lab.repository;
  const sigTag = `${context.tagPrefix ?? ''}sha256-${digest.slice(7)}.sig`;
  return {
    lab,
    digest,
    sigTag,
    said,
    sign: (signer, more = {}) =>
      signImage(context, {
        reference: lab.named('app/web:v1'),
        method: Promise.resolve(keyMethodOf(signer)),
        annotations: {},
        forms: ['legacy', 'bundle'],
        ...more,
      }),
    tags: async () => (await lab.client.listTags(repository, '')) ?? [],
    counts: async () => {
      const manifest = (await lab.client.fetchManifest(repository, sigTag))?.manifest;
      const { descriptors } = await lab.client.fetchReferrers(repository, digest);
      return [manifest?.kind === 'image' ? manifest.layers.length : 0, descriptors.length];
    },
  };
}

export function statusesOf(report: SignReport): readonly string[] {
  return report.images.flatMap(({ forms }) => forms.map(({ form, status }) => `${form} ${status}`));
}

export async function requireVerified({ lab }: Bench, signer: Signer, annotations = {}): Promise<void> {
  const report = await verifyImage(lab.context, {
    reference: lab.named('app/web:v1'),
    signature: keyPolicyOf([signer.publicKey]),
    claims: { kind: 'check', annotations, isReferenceMatched: true, threshold: 1 },
    isRecursive: false,
  });
  assert.equal(report.outcome, 'verified');
}

export function markersOf(tags: readonly string[]): readonly string[] {
  return tags.filter((tag) => tag.includes('.sig-'));
}

export function answerOf(status: number, text = ''): HttpResponse {
  const body = async function* (): AsyncIterable<Uint8Array> {
    yield utf8Of(text);
  };
  return { status, headers: {}, body: body() };
}
