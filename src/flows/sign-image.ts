/** Signs an image, or an index and everything in it. */

import type { CountersignError } from '../base/errors.ts';
import { mapPool } from '../base/pool.ts';
import { encodeSignatureManifest } from '../formats/cosign/signature-manifest.ts';
import { requireUnreservedAnnotations } from '../formats/cosign/reserved-annotation.ts';
import { signatureLayerOf } from '../formats/cosign/signature-layer.ts';
import type { Digest } from '../formats/oci/digest.ts';
import { repositoryNameOf } from '../formats/oci/reference.ts';
import type { Reference } from '../formats/oci/reference.ts';
import type { ResolvedImage } from '../formats/oci/resolved-image.ts';
import { readManifestTree } from './copy-manifest.ts';
import { madeSignatureOf, payloadOf, signPayload, signStatement } from './made-signature.ts';
import type { Claims, MadeBundle, MadeLayer, MadeSignature, SignatureForm } from './made-signature.ts';
import { openSignaturePlace, signatureTagOf } from './signature-place.ts';
import type { SignaturePlace } from './signature-place.ts';
import type { SignContext } from './sign-context.ts';
import type { SignerName, SigningMethod } from './signing-method.ts';
import { storeSignatures } from './signature-store.ts';
import { noteUnlogged, resolveSubject } from './signing-subject.ts';
import { findStandingSignatures, nothingStanding } from './standing-signatures.ts';
import type { StandingSignatures } from './standing-signatures.ts';

export interface SignImageRequest {
  readonly reference: Reference;
  /** A promise, so that opening the key (scrypt) or getting a certificate overlaps with asking the registry. */
  readonly method: Promise<SigningMethod>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Which forms to write, each at most once. */
  readonly forms: readonly [SignatureForm, ...SignatureForm[]];
  /** Refuse to sign when the reference resolves to anything else. */
  readonly expectDigest?: Digest;
  /** Also sign every child of an index, nested ones included. */
  readonly isRecursive?: boolean;
  /** Sign again although this key, or this identity, has signed the same already. */
  readonly isForceNew?: boolean;
  /** Nobody else signs this image now: skip the markers that keep concurrent signers from losing signatures. */
  readonly isSingleSigner?: boolean;
  /** False: sign, store nothing. */
  readonly isUpload?: boolean;
  /** Written as docker-reference instead of the repository's name; one legacy signature each. */
  readonly containerIdentities?: readonly string[];
  /** Written as the creation time of `.sig` images, which have none otherwise, as cosign does. */
  readonly createdAt?: Date;
}

/** One form of one signature and what became of it. */
export interface FormReport {
  readonly form: SignatureForm;
  readonly status: 'stored' | 'already-there' | 'failed' | 'not-uploaded';
  /** "repository:sha256-….sig" or "repository@sha256:…"; absent when nothing was stored. */
  readonly where?: string;
  /** Why it is not stored. */
  readonly error?: CountersignError;
}

/** One signed image; with recursion there is one for the index and one for each child, the index first. */
export interface SignedImageReport {
  /** "registry/repository@sha256:…", for the next step. */
  readonly image: string;
  readonly digest: Digest;
  /** The tag that was asked for. */
  readonly tag?: string;
  /** SHA-256 of the signer's SubjectPublicKeyInfo, hex. */
  readonly signer: string;
  /** Whom the signer's certificate names. */
  readonly names?: SignerName;
  /** Addresses of the logs, in the order of each new signature's entries. */
  readonly logs: readonly string[];
  /** In the order of the request's forms. */
  readonly forms: readonly FormReport[];
  /** Legacy ones first, one for each identity. Those that were there already are given as they are there. */
  readonly signatures: readonly MadeSignature[];
}

export interface SignReport {
  /** Every form asked for is stored (or was, or was not to be uploaded) for every image: exit status 0, else 1. */
  readonly isComplete: boolean;
  readonly images: readonly SignedImageReport[];
}

/** Images of an index under way at once. */
const IMAGES_IN_FLIGHT = 4;

/** Signs. Throws what the registry client throws before anything is stored, DIGEST_UNEXPECTED, ANNOTATION_RESERVED,
 *  INDEX_OVER_CAP, what `method` rejects with and what signing throws: then nothing of that image is stored. Failures to
 *  store are in the report. */
export async function signImage(context: SignContext, request: SignImageRequest): Promise<SignReport> {
  // A wrong password must not go unheard while the registry is asked; it is thrown where the method is awaited.
  request.method.catch(() => undefined);

  // 1. What may not be signed is refused before anybody is asked anything.
  requireUnreservedAnnotations(request.annotations);

  // 2. The name is resolved once; from here on the digest speaks.
  const image = await resolveSubject(context, request);

  // 3. Each image of an index has a signature of its own.
  const images = request.isRecursive === true ? await imagesOf(context, image) : [image];
  const reports = await mapPool(images, IMAGES_IN_FLIGHT, (each) => signOne(context, request, each));
  return {
    isComplete: reports.every(({ forms }) => forms.every(({ status }) => status !== 'failed')),
    images: reports,
  };
}

async function imagesOf({ registry }: SignContext, root: ResolvedImage): Promise<readonly ResolvedImage[]> {
  const { repository } = root.reference;
  const tree = await readManifestTree({ registry, from: repository }, root);
  const children = tree.filter(({ digest }) => digest !== root.digest);
  return [root, ...children.map((child) => ({ ...child, reference: { repository, digest: child.digest } }))];
}

