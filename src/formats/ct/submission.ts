/** What certificate authorities send to a certificate transparency log. @source RFC 6962 sections 4.1 and 4.2 */

import { decodeArray, decodeDocument, decodeObject } from '../../base/decode.ts';
import { InputError } from '../../base/errors.ts';
import { parseJson } from '../../base/json.ts';
import { limits } from '../../base/limits.ts';
import { decodeBytes } from '../proto-json.ts';

const decodeSubmission = decodeObject({ chain: decodeArray(decodeBytes) });

/** Reads `{"chain":["<base64 DER>",…]}`: the certificate first, then its issuers.
 *  Throws JSON_MALFORMED, JSON_SHAPE, BASE64_MALFORMED, INPUT_TOO_LARGE. */
export function parseSubmission(bytes: Uint8Array): readonly [Uint8Array, ...Uint8Array[]] {
  const what = 'submission';
  const json = parseJson(bytes, { what, maxBytes: limits.submissionBytes });
  const { chain } = decodeDocument(json, decodeSubmission, what);
  if (chain.length > limits.chainCertificates) {
    const why = `${what}: ${chain.length} certificates, at most ${limits.chainCertificates} are read`;
    throw new InputError('INPUT_TOO_LARGE', why);
  }
  const [certificate, ...issuers] = chain;
  if (certificate === undefined) throw new InputError('JSON_SHAPE', `${what}: $.chain: expected a certificate`);
  return [certificate, ...issuers];
}
