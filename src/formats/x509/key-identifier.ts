/** How certificates name keys. @source RFC 5280 section 4.2.1.2, method 1 */

import { bitStringOf } from '../../crypto/der-values.ts';
import { cursorOf, parseDer } from '../../crypto/der.ts';
import { sha1Of } from '../../crypto/hash.ts';

/** 20 bytes: SHA-1 of the key without its algorithm, as Fulcio computes it. A name, which proves nothing. Throws
 *  DER_MALFORMED. */
export function keyIdentifierOf(spki: Uint8Array): Uint8Array {
  const members = cursorOf(parseDer(spki));
  members.next();
  return sha1Of(bitStringOf(members.next()));
}
