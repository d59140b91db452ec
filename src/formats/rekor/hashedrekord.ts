/** hashedrekord 0.0.1: a signature over something of which the log sees only the hash.
 *  @source sigstore/rekor pkg/types/hashedrekord/v0.0.1 */

import { base64Of } from '../../base/bytes.ts';
import { decodeObject } from '../../base/decode.ts';
import type { Decoder } from '../../base/decode.ts';
import { decodeBytes } from '../proto-json.ts';
import { decodeEntrySigner, decodeHexHash, encodeEntryBody, hexHashOf } from './entry-field.ts';
import type { ProposedSpec } from './proposed-spec.ts';
import { hashKeyOf, searchKeysOf, signerKeysOf } from './search-key.ts';

const decodeSpec = decodeObject({
  data: decodeObject({ hash: decodeHexHash }),
  signature: decodeObject({ content: decodeBytes, publicKey: decodeObject({ content: decodeEntrySigner }) }),
});

export const decodeProposedHashedRekord: Decoder<ProposedSpec> = (value, path) => {
  const { data, signature } = decodeSpec(value, path);
  const signer = signature.publicKey.content;
  return {
    claims: [{ signature: signature.content, content: { hash: data.hash }, candidates: [signer] }],
    entryOf: () => ({
      body: encodeEntryBody('hashedrekord', '0.0.1', {
        data: { hash: hexHashOf(data.hash) },
        signature: { content: base64Of(signature.content), publicKey: { content: base64Of(signer.pem) } },
      }),
      keys: searchKeysOf([...signerKeysOf(signer), hashKeyOf(data.hash)]),
    }),
  };
};
