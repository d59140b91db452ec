/** Authorities of a trusted root, made ready: certificates read, and each chain checked once. Everything here answers at
 *  once, so that trust material can make an authority when it is first needed. */

import { ConfigError, CountersignError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { TrustedAuthority } from '../formats/trust/trusted-root.ts';
import { parseCertificate } from '../formats/x509/certificate.ts';
import type { Certificate } from '../formats/x509/certificate.ts';
import { nameTextOf } from '../formats/x509/distinguished-name.ts';
import { basicConstraintsOf } from '../formats/x509/extensions.ts';
import { authorityFaultOf, issuanceFaultOf, pathLengthFaultOf } from './issuance.ts';
import type { CertificateAuthority, TimestampAuthority } from './trust-material.ts';

/** Reads a code-signing authority. The last certificate is the trust anchor: it is believed because it is in the trusted
 *  root, whoever issued it. Throws TRUSTED_ROOT_MALFORMED. */
export function certificateAuthorityOf(trusted: TrustedAuthority): CertificateAuthority {
  return asConfigError(trusted, () => {
    const [issuing, ...above] = readChain(trusted);
    requireAuthorities([issuing, ...above]);
    return { uri: trusted.uri, chain: [issuing, ...above], validFor: trusted.validFor };
  });
}

/** Reads a timestamp authority, whose chain may begin with the certificate that signs. Throws TRUSTED_ROOT_MALFORMED. */
export function timestampAuthorityOf(trusted: TrustedAuthority): TimestampAuthority {
  return asConfigError(trusted, () => {
    const [first, ...rest] = readChain(trusted);
    const leaf = basicConstraintsOf(first)?.isCa === true ? undefined : first;
    const issuers = leaf === undefined ? [first, ...rest] : rest;
    if (leaf !== undefined && issuers[0] !== undefined) requireIssued(leaf, issuers[0]);
    requireAuthorities(issuers);
    return { uri: trusted.uri, leaf, issuers, validFor: trusted.validFor };
  });
}

function readChain({ chain }: TrustedAuthority): readonly [Certificate, ...Certificate[]] {
  const [first, ...rest] = chain;
  if (first === undefined || chain.length > limits.chainCertificates) {
    throw malformed(`${chain.length} certificates in a chain, expected 1 to ${limits.chainCertificates}`);
  }
  return [parseCertificate(first), ...rest.map(parseCertificate)];
}

/** Each an authority, and each issued by the next. */
function requireAuthorities(chain: readonly Certificate[]): void {
  for (const [index, certificate] of chain.entries()) {
    const next = chain[index + 1];
    if (next !== undefined) requireIssued(certificate, next);
    const fault = authorityFaultOf(certificate);
    if (fault !== undefined) throw malformed(fault);
  }
  const fault = pathLengthFaultOf(chain);
  if (fault !== undefined) throw malformed(fault);
}

function requireIssued(certificate: Certificate, issuer: Certificate): void {
  const fault = issuanceFaultOf(certificate, issuer);
  if (fault !== undefined) throw malformed(`${nameTextOf(certificate.subject)}: ${fault}`);
}

function asConfigError<T>({ uri }: TrustedAuthority, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof CountersignError)) throw cause;
    const message = `trusted root: the authority ${JSON.stringify(uri.slice(0, 200))}: ${cause.message}`;
    throw new ConfigError('TRUSTED_ROOT_MALFORMED', message, { cause });
  }
}

function malformed(why: string): ConfigError {
  return new ConfigError('TRUSTED_ROOT_MALFORMED', why);
}
