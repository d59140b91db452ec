/** Dead Simple Signing Envelopes. @source github.com/secure-systems-lab/dsse, protocol.md and envelope.md, v1.0 */

import { base64Of, concatBytes, parseBase64, utf8Of } from '../../base/bytes.ts';
import { decodeArray, decodeObject, decodeString } from '../../base/decode.ts';
import type { Decoder } from '../../base/decode.ts';

export interface Envelope {
  readonly payloadType: string;
  readonly payload: Uint8Array;
  readonly signatures: readonly Uint8Array[];
}

const decodeBytes: Decoder<Uint8Array> = (value, path) => parseBase64(decodeString(value, path));
const decodeMembers = decodeObject({
  payloadType: decodeString,
  payload: decodeBytes,
  signatures: decodeArray(decodeObject({ sig: decodeBytes })),
});

/** Key ids are dropped: they are hints that nothing vouches for. Throws JSON_SHAPE, BASE64_MALFORMED. */
export const decodeEnvelope: Decoder<Envelope> = (value, path) => {
  const { payloadType, payload, signatures } = decodeMembers(value, path);
  return { payloadType, payload, signatures: signatures.map(({ sig }) => sig) };
};

/** The envelope as JSON members, in the order that cosign writes them. */
export function envelopeJsonOf(envelope: Envelope): {
  readonly payload: string;
  readonly payloadType: string;
  readonly signatures: readonly { readonly sig: string }[];
} {
  return {
    payload: base64Of(envelope.payload),
    payloadType: envelope.payloadType,
    signatures: envelope.signatures.map((signature) => ({ sig: base64Of(signature) })),
  };
}

/** The envelope as legacy attestations and logs take it. The log hashes these very bytes: they are made once. */
export function encodeEnvelope(envelope: Envelope): Uint8Array {
  return utf8Of(JSON.stringify(envelopeJsonOf(envelope)));
}

/** The bytes that are signed: type and payload with their lengths, so that neither can pass for a part of the other.
 *  @source DSSE protocol.md, PAE */
export function preAuthEncodingOf(payloadType: string, payload: Uint8Array): Uint8Array {
  const type = utf8Of(payloadType);
  return concatBytes([utf8Of(`DSSEv1 ${type.length} `), type, utf8Of(` ${payload.length} `), payload]);
}
