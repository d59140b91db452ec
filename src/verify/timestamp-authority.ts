/** Which trusted authority a timestamp claims to be of, and whether that authority made it. Every question is asked about
 *  one and the same certificate: one that came along with the stamp vouches for nothing (CVE-2026-39984). */

import { isSameBytes, parseHex } from '../base/bytes.ts';
import { CountersignError, InputError } from '../base/errors.ts';
import { rfc3339Of } from '../base/time.ts';
import { hashOf, sha1Of } from '../crypto/hash.ts';
import { schemes } from '../crypto/key-algorithm.ts';
import type { Scheme } from '../crypto/key-algorithm.ts';
import type { PublicKey } from '../crypto/public-key.ts';
import { schemeOfAlgorithmIdentifier } from '../crypto/scheme-identifier.ts';
import { verifyAtOnce } from '../crypto/signature.ts';
import type { CertificateHash, SignerInfo } from '../formats/tsp/signer-info.ts';
import type { TimestampToken } from '../formats/tsp/timestamp.ts';
import { extensionOf } from '../formats/x509/certificate.ts';
import type { Certificate } from '../formats/x509/certificate.ts';
import { nameTextOf } from '../formats/x509/distinguished-name.ts';
import { extendedKeyUsageOf, extensionIds, keyPurposes, subjectKeyIdOf } from '../formats/x509/extensions.ts';
import { keyOfCertificate } from './certificate-key.ts';
import { extensionFaultOf, usageFaultOf } from './certificate-rules.ts';
import { issuanceFaultOf } from './issuance.ts';
import { failed } from './shared-steps.ts';
import type { TimestampAuthority } from './trust-material.ts';
import { isWithin, lifetimeOf, periodTextOf } from './validity.ts';
import type { Check } from './verdict.ts';

/** That a timestamp is this authority's, as it says itself. */
export interface Claim {
  readonly authority: TimestampAuthority;
  /** The certificate that has to have signed; undefined where neither the trusted root nor the stamp holds it. */
  readonly leaf: Certificate | undefined;
}

/** Who made a stamp, and how. */
export interface Maker {
  /** The authority's address, or its certificate's name where it has none. */
  readonly by: string;
  readonly scheme: string;
  readonly fault?: undefined;
}

/** Why the authority did not make it. */
interface NotMade {
  readonly fault: Check;
}

const SIGNATURE = 'The authority signed the timestamp';
const CERTIFICATE = "The authority's certificate is for timestamps, and was valid at that time";

/** PKCS#1 keys name no hash: it is the one of the signed attributes. @source RFC 5754 section 3.2 */
const RSA_ENCRYPTION = parseHex('300d06092a864886f70d0101010500');

/** The trusted authorities that the stamp names in any way: by issuer and serial number, by key, by the certificate's
 *  hash. A stamp that was changed in one of them names its authority still, and is wrong instead of unknown. */
export function claimsOf(token: TimestampToken, authorities: readonly TimestampAuthority[]): readonly Claim[] {
  return authorities.flatMap((authority): readonly Claim[] => {
    if (authority.leaf !== undefined) {
      return isNamed(authority.leaf, token.signer) ? [{ authority, leaf: authority.leaf }] : [];
    }
    const leaf = token.certificates.find((certificate) => isNamed(certificate, token.signer));
    const issuer = authority.issuers[0]?.subject ?? new Uint8Array();
    const name = token.signer.certificateName;
    const isOurs =
      (leaf !== undefined && isSameBytes(leaf.issuer, issuer)) ||
      (name.kind === 'serial' && isSameBytes(name.issuer, issuer));
    return isOurs ? [{ authority, leaf }] : [];
  });
}

/** Whether the claim holds: the authority signed, with a certificate for timestamps, at a time when it was to. */
export function checkStampedBy(token: TimestampToken, { authority, leaf }: Claim): Maker | NotMade {
  if (leaf === undefined) {
    return certificateFault('the certificate that signed', 'it is neither in the trusted root nor in the timestamp');
  }
  try {
    // 1. All that the stamp says about its certificate is true of this one.
    if (!isCertificateOf(leaf, token.signer)) {
      return certificateFault(nameTextOf(leaf.subject), 'the timestamp names another certificate as well');
    }

    // 2. Its key signed the attributes, and they name the content.
    const scheme = schemeOf(token.signer, keyOfCertificate(leaf));
    if (!isSigned(token, leaf, scheme)) {
      return signatureFault(
        `a signature by the key of ${nameTextOf(leaf.subject)}`,
        'a signature that does not verify',
      );
    }

    // 3. The certificate is the authority's, and for timestamps.
    const fault = pathFaultOf(leaf, authority) ?? strangerFaultOf(token.certificates, [leaf, ...authority.issuers]);
    if (fault !== undefined) {
      return certificateFault(`a certificate of ${nameTextOf(leaf.subject)} for timestamps`, fault);
    }

    // 4. At that time.
    return (
      timeFaultOf(token.info.instant, leaf, authority) ?? {
        by: nameOf(authority, leaf),
        scheme: scheme.name,
      }
    );
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error;
    const fault = error.code === 'CERTIFICATE_MALFORMED' ? certificateFault : signatureFault;
    return fault('a certificate, key and signature algorithm that are accepted', error.message);
  }
}

