/** Finds what was signed about an image, in both forms at the same time: the layers of the `.sig` (or `.att`) tag and the
 *  bundles among the referrers. Rounds of requests: [tag's manifest, referrers], then [layers' blobs, referrer manifests],
 *  then bundles. Judges nothing: what it finds is an entity to verify, or a reason why one could not be read. */

import { InputError } from '../base/errors.ts';
import type { CountersignError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { mapPoolUntil } from '../base/pool.ts';
import { attestationOfLayer } from '../formats/cosign/attestation-layer.ts';
import { attachmentTagOf } from '../formats/cosign/attachment-tag.ts';
import { signedEntityOfLayer } from '../formats/cosign/signature-layer.ts';
import { COSIGN_SIGN_PREDICATE } from '../formats/intoto/statement.ts';
import type { Digest } from '../formats/oci/digest.ts';
import type { Descriptor } from '../formats/oci/manifest.ts';
import { repositoryNameOf } from '../formats/oci/reference.ts';
import type { SignedEntity } from '../formats/signed-entity.ts';
import type { ImageContext, Subject } from './image-context.ts';
import { lookAt } from './look.ts';
import { readReferrer } from './referrer-bundle.ts';

/** One signature or attestation: read, or known to be there but not readable. */
export type FoundSignature = {
  readonly form: 'legacy' | 'bundle';
  /** Where it was found, for people. */
  readonly origin: string;
  /** Of the layer (legacy) or of the referrer manifest (bundle). */
  readonly digest: Digest;
} & (
  | { readonly kind: 'read'; readonly entity: SignedEntity; readonly stored: StoredSignature }
  | { readonly kind: 'unreadable'; readonly error: CountersignError }
);

/** What the registry holds, as stored: for tools that pass it on. */
export type StoredSignature =
  | { readonly kind: 'layer'; readonly layer: Descriptor; readonly payload: Uint8Array }
  | { readonly kind: 'bundle'; readonly bytes: Uint8Array };

/** The answer of one place. */
export interface SignatureSource {
  readonly form: 'legacy' | 'bundle';
  /** "registry/repository:sha256-….sig", "referrers of registry/repository@sha256:…". */
  readonly place: string;
  readonly status: 'absent' | 'found' | 'unreachable';
  /** Of the place of bundles, when it could be looked at: whether the registry lists referrers by itself. */
  readonly hasReferrersApi?: boolean;
  /** Why it could not be looked at, or not wholly (over a cap). */
  readonly error?: CountersignError;
  /** Signatures listed, looked at or not. */
  readonly foundCount: number;
  /** A prefix of what is listed: no further one is begun once there is enough. */
  readonly signatures: readonly FoundSignature[];
  /** What stands there and is no signature of this image, one sentence each. */
  readonly notes: readonly string[];
}

type IsEnough = (found: FoundSignature) => Promise<boolean>;

/** Asks both places for signatures. `isEnough` sees each once, as soon as it is read; once it says so, no further one is
 *  begun in either place. The first ones of each place are always looked at, so a few signatures give the same report
 *  whatever the network's speed. Throws only what `lookAt` throws on. */
export async function findImageSignatures(
  context: ImageContext,
  subject: Subject,
  isEnough: IsEnough,
): Promise<readonly [SignatureSource, SignatureSource]> {
  return find(context, subject, SIGNATURES, isEnough);
}

/** The same for attestations: what is signed about an image and does not sign it. */
export async function findImageAttestations(
  context: ImageContext,
  subject: Subject,
  isEnough: IsEnough,
): Promise<readonly [SignatureSource, SignatureSource]> {
  return find(context, subject, ATTESTATIONS, isEnough);
}

/** What is looked for, and how it is stored. */
interface Quarry {
  readonly tag: 'sig' | 'att';
  readonly layerBytes: number;
  readonly entityOfLayer: (layer: Descriptor, blob: Uint8Array, origin: string) => SignedEntity;
  /** Why a bundle with a statement of this type is none; undefined when it is one, or when there is no statement to read,
   *  which is for verification to reject. */
  readonly whyNot: (predicateType: string | undefined) => string | undefined;
}

const SIGNATURES: Quarry = {
  tag: 'sig',
  layerBytes: limits.payloadBytes,
  entityOfLayer: signedEntityOfLayer,
  whyNot: (predicateType) =>
    predicateType === undefined || predicateType === COSIGN_SIGN_PREDICATE
      ? undefined
      : `is an attestation (${predicateType}), not a signature`,
};
const ATTESTATIONS: Quarry = {
  tag: 'att',
  layerBytes: limits.bundleBytes,
  entityOfLayer: attestationOfLayer,
  whyNot: (predicateType) =>
    predicateType === COSIGN_SIGN_PREDICATE ? 'is a signature, not an attestation' : undefined,
};

async function find(
  context: ImageContext,
  subject: Subject,
  quarry: Quarry,
  isEnough: IsEnough,
): Promise<readonly [SignatureSource, SignatureSource]> {
  let isDone = false;
  const judge = async (found: FoundSignature): Promise<void> => {
    isDone = (await isEnough(found)) || isDone;
  };
  const hunt = { subject, quarry, judge, isDone: () => isDone };
  return settleBoth(
    findLegacy({ ...hunt, context: withBudget(context) }),
    findBundles({ ...hunt, context: withBudget(context) }),
  );
}

interface Hunt {
  readonly context: ImageContext;
  readonly subject: Subject;
  readonly quarry: Quarry;
  readonly judge: (found: FoundSignature) => Promise<void>;
  readonly isDone: () => boolean;
}

/** Half of what one image may have under way, for each form. */
const IN_FLIGHT = limits.signaturesInFlight / 2;

async function findLegacy(hunt: Hunt): Promise<SignatureSource> {
  const { context, subject, quarry } = hunt;
  const tag = attachmentTagOf(subject.digest, quarry.tag, context.tagPrefix);
  const base = { form: 'legacy', place: `${repositoryNameOf(subject.repository)}:${tag}`, notes: [] } as const;
  const look = await lookAt(async () => layersOf(tag, await context.registry.fetchManifest(subject.repository, tag)));
  if (!look.isSeen) {
    return { ...base, status: 'unreachable', error: look.error, foundCount: 0, signatures: [] };
  }
  const layers = look.value;
  if (layers.length === 0) {
    return { ...base, status: 'absent', foundCount: 0, signatures: [] };
  }
  const looked = layers.slice(0, limits.signatureLayers);
  const signatures = await mapPoolUntil(
    looked,
    IN_FLIGHT,
    async (layer) => judged(hunt, await readLayer(hunt, tag, layer)),
    hunt.isDone,
  );
  return {
    ...base,
    status: 'found',
    foundCount: layers.length,
    signatures,
    ...cappedErrorOf(layers.length > looked.length, base.place, looked.length),
  };
}

function layersOf(
  tag: string,
  fetched: Awaited<ReturnType<ImageContext['registry']['fetchManifest']>>,
): readonly Descriptor[] {
  if (fetched?.manifest.kind === 'index') {
    throw new InputError('MANIFEST_TYPE_MISMATCH', `${tag} names an image index, not a manifest of signatures`);
  }
  return fetched?.manifest.layers ?? [];
}

async function readLayer({ context, subject, quarry }: Hunt, tag: string, layer: Descriptor): Promise<FoundSignature> {
  const found = { form: 'legacy', origin: `${tag} layer ${layer.digest}`, digest: layer.digest } as const;
  const look = await lookAt(async () => {
    const payload = await context.registry.fetchBlob(subject.repository, layer, quarry.layerBytes);
    return { payload, entity: quarry.entityOfLayer(layer, payload, found.origin) };
  });
  return look.isSeen
    ? {
        ...found,
        kind: 'read',
        entity: look.value.entity,
        stored: { kind: 'layer', layer, payload: look.value.payload },
      }
    : { ...found, kind: 'unreadable', error: look.error };
}

async function findBundles(hunt: Hunt): Promise<SignatureSource> {
  const { context, subject } = hunt;
  const base = {
    form: 'bundle',
    place: `referrers of ${repositoryNameOf(subject.repository)}@${subject.digest}`,
  } as const;
  const look = await lookAt(() => context.registry.fetchReferrers(subject.repository, subject.digest));
  if (!look.isSeen) {
    return { ...base, status: 'unreachable', error: look.error, foundCount: 0, signatures: [], notes: [] };
  }
  const { descriptors, isCapped, hasApi } = look.value;
  const answers = await mapPoolUntil(
    descriptors,
    IN_FLIGHT,
    async (descriptor) => readBundle(hunt, descriptor),
    hunt.isDone,
  );
  const signatures = answers.filter((answer) => typeof answer !== 'string');
  const notes = answers.filter((answer) => typeof answer === 'string');
  const unread = descriptors.length - answers.length;
  const foundCount = signatures.length + unread;
  return {
    ...base,
    hasReferrersApi: hasApi,
    status: foundCount > 0 || isCapped ? 'found' : 'absent',
    foundCount,
    signatures,
    notes,
    ...cappedErrorOf(isCapped, base.place, descriptors.length),
  };
}

/** What is looked for, or a sentence saying why the referrer is not that. */
async function readBundle(hunt: Hunt, descriptor: Descriptor): Promise<FoundSignature | string> {
  const found = { form: 'bundle', origin: `referrer ${descriptor.digest}`, digest: descriptor.digest } as const;
  const look = await lookAt(() => readReferrer(hunt.context, hunt.subject, descriptor.digest));
  if (!look.isSeen) {
    return judged(hunt, { ...found, kind: 'unreadable', error: look.error });
  }
  const answer = look.value;
  if (answer.kind === 'other') {
    return `${found.origin}: ${answer.why}`;
  }
  const whyNot = hunt.quarry.whyNot(answer.predicateType);
  if (whyNot !== undefined) {
    return `${found.origin}: ${whyNot}`;
  }
  return judged(hunt, {
    ...found,
    kind: 'read',
    entity: answer.entity,
    stored: { kind: 'bundle', bytes: answer.bytes },
  });
}

async function judged(hunt: Hunt, found: FoundSignature): Promise<FoundSignature> {
  await hunt.judge(found);
  return found;
}

/** What is read stays in memory for the report, and what cannot be read takes as long to fetch: many large blobs by a
 *  stranger must fill neither the memory nor the time. */
function withBudget(context: ImageContext): ImageContext {
  const { registry } = context;
  let left: number = limits.heldSignatureBytes;
  const fetchBlob: typeof registry.fetchBlob = async (repository, blob, maxBytes) => {
    const bytes = left < 0 ? undefined : await registry.fetchBlob(repository, blob, maxBytes);
    left -= bytes?.length ?? 0;
    if (bytes === undefined || left < 0) {
      throw new InputError(
        'SIGNATURES_OVER_CAP',
        `${blob.digest}: with it the signatures have more than ${limits.heldSignatureBytes} bytes`,
      );
    }
    return bytes;
  };
  return { ...context, registry: { ...registry, fetchBlob } };
}

function cappedErrorOf(isCapped: boolean, place: string, count: number): { readonly error?: CountersignError } {
  return isCapped
    ? {
        error: new InputError(
          'SIGNATURES_OVER_CAP',
          `${place}: more than ${count} signatures are listed; only the first ${count} are looked at`,
        ),
      }
    : {};
}

/** Waits for both even when one throws, so that nothing runs on behind the caller's back. */
async function settleBoth<T>(first: Promise<T>, second: Promise<T>): Promise<readonly [T, T]> {
  await Promise.allSettled([first, second]);
  return Promise.all([first, second]);
}
