/** intoto 0.0.1: an envelope and the one key that signed it. The log keeps hashes and the key, no signature.
 *  @source sigstore/rekor pkg/types/intoto/v0.0.1 */

import { base64Of, utf8Of } from '../../base/bytes.ts';
import { decodeObject, decodeString } from '../../base/decode.ts';
import type { Decoder } from '../../base/decode.ts';
import { preAuthEncodingOf } from '../dsse/envelope.ts';
import { attestationOf } from './attestation.ts';
import { decodeEntrySigner, encodeEntryBody, hexHashOf, sha256Of } from './entry-field.ts';
import type { ProposedSpec } from './proposed-spec.ts';
import { parseSentEnvelope } from './sent-envelope.ts';
import { envelopeSignerKeysOf, hashKeyOf, searchKeysOf, statementKeysOf } from './search-key.ts';

const decodeSpec = decodeObject({ content: decodeObject({ envelope: decodeString }), publicKey: decodeEntrySigner });

export const decodeProposedIntotoV1: Decoder<ProposedSpec> = (value, path) => {
  const { content, publicKey: signer } = decodeSpec(value, path);
  const { payloadType, payload, signatures } = parseSentEnvelope(content.envelope);
  const message = preAuthEncodingOf(payloadType, payload);
  return {
    claims: signatures.map((signature) => ({ signature, content: { message }, candidates: [signer] })),
    entryOf: () => {
      const [hash, payloadHash] = [sha256Of(utf8Of(content.envelope)), sha256Of(payload)];
      return {
        body: encodeEntryBody('intoto', '0.0.1', {
          content: { hash: hexHashOf(hash), payloadHash: hexHashOf(payloadHash) },
          publicKey: base64Of(signer.pem),
        }),
        keys: searchKeysOf([
          ...envelopeSignerKeysOf(signer),
          hashKeyOf(hash),
          hashKeyOf(payloadHash),
          ...statementKeysOf(payloadType, payload),
        ]),
        ...attestationOf(payload),
      };
    },
  };
};
