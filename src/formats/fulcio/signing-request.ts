/** What clients send to be given a certificate. @source github.com/sigstore/fulcio, fulcio.proto and fulcio_legacy.proto */

import { base64Of, utf8Of } from '../../base/bytes.ts';
import { decodeDocument, decodeString, optional } from '../../base/decode.ts';
import type { Decoder } from '../../base/decode.ts';
import { InputError } from '../../base/errors.ts';
import { parseJson } from '../../base/json.ts';
import { limits } from '../../base/limits.ts';
import { decodeAnyBytes, decodeRequest } from '../proto-json.ts';

/** The key to certify, and how its holder shows to have it. */
export type RequestedKey =
  /** The key is PEM or DER; the proof is a signature over the name of whoever asks. */
  | { readonly kind: 'public-key'; readonly publicKey: Uint8Array; readonly proof: Uint8Array }
  /** PEM or DER. */
  | { readonly kind: 'request'; readonly request: Uint8Array };

export interface SigningRequest {
  /** Undefined where the token comes in a header. */
  readonly token: string | undefined;
  readonly key: RequestedKey;
}

/** Reads the body of POST /api/v2/signingCert.
 *  Throws PROOF_MISSING, JSON_MALFORMED, JSON_SHAPE, BASE64_MALFORMED, INPUT_TOO_LARGE. */
export function parseSigningRequest(body: Uint8Array): SigningRequest {
  const { credentials, publicKeyRequest, certificateSigningRequest } = parseBody(body, decodeSigningRequest);
  const publicKey = publicKeyRequest?.publicKey?.content;
  return {
    token: credentials?.oidcIdentityToken || undefined,
    key: requestedKeyOf(publicKey, publicKeyRequest?.proofOfPossession, certificateSigningRequest),
  };
}

/** Reads the body of POST /api/v1/signingCert. Throws as `parseSigningRequest`. */
export function parseLegacySigningRequest(body: Uint8Array): SigningRequest {
  const { publicKey, signedEmailAddress, certificateSigningRequest } = parseBody(body, decodeLegacySigningRequest);
  return {
    token: undefined,
    // Clients of this generation send both members, one of them empty.
    key: requestedKeyOf(publicKey?.content, signedEmailAddress, certificateSigningRequest),
  };
}

/** The body of POST /api/v2/signingCert for a PEM key; the token goes in a header. `proof` signs the token's name. */
export function encodeSigningRequest(publicKeyPem: string, proof: Uint8Array): Uint8Array {
  const publicKey = { algorithm: 'ECDSA', content: publicKeyPem };
  return utf8Of(JSON.stringify({ publicKeyRequest: { publicKey, proofOfPossession: base64Of(proof) } }));
}

/** PEM as a text, as all clients send it, or base64 of DER. */
const decodeKeyText: Decoder<Uint8Array> = (value, path) => {
  const text = decodeString(value, path);
  return text.trimStart().startsWith('-----BEGIN ') ? utf8Of(text) : decodeAnyBytes(text, path);
};

const decodeSigningRequest = decodeRequest({
  credentials: optional(decodeRequest({ oidcIdentityToken: optional(decodeString) })),
  publicKeyRequest: optional(
    decodeRequest({
      // The algorithm that stands beside the key says nothing that the key does not.
      publicKey: optional(decodeRequest({ content: optional(decodeKeyText) })),
      proofOfPossession: optional(decodeAnyBytes),
    }),
  ),
  certificateSigningRequest: optional(decodeAnyBytes),
});

const decodeLegacySigningRequest = decodeRequest({
  publicKey: optional(decodeRequest({ content: optional(decodeAnyBytes) })),
  signedEmailAddress: optional(decodeAnyBytes),
  certificateSigningRequest: optional(decodeAnyBytes),
});

function parseBody<T>(body: Uint8Array, decode: Decoder<T>): T {
  const what = 'certificate request';
  return decodeDocument(parseJson(body, { what, maxBytes: limits.certificateRequestBytes }), decode, what);
}

/** In messages of protocol buffers empty is missing. */
function requestedKeyOf(
  publicKey: Uint8Array = NOTHING,
  proof: Uint8Array = NOTHING,
  request: Uint8Array = NOTHING,
): RequestedKey {
  if (request.length > 0 && publicKey.length > 0) {
    // Which of the two keys is meant must not depend on the reader.
    throw new InputError('PROOF_MISSING', 'a certificate request brings a key and a certificate signing request');
  }
  if (request.length > 0) return { kind: 'request', request };
  if (publicKey.length === 0) throw new InputError('PROOF_MISSING', 'a certificate request brings no key');
  if (proof.length === 0) throw new InputError('PROOF_MISSING', 'a certificate request brings no proof of possession');
  return { kind: 'public-key', publicKey, proof };
}

const NOTHING = new Uint8Array();
