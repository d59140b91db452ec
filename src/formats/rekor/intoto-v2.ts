/** intoto 0.0.2: an envelope whose signatures each bring their key. The log keeps it without the payload.
 *  @source sigstore/rekor pkg/types/intoto/v0.0.2 */

import { base64Of, utf8Of } from '../../base/bytes.ts';
import { decodeArray, decodeObject, decodeString, optional } from '../../base/decode.ts';
import type { Decoder } from '../../base/decode.ts';
import { preAuthEncodingOf } from '../dsse/envelope.ts';
import { decodeBytes } from '../proto-json.ts';
import { attestationOf } from './attestation.ts';
import { decodeSha256, decodeTwice, encodeEntryBody, hexHashOf, sha256Of } from './entry-field.ts';
import { parseEntrySigner } from './entry-signer.ts';
import type { ProposedSpec } from './proposed-spec.ts';
import { envelopeSignerKeysOf, hashKeyOf, searchKeysOf, statementKeysOf } from './search-key.ts';
import { requireSignatures } from './sent-envelope.ts';

const decodeText: Decoder<string> = (value, path) => decodeString(value, path).toWellFormed();

const decodeSpec = decodeObject({
  content: decodeObject({
    envelope: decodeObject({
      payload: decodeTwice,
      payloadType: decodeText,
      signatures: decodeArray(decodeObject({ sig: decodeTwice, publicKey: decodeBytes, keyid: optional(decodeText) })),
    }),
    hash: decodeSha256,
  }),
});

export const decodeProposedIntotoV2: Decoder<ProposedSpec> = (value, path) => {
  const { envelope, hash } = decodeSpec(value, path).content;
  const { payload, payloadType, signatures } = envelope;
  requireSignatures(signatures.map(({ sig }) => sig));
  const message = preAuthEncodingOf(payloadType, payload);
  return {
    claims: signatures.map(({ sig, publicKey }) => ({
      signature: sig,
      content: { message },
      candidates: [parseEntrySigner(publicKey)],
    })),
    entryOf: (made) => {
      const payloadHash = sha256Of(payload);
      return {
        body: encodeEntryBody('intoto', '0.0.2', {
          content: {
            envelope: {
              payloadType,
              // As they were sent: in this kind the keys are not written anew.
              signatures: signatures.map(({ sig, publicKey, keyid = '' }) => ({
                ...(keyid === '' ? {} : { keyid }),
                publicKey: base64Of(publicKey),
                sig: base64Of(utf8Of(base64Of(sig))),
              })),
            },
            // Of what the client holds to be the envelope: nothing here says whether it is.
            hash: hexHashOf(hash),
            payloadHash: hexHashOf(payloadHash),
          },
        }),
        keys: searchKeysOf([
          ...made.flatMap(({ signer }) => envelopeSignerKeysOf(signer)),
          hashKeyOf(payloadHash),
          ...statementKeysOf(payloadType, payload),
        ]),
        ...attestationOf(payload),
      };
    },
  };
};
