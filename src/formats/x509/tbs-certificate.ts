/** Certificates, written and signed. @source RFC 5280 section 4.1 */

import { bitString, generalizedTime, integer, sequence, tagged, utcTime } from '../../crypto/der-writer.ts';
import { signingSchemeOf } from '../../crypto/key-algorithm.ts';
import type { PublicKey } from '../../crypto/public-key.ts';
import { encodeAlgorithmIdentifier } from '../../crypto/scheme-identifier.ts';
import type { Signer } from '../../crypto/signer.ts';

/** What an issuer signs. */
export interface TbsCertificate {
  /** Positive, the highest byte first, at most 20. */
  readonly serialNumber: Uint8Array;
  /** Names, DER. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  /** Whole seconds; what is finer is cut off. */
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  /** DER each, in the order in which they are written; at least one. */
  readonly extensions: readonly Uint8Array[];
}

/** The certificate, DER. */
export async function signCertificate(certificate: TbsCertificate, signer: Signer): Promise<Uint8Array> {
  const tbs = encodeTbs(certificate, signer.publicKey);
  return sequence(tbs, signatureAlgorithmOf(signer.publicKey), bitString(await signer.sign(tbs)));
}

/** What the holder of the issuer's key signs, DER. @internal for its tests */
export function encodeTbs(certificate: TbsCertificate, issuerKey: PublicKey): Uint8Array {
  return sequence(
    VERSION_3,
    integer(certificate.serialNumber),
    signatureAlgorithmOf(issuerKey),
    certificate.issuer,
    sequence(time(certificate.notBefore), time(certificate.notAfter)),
    certificate.subject,
    certificate.spki,
    tagged(3, sequence(...certificate.extensions)),
  );
}

const VERSION_3 = tagged(0, integer(2));
const FIRST_GENERALIZED_YEAR = 2050;

/** @source RFC 5280 section 4.1.2.5 */
function time(instant: Date): Uint8Array {
  return instant.getUTCFullYear() < FIRST_GENERALIZED_YEAR ? utcTime(instant) : generalizedTime(instant);
}

function signatureAlgorithmOf({ algorithm }: PublicKey): Uint8Array {
  return encodeAlgorithmIdentifier(signingSchemeOf(algorithm));
}
