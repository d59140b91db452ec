/** Stores a signature that was made elsewhere beside its image. */

import { base64Of, isSameBytes, parseBase64, parseUtf8 } from '../base/bytes.ts';
import { VerificationError } from '../base/errors.ts';
import { parseJson } from '../base/json.ts';
import { limits } from '../base/limits.ts';
import { parseBundle } from '../formats/bundle/bundle.ts';
import { encodeReferrer } from '../formats/bundle/referrer-manifest.ts';
import { signatureLayerOf, signedEntityOfLayer } from '../formats/cosign/signature-layer.ts';
import type { LayerExtras } from '../formats/cosign/signature-layer.ts';
import { encodeSimpleSigning, parseSimpleSigning } from '../formats/cosign/simple-signing.ts';
import { parseStatement } from '../formats/intoto/statement.ts';
import { digestAlgorithmOf, digestHexOf } from '../formats/oci/digest.ts';
import type { Digest } from '../formats/oci/digest.ts';
import { repositoryNameOf } from '../formats/oci/reference.ts';
import type { Reference } from '../formats/oci/reference.ts';
import type { ResolvedImage } from '../formats/oci/resolved-image.ts';
import type { SignedEntity } from '../formats/signed-entity.ts';
import { subjectOf } from './image-context.ts';
import { findImageSignatures } from './image-signatures.ts';
import type { FoundSignature } from './image-signatures.ts';
import type { SignatureForm } from './made-signature.ts';
import { patientRegistryOf } from './patient-registry.ts';
import type { FormReport } from './sign-image.ts';
import { openSignaturePlace, signatureTagOf } from './signature-place.ts';
import type { SignaturePlace } from './signature-place.ts';
import type { SignContext } from './sign-context.ts';
import { layerKeyOf, storeSignatures } from './signature-store.ts';
import type { NewLayer } from './signature-store.ts';

export interface LegacySource {
  readonly kind: 'signature';
  /** Base64 text, as `sign --output-signature` writes it; white space around it is dropped. */
  readonly signature: Uint8Array;
  /** What was signed; without it, the payload that `sign` would have written is implied, with a warning. */
  readonly payload?: Uint8Array;
  /** PEM. */
  readonly certificate?: Uint8Array;
  /** PEM. */
  readonly chain?: Uint8Array;
  /** A Rekor bundle, JSON. */
  readonly rekorResponse?: Uint8Array;
  /** An RFC 3161 response, DER. */
  readonly timestamp?: Uint8Array;
}

/** A legacy layer, or a sigstore bundle that becomes a referrer. */
export type AttachSource = LegacySource | { readonly kind: 'bundle'; readonly bundle: Uint8Array };

export interface AttachRequest {
  readonly reference: Reference;
  readonly source: AttachSource;
  readonly isSingleSigner?: boolean;
}

export interface AttachReport {
  /** "registry/repository@sha256:…". */
  readonly image: string;
  readonly digest: Digest;
  readonly stored: FormReport;
}

/** Throws ATTACHMENT_MISMATCH when payload or bundle name another image (nobody could ever verify it; cosign attaches it
 *  all the same), what the parsers of the parts throw, and what the registry client throws. */
export async function attachSignature(context: SignContext, request: AttachRequest): Promise<AttachReport> {
  // 1. The name is resolved once.
  const image = await context.registry.fetchImage(request.reference);
  const place = openSignaturePlace(context, image);

  // 2. What is attached must be readable, and about this image.
  const { source } = request;
  const stored =
    source.kind === 'bundle'
      ? await attachBundle(context, place, image, source.bundle, request)
      : await attachLayer(context, place, image, source, request);
  return { image: `${repositoryNameOf(image.reference.repository)}@${image.digest}`, digest: image.digest, stored };
}

type Options = Pick<AttachRequest, 'isSingleSigner'>;

async function attachLayer(
  context: SignContext,
  place: SignaturePlace,
  image: ResolvedImage,
  source: LegacySource,
  options: Options,
): Promise<FormReport> {
  const added = newLayerOf(context, image, source);
  const where = `${repositoryNameOf(place.repository)}:${signatureTagOf(place)}`;
  const isSame = (found: FoundSignature): boolean =>
    found.kind === 'read' &&
    found.stored.kind === 'layer' &&
    layerKeyOf(found.stored.layer) === layerKeyOf(added.layer);
  const { isThere } = await lookFor(context, image, 'legacy', isSame);
  if (isThere) {
    return { form: 'legacy', status: 'already-there', where };
  }
  const { legacy: error } = await storeSignatures(
    place,
    { layers: [added] },
    { runtime: context.runtime, isSingleSigner: options.isSingleSigner === true },
  );
  return error === undefined
    ? { form: 'legacy', status: 'stored', where }
    : { form: 'legacy', status: 'failed', error };
}

