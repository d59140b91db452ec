/** Simple signing: the payload that a legacy image signature covers.
 *  @source sigstore/cosign specs/SIGNATURE_SPEC.md; containers/image docs/containers-signature.5.md */

import { decodeDocument, decodeMap, decodeObject, decodeString, optional } from '../../base/decode.ts';
import type { Decoder } from '../../base/decode.ts';
import { parseJson } from '../../base/json.ts';
import type { JsonValue } from '../../base/json.ts';
import { limits } from '../../base/limits.ts';
import { encodeGoJson, goMapOf } from '../go-json.ts';
import type { Digest } from '../oci/digest.ts';

/** The one type that is an image signature. */
export const SIMPLE_SIGNING_TYPE = 'cosign container image signature';

export interface SimpleSigning {
  /** The repository the signer meant: "index.docker.io/library/alpine"; some signers add a tag. */
  readonly dockerReference: string;
  /** As signed: compare it, do not trust its shape. */
  readonly imageDigest: string;
  readonly type: string;
  /** Annotations; signers other than cosign put any JSON here. */
  readonly optional: Readonly<Record<string, JsonValue>>;
}

export interface ImageClaims {
  readonly dockerReference: string;
  readonly imageDigest: Digest;
  readonly annotations: Readonly<Record<string, string>>;
}

const decodeJson: Decoder<JsonValue> = (value) => value as JsonValue;
const decodePayload = decodeObject({
  critical: decodeObject({
    identity: decodeObject({ 'docker-reference': decodeString }),
    image: decodeObject({ 'docker-manifest-digest': decodeString }),
    type: decodeString,
  }),
  optional: optional(decodeMap(decodeJson)),
});

/** Reads a payload. Throws INPUT_TOO_LARGE, TEXT_NOT_UTF8, JSON_MALFORMED, JSON_TOO_DEEP, JSON_SHAPE. */
export function parseSimpleSigning(payload: Uint8Array): SimpleSigning {
  const what = 'signature payload';
  const { critical, optional } = decodeDocument(
    parseJson(payload, { what, maxBytes: limits.payloadBytes }),
    decodePayload,
    what,
  );
  return {
    dockerReference: critical.identity['docker-reference'],
    imageDigest: critical.image['docker-manifest-digest'],
    type: critical.type,
    optional: optional ?? {},
  };
}

/** The payload byte for byte as cosign writes it. */
export function encodeSimpleSigning(claims: ImageClaims): Uint8Array {
  const hasAnnotations = Object.keys(claims.annotations).length > 0;
  return encodeGoJson({
    critical: {
      identity: { 'docker-reference': claims.dockerReference },
      image: { 'docker-manifest-digest': claims.imageDigest },
      type: SIMPLE_SIGNING_TYPE,
    },
    optional: hasAnnotations ? goMapOf(claims.annotations) : null,
  });
}
