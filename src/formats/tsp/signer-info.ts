/** Who signed a timestamp, by which algorithm, and the attributes that the signature covers.
 *  @source RFC 5652 section 5.3, RFC 5035 sections 3 and 4, RFC 5816 */

import { InputError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { countOf, integerBytesOf, oidOf } from '../../crypto/der-values.ts';
import { childrenOf, contentOf, cursorOf, derTags, encodedOf, requireTag } from '../../crypto/der.ts';
import type { DerElement } from '../../crypto/der.ts';
import type { HashName } from '../../crypto/hash.ts';
import { hashOfAlgorithmIdentifier } from '../../crypto/scheme-identifier.ts';

/** How a signer names its certificate. */
export type CertificateName =
  /** DER Name and serial number, as in the certificate. */
  | { readonly kind: 'serial'; readonly issuer: Uint8Array; readonly serialNumber: Uint8Array }
  | { readonly kind: 'key-id'; readonly keyId: Uint8Array };

/** A hash of a whole certificate. SHA-1 only here, where it picks one out of trusted ones and proves nothing. */
export interface CertificateHash {
  readonly hash: HashName | 'sha1';
  readonly value: Uint8Array;
}

export interface SignerInfo {
  readonly certificateName: CertificateName;
  /** By the signed attributes; at least one, all of the same certificate. */
  readonly certificateHashes: readonly CertificateHash[];
  /** What content and attributes are hashed with. */
  readonly hash: HashName;
  /** The content's hash, as signed. */
  readonly contentDigest: Uint8Array;
  /** The bytes that the signature covers: the attributes as a DER SET. */
  readonly signedBytes: Uint8Array;
  /** AlgorithmIdentifier, DER. */
  readonly signatureAlgorithm: Uint8Array;
  readonly signature: Uint8Array;
}

const oids = {
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingCertificate: '1.2.840.113549.1.9.16.2.12',
  signingCertificateV2: '1.2.840.113549.1.9.16.2.47',
} as const;

const CONTEXT_0 = 0xa0;
const KEY_ID = 0x80;

type Attributes = ReadonlyMap<string, DerElement>;

/** Reads a SignerInfo over content of this type. Throws TIMESTAMP_MALFORMED, DER_MALFORMED. */
export function readSignerInfo(element: DerElement, contentType: string): SignerInfo {
  const info = cursorOf(element);
  const version = countOf(info.next());
  const certificateName = readCertificateName(info.next());
  if (version !== (certificateName.kind === 'serial' ? 1 : 3)) throw malformed('a signer of another version');
  const hash = hashOfAlgorithmIdentifier(info.next());
  const signedAttributes = info.next(CONTEXT_0);
  const signatureAlgorithm = encodedOf(info.next(derTags.sequence));
  const signature = contentOf(info.next(derTags.octetString));
  // Unsigned attributes would come next: anybody can add them, so they prove nothing and are refused.
  info.end();
  const attributes = readAttributes(signedAttributes);
  if (oidOf(requireAttribute(attributes, oids.contentType, 'content type')) !== contentType) {
    throw malformed('the signature is over content of another type');
  }
  return {
    certificateName,
    certificateHashes: readCertificateHashes(attributes),
    hash,
    contentDigest: contentOf(
      requireTag(requireAttribute(attributes, oids.messageDigest, 'message digest'), derTags.octetString),
    ),
    signedBytes: asSet(signedAttributes),
    signatureAlgorithm,
    signature,
  };
}

function readCertificateName(element: DerElement): CertificateName {
  if (element.tag === KEY_ID) {
    return { kind: 'key-id', keyId: contentOf(element) };
  }
  const name = cursorOf(element);
  const issuer = encodedOf(name.next(derTags.sequence));
  const serialNumber = integerBytesOf(name.next());
  name.end();
  return { kind: 'serial', issuer, serialNumber };
}

/** By type, each with its one value. Those that nothing here reads stay unread: they are signed. */
function readAttributes(element: DerElement): Attributes {
  const elements = childrenOf(element);
  if (elements.length > limits.timestampAttributes) throw malformed(`${elements.length} signed attributes`);
  const attributes = new Map<string, DerElement>();
  for (const attribute of elements.map((each) => cursorOf(each))) {
    const type = oidOf(attribute.next());
    const values = cursorOf(attribute.next(), derTags.set);
    attribute.end();
    // Two readers could each take another one.
    if (attributes.has(type)) throw malformed(`repeats the attribute ${type}`);
    attributes.set(type, values.next());
    values.end();
  }
  return attributes;
}

function requireAttribute(attributes: Attributes, type: string, name: string): DerElement {
  const value = attributes.get(type);
  if (value === undefined) throw malformed(`it does not sign its ${name}`);
  return value;
}

/** The signing certificate comes first in each list; the others are of its chain. @source RFC 5035 section 5.4 */
function readCertificateHashes(attributes: Attributes): readonly CertificateHash[] {
  const hashes: CertificateHash[] = [];
  const older = attributes.get(oids.signingCertificate);
  if (older !== undefined) {
    const certificateId = cursorOf(cursorOf(cursorOf(older).next()).next());
    hashes.push({ hash: 'sha1', value: contentOf(certificateId.next(derTags.octetString)) });
  }
  const newer = attributes.get(oids.signingCertificateV2);
  if (newer !== undefined) {
    const certificateId = cursorOf(cursorOf(cursorOf(newer).next()).next());
    const algorithm = certificateId.optional(derTags.sequence);
    const hash = algorithm === undefined ? 'sha256' : hashOfAlgorithmIdentifier(algorithm);
    hashes.push({ hash, value: contentOf(certificateId.next(derTags.octetString)) });
  }
  // @source RFC 3161 section 2.4.2 and RFC 5816 section 2.2: one of the two must be there
  if (hashes.length === 0) throw malformed('it does not sign its certificate');
  return hashes;
}

/** Attributes stand in the message under another tag than the one they are signed under. @source RFC 5652 section 5.4 */
function asSet(attributes: DerElement): Uint8Array {
  const bytes = Uint8Array.from(encodedOf(attributes));
  bytes[0] = derTags.set;
  return bytes;
}

function malformed(why: string): InputError {
  return new InputError('TIMESTAMP_MALFORMED', why);
}
