/** Which certificates a log takes: those that its own authorities issued, with the way to a root that it knows.
 *  @source RFC 6962 sections 3.1 and 4.1 */

import { concatBytes, hexOf, isSameBytes } from '../../base/bytes.ts';
import { InputError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { hashOf } from '../../crypto/hash.ts';
import { extensionOf, parseCertificate } from '../../formats/x509/certificate.ts';
import type { Certificate } from '../../formats/x509/certificate.ts';
import { nameTextOf } from '../../formats/x509/distinguished-name.ts';
import { extensionIds } from '../../formats/x509/extensions.ts';
import { issuanceFaultOf, pathLengthFaultOf } from '../../verify/issuance.ts';

/** A certificate whose issuers were checked, each by the next one's key. */
export interface SubmittedChain {
  readonly certificate: Certificate;
  readonly issuers: Issuers;
}

/** The certificate's issuer first, a root of the log last. */
export type Issuers = readonly [Certificate, ...Certificate[]];

/** Takes DER: the certificate, then its issuers; the root may be left out. Throws SUBMISSION_REFUSED with the reason,
 *  CERTIFICATE_MALFORMED, INPUT_TOO_LARGE. */
export type ChainReader = (certificate: Uint8Array, issuers: readonly Uint8Array[]) => SubmittedChain;

/** The extension that says that this is no certificate, and a NULL in it. @source RFC 6962 section 3.1 */
const POISON = Uint8Array.of(0x05, 0x00);
/** Ways from an issuer to a root that are remembered: each authority has one. */
const REMEMBERED_WAYS = 100;

/** Checks each way to a root once: an authority sends thousands of certificates by the same one. */
export function chainReaderOf(roots: readonly Certificate[]): ChainReader {
  const known = new Map<string, Issuers>();
  return (certificateDer, issuerDers) => {
    if (issuerDers.length >= limits.chainCertificates) {
      throw new InputError(
        'INPUT_TOO_LARGE',
        `a chain of ${issuerDers.length + 1} certificates, at most ${limits.chainCertificates} are read`,
      );
    }
    const certificate = parseCertificate(certificateDer);
    const key = hexOf(hashOf('sha256', concatBytes(issuerDers)));
    const issuers = known.get(key) ?? wayToRoot(certificate, issuerDers.map(parseCertificate), roots);
    const fault = issuanceFaultOf(certificate, issuers[0]);
    if (fault !== undefined) throw refused(fault);
    if (issuerDers.length > 0 && known.size < REMEMBERED_WAYS) known.set(key, issuers);
    return { certificate, issuers };
  };
}

/** Throws SUBMISSION_REFUSED. */
export function requirePrecertificate(certificate: Certificate): void {
  const poison = extensionOf(certificate, extensionIds.precertificatePoison);
  if (poison === undefined || !poison.isCritical || !isSameBytes(poison.value, POISON)) {
    throw refused('a certificate without the critical extension that makes it a precertificate; send it to add-chain');
  }
  if (extensionOf(certificate, extensionIds.sctList) !== undefined) {
    throw refused('a precertificate with timestamps, which a log would have to sign as a part of it');
  }
}

/** Throws SUBMISSION_REFUSED. */
export function requireIssuedCertificate(certificate: Certificate): void {
  if (extensionOf(certificate, extensionIds.precertificatePoison) !== undefined) {
    throw refused('a precertificate; send it to add-pre-chain');
  }
}

function wayToRoot(certificate: Certificate, given: readonly Certificate[], roots: readonly Certificate[]): Issuers {
  const last = given.at(-1) ?? certificate;
  const isRoot = given.length > 0 && roots.some(({ der }) => isSameBytes(der, last.der));
  const root = isRoot ? undefined : roots.find((each) => issuanceFaultOf(last, each) === undefined);
  const [issuer, ...above] = root === undefined ? given : [...given, root];
  if (issuer === undefined || (!isRoot && root === undefined)) {
    throw refused(`the chain ends in ${nameTextOf(last.subject)}, which no root of this log issued`);
  }
  const issuers: Issuers = [issuer, ...above];
  const fault = issuers
    .slice(0, -1)
    .map((each, index) => issuanceFaultOf(each, issuers[index + 1] as Certificate))
    .find((each) => each !== undefined);
  const why = fault ?? pathLengthFaultOf(issuers);
  if (why !== undefined) throw refused(why);
  return issuers;
}

function refused(why: string): InputError {
  return new InputError('SUBMISSION_REFUSED', `submission: ${why}`);
}
