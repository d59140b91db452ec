/** Sigstore bundles: a signature with everything needed to check it, as one JSON document.
 *  @source sigstore/protobuf-specs protos/sigstore_bundle.proto */

import { base64Of, isSameBytes, utf8Of } from '../../base/bytes.ts';
import { decodeArray, decodeDocument, decodeObject, decodeString, optional } from '../../base/decode.ts';
import type { Decoded } from '../../base/decode.ts';
import { InputError } from '../../base/errors.ts';
import { parseJson } from '../../base/json.ts';
import type { JsonValue } from '../../base/json.ts';
import { limits } from '../../base/limits.ts';
import { publicKeyHintOf } from '../../crypto/public-key.ts';
import { envelopeJsonOf } from '../dsse/envelope.ts';
import { decodeHashOutput } from '../hash-output.ts';
import { mediaTypes } from '../oci/media-type.ts';
import { decodeBytes, decodeMessage } from '../proto-json.ts';
import type { SignatureMaterial } from '../signature-material.ts';
import type { SignedContent, SignedEntity, SignerClaim } from '../signed-entity.ts';
import { decodeLogEntry, logEntryJsonOf } from '../tlog/log-entry.ts';
import type { LogEntry } from '../tlog/log-entry.ts';
import { bundleVersionOf } from './media-type.ts';
import type { BundleVersion } from './media-type.ts';

const WHAT = 'signature bundle';

const decodeMediaType = decodeObject({ mediaType: optional(decodeString), media_type: optional(decodeString) });
const decodeCertificate = decodeMessage({ rawBytes: decodeBytes });
const decodeTimestampData = decodeMessage({
  rfc3161Timestamps: optional(decodeArray(decodeMessage({ signedTimestamp: decodeBytes }))),
});
const decodeMaterial = decodeMessage({
  publicKey: optional(decodeMessage({ hint: optional(decodeString) })),
  certificate: optional(decodeCertificate),
  x509CertificateChain: optional(decodeMessage({ certificates: optional(decodeArray(decodeCertificate)) })),
  tlogEntries: optional(decodeArray(decodeLogEntry)),
  timestampVerificationData: optional(decodeTimestampData),
});
const decodeMessageSignature = decodeMessage({ messageDigest: optional(decodeHashOutput), signature: decodeBytes });
// Stricter than the envelope elsewhere: in a bundle it is a protocol buffer. Key ids are hints that nothing vouches for.
const decodeBundleEnvelope = decodeMessage({
  payloadType: decodeString,
  payload: decodeBytes,
  signatures: decodeArray(decodeMessage({ sig: decodeBytes, keyid: optional(decodeString) })),
});
const decodeBundle = decodeMessage({
  mediaType: decodeString,
  verificationMaterial: decodeMaterial,
  messageSignature: optional(decodeMessageSignature),
  dsseEnvelope: optional(decodeBundleEnvelope),
});
type Material = Decoded<typeof decodeMaterial>;

/** Reads a bundle of version 0.1, 0.2 or 0.3.
 *  Throws BUNDLE_UNSUPPORTED, BUNDLE_MALFORMED, LOG_ENTRY_MALFORMED, BASE64_MALFORMED, JSON_MALFORMED, JSON_SHAPE,
 *  INPUT_TOO_LARGE. */
export function parseBundle(bytes: Uint8Array, origin: string): SignedEntity {
  const json = parseJson(bytes, { what: WHAT, maxBytes: limits.bundleBytes });
  // Another version has other members: say that first.
  const version = requireVersion(json);
  const bundle = decodeDocument(json, decodeBundle, WHAT);
  const material = bundle.verificationMaterial;
  return {
    form: 'bundle',
    origin,
    ...contentOf(bundle.messageSignature, bundle.dsseEnvelope),
    signer: signerOf(material, version),
    logEntries: requireDistinctEntries(material.tlogEntries ?? []),
    logEvidence: version === '0.1' ? 'promise' : 'proof',
    timestamps: requireDistinctTimestamps(
      (material.timestampVerificationData?.rfc3161Timestamps ?? []).map((each) => each.signedTimestamp),
    ),
  };
}

/** What a bundle of ours covers: a statement about an image, or a file's SHA-256. */
export type BundleContent =
  | { readonly kind: 'dsse'; readonly payloadType: string; readonly payload: Uint8Array }
  | { readonly kind: 'message'; readonly sha256: Uint8Array };

/** A bundle of version 0.3, byte for byte as cosign 3 writes it. Of a chain it holds the leaf alone: version 0.3 wants
 *  the rest from the trusted root. */
export function encodeBundle(material: SignatureMaterial, content: BundleContent, signature: Uint8Array): Uint8Array {
  const covered =
    content.kind === 'dsse'
      ? { dsseEnvelope: envelopeJsonOf({ ...content, signatures: [signature] }) }
      : {
          messageSignature: {
            messageDigest: { algorithm: 'SHA2_256', digest: base64Of(content.sha256) },
            signature: base64Of(signature),
          },
        };
  return utf8Of(
    JSON.stringify({
      mediaType: mediaTypes.bundleV03,
      verificationMaterial: materialJsonOf(material),
      ...covered,
    }),
  );
}

