/** What a verifier will ask of a new certificate, asked before it is given away: by the readers and rules of our own
 *  verification, which share nothing with the writers. */

import { isSameBytes } from '../../base/bytes.ts';
import { CountersignError, VerificationError } from '../../base/errors.ts';
import { sctsOf } from '../../formats/ct/sct-list.ts';
import { precertificateEntryOf } from '../../formats/ct/signed-precertificate.ts';
import { parseCertificate } from '../../formats/x509/certificate.ts';
import type { Certificate } from '../../formats/x509/certificate.ts';
import { extensionIds, keyPurposes } from '../../formats/x509/extensions.ts';
import { fulcioExtensionNameOf, fulcioExtensionsOf } from '../../formats/x509/fulcio-extensions.ts';
import { subjectAlternativeNamesOf } from '../../formats/x509/subject-alternative-names.ts';
import { extensionFaultOf, usageFaultOf } from '../../verify/certificate-rules.ts';
import { issuanceFaultOf, pathLengthFaultOf } from '../../verify/issuance.ts';
import { certifiedNameOf } from './leaf-certificate.ts';
import type { Principal } from './principal.ts';

/** What the certificate was made of. */
export interface Making {
  /** DER: what the log saw. */
  readonly precertificate: Uint8Array;
  readonly issuers: readonly [Certificate, ...Certificate[]];
  readonly principal: Principal;
  readonly spki: Uint8Array;
}

/** Throws CA_SELF_CHECK_FAILED. */
export function requireSound(der: Uint8Array, making: Making): void {
  const fault = faultOf(der, making);
  if (fault !== undefined) throw new VerificationError('CA_SELF_CHECK_FAILED', `the new certificate: ${fault}`);
}

function faultOf(der: Uint8Array, { precertificate, issuers, principal, spki }: Making): string | undefined {
  try {
    const leaf = parseCertificate(der);
    const [issuer] = issuers;
    return (
      issuanceFaultOf(leaf, issuer) ??
      pathLengthFaultOf(issuers) ??
      usageFaultOf(leaf, issuers, keyPurposes.codeSigning) ??
      extensionFaultOf(leaf, issuers) ??
      (isSameBytes(leaf.spki, spki) ? undefined : 'not for the key that was asked for') ??
      principalFaultOf(leaf, principal) ??
      logFaultOf(leaf, parseCertificate(precertificate), issuer)
    );
  } catch (error) {
    if (error instanceof CountersignError) return error.message;
    throw error;
  }
}

function principalFaultOf(leaf: Certificate, { name, extensions }: Principal): string | undefined {
  const [only, ...others] = subjectAlternativeNamesOf(leaf);
  const wanted = certifiedNameOf(name);
  const isNamed = only?.kind === wanted.kind && only.text === wanted.text && others.length === 0;
  const texts: ReadonlyMap<string | undefined, string> = fulcioExtensionsOf(leaf);
  const isDescribed =
    texts.size === extensions.size &&
    [...extensions].every(([arc, text]) => texts.get(fulcioExtensionNameOf(arc)) === text);
  return isNamed && isDescribed ? undefined : 'not about whom the token names';
}

/** The log's signature is over what it saw: without the timestamp and the poison both must be the same bytes. */
function logFaultOf(leaf: Certificate, precertificate: Certificate, issuer: Certificate): string | undefined {
  const logged = precertificateEntryOf(precertificate, issuer, extensionIds.precertificatePoison);
  if (!isSameBytes(precertificateEntryOf(leaf, issuer), logged)) return 'not what the log has seen';
  return sctsOf(leaf)?.length === 1 ? undefined : 'not exactly one signed certificate timestamp';
}
