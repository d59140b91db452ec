/** What an authority states in a timestamp: that something with this hash existed at that time.
 *  @source RFC 3161 section 2.4.2, TSTInfo */

import { InputError } from '../../base/errors.ts';
import { booleanOf, countOf, instantOf, integerBytesOf, oidOf } from '../../crypto/der-values.ts';
import { childrenOf, contentOf, cursorOf, derTags, requireTag } from '../../crypto/der.ts';
import type { DerElement } from '../../crypto/der.ts';
import type { HashName } from '../../crypto/hash.ts';
import { hashOfAlgorithmIdentifier } from '../../crypto/scheme-identifier.ts';

export interface StampInfo {
  /** What existed. */
  readonly imprint: { readonly hash: HashName; readonly value: Uint8Array };
  /** When; to the millisecond. */
  readonly instant: Date;
  /** Under which of its policies the authority stamped, dotted decimal. */
  readonly policy: string;
  /** Unique for one authority: big-endian, as minimal octets. */
  readonly serialNumber: Uint8Array;
}

const VERSION = 1;
const TSA_NAME = 0xa0;
const EXTENSIONS = 0xa1;
const hashBytes = { sha256: 32, sha384: 48, sha512: 64 } as const;

/** Throws TIMESTAMP_MALFORMED, DER_MALFORMED. */
export function readStampInfo(element: DerElement): StampInfo {
  const info = cursorOf(element);
  if (countOf(info.next()) !== VERSION) throw malformed('it is of another version');
  const policy = oidOf(info.next());
  const imprint = readImprint(info.next());
  const serialNumber = integerBytesOf(info.next());
  const instant = instantOf(requireTag(info.next(), derTags.generalizedTime));
  // Signed, and nothing depends on them: accuracy, ordering, nonce, the authority's own name for itself.
  info.optional(derTags.sequence);
  info.optional(derTags.boolean);
  info.optional(derTags.integer);
  info.optional(TSA_NAME);
  const extensions = info.optional(EXTENSIONS);
  if (extensions !== undefined) childrenOf(extensions).forEach(requireUncritical);
  info.end();
  return { imprint, instant, policy, serialNumber };
}

/** Reads a MessageImprint. Throws TIMESTAMP_MALFORMED, DER_MALFORMED, KEY_UNSUPPORTED. */
export function readImprint(element: DerElement): StampInfo['imprint'] {
  const imprint = cursorOf(element);
  const hash = hashOfAlgorithmIdentifier(imprint.next());
  const value = contentOf(imprint.next(derTags.octetString));
  imprint.end();
  if (value.length !== hashBytes[hash]) throw malformed(`an imprint of ${value.length} bytes for ${hash}`);
  return { hash, value };
}

/** No extension of a timestamp is known here, so a critical one may change what the stamp means. */
function requireUncritical(element: DerElement): void {
  const extension = cursorOf(element);
  const oid = oidOf(extension.next());
  const critical = extension.optional(derTags.boolean);
  extension.next(derTags.octetString);
  extension.end();
  if (critical !== undefined && booleanOf(critical)) throw malformed(`unknown critical extension ${oid}`);
}

function malformed(why: string): InputError {
  return new InputError('TIMESTAMP_MALFORMED', why);
}
