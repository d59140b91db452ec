/** Sigstore bundles: a signature with everything needed to check it, as one JSON document.
 *  @source sigstore/protobuf-specs protos/sigstore_bundle.proto */

import { base64Of, parseBase64, utf8Of } from '../../base/bytes.ts';
import { decodeArray, decodeDocument, decodeObject, decodeString, optional } from '../../base/decode.ts';
import type { Decoded, Decoder } from '../../base/decode.ts';
import { InputError } from '../../base/errors.ts';
import { parseJson } from '../../base/json.ts';
import { limits } from '../../base/limits.ts';
import type { HashName } from '../../crypto/hash.ts';
import { publicKeyHintOf } from '../../crypto/public-key.ts';
import type { PublicKey } from '../../crypto/public-key.ts';
import { decodeEnvelope, envelopeJsonOf } from '../dsse/envelope.ts';
import { mediaTypes } from '../oci/media-type.ts';
import type { MessageDigest, SignedContent, SignedEntity, SignerClaim } from '../signed-entity.ts';
import { bundleVersionOf } from './media-type.ts';
import type { BundleVersion } from './media-type.ts';

const WHAT = 'signature bundle';
const HASHES: Readonly<Record<string, { readonly name: HashName; readonly bytes: number }>> = {
  SHA2_256: { name: 'sha256', bytes: 32 },
  SHA2_384: { name: 'sha384', bytes: 48 },
  SHA2_512: { name: 'sha512', bytes: 64 },
};

const decodeBytes: Decoder<Uint8Array> = (value, path) => parseBase64(decodeString(value, path));
const decodeJsonObject: Decoder<object> = decodeObject({});
const decodeCertificate = decodeObject({ rawBytes: decodeBytes });
const keepObject: Decoder<unknown> = (value, path) => {
  decodeJsonObject(value, path);
  return value;
};

const decodeMaterial = decodeObject({
  publicKey: optional(decodeObject({ hint: optional(decodeString) })),
  certificate: optional(decodeCertificate),
  x509CertificateChain: optional(decodeObject({ certificates: decodeArray(decodeCertificate) })),
  tlogEntries: optional(decodeArray(keepObject)),
  timestampVerificationData: optional(
    decodeObject({ rfc3161Timestamps: optional(decodeArray(decodeObject({ signedTimestamp: decodeBytes }))) }),
  ),
});
const decodeMessage = decodeObject({
  messageDigest: optional(decodeObject({ algorithm: decodeString, digest: decodeBytes })),
  signature: decodeBytes,
});
const decodeBundle = decodeObject({
  mediaType: decodeString,
  verificationMaterial: decodeMaterial,
  messageSignature: optional(decodeMessage),
  dsseEnvelope: optional(decodeEnvelope),
});
type Material = Decoded<typeof decodeMaterial>;

/** Reads a bundle of version 0.1, 0.2 or 0.3. Log entries and timestamps are kept as stored.
 *  Throws BUNDLE_UNSUPPORTED, BUNDLE_MALFORMED, BASE64_MALFORMED, JSON_MALFORMED, JSON_SHAPE, INPUT_TOO_LARGE. */
export function parseBundle(bytes: Uint8Array, origin: string): SignedEntity {
  const bundle = decodeDocument(parseJson(bytes, { what: WHAT, maxBytes: limits.bundleBytes }), decodeBundle, WHAT);
  const version = bundleVersionOf(bundle.mediaType);
  if (version === undefined) {
    throw new InputError(
      'BUNDLE_UNSUPPORTED',
      `${WHAT}: unknown media type ${JSON.stringify(bundle.mediaType.slice(0, 100))}`,
    );
  }
  const material = bundle.verificationMaterial;
  return {
    form: 'bundle',
    origin,
    ...contentOf(bundle.messageSignature, bundle.dsseEnvelope),
    signer: signerOf(material, version),
    logEntries: material.tlogEntries ?? [],
    timestamps: (material.timestampVerificationData?.rfc3161Timestamps ?? []).map((each) => each.signedTimestamp),
  };
}

/** What a bundle of ours covers: a statement about an image, or a file's SHA-256. */
export type BundleContent =
  | { readonly kind: 'dsse'; readonly payloadType: string; readonly payload: Uint8Array }
  | { readonly kind: 'message'; readonly sha256: Uint8Array };

/** A bundle of version 0.3 for a signature made with a key, byte for byte as cosign 3 writes it. */
export function encodeBundle(key: PublicKey, content: BundleContent, signature: Uint8Array): Uint8Array {
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
      verificationMaterial: { publicKey: { hint: publicKeyHintOf(key) } },
      ...covered,
    }),
  );
}

function contentOf(
  message: Decoded<typeof decodeMessage> | undefined,
  envelope: Decoded<typeof decodeEnvelope> | undefined,
): { readonly content: SignedContent; readonly signature: Uint8Array } {
  if ((message === undefined) === (envelope === undefined)) {
    throw malformed('expected either a message signature or an envelope');
  }
  if (message !== undefined) {
    const digest = message.messageDigest === undefined ? undefined : digestOf(message.messageDigest);
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
  return { content: { kind: 'dsse', payloadType, payload }, signature: requireSignature(signature) };
}

function digestOf({ algorithm, digest }: { readonly algorithm: string; readonly digest: Uint8Array }): MessageDigest {
  const hash = Object.hasOwn(HASHES, algorithm) ? HASHES[algorithm] : undefined;
  if (hash === undefined || digest.length !== hash.bytes) {
    throw malformed(`message digest of ${digest.length} bytes by ${JSON.stringify(algorithm.slice(0, 40))}`);
  }
  return { hash: hash.name, value: digest };
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
  const chain = x509CertificateChain?.certificates.map((each) => each.rawBytes) ?? [];
  if (chain.length === 0 || chain.length > limits.chainCertificates || version === '0.3') {
    throw malformed(`a chain of ${chain.length} certificates in a bundle of version ${version}`);
  }
  return { kind: 'certificate', chain };
}

function malformed(why: string): InputError {
  return new InputError('BUNDLE_MALFORMED', `${WHAT}: ${why}`);
}