function newLayerOf({ runtime }: SignContext, image: ResolvedImage, source: LegacySource): NewLayer {
  const signature = parseBase64(parseUtf8(source.signature).trim());
  const payload = source.payload ?? impliedPayloadOf(image);
  if (source.payload === undefined) {
    runtime.log.warn(
      'No payload was given: the signature is taken to be of the payload that "sign" writes without annotations.',
    );
  }
  const { imageDigest } = parseSimpleSigning(payload);
  if (imageDigest !== image.digest) {
    throw mismatch('the payload', imageDigest, image);
  }
  const layer = signatureLayerOf(payload, signature, extrasOf(source));
  // Read back as any reader would: what cannot be read is not attached.
  signedEntityOfLayer(layer, payload, 'the given signature');
  return { layer, payload };
}

function impliedPayloadOf(image: ResolvedImage): Uint8Array {
  return encodeSimpleSigning({
    dockerReference: repositoryNameOf(image.reference.repository),
    imageDigest: image.digest,
    annotations: {},
  });
}

function extrasOf({ certificate, chain, rekorResponse, timestamp }: LegacySource): LayerExtras {
  const bundle =
    rekorResponse && JSON.stringify(parseJson(rekorResponse, { what: 'Rekor response', maxBytes: limits.bundleBytes }));
  return {
    ...(certificate && { certificate: parseUtf8(certificate) }),
    ...(chain && { chain: parseUtf8(chain) }),
    ...(bundle && { bundle }),
    ...(timestamp && { timestamp: JSON.stringify({ SignedRFC3161Timestamp: base64Of(timestamp) }) }),
  };
}

async function attachBundle(
  context: SignContext,
  place: SignaturePlace,
  image: ResolvedImage,
  bundle: Uint8Array,
  options: Options,
): Promise<FormReport> {
  const predicateType = predicateTypeOf(parseBundle(bundle, 'the given bundle'), image);
  const isSame = (found: FoundSignature): boolean =>
    found.kind === 'read' && found.stored.kind === 'bundle' && isSameBytes(found.stored.bytes, bundle);
  const { isThere, where, hasReferrersApi } = await lookFor(context, image, 'bundle', isSame);
  if (isThere) {
    return { form: 'bundle', status: 'already-there', where: `${repositoryNameOf(place.repository)}@${where}` };
  }
  const encoded = encodeReferrer({ bundle, predicateType, subject: place.subject, created: context.runtime.now() });
  const { bundle: error } = await storeSignatures(
    place,
    { layers: [], referrer: { bundle, encoded, hasApi: hasReferrersApi } },
    { runtime: context.runtime, isSingleSigner: options.isSingleSigner === true },
  );
  return error === undefined
    ? { form: 'bundle', status: 'stored', where: `${repositoryNameOf(place.repository)}@${encoded.digest}` }
    : { form: 'bundle', status: 'failed', error };
}

/** The predicate type of a bundle about this image. */
function predicateTypeOf({ content }: SignedEntity, image: ResolvedImage): string {
  if (content.kind !== 'dsse') {
    throw mismatch('the bundle', 'a file', image);
  }
  const { subjects, predicateType } = parseStatement(content.payload);
  const algorithm = digestAlgorithmOf(image.digest);
  if (
    !subjects.some(({ digest }) => Object.hasOwn(digest, algorithm) && digest[algorithm] === digestHexOf(image.digest))
  ) {
    throw mismatch('the bundle', JSON.stringify(subjects[0]?.digest ?? {}), image);
  }
  return predicateType;
}

interface Standing {
  readonly isThere: boolean;
  readonly where: string;
  readonly hasReferrersApi: boolean;
}

/** Throws when the place of this form could not be looked at. */
async function lookFor(
  context: SignContext,
  image: ResolvedImage,
  form: SignatureForm,
  isSame: (found: FoundSignature) => boolean,
): Promise<Standing> {
  const matches: FoundSignature[] = [];
  const patient = { ...context, registry: patientRegistryOf(context.registry, context.runtime) };
  const sources = await findImageSignatures(
    patient,
    subjectOf(context, image.reference.repository, image.digest),
    async (found) => {
      matches.push(...(isSame(found) ? [found] : []));
      return matches.length > 0;
    },
  );
  const unreachable = sources.find((source) => source.form === form && source.status === 'unreachable');
  if (unreachable?.error !== undefined) {
    throw unreachable.error;
  }
  return {
    isThere: matches.length > 0,
    where: matches[0]?.digest ?? '',
    hasReferrersApi: sources[1].hasReferrersApi ?? true,
  };
}

function mismatch(what: string, seen: string, image: ResolvedImage): VerificationError {
  return new VerificationError(
    'ATTACHMENT_MISMATCH',
    `${what} is about ${seen.slice(0, 200)}, not about the image ${image.digest}`,
  );
}
