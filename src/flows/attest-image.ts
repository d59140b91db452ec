/** Attests something about an image: one signature over one statement, stored in both forms. */

import { encodeBundle, parseBundle } from '../formats/bundle/bundle.ts';
import { encodeReferrer } from '../formats/bundle/referrer-manifest.ts';
import { attestationLayerOf, attestationOfLayer } from '../formats/cosign/attestation-layer.ts';
import { layerExtrasOf } from '../formats/cosign/signature-layer.ts';
import { encodeAttestation, IN_TOTO_PAYLOAD_TYPE } from '../formats/intoto/statement.ts';
import { digestAlgorithmOf, digestHexOf } from '../formats/oci/digest.ts';
import type { Digest } from '../formats/oci/digest.ts';
import { repositoryNameOf } from '../formats/oci/reference.ts';
import type { ResolvedImage } from '../formats/oci/resolved-image.ts';
import type { SignatureMaterial } from '../formats/signature-material.ts';
import type { SignedEntity } from '../formats/signed-entity.ts';
import { verifyAttestation } from '../verify/attestation-signature.ts';
import { storedPolicyOf } from './made-signature.ts';
import type { SignatureForm } from './made-signature.ts';
import type { FormReport } from './sign-image.ts';
import type { SignContext } from './sign-context.ts';
import { openSignaturePlace, signatureTagOf } from './signature-place.ts';
import type { SignaturePlace } from './signature-place.ts';
import { storeSignatures } from './signature-store.ts';
import type { NewSignatures } from './signature-store.ts';
import { unproven } from './signing-method.ts';
import type { SignerName, SigningMethod } from './signing-method.ts';
import { noteUnlogged, resolveSubject } from './signing-subject.ts';
import type { SubjectRequest } from './signing-subject.ts';

export interface AttestImageRequest extends SubjectRequest {
  /** A promise, so that opening the key or getting a certificate overlaps with asking the registry. */
  readonly method: Promise<SigningMethod>;
  /** A URI. */
  readonly predicateType: string;
  /** JSON text. */
  readonly predicate: string;
  /** Which forms to write, each at most once. */
  readonly forms: readonly [SignatureForm, ...SignatureForm[]];
  /** Nobody else signs or attests this image now. */
  readonly isSingleSigner?: boolean;
  /** False: sign, store nothing. */
  readonly isUpload?: boolean;
  /** Written as the creation time of `.att` images, which have none otherwise. */
  readonly createdAt?: Date;
}

export interface AttestReport {
  /** "registry/repository@sha256:…". */
  readonly image: string;
  readonly digest: Digest;
  readonly tag?: string;
  readonly predicateType: string;
  /** SHA-256 of the signer's SubjectPublicKeyInfo, hex. */
  readonly signer: string;
  readonly names?: SignerName;
  /** Addresses of the logs, in the order of the entries. */
  readonly logs: readonly string[];
  readonly forms: readonly FormReport[];
  readonly attestation: MadeAttestation;
}

/** The bytes of an attestation, in each form. */
export interface MadeAttestation {
  /** The statement. */
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
  readonly envelope: Uint8Array;
  /** Bundle v0.3, JSON. */
  readonly bundle: Uint8Array;
  readonly material: SignatureMaterial;
  /** Of the envelope, which is what legacy readers want stamped. */
  readonly envelopeTimestamps: readonly Uint8Array[];
}

/** Attests. Each call makes a new attestation: what is attested may be the same and the time is not. Throws what the
 *  registry client throws before anything is stored, DIGEST_UNEXPECTED, what `method` rejects with and what signing
 *  throws: then nothing is stored. Failures to store are in the report. */
