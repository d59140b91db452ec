/** dsse 0.0.1: an envelope, of which the log keeps hashes and signatures.
 *  @source sigstore/rekor pkg/types/dsse/v0.0.1 */

import { base64Of, utf8Of } from '../../base/bytes.ts';
import { decodeArray, decodeObject, decodeString } from '../../base/decode.ts';
import type { Decoder } from '../../base/decode.ts';
import { preAuthEncodingOf } from '../dsse/envelope.ts';
import { decodeBytes } from '../proto-json.ts';
import { encodeEntryBody, hexHashOf, sha256Of } from './entry-field.ts';
import type { ProposedSpec } from './proposed-spec.ts';
import { parseSentEnvelope, parseSigners } from './sent-envelope.ts';
import { envelopeSignerKeysOf, hashKeyOf, searchKeysOf, statementKeysOf } from './search-key.ts';

const decodeSpec = decodeObject({
  proposedContent: decodeObject({ envelope: decodeString, verifiers: decodeArray(decodeBytes) }),
});

export const decodeProposedDsse: Decoder<ProposedSpec> = (value, path) => {
  const { envelope: text, verifiers } = decodeSpec(value, path).proposedContent;
  const candidates = parseSigners(verifiers);
  const { payloadType, payload, signatures } = parseSentEnvelope(text);
  const message = preAuthEncodingOf(payloadType, payload);
  return {
    claims: signatures.map((signature) => ({ signature, content: { message }, candidates })),
    entryOf: (made) => {
      const [envelopeHash, payloadHash] = [sha256Of(utf8Of(text)), sha256Of(payload)];
      const logged = made.map((each) => ({
        signature: base64Of(each.signature),
        verifier: base64Of(each.signer.pem),
      }));
      return {
        body: encodeEntryBody('dsse', '0.0.1', {
          envelopeHash: hexHashOf(envelopeHash),
          payloadHash: hexHashOf(payloadHash),
          // By their base64, whose letters sort alike everywhere.
          signatures: logged.toSorted((a, b) => (a.signature < b.signature ? -1 : 1)),
        }),
        keys: searchKeysOf([
          ...made.flatMap(({ signer }) => envelopeSignerKeysOf(signer)),
          hashKeyOf(payloadHash),
          hashKeyOf(envelopeHash),
          ...statementKeysOf(payloadType, payload),
        ]),
      };
    },
  };
};
