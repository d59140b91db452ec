/** The extensions that decide what a certificate may be used for. All readers throw CERTIFICATE_MALFORMED; writers give an
 *  Extension, DER.
 *  @source RFC 5280 section 4.2.1 */

import { limits } from '../../base/limits.ts';
import { booleanOf, countOf, namedBitsOf, oidOf } from '../../crypto/der-values.ts';
import {
  boolean,
  integer,
  namedBits,
  octetString,
  oid as oidElement,
  sequence,
  taggedString,
} from '../../crypto/der-writer.ts';
import { childrenOf, contentOf, cursorOf, derTags, parseDer, requireTag } from '../../crypto/der.ts';
import type { DerElement } from '../../crypto/der.ts';
import { asCertificateError, certificateError, extensionOf } from './certificate.ts';
import type { Certificate, Extension } from './certificate.ts';

export interface BasicConstraints {
  readonly isCa: boolean;
  /** How many authorities may stand between this one and the end of the path; undefined: any number. */
  readonly pathLength: number | undefined;
}

export const extensionIds = {
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAlternativeName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  certificatePolicies: '2.5.29.32',
  authorityKeyId: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  sctList: '1.3.6.1.4.1.11129.2.4.2',
  precertificatePoison: '1.3.6.1.4.1.11129.2.4.3',
} as const;

/** Bits of KeyUsage. */
export const keyUsages = { digitalSignature: 0, keyCertSign: 5, crlSign: 6 } as const;

/** Members of ExtendedKeyUsage. */
export const keyPurposes = {
  any: '2.5.29.37.0',
  codeSigning: '1.3.6.1.5.5.7.3.3',
  timeStamping: '1.3.6.1.5.5.7.3.8',
} as const;

/** What verification acts upon. Policies are among them: any policy will do here, and the extensions that could demand
 *  a certain one (policy constraints, mappings) are not. */
const KNOWN: ReadonlySet<string> = new Set([
  extensionIds.subjectKeyId,
  extensionIds.keyUsage,
  extensionIds.subjectAlternativeName,
  extensionIds.basicConstraints,
  extensionIds.nameConstraints,
  extensionIds.certificatePolicies,
  extensionIds.authorityKeyId,
  extensionIds.extendedKeyUsage,
  extensionIds.sctList,
]);

/** The critical extensions that nothing here acts upon, as OIDs: a certificate with one must be refused. */
export function unknownCriticalExtensionsOf(certificate: Certificate): readonly string[] {
  return certificate.extensions.filter(({ oid, isCritical }) => isCritical && !KNOWN.has(oid)).map(({ oid }) => oid);
}

export function basicConstraintsOf(certificate: Certificate): BasicConstraints | undefined {
  return readExtension(certificate, extensionIds.basicConstraints, (value) => {
    const members = cursorOf(value);
    const flag = members.optional(derTags.boolean);
    const isCa = flag !== undefined && booleanOf(flag);
    const length = members.optional(derTags.integer);
    members.end();
    if (length !== undefined && !isCa) throw certificateError('a path length, and not an authority');
    return { isCa, pathLength: length === undefined ? undefined : countOf(length) };
  });
}

/** The numbers of the bits that are set: see `keyUsages`. */
export function keyUsageOf(certificate: Certificate): ReadonlySet<number> | undefined {
  return readExtension(certificate, extensionIds.keyUsage, (value) =>
    namedBitsOf(requireTag(value, derTags.bitString)),
  );
}

/** The purposes as OIDs: see `keyPurposes`. */
export function extendedKeyUsageOf(certificate: Certificate): readonly string[] | undefined {
  return readExtension(certificate, extensionIds.extendedKeyUsage, (value) => {
    const purposes = childrenOf(requireTag(value, derTags.sequence));
    if (purposes.length === 0 || purposes.length > limits.certificateNames) {
      throw certificateError(`${purposes.length} extended key usages, expected 1 to ${limits.certificateNames}`);
    }
    return purposes.map(oidOf);
  });
}

export function subjectKeyIdOf(certificate: Certificate): Uint8Array | undefined {
  return readExtension(certificate, extensionIds.subjectKeyId, (value) =>
    contentOf(requireTag(value, derTags.octetString)),
  );
}

/** The issuer's key id; undefined also where the issuer is named in another way only. */
export function authorityKeyIdOf(certificate: Certificate): Uint8Array | undefined {
  return readExtension(certificate, extensionIds.authorityKeyId, (value) => {
    const keyId = cursorOf(value).optional(0x80);
    return keyId === undefined ? undefined : contentOf(keyId);
  });
}

export function encodeExtension({ oid, isCritical, value }: Extension): Uint8Array {
  return isCritical
    ? sequence(oidElement(oid), boolean(true), octetString(value))
    : sequence(oidElement(oid), octetString(value));
}

/** Of an authority; without a length any number of authorities may stand below it. */
export function encodeBasicConstraints(pathLength?: number): Uint8Array {
  const value = sequence(boolean(true), ...(pathLength === undefined ? [] : [integer(pathLength)]));
  return encodeExtension({ oid: extensionIds.basicConstraints, isCritical: true, value });
}

/** See `keyUsages`. */
export function encodeKeyUsage(...bits: readonly number[]): Uint8Array {
  return encodeExtension({ oid: extensionIds.keyUsage, isCritical: true, value: namedBits(...bits) });
}

/** See `keyPurposes`. */
export function encodeExtendedKeyUsage(purpose: string, isCritical: boolean): Uint8Array {
  return encodeExtension({ oid: extensionIds.extendedKeyUsage, isCritical, value: sequence(oidElement(purpose)) });
}

export function encodeSubjectKeyId(keyId: Uint8Array): Uint8Array {
  return encodeExtension({ oid: extensionIds.subjectKeyId, isCritical: false, value: octetString(keyId) });
}

export function encodeAuthorityKeyId(keyId: Uint8Array): Uint8Array {
  const value = sequence(taggedString(0, keyId));
  return encodeExtension({ oid: extensionIds.authorityKeyId, isCritical: false, value });
}

/** What `read` makes of the extension's value, or undefined where there is no such extension. */
export function readExtension<T>(certificate: Certificate, oid: string, read: (value: DerElement) => T): T | undefined {
  const extension = extensionOf(certificate, oid);
  return extension === undefined ? undefined : asCertificateError(() => read(parseDer(extension.value)));
}
