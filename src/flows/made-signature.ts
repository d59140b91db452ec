/** Makes the two forms of a signature, byte for byte as cosign makes them, and recognises one's own among those there. */

import { encodeBundle, parseBundle } from '../formats/bundle/bundle.ts';
import { encodeReferrer } from '../formats/bundle/referrer-manifest.ts';
import type { EncodedReferrer } from '../formats/bundle/referrer-manifest.ts';
import { layerExtrasOf, signatureLayerOf, signedEntityOfLayer } from '../formats/cosign/signature-layer.ts';
import { encodeSimpleSigning } from '../formats/cosign/simple-signing.ts';
import { COSIGN_SIGN_PREDICATE, encodeSignStatement, IN_TOTO_PAYLOAD_TYPE } from '../formats/intoto/statement.ts';
import type { Digest } from '../formats/oci/digest.ts';
import type { Descriptor } from '../formats/oci/manifest.ts';
import type { SignatureMaterial } from '../formats/signature-material.ts';
import type { SignedEntity } from '../formats/signed-entity.ts';
import { verifyImageSignature } from '../verify/image-signature.ts';
import { keyPolicyOf } from '../verify/policy.ts';
import type { SignaturePolicy } from '../verify/policy.ts';
import type { Verdict } from '../verify/verdict.ts';
import type { FoundSignature } from './image-signatures.ts';
import { unproven } from './signing-method.ts';
import type { SigningMethod } from './signing-method.ts';

/** `legacy`: a layer of the `.sig` image, read by everyone. `bundle`: a referrer, as cosign 3 writes it. */
export type SignatureForm = 'legacy' | 'bundle';

/** The bytes of a signature, for --output-payload, --output-signature and --bundle. */
export interface MadeSignature {
  readonly form: SignatureForm;
  /** The simple-signing payload, or the in-toto statement. */
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
  /** The bundle's JSON; only with the form `bundle`. */
  readonly bundle?: Uint8Array;
  /** Of one that was just made. */
  readonly material?: SignatureMaterial;
}

/** What is signed. */
export interface Claims {
  readonly imageDigest: Digest;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface MadeLayer extends MadeSignature {
  readonly layer: Descriptor;
}

export interface MadeBundle extends MadeSignature {
  readonly bundle: Uint8Array;
  readonly encoded: EncodedReferrer;
}

/** Signs a payload. Throws as `SigningMethod.sign`. */
export async function signPayload(
  method: SigningMethod,
  claims: Claims,
  payload: Uint8Array,
  now: Date,
): Promise<MadeLayer> {
  const { signature, material } = await method.sign({ kind: 'message', message: payload });
  const layer = signatureLayerOf(payload, signature, layerExtrasOf(material));
  await requireReadable(signedEntityOfLayer(layer, payload, 'the signature just made'), claims, method, now);
  return { form: 'legacy', payload, signature, material, layer };
}

export function payloadOf(claims: Claims, dockerReference: string): Uint8Array {
  return encodeSimpleSigning({ ...claims, dockerReference });
}

/** Signs a statement. Throws as `SigningMethod.sign`. */
export async function signStatement(
  method: SigningMethod,
  claims: Claims,
  subject: Descriptor,
  now: Date,
): Promise<MadeBundle> {
  const content = { kind: 'dsse', payloadType: IN_TOTO_PAYLOAD_TYPE, payload: encodeSignStatement(claims) } as const;
  const { signature, material } = await method.sign(content);
  const bundle = encodeBundle(material, content, signature);
  await requireReadable(parseBundle(bundle, 'the signature just made'), claims, method, now);
  const encoded = encodeReferrer({ bundle, predicateType: COSIGN_SIGN_PREDICATE, subject, created: now });
  return { form: 'bundle', payload: content.payload, signature, material, bundle, encoded };
}

/** What is stored must convince a reader, who has nothing but that. */
async function requireReadable(entity: SignedEntity, claims: Claims, method: SigningMethod, now: Date): Promise<void> {
  const verdict = await judge(entity, claims, storedPolicyOf(method.policy(now), entity));
  if (verdict.status !== 'verified') throw unproven(verdict.failed);
}

/** A layer has room for one log entry and one timestamp, however many were made. */
export function storedPolicyOf(policy: SignaturePolicy, { form }: Pick<SignedEntity, 'form'>): SignaturePolicy {
  if (form === 'bundle') return policy;
  const { log, timestamps } = policy;
  return {
    ...policy,
    log: log.kind === 'required' ? { ...log, threshold: 1 } : log,
    timestamps: timestamps.kind === 'required' ? { ...timestamps, threshold: 1 } : timestamps,
  };
}

function judge(entity: SignedEntity, { imageDigest }: Claims, policy: SignaturePolicy): Promise<Verdict> {
  return verifyImageSignature(entity, {
    ...policy,
    digest: imageDigest,
    claims: { kind: 'check', annotations: {} },
  });
}

/** What a signature that is there means to a signer. */
export interface Recognised {
  /** Made with the signer's key, or by the signer's identity, about this image. */
  readonly isOwn: boolean;
  /** Also claims just these annotations, with all the proofs that the signer would give it. */
  readonly isSame: boolean;
  /** Of a legacy signature. */
  readonly dockerReference?: string;
}

const NOT_OWN: Recognised = { isOwn: false, isSame: false };

/** Judged like any other signature: nothing that does not verify counts as one's own. */
export async function recognise(found: FoundSignature, policy: SignaturePolicy, claims: Claims): Promise<Recognised> {
  if (found.kind !== 'read') return NOT_OWN;
  const verdict = await judge(found.entity, claims, storedPolicyOf(policy, found));
  if (verdict.status !== 'verified') {
    // By this key, but without the log entry or timestamp that is wanted now.
    const isOwn =
      policy.signer.kind === 'keys' &&
      (await judge(found.entity, claims, keyPolicyOf(policy.signer.keys))).status === 'verified';
    return { isOwn, isSame: false };
  }
  const signed = verdict.evidence.claims;
  const isSame = canonicalOf(signed.annotations) === canonicalOf(claims.annotations);
  return {
    isOwn: true,
    isSame,
    ...(signed.dockerReference === undefined ? {} : { dockerReference: signed.dockerReference }),
  };
}

/** A signature that is there, for the report. */
export function madeSignatureOf(found: FoundSignature): readonly MadeSignature[] {
  if (found.kind !== 'read' || found.entity.content.kind === 'message') {
    return [];
  }
  const { form, entity, stored } = found;
  const { payload } = entity.content as { readonly payload: Uint8Array };
  return [
    { form, payload, signature: entity.signature, ...(stored.kind === 'bundle' ? { bundle: stored.bytes } : {}) },
  ];
}

function canonicalOf(annotations: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(Object.entries(annotations).sort(([a], [b]) => (a < b ? -1 : 1)));
}
