/** rekord 0.0.1: a signature over something that the log is shown and does not keep. Of its formats only x509.
 *  @source sigstore/rekor pkg/types/rekord/v0.0.1 */

import { base64Of, isSameBytes } from '../../base/bytes.ts';
import { decodeLiteral, decodeObject, optional } from '../../base/decode.ts';
import type { Decoder } from '../../base/decode.ts';
import { InputError } from '../../base/errors.ts';
import { decodeBytes } from '../proto-json.ts';
import { decodeEntrySigner, decodeSha256, encodeEntryBody, hexHashOf, sha256Of } from './entry-field.ts';
import type { ProposedSpec } from './proposed-spec.ts';
import { hashKeyOf, searchKeysOf, signerKeysOf } from './search-key.ts';

const decodeSpec = decodeObject({
  data: decodeObject({ content: decodeBytes, hash: optional(decodeSha256) }),
  signature: decodeObject({
    format: decodeLiteral('x509'),
    content: decodeBytes,
    publicKey: decodeObject({ content: decodeEntrySigner }),
  }),
});

export const decodeProposedRekord: Decoder<ProposedSpec> = (value, path) => {
  const { data, signature } = decodeSpec(value, path);
  const signer = signature.publicKey.content;
  const hash = sha256Of(data.content);
  if (data.hash !== undefined && !isSameBytes(data.hash.value, hash.value)) {
    throw new InputError('LOG_ENTRY_MALFORMED', `${path}.data.hash: not the SHA-256 of the content`);
  }
  return {
    claims: [{ signature: signature.content, content: { message: data.content }, candidates: [signer] }],
    entryOf: () => ({
      body: encodeEntryBody('rekord', '0.0.1', {
        data: { hash: hexHashOf(hash) },
        signature: {
          content: base64Of(signature.content),
          format: 'x509',
          publicKey: { content: base64Of(signer.pem) },
        },
      }),
      keys: searchKeysOf([...signerKeysOf(signer), hashKeyOf(hash)]),
    }),
  };
};