export async function attestImage(context: SignContext, request: AttestImageRequest): Promise<AttestReport> {
  // Must not go unheard while the registry is asked; it is thrown where the method is awaited.
  request.method.catch(() => undefined);

  // 1. What is attested about.
  const image = await resolveSubject(context, request);
  const place = openSignaturePlace(context, image, { kind: 'att', createdAt: request.createdAt });
  const hasApi = (await place.registry.fetchReferrers(place.repository, image.digest)).hasApi;

  // 2. One signature. Both forms hold the same, with the same log entry.
  const method = await request.method;
  noteUnlogged(context, method);
  const made = await attest(method, image, request);

  // 3. Stored where readers of each form look, once a reader of it would believe it.
  const added = await signaturesOf({ place, made, request, method, hasApi, now: context.runtime.now() });
  const options = { runtime: context.runtime, isSingleSigner: request.isSingleSigner === true };
  const isUpload = request.isUpload !== false;
  if (isUpload) context.runtime.log.note(`Pushing attestation to: ${repositoryNameOf(place.repository)}`);
  const failures = isUpload ? await storeSignatures(place, added, options) : {};
  const tag = image.reference.tag;
  return {
    image: `${repositoryNameOf(image.reference.repository)}@${image.digest}`,
    digest: image.digest,
    ...(tag === undefined ? {} : { tag }),
    predicateType: request.predicateType,
    signer: method.publicKey.fingerprint,
    ...(method.names === undefined ? {} : { names: method.names }),
    logs: method.services?.logs.map(({ href }) => href) ?? [],
    forms: request.forms.map((form) => {
      const error = failures[form];
      if (error !== undefined) return { form, status: 'failed', error };
      return isUpload
        ? { form, status: 'stored', where: whereOf(place, form, added) }
        : { form, status: 'not-uploaded' };
    }),
    attestation: made,
  };
}

async function attest(
  method: SigningMethod,
  image: ResolvedImage,
  { predicateType, predicate, forms }: AttestImageRequest,
): Promise<MadeAttestation> {
  const payload = encodeAttestation({
    subjectName: repositoryNameOf(image.reference.repository),
    digest: image.digest,
    predicateType,
    predicate,
  });
  const content = { kind: 'dsse', payloadType: IN_TOTO_PAYLOAD_TYPE, payload } as const;
  const { signature, material, envelope } = await method.sign(content);
  if (envelope === undefined) throw new TypeError('a signed payload has an envelope');
  return {
    payload,
    signature,
    envelope,
    bundle: encodeBundle(material, content, signature),
    material,
    envelopeTimestamps: forms.includes('legacy') ? await method.stamp(envelope) : [],
  };
}

interface Storing {
  readonly place: SignaturePlace;
  readonly made: MadeAttestation;
  readonly request: AttestImageRequest;
  readonly method: SigningMethod;
  readonly hasApi: boolean;
  readonly now: Date;
}

async function signaturesOf(storing: Storing): Promise<NewSignatures> {
  const { place, made, request, hasApi, now } = storing;
  const { envelope, bundle, material, envelopeTimestamps } = made;
  const { predicateType, forms } = request;
  const layer = attestationLayerOf(
    envelope,
    predicateType,
    layerExtrasOf({ ...material, timestamps: envelopeTimestamps }),
  );
  if (forms.includes('legacy')) {
    await requireReadable(attestationOfLayer(layer, envelope, 'the attestation just made'), storing);
  }
  if (forms.includes('bundle')) {
    await requireReadable(parseBundle(bundle, 'the attestation just made'), storing);
  }
  const encoded = encodeReferrer({ bundle, predicateType, subject: place.subject, created: now });
  return {
    layers: forms.includes('legacy') ? [{ layer, payload: envelope }] : [],
    ...(forms.includes('bundle') ? { referrer: { bundle, encoded, hasApi } } : {}),
  };
}

/** What is stored must convince a reader, who has nothing but that. */
async function requireReadable(entity: SignedEntity, { place, request, method, now }: Storing): Promise<void> {
  const { digest } = place.subject;
  const verdict = await verifyAttestation(entity, {
    ...storedPolicyOf(method.policy(now), entity),
    predicateType: { kind: 'exactly', uri: request.predicateType },
    subject: { kind: 'digests', digests: [{ hash: digestAlgorithmOf(digest), hex: digestHexOf(digest) }] },
  });
  if (verdict.status !== 'verified') throw unproven(verdict.failed);
}

function whereOf(place: SignaturePlace, form: SignatureForm, { referrer }: NewSignatures): string {
  const name = repositoryNameOf(place.repository);
  return form === 'legacy' ? `${name}:${signatureTagOf(place)}` : `${name}@${referrer?.encoded.digest ?? ''}`;
}
