/** One layer of a `.sig` manifest: a simple-signing payload with its signature in annotations.
 *  @source sigstore/cosign specs/SIGNATURE_SPEC.md */

import { base64Of, parseBase64 } from '../../base/bytes.ts';
import { decodeDocument, decodeObject, decodeString } from '../../base/decode.ts';
import { InputError } from '../../base/errors.ts';
import { parseJson } from '../../base/json.ts';
import { limits } from '../../base/limits.ts';
import { parsePemBlocks } from '../../crypto/pem.ts';
import { digestOf } from '../oci/digest.ts';
import type { Annotations, Descriptor } from '../oci/manifest.ts';
import { mediaTypes } from '../oci/media-type.ts';
import type { SignatureMaterial } from '../signature-material.ts';
import type { SignedEntity, SignerClaim } from '../signed-entity.ts';
import type { LogEntry } from '../tlog/log-entry.ts';
import { encodeCertificatePem } from '../x509/certificate-pem.ts';
import { layerAnnotations } from './layer-annotation.ts';
import { decodeRekorBundle, rekorBundleOf } from './rekor-bundle.ts';

/** What may stand beside the signature, as text exactly as it is stored. */
export interface LayerExtras {
  /** PEM. */
  readonly certificate?: string;
  /** PEM, intermediates then root; stored whenever a certificate is. */
  readonly chain?: string;
  /** Rekor bundle, JSON. */
  readonly bundle?: string;
  /** `{"SignedRFC3161Timestamp":"<base64>"}`. */
  readonly timestamp?: string;
}

const decodeTimestamp = decodeObject({ SignedRFC3161Timestamp: decodeString });

/** What a new signature's material becomes beside its layer. There is room for one log entry and one timestamp: of
 *  several, the first. */
export function layerExtrasOf({ signer, logEntries, timestamps }: SignatureMaterial): LayerExtras {
  const [entry] = logEntries;
  const [timestamp] = timestamps;
  const [leaf, ...issuers] = signer.kind === 'certificate' ? signer.chain.map(encodeCertificatePem) : [];
  return {
    ...(leaf === undefined ? {} : { certificate: leaf, chain: issuers.join('') }),
    ...(entry === undefined ? {} : { bundle: JSON.stringify(rekorBundleOf(entry)) }),
    ...(timestamp === undefined ? {} : { timestamp: JSON.stringify({ SignedRFC3161Timestamp: base64Of(timestamp) }) }),
  };
}

/** The descriptor of a new signature layer. */
export function signatureLayerOf(payload: Uint8Array, signature: Uint8Array, extras: LayerExtras = {}): Descriptor {
  const annotations = { [layerAnnotations.signature]: base64Of(signature), ...extraAnnotationsOf(extras) };
  return { mediaType: mediaTypes.simpleSigning, digest: digestOf(payload), size: payload.length, annotations };
}

/** The annotations of a layer besides its signature. */
export function extraAnnotationsOf(extras: LayerExtras): Annotations {
  return {
    ...(extras.certificate === undefined
      ? {}
      : { [layerAnnotations.certificate]: extras.certificate, [layerAnnotations.chain]: extras.chain ?? '' }),
    ...(extras.bundle === undefined ? {} : { [layerAnnotations.bundle]: extras.bundle }),
    ...(extras.timestamp === undefined ? {} : { [layerAnnotations.timestamp]: extras.timestamp }),
  };
}

/** Reads a layer and its payload, which the caller has hashed. `origin` says where it was found, for people.
 *  Throws LAYER_MALFORMED, BASE64_MALFORMED, PEM_MALFORMED, JSON_MALFORMED, JSON_SHAPE, INPUT_TOO_LARGE, and what
 *  `decodeRekorBundle` throws. */
export function signedEntityOfLayer(layer: Descriptor, payload: Uint8Array, origin: string): SignedEntity {
  const annotations = layer.annotations ?? {};
  if (layer.mediaType !== mediaTypes.simpleSigning) {
    throw new InputError(
      'LAYER_MALFORMED',
      `signature layer: expected media type ${mediaTypes.simpleSigning}, got ${layer.mediaType.slice(0, 100)}`,
    );
  }
  return {
    form: 'legacy',
    origin,
    content: { kind: 'simple-signing', payload },
    signature: signatureOf(annotationOf(annotations, layerAnnotations.signature)),
    ...layerMaterialOf(annotations),
  };
}

/** What stands beside a signature or an attestation in the annotations of its layer: who signed, and proofs of when.
 *  Throws as `signedEntityOfLayer`. */
export function layerMaterialOf(
  annotations: Annotations,
): Pick<SignedEntity, 'signer' | 'logEntries' | 'logEvidence' | 'timestamps'> {
  return {
    signer: signerOf(
      annotationOf(annotations, layerAnnotations.certificate),
      annotationOf(annotations, layerAnnotations.chain),
    ),
    logEntries: logEntriesOf(annotationOf(annotations, layerAnnotations.bundle)),
    logEvidence: 'promise',
    timestamps: timestampsOf(annotationOf(annotations, layerAnnotations.timestamp)),
  };
}

/** Present and not empty: cosign writes "" for a chain that it does not have. */
function annotationOf(annotations: Annotations, name: string): string | undefined {
  return Object.hasOwn(annotations, name) && annotations[name] !== '' ? annotations[name] : undefined;
}

function signatureOf(text: string | undefined): Uint8Array {
  if (text === undefined) {
    throw new InputError('LAYER_MALFORMED', `signature layer: no annotation ${layerAnnotations.signature}`);
  }
  if (text.length > limits.signatureBytes) {
    throw new InputError(
      'INPUT_TOO_LARGE',
      `signature: ${text.length} characters, at most ${limits.signatureBytes} are read`,
    );
  }
  return parseBase64(text);
}

function signerOf(certificate: string | undefined, chain: string | undefined): SignerClaim {
  if (certificate === undefined) {
    return { kind: 'none' };
  }
  const blocks = [...parsePemBlocks(certificate), ...(chain === undefined ? [] : parsePemBlocks(chain))];
  const other = blocks.find((block) => block.label !== 'CERTIFICATE');
  if (other !== undefined) {
    throw new InputError('LAYER_MALFORMED', `signature layer: expected certificates, found a PEM block ${other.label}`);
  }
  return { kind: 'certificate', chain: blocks.map((block) => block.bytes) };
}

function logEntriesOf(bundle: string | undefined): readonly LogEntry[] {
  if (bundle === undefined) {
    return [];
  }
  const what = 'log entry of the signature layer';
  return [decodeDocument(parseJson(bundle, { what, maxBytes: limits.bundleBytes }), decodeRekorBundle, what)];
}

function timestampsOf(timestamp: string | undefined): readonly Uint8Array[] {
  if (timestamp === undefined) {
    return [];
  }
  const what = 'timestamp of the signature layer';
  const document = parseJson(timestamp, { what, maxBytes: limits.bundleBytes });
  return [parseBase64(decodeDocument(document, decodeTimestamp, what).SignedRFC3161Timestamp)];
}