function isNamed(certificate: Certificate, signer: SignerInfo): boolean {
  return hasName(certificate, signer) || signer.certificateHashes.some((hash) => hasHash(certificate, hash));
}

function isCertificateOf(certificate: Certificate, signer: SignerInfo): boolean {
  return hasName(certificate, signer) && signer.certificateHashes.every((hash) => hasHash(certificate, hash));
}

function hasName(certificate: Certificate, { certificateName: name }: SignerInfo): boolean {
  if (name.kind === 'serial') {
    return isSameBytes(name.serialNumber, certificate.serialNumber) && isSameBytes(name.issuer, certificate.issuer);
  }
  const keyId = subjectKeyIdOf(certificate);
  return keyId !== undefined && isSameBytes(name.keyId, keyId);
}

function hasHash({ der }: Certificate, { hash, value }: CertificateHash): boolean {
  return isSameBytes(hash === 'sha1' ? sha1Of(der) : hashOf(hash, der), value);
}

function isSigned({ signer, content }: TimestampToken, leaf: Certificate, scheme: Scheme): boolean {
  return (
    isSameBytes(signer.contentDigest, hashOf(signer.hash, content)) &&
    verifyAtOnce(scheme, keyOfCertificate(leaf), signer.signedBytes, signer.signature)
  );
}

/** The scheme by which the signer says it signed, with one hash for attributes and content. Throws KEY_UNSUPPORTED. */
function schemeOf({ signatureAlgorithm, hash }: SignerInfo, key: PublicKey): Scheme {
  const scheme = isSameBytes(signatureAlgorithm, RSA_ENCRYPTION)
    ? schemes['rsa-pkcs1'][hash]
    : schemeOfAlgorithmIdentifier(signatureAlgorithm, key);
  // Ed25519 hashes by itself.
  if (scheme.hash !== undefined && scheme.hash !== hash) {
    throw new InputError('TIMESTAMP_MALFORMED', `a signature with ${scheme.name}, and ${hash} for what it covers`);
  }
  return scheme;
}

/** @source RFC 3161 section 2.3: one extended key usage, critical */
function pathFaultOf(leaf: Certificate, { leaf: trusted, issuers }: TimestampAuthority): string | undefined {
  const isForTimestampsAlone =
    extendedKeyUsageOf(leaf)?.length === 1 && extensionOf(leaf, extensionIds.extendedKeyUsage)?.isCritical === true;
  return (
    (trusted === undefined ? issuedFaultOf(leaf, issuers) : undefined) ??
    usageFaultOf(leaf, issuers, keyPurposes.timeStamping) ??
    (isForTimestampsAlone
      ? undefined
      : "the signer's certificate is not for timestamps alone, in a critical extension") ??
    extensionFaultOf(leaf, issuers)
  );
}

/** A certificate of the trusted root was checked with it; one that came with the stamp has to be issued by its first. */
function issuedFaultOf(leaf: Certificate, issuers: readonly Certificate[]): string | undefined {
  const [issuer] = issuers;
  return issuer === undefined ? 'the authority has no certificate' : issuanceFaultOf(leaf, issuer);
}

/** Certificates that come along are not signed. The authority's own may be repeated, or certified by yet another
 *  authority; anything else is a place to hide things. */
function strangerFaultOf(certificates: readonly Certificate[], own: readonly Certificate[]): string | undefined {
  const [leaf, ...issuers] = own;
  const stranger = certificates.find(
    ({ der, subject, spki }) =>
      !(leaf !== undefined && isSameBytes(der, leaf.der)) &&
      !issuers.some((issuer) => isSameBytes(subject, issuer.subject) && isSameBytes(spki, issuer.spki)),
  );
  return stranger === undefined ? undefined : `the certificate of ${nameTextOf(stranger.subject)} came along`;
}

/** Closed intervals, and only this authority's: another's would lend a retired key new life. */
function timeFaultOf(instant: Date, leaf: Certificate, authority: TimestampAuthority): NotMade | undefined {
  const periods = [
    { of: 'the authority', period: authority.validFor },
    ...[leaf, ...authority.issuers].map((each) => ({ of: nameTextOf(each.subject), period: lifetimeOf(each) })),
  ];
  const missed = periods.find(({ period }) => !isWithin(period, instant));
  return missed === undefined
    ? undefined
    : certificateFault(`a time when ${missed.of} is valid: ${periodTextOf(missed.period)}`, rfc3339Of(instant));
}

function nameOf({ uri }: TimestampAuthority, leaf: Certificate): string {
  return uri === '' ? nameTextOf(leaf.subject) : uri;
}

function signatureFault(expected: string, seen: string): NotMade {
  const next = 'The timestamp was changed, or the authority did not make it: ask the signer for another one.';
  return { fault: failed('timestamp.signature', SIGNATURE, { expected, seen, next }) };
}

function certificateFault(expected: string, seen: string): NotMade {
  const next = 'Ask the signer for a timestamp by the current certificate of an authority that you trust.';
  return { fault: failed('timestamp.certificate', CERTIFICATE, { expected, seen, next }) };
}
