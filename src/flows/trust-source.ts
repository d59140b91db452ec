/** Where trust comes from. A trusted root says which authorities and logs to believe; what the caller owns replaces its
 *  part of the root. Without a root, what the caller owns is all that is believed: the one fetched by TUF is only for
 *  those who give nothing of their own, and there is none by default. */

import { ConfigError } from '../base/errors.ts';
import { parsePublicKey } from '../crypto/public-key.ts';
import { always, trustedLogOf } from '../formats/trust/trusted-log.ts';
import { parseTrustedRoot } from '../formats/trust/trusted-root.ts';
import type { TrustedLog, TrustedRoot } from '../formats/trust/trusted-root.ts';
import { parseCertificatesPem } from '../formats/x509/certificate-pem.ts';
import { ownAuthoritiesOf, ownCertificatesOf, ownTimestampAuthoritiesOf } from '../verify/own-authorities.ts';
import type { OwnCertificates } from '../verify/own-authorities.ts';
import { trustMaterialOf } from '../verify/root-material.ts';
import type { TrustMaterial } from '../verify/trust-material.ts';
import { reading } from './given-file.ts';
import type { GivenFile } from './given-file.ts';

/** PEM certificates of an own certificate authority. */
export type OwnAuthority =
  /** Roots, and certificates that they may have issued. */
  | { readonly kind: 'roots'; readonly roots: GivenFile; readonly intermediates?: GivenFile }
  /** Both in one file. */
  | { readonly kind: 'chain'; readonly chain: GivenFile };

/** What the caller owns, each part alone or with others. */
export interface OwnServices {
  readonly authority?: OwnAuthority;
  /** PEM certificates, with or without the one that signs timestamps. */
  readonly timestampChain?: GivenFile;
  /** Public keys, PEM or DER. */
  readonly logKey?: GivenFile;
  readonly ctLogKey?: GivenFile;
}

export interface TrustRequest {
  readonly trustedRoot?: GivenFile;
  readonly own: OwnServices;
  /** The trusted root that TUF keeps fresh; undefined where nobody set it up. */
  readonly fetchTrustedRoot: () => Promise<Uint8Array | undefined>;
}

/** Throws TRUST_ROOT_MISSING, TRUSTED_ROOT_MALFORMED, CERTIFICATE_MALFORMED, PEM_MALFORMED, what `parsePublicKey` throws,
 *  and what fetching throws. */
export async function loadTrust({ trustedRoot, own, fetchTrustedRoot }: TrustRequest): Promise<TrustMaterial> {
  const parts = partsOf(own);
  if (trustedRoot !== undefined) {
    return trustMaterialOf({ ...reading(trustedRoot, parseTrustedRoot), ...parts });
  }
  const isOwn = Object.keys(parts).length > 0;
  return trustMaterialOf(isOwn ? { ...nobody, ...parts } : await fetchedRootOf(fetchTrustedRoot));
}

/** The trusted root that TUF keeps fresh. Throws TRUST_ROOT_MISSING, TRUSTED_ROOT_MALFORMED, and what fetching throws. */
export async function fetchedRootOf(fetchTrustedRoot: TrustRequest['fetchTrustedRoot']): Promise<TrustedRoot> {
  const bytes = await fetchTrustedRoot();
  if (bytes === undefined) {
    throw new ConfigError('TRUST_ROOT_MISSING', 'nothing says which certificate authorities and logs to trust');
  }
  return reading({ name: 'trusted_root.json', bytes }, parseTrustedRoot);
}

/** A root that believes nobody. */
export const nobody: TrustedRoot = { logs: [], ctLogs: [], certificateAuthorities: [], timestampAuthorities: [] };

function partsOf({ authority, timestampChain, logKey, ctLogKey }: OwnServices): Partial<TrustedRoot> {
  return {
    ...(authority && { certificateAuthorities: ownAuthoritiesOf(certificatesOf(authority), nameOf(authority)) }),
    ...(timestampChain && {
      timestampAuthorities: ownTimestampAuthoritiesOf(
        ownCertificatesOf(reading(timestampChain, parseCertificatesPem)),
        timestampChain.name,
      ),
    }),
    ...(logKey && { logs: [logOf(logKey)] }),
    ...(ctLogKey && { ctLogs: [logOf(ctLogKey)] }),
  };
}

function certificatesOf(authority: OwnAuthority): OwnCertificates {
  if (authority.kind === 'chain') {
    return ownCertificatesOf(reading(authority.chain, parseCertificatesPem));
  }
  const { roots, intermediates } = authority;
  return {
    roots: reading(roots, parseCertificatesPem),
    others: intermediates === undefined ? [] : reading(intermediates, parseCertificatesPem),
  };
}

function nameOf(authority: OwnAuthority): string {
  return (authority.kind === 'chain' ? authority.chain : authority.roots).name;
}

function logOf(file: GivenFile): TrustedLog {
  return trustedLogOf({ key: reading(file, parsePublicKey), baseUrl: file.name, validFor: always });
}
