/** Makes the two forms of a signature, byte for byte as cosign makes them, and recognises one's own among those there. */

import type { PublicKey } from '../crypto/public-key.ts';
import type { Signer } from '../crypto/signer.ts';
import { encodeBundle } from '../formats/bundle/bundle.ts';
import { encodeReferrer } from '../formats/bundle/referrer-manifest.ts';
import type { EncodedReferrer } from '../formats/bundle/referrer-manifest.ts';
import { signatureLayerOf } from '../formats/cosign/signature-layer.ts';
import { encodeSimpleSigning } from '../formats/cosign/simple-signing.ts';
import { preAuthEncodingOf } from '../formats/dsse/envelope.ts';
import { COSIGN_SIGN_PREDICATE, encodeSignStatement, IN_TOTO_PAYLOAD_TYPE } from '../formats/intoto/statement.ts';
import type { Digest } from '../formats/oci/digest.ts';
import type { Descriptor } from '../formats/oci/manifest.ts';
import { verifyImageSignature } from '../verify/image-signature.ts';
import type { FoundSignature } from './image-signatures.ts';
import { keyPolicyOf } from '../verify/policy.ts';

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

export async function signPayload(signer: Signer, payload: Uint8Array): Promise<MadeLayer> {
  const signature = await signer.sign(payload);
  return { form: 'legacy', payload, signature, layer: signatureLayerOf(payload, signature) };
}

export function payloadOf(claims: Claims, dockerReference: string): Uint8Array {
  return encodeSimpleSigning({ ...claims, dockerReference });
}

export async function signStatement(
  signer: Signer,
  claims: Claims,
  subject: Descriptor,
  created: Date,
): Promise<MadeBundle> {
  const payload = encodeSignStatement(claims);
  const signature = await signer.sign(preAuthEncodingOf(IN_TOTO_PAYLOAD_TYPE, payload));
  const bundle = encodeBundle(
    signer.publicKey,
    { kind: 'dsse', payloadType: IN_TOTO_PAYLOAD_TYPE, payload },
    signature,
  );
  const encoded = encodeReferrer({ bundle, predicateType: COSIGN_SIGN_PREDICATE, subject, created });
  return { form: 'bundle', payload, signature, bundle, encoded };
}

/** What a signature that is there means to a signer. */
export interface Recognised {
  /** Made with the signer's key, about this image. */
  readonly isOwnKey: boolean;
  /** Also claims just these annotations. */
  readonly isSame: boolean;
  /** Of a legacy signature. */
  readonly dockerReference?: string;
}

/** Judged like any other signature: nothing that does not verify counts as one's own. */
export async function recognise(found: FoundSignature, key: PublicKey, claims: Claims): Promise<Recognised> {
  if (found.kind !== 'read') {
    return { isOwnKey: false, isSame: false };
  }
  const verdict = await verifyImageSignature(found.entity, {
    digest: claims.imageDigest,
    ...keyPolicyOf([key]),
    claims: { kind: 'check', annotations: {} },
  });
  if (verdict.status !== 'verified') {
    return { isOwnKey: false, isSame: false };
  }
  const signed = verdict.evidence.claims;
  const isSame = canonicalOf(signed.annotations) === canonicalOf(claims.annotations);
  return {
    isOwnKey: true,
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
