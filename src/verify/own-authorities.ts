/** An own public key infrastructure as trusted authorities: certificates in no order become chains. */

import { hexOf } from '../base/bytes.ts';
import { ConfigError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { TrustedAuthority } from '../formats/trust/trusted-root.ts';
import type { Certificate } from '../formats/x509/certificate.ts';
import { authorityFaultOf, isSelfIssued, issuanceFaultOf, pathLengthFaultOf } from './issuance.ts';

export interface OwnCertificates {
  /** Believed because they are given. */
  readonly roots: readonly Certificate[];
  /** Believed as far as one of the roots vouches for them. */
  readonly others: readonly Certificate[];
}

type Chain = readonly [Certificate, ...Certificate[]];

/** Certificates of one file: those that issued themselves are roots; without any, the last one is. */
export function ownCertificatesOf(certificates: readonly Certificate[]): OwnCertificates {
  const selfIssued = certificates.filter((each) => isAuthority(each) && isSelfIssued(each));
  const roots = selfIssued.length > 0 ? selfIssued : certificates.slice(-1);
  return { roots, others: certificates.filter((each) => !roots.includes(each)) };
}

/** One authority for each way from an issuing certificate up to a root. They are valid as long as their root is; the
 *  other certificates say for themselves how long they are. Certificates that no root vouches for are left out.
 *  Throws TRUSTED_ROOT_MALFORMED for too many ways. `name` is what reports call them. */
export function ownAuthoritiesOf(own: OwnCertificates, name: string): readonly TrustedAuthority[] {
  return chainsOf(own).map((chain) => authorityOf(chain, name));
}

/** The same for timestamps: each chain begins with the certificate that signs them, where one is given.
 *  Throws TRUSTED_ROOT_MALFORMED, also when no root vouches for it. */
export function ownTimestampAuthoritiesOf(own: OwnCertificates, name: string): readonly TrustedAuthority[] {
  const chains = chainsOf(own);
  const leaves = own.others.filter((each) => !isAuthority(each));
  const signing = leaves.flatMap((leaf) =>
    chains.filter(([issuer]) => issuanceFaultOf(leaf, issuer) === undefined).map((chain): Chain => [leaf, ...chain]),
  );
  if (signing.length === 0 && leaves.length > 0) {
    throw malformed(`${name}: no root in it vouches for the certificate that signs timestamps`);
  }
  return (leaves.length > 0 ? signing : chains).map((chain) => authorityOf(chain, name));
}

/** From the roots downwards, so that everything looked at belongs to an answer. */
function chainsOf({ roots, others }: OwnCertificates): readonly Chain[] {
  const chains: Chain[] = distinct(roots).map((root): Chain => [root]);
  const below = distinct(others).filter(isAuthority);
  // Grows while it is walked.
  for (const chain of chains) {
    chains.push(...below.map((each): Chain => [each, ...chain]).filter(isSound));
    if (chains.length > limits.trustedServices) {
      throw malformed(`more than ${limits.trustedServices} ways from an authority to a root`);
    }
  }
  return chains;
}

function isSound([first, issuer, ...above]: Chain): boolean {
  return (
    issuer !== undefined &&
    ![issuer, ...above].includes(first) &&
    above.length + 2 <= limits.chainCertificates &&
    issuanceFaultOf(first, issuer) === undefined &&
    pathLengthFaultOf([first, issuer, ...above]) === undefined
  );
}

function isAuthority(certificate: Certificate): boolean {
  return authorityFaultOf(certificate) === undefined;
}

function distinct(certificates: readonly Certificate[]): readonly Certificate[] {
  return [...new Map(certificates.map((each) => [hexOf(each.der), each])).values()];
}

function authorityOf(chain: Chain, uri: string): TrustedAuthority {
  const root = chain.at(-1) ?? chain[0];
  return { uri, chain: chain.map(({ der }) => der), validFor: { start: root.notBefore, end: root.notAfter } };
}

function malformed(why: string): ConfigError {
  return new ConfigError('TRUSTED_ROOT_MALFORMED', why);
}
