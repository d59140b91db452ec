/** PKCS#10 requests, made with the tests' own DER writer. @source RFC 2986 */

import { bitString, integer, oid, sequence, setOf, tagged, utf8String } from './der-writer.ts';
import { signBytes, signatureAlgorithmOf } from './virtual-sigstore/virtual-key.ts';
import type { VirtualKey } from './virtual-sigstore/virtual-key.ts';

export interface CertificateRequestChanges {
  readonly version?: number;
  /** Signs instead of the key that is asked for. */
  readonly signingKey?: VirtualKey;
  /** AlgorithmIdentifier, DER. */
  readonly algorithm?: Uint8Array;
  readonly attributes?: readonly Uint8Array[];
  /** After the members of CertificationRequestInfo. */
  readonly trailing?: Uint8Array;
  readonly spki?: Uint8Array;
}

/** DER. Its subject is a common name of somebody else. */
export function createCertificateRequest(key: VirtualKey, changes: CertificateRequestChanges = {}): Buffer {
  const { version = 0, signingKey = key, spki = key.spki, attributes = [] } = changes;
  const info = sequence(
    integer(version),
    sequence(setOf(sequence(oid('2.5.4.3'), utf8String('somebody@else.test')))),
    spki,
    tagged(0, ...attributes),
    ...(changes.trailing === undefined ? [] : [changes.trailing]),
  );
  return sequence(info, changes.algorithm ?? signatureAlgorithmOf(signingKey), bitString(signBytes(signingKey, info)));
}

export function pemOfRequest(der: Uint8Array, label = 'CERTIFICATE REQUEST'): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}