function materialJsonOf({ signer, logEntries, timestamps }: SignatureMaterial): object {
  const rfc3161Timestamps = timestamps.map((stamp) => ({ signedTimestamp: base64Of(stamp) }));
  return {
    ...(signer.kind === 'key'
      ? { publicKey: { hint: publicKeyHintOf(signer.key) } }
      : { certificate: { rawBytes: base64Of(signer.chain[0]) } }),
    ...(logEntries.length === 0 ? {} : { tlogEntries: logEntries.map(logEntryJsonOf) }),
    ...(timestamps.length === 0 ? {} : { timestampVerificationData: { rfc3161Timestamps } }),
  };
}

function requireVersion(json: JsonValue): BundleVersion {
  const spellings = decodeDocument(json, decodeMediaType, WHAT);
  const mediaType = decodeString(spellings.mediaType ?? spellings.media_type, `${WHAT}: $.mediaType`);
  const version = bundleVersionOf(mediaType);
  if (version === undefined) {
    throw new InputError(
      'BUNDLE_UNSUPPORTED',
      `${WHAT}: unknown media type ${JSON.stringify(mediaType.slice(0, 100))}`,
    );
  }
  return version;
}

function contentOf(
  message: Decoded<typeof decodeMessageSignature> | undefined,
  envelope: Decoded<typeof decodeBundleEnvelope> | undefined,
): { readonly content: SignedContent; readonly signature: Uint8Array } {
  if ((message === undefined) === (envelope === undefined)) {
    throw malformed('expected either a message signature or an envelope');
  }
  if (message !== undefined) {
    const { messageDigest: digest } = message;
    return {
      content: digest === undefined ? { kind: 'message' } : { kind: 'message', digest },
      signature: requireSignature(message.signature),
    };
  }
  const { payloadType = '', payload = new Uint8Array(), signatures = [] } = envelope ?? {};
  const [signature, ...more] = signatures;
  // Several signatures would let one bundle say different things to different readers.
  if (signature === undefined || more.length > 0) {
    throw malformed(`expected exactly one signature in the envelope, found ${signatures.length}`);
  }
  return { content: { kind: 'dsse', payloadType, payload }, signature: requireSignature(signature.sig) };
}

function requireSignature(signature: Uint8Array): Uint8Array {
  if (signature.length === 0 || signature.length > limits.signatureBytes) {
    throw malformed(`signature of ${signature.length} bytes`);
  }
  return signature;
}

function signerOf(material: Material, version: BundleVersion): SignerClaim {
  const { publicKey, certificate, x509CertificateChain } = material;
  if ([publicKey, certificate, x509CertificateChain].filter((each) => each !== undefined).length !== 1) {
    throw malformed('expected one of public key, certificate and certificate chain');
  }
  if (publicKey !== undefined) {
    return { kind: 'public-key', hint: publicKey.hint ?? '' };
  }
  if (certificate !== undefined) {
    return { kind: 'certificate', chain: [certificate.rawBytes] };
  }
  const chain = (x509CertificateChain?.certificates ?? []).map((each) => each.rawBytes);
  if (chain.length === 0 || chain.length > limits.chainCertificates || version === '0.3') {
    throw malformed(`a chain of ${chain.length} certificates in a bundle of version ${version}`);
  }
  return { kind: 'certificate', chain };
}

/** One entry told twice would count twice. Throws BUNDLE_MALFORMED. */
function requireDistinctEntries(entries: readonly LogEntry[]): readonly LogEntry[] {
  if (entries.length > limits.logEntries) {
    throw malformed(`${entries.length} log entries, at most ${limits.logEntries} are read`);
  }
  const isTwin = (a: LogEntry, b: LogEntry): boolean =>
    isSameBytes(a.logId, b.logId) && (a.logIndex === b.logIndex || isSameBytes(a.body, b.body));
  if (entries.some((entry, index) => entries.slice(index + 1).some((other) => isTwin(entry, other)))) {
    throw malformed('a log entry that is there twice');
  }
  return entries;
}

/** Throws BUNDLE_MALFORMED. */
function requireDistinctTimestamps(timestamps: readonly Uint8Array[]): readonly Uint8Array[] {
  if (timestamps.length > limits.timestamps) {
    throw malformed(`${timestamps.length} timestamps, at most ${limits.timestamps} are read`);
  }
  if (timestamps.some((each, index) => timestamps.slice(index + 1).some((other) => isSameBytes(each, other)))) {
    throw malformed('a timestamp that is there twice');
  }
  return timestamps;
}

function malformed(why: string): InputError {
  return new InputError('BUNDLE_MALFORMED', `${WHAT}: ${why}`);
}
