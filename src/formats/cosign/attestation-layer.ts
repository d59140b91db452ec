/** Attestations as cosign's first generation stores them: an envelope as the blob of a layer of the `.att` tag, or as the
 *  "signature" of a bundle for files. @source sigstore/cosign specs/ATTESTATION_SPEC.md */

import { decodeDocument } from '../../base/decode.ts';
import type { ErrorCode } from '../../base/catalogue.ts';
import { InputError } from '../../base/errors.ts';
import { parseJson } from '../../base/json.ts';
import { limits } from '../../base/limits.ts';
import { decodeEnvelope } from '../dsse/envelope.ts';
import { digestOf } from '../oci/digest.ts';
import type { Descriptor } from '../oci/manifest.ts';
import { mediaTypes } from '../oci/media-type.ts';
import type { SignedEntity } from '../signed-entity.ts';
import { parseBlobBundle } from './blob-bundle.ts';
import { layerAnnotations } from './layer-annotation.ts';
import { extraAnnotationsOf, layerMaterialOf } from './signature-layer.ts';
import type { LayerExtras } from './signature-layer.ts';

/** The descriptor of a new attestation layer, whose blob is the envelope. */
export function attestationLayerOf(envelope: Uint8Array, predicateType: string, extras: LayerExtras): Descriptor {
  const annotations = {
    // Always there and always empty: the signature is in the envelope.
    [layerAnnotations.signature]: '',
    ...extraAnnotationsOf(extras),
    predicateType,
  };
  return { mediaType: mediaTypes.dsseEnvelope, digest: digestOf(envelope), size: envelope.length, annotations };
}

/** Reads a layer and its blob, which the caller has hashed. `origin` says where it was found, for people. The annotation
 *  `predicateType` is not looked at: nobody signed it.
 *  Throws LAYER_MALFORMED, BASE64_MALFORMED, PEM_MALFORMED, JSON_MALFORMED, JSON_SHAPE, INPUT_TOO_LARGE. */
export function attestationOfLayer(layer: Descriptor, blob: Uint8Array, origin: string): SignedEntity {
  if (layer.mediaType !== mediaTypes.dsseEnvelope) {
    throw new InputError(
      'LAYER_MALFORMED',
      `attestation layer: expected media type ${mediaTypes.dsseEnvelope}, got ${layer.mediaType.slice(0, 100)}`,
    );
  }
  return {
    form: 'legacy',
    origin,
    ...signedEnvelopeOf(blob, 'LAYER_MALFORMED'),
    ...layerMaterialOf(layer.annotations ?? {}),
  };
}

/** Reads a bundle that `attest-blob` of cosign's first generation wrote.
 *  Throws as `parseBlobBundle`. */
export function parseBlobAttestation(bytes: Uint8Array, origin: string): SignedEntity {
  const bundle = parseBlobBundle(bytes, origin);
  return { ...bundle, ...signedEnvelopeOf(bundle.signature, 'BUNDLE_MALFORMED') };
}

/** Reads an envelope that stands alone, with nothing that says who signed.
 *  Throws BUNDLE_MALFORMED, BASE64_MALFORMED, JSON_MALFORMED, JSON_SHAPE, INPUT_TOO_LARGE. */
export function parseBareAttestation(envelope: Uint8Array, origin: string): SignedEntity {
  return {
    form: 'legacy',
    origin,
    ...signedEnvelopeOf(envelope, 'BUNDLE_MALFORMED'),
    signer: { kind: 'none' },
    logEntries: [],
    logEvidence: 'promise',
    timestamps: [],
  };
}

function signedEnvelopeOf(envelope: Uint8Array, code: ErrorCode): Pick<SignedEntity, 'content' | 'signature'> {
  const what = 'attestation envelope';
  const { payloadType, payload, signatures } = decodeDocument(
    parseJson(envelope, { what, maxBytes: limits.bundleBytes }),
    decodeEnvelope,
    what,
  );
  const [signature, ...more] = signatures;
  // With several, whoever adds one to a stranger's envelope would decide for some readers and not for others.
  if (signature === undefined || more.length > 0) {
    throw new InputError(code, `${what}: expected exactly one signature, found ${signatures.length}`);
  }
  if (signature.length === 0 || signature.length > limits.signatureBytes) {
    throw new InputError(code, `${what}: signature of ${signature.length} bytes`);
  }
  return { content: { kind: 'dsse', payloadType, payload, envelope }, signature };
}
