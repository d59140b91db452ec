/** X.509 certificates, read strictly. @source RFC 5280 section 4.1 */

import { isSameBytes } from '../../base/bytes.ts';
import { InputError, isErrorWithCode } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { bitStringOf, booleanOf, countOf, instantOf, integerBytesOf, oidOf } from '../../crypto/der-values.ts';
import { childrenOf, contentOf, cursorOf, derTags, encodedOf, parseDer, requireTag } from '../../crypto/der.ts';
import type { DerCursor, DerElement } from '../../crypto/der.ts';

export interface Extension {
  readonly oid: string;
  readonly isCritical: boolean;
  /** What the OCTET STRING holds. */
  readonly value: Uint8Array;
}

export interface Certificate {
  readonly der: Uint8Array;
  /** What the issuer signed, DER. */
  readonly tbs: Uint8Array;
  readonly serialNumber: Uint8Array;
  /** DER Names. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  /** AlgorithmIdentifier, DER; the same inside and outside the signed part. */
  readonly signatureAlgorithm: Uint8Array;
  readonly signature: Uint8Array;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  /** No two of one kind. */
  readonly extensions: readonly Extension[];
}

const VERSION = 0xa0;
const EXTENSIONS = 0xa3;
const VERSION_3 = 2;
const SERIAL_NUMBER_BYTES = 20;
const SECONDS_TIME_LENGTH = 15;

/** Reads one certificate of version 3; what it returns shares memory with `der`. Nothing in it is trusted yet.
 *  Throws CERTIFICATE_MALFORMED, INPUT_TOO_LARGE. */
export function parseCertificate(der: Uint8Array): Certificate {
  return asCertificateError(() => {
    const outer = cursorOf(parseDer(der));
    const tbs = outer.next(derTags.sequence);
    const signatureAlgorithm = encodedOf(outer.next(derTags.sequence));
    const signature = bitStringOf(outer.next());
    outer.end();
    return { der, ...readTbs(tbs, signatureAlgorithm), signatureAlgorithm, signature };
  });
}

/** The extension of this kind, or undefined. */
export function extensionOf(certificate: Certificate, oid: string): Extension | undefined {
  return certificate.extensions.find((extension) => extension.oid === oid);
}

/** What `read` returns; DER faults that it meets become CERTIFICATE_MALFORMED. For readers of single extensions. */
export function asCertificateError<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw isErrorWithCode(cause, 'DER_MALFORMED')
      ? new InputError('CERTIFICATE_MALFORMED', `certificate: ${cause.message}`, { cause })
      : cause;
  }
}

/** CERTIFICATE_MALFORMED, to be thrown. */
export function certificateError(why: string): InputError {
  return new InputError('CERTIFICATE_MALFORMED', `certificate: ${why}`);
}

function readTbs(
  element: DerElement,
  outerAlgorithm: Uint8Array,
): Omit<Certificate, 'der' | 'signatureAlgorithm' | 'signature'> {
  const tbs = cursorOf(element);
  const version = cursorOf(tbs.next(), VERSION);
  if (countOf(version.next()) !== VERSION_3) throw certificateError('not of version 3');
  version.end();
  const serialNumber = serialNumberOf(tbs.next());
  // The one outside is not signed: a reader that believed it could be led to another algorithm.
  const innerAlgorithm = encodedOf(tbs.next(derTags.sequence));
  if (!isSameBytes(innerAlgorithm, outerAlgorithm)) throw certificateError('names two signature algorithms');
  const issuer = encodedOf(tbs.next(derTags.sequence));
  const validity = cursorOf(tbs.next());
  const notBefore = timeOf(validity.next());
  const notAfter = timeOf(validity.next());
  validity.end();
  const subject = encodedOf(tbs.next(derTags.sequence));
  const spki = encodedOf(tbs.next(derTags.sequence));
  const extensions = extensionsOf(tbs);
  tbs.end();
  return { tbs: encodedOf(element), serialNumber, issuer, subject, notBefore, notAfter, spki, extensions };
}

/** @source RFC 5280 section 4.1.2.2 */
function serialNumberOf(element: DerElement): Uint8Array {
  const bytes = integerBytesOf(element);
  const [first = 0] = bytes;
  const magnitude = first === 0 ? bytes.length - 1 : bytes.length;
  if (first >= 0x80 || magnitude < 1 || magnitude > SERIAL_NUMBER_BYTES) {
    throw certificateError(`its serial number is not a positive number of at most ${SERIAL_NUMBER_BYTES} bytes`);
  }
  return bytes;
}

/** @source RFC 5280 section 4.1.2.5: no fractions of a second */
function timeOf(element: DerElement): Date {
  if (element.tag === derTags.generalizedTime && contentOf(element).length !== SECONDS_TIME_LENGTH) {
    throw certificateError('its validity has fractions of a second');
  }
  return instantOf(element);
}

function extensionsOf(tbs: DerCursor): readonly Extension[] {
  const wrapper = tbs.optional(EXTENSIONS);
  if (wrapper === undefined) return [];
  const inside = cursorOf(wrapper, EXTENSIONS);
  const elements = childrenOf(inside.next(derTags.sequence));
  inside.end();
  if (elements.length === 0 || elements.length > limits.certificateExtensions) {
    throw certificateError(`${elements.length} extensions, expected 1 to ${limits.certificateExtensions}`);
  }
  const extensions = elements.map(readExtension);
  // Two readers could each take another one.
  if (extensions.some(({ oid }, index) => extensions.findIndex((each) => each.oid === oid) !== index))
    throw certificateError('repeats an extension');
  return extensions;
}

function readExtension(element: DerElement): Extension {
  const extension = cursorOf(element);
  const oid = oidOf(extension.next());
  const critical = extension.optional(derTags.boolean);
  const value = contentOf(requireTag(extension.next(), derTags.octetString));
  extension.end();
  // A FALSE that is spelled out is not DER, but authorities write it and no reader minds.
  return { oid, isCritical: critical !== undefined && booleanOf(critical), value };
}
