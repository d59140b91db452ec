/** Which of the two generations of bundles a file is. */

import { decodeDocument, decodeObject, decodeString, optional } from '../../base/decode.ts';
import { parseJson } from '../../base/json.ts';
import { limits } from '../../base/limits.ts';

const decodeKind = decodeObject({ mediaType: optional(decodeString) });

/** Whether the document says that it is a Sigstore bundle, of whatever version: cosign's first bundles name no type.
 *  Throws JSON_MALFORMED, JSON_SHAPE, INPUT_TOO_LARGE. */
export function isSigstoreBundle(bytes: Uint8Array): boolean {
  const what = 'signature bundle';
  const document = parseJson(bytes, { what, maxBytes: limits.bundleBytes });
  return decodeDocument(document, decodeKind, what).mediaType !== undefined;
}