async function signOne(
  context: SignContext,
  request: SignImageRequest,
  image: ResolvedImage,
): Promise<SignedImageReport> {
  const place = openSignaturePlace(context, image, { createdAt: request.createdAt });
  const name = repositoryNameOf(image.reference.repository);
  const claims: Claims = { imageDigest: image.digest, annotations: request.annotations };
  const identities = request.containerIdentities ?? [];
  const payloads = new Map(
    (identities.length === 0 ? [name] : identities).map((identity) => [identity, payloadOf(claims, identity)]),
  );

  // 1. See what stands there. Payloads are known before the key is open: they are uploaded meanwhile.
  const isUpload = request.isUpload !== false;
  if (isUpload && request.forms.includes('legacy')) {
    uploadAhead(place, [...payloads.values()]);
  }
  const standing = isUpload
    ? await findStandingSignatures(context, image, request, [...payloads.keys()])
    : nothingStanding;

  // 2. Sign what is not there.
  const method = await request.method;
  noteUnlogged(context, method);
  const wanted = request.forms.filter((form) => standing.failures[form] === undefined);
  const missing = wanted.includes('legacy')
    ? [...payloads].filter(([identity]) => !standing.identities.has(identity))
    : [];
  const layers = await mapPool(missing, 1, ([, payload]) =>
    signPayload(method, claims, payload, context.runtime.now()),
  );
  const isBundleMissing = wanted.includes('bundle') && standing.bundle === undefined;
  const bundle = isBundleMissing
    ? await signStatement(method, claims, place.subject, context.runtime.now())
    : undefined;

  // 3. Store it.
  const made = { layers, ...(bundle === undefined ? {} : { bundle }) };
  const failures = isUpload ? await storeMade(context, request, place, standing, made) : {};
  const tag = image.reference.tag;
  return {
    image: `${name}@${image.digest}`,
    digest: image.digest,
    ...(tag === undefined ? {} : { tag }),
    signer: method.publicKey.fingerprint,
    ...(method.names === undefined ? {} : { names: method.names }),
    logs: method.services?.logs.map(({ href }) => href) ?? [],
    forms: request.forms.map((form) =>
      formReportOf(form, { place, isUpload, standing, made, failures: { ...standing.failures, ...failures } }),
    ),
    signatures: [...standing.found.flatMap(madeSignatureOf), ...layers, ...(bundle === undefined ? [] : [bundle])].sort(
      byForm,
    ),
  };
}

/** Of the blobs that a signature needs, those that need no signature. Where they are there already, nothing is written. */
function uploadAhead(place: SignaturePlace, payloads: readonly Uint8Array[]): void {
  const layers = payloads.map((payload) => signatureLayerOf(payload, new Uint8Array()));
  for (const bytes of [...payloads, encodeSignatureManifest(layers, place.format).config]) {
    // Whoever needs the blob hears of the failure.
    place.upload(bytes).catch(() => undefined);
  }
}

interface Made {
  readonly layers: readonly MadeLayer[];
  readonly bundle?: MadeBundle;
}

async function storeMade(
  context: SignContext,
  request: SignImageRequest,
  place: SignaturePlace,
  standing: StandingSignatures,
  { layers, bundle }: Made,
): Promise<Partial<Record<SignatureForm, CountersignError>>> {
  if (bundle !== undefined || layers.length > 0) {
    context.runtime.log.note(`Pushing signature to: ${repositoryNameOf(place.repository)}`);
  }
  if (bundle !== undefined && standing.bundleCount === 0 && standing.othersLegacyCount > 0) {
    const count =
      standing.othersLegacyCount === 1
        ? 'One signature by another signer'
        : `${standing.othersLegacyCount} signatures by other signers`;
    context.runtime.log.note(
      `${count} of this image will not be seen by cosign 3 any more: once an image has a bundle, cosign 3 looks only at bundles.`,
    );
  }
  const referrer = bundle && { bundle: bundle.bundle, encoded: bundle.encoded, hasApi: standing.hasReferrersApi };
  return storeSignatures(
    place,
    { layers, ...(referrer && { referrer }) },
    { runtime: context.runtime, isSingleSigner: request.isSingleSigner === true },
  );
}

interface FormState {
  readonly place: SignaturePlace;
  readonly isUpload: boolean;
  readonly standing: StandingSignatures;
  readonly made: Made;
  readonly failures: Partial<Record<SignatureForm, CountersignError>>;
}

function formReportOf(form: SignatureForm, { place, isUpload, standing, made, failures }: FormState): FormReport {
  const error = failures[form];
  if (error !== undefined) {
    return { form, status: 'failed', error };
  }
  if (!isUpload) {
    return { form, status: 'not-uploaded' };
  }
  const name = repositoryNameOf(place.repository);
  const isNew = form === 'legacy' ? made.layers.length > 0 : made.bundle !== undefined;
  const digest = made.bundle?.encoded.digest ?? standing.bundle?.digest ?? '';
  return {
    form,
    status: isNew ? 'stored' : 'already-there',
    where: form === 'legacy' ? `${name}:${signatureTagOf(place)}` : `${name}@${digest}`,
  };
}

function byForm(a: MadeSignature, b: MadeSignature): number {
  return a.form === b.form ? 0 : a.form === 'legacy' ? -1 : 1;
}
