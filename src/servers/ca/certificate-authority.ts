/** The certificate authority: exchanges an identity token and a key for a certificate that is logged and short-lived. */

import { isSameBytes } from '../../base/bytes.ts';
import { ConfigError, CountersignError, InputError, isErrorWithCode } from '../../base/errors.ts';
import { rfc3339Of } from '../../base/time.ts';
import { nullValue } from '../../crypto/der-writer.ts';
import type { Signer } from '../../crypto/signer.ts';
import { encodeSctList } from '../../formats/ct/sct-list.ts';
import type { RequestedKey } from '../../formats/fulcio/signing-request.ts';
import { parseCertificate } from '../../formats/x509/certificate.ts';
import type { Certificate } from '../../formats/x509/certificate.ts';
import { encodeExtension, extensionIds } from '../../formats/x509/extensions.ts';
import { signCertificate } from '../../formats/x509/tbs-certificate.ts';
import type { TbsCertificate } from '../../formats/x509/tbs-certificate.ts';
import { issuanceFaultOf } from '../../verify/issuance.ts';
import { leafWriterOf } from './leaf-certificate.ts';
import type { IdentifyToken, Principal } from './principal.ts';
import { requirePossession } from './proof-of-possession.ts';
import { requireSound } from './self-check.ts';
import { createSerialNumber } from './serial-number.ts';

export interface CertificateAuthorityOptions {
  /** The issuing certificate first, the root last; DER. */
  readonly chain: readonly Uint8Array[];
  /** Holds the issuing certificate's key. */
  readonly signer: Signer;
  readonly identify: IdentifyToken;
  /** Has the precertificate (DER) logged, with its issuers, and returns one SignedCertificateTimestamp.
   *  @source RFC 6962 section 3.2 */
  readonly logPrecertificate: (precertificate: Uint8Array, issuers: readonly Uint8Array[]) => Promise<Uint8Array>;
  readonly now: () => Date;
  readonly random: (byteCount: number) => Uint8Array;
  /** Milliseconds that a certificate is valid; 10 minutes unless told. */
  readonly lifetimeMs?: number;
  /** Hears of every request. */
  readonly onIssued?: (issuance: Issuance) => void;
}

/** One request, for metrics. */
export interface Issuance {
  /** As configured, "unknown" where the token was refused. */
  readonly issuer: string;
  readonly type: string;
  /** "issued", or the code of the error. */
  readonly outcome: string;
}

export interface CertificateAuthority {
  /** As it was given. */
  readonly chain: readonly Uint8Array[];
  /** The new certificate and its issuers, DER. Throws TOKEN_* for the token, KEY_*, PROOF_INVALID, CSR_MALFORMED for the
   *  key, CA_CERTIFICATE_INVALID, CA_SELF_CHECK_FAILED, and what the log throws. Of what is refused nothing is logged. */
  readonly issue: (token: string, key: RequestedKey) => Promise<readonly Uint8Array[]>;
}

const LIFETIME_MS = 600_000;
/** A timestamp of the same moment is good to a second. Who takes that second off, as gitsign does, must not come out before
 *  the certificate. */
const BACKDATED_MS = 1000;
const POISON = encodeExtension({ oid: extensionIds.precertificatePoison, isCritical: true, value: nullValue() });
const UNKNOWN = { issuer: 'unknown', type: 'unknown' } as const;

/** Throws CA_CERTIFICATE_INVALID for a chain that is none, or not the signer's. */
export function openCertificateAuthority(options: CertificateAuthorityOptions): CertificateAuthority {
  const issuers = parseChain(options.chain, options.signer);
  const issueTo = issuanceBy(options, issuers);
  const { identify, onIssued } = options;
  return {
    chain: options.chain,
    issue: async (token, key) => {
      let principal: Principal | undefined;
      let outcome = 'SERVER_FAILED';
      try {
        // 1. Who asks: what comes after that needs a token that somebody was given.
        principal = await identify(token);
        const chain = await issueTo(principal, key);
        outcome = 'issued';
        return chain;
      } catch (error) {
        if (error instanceof CountersignError) outcome = error.code;
        throw error;
      } finally {
        const { issuer, type } =
          principal === undefined ? UNKNOWN : { issuer: principal.issuer, type: principal.issuerType };
        onIssued?.({ issuer, type, outcome });
      }
    },
  };
}

type Issuers = readonly [Certificate, ...Certificate[]];

function issuanceBy(
  { chain, signer, logPrecertificate, now, random, lifetimeMs = LIFETIME_MS }: CertificateAuthorityOptions,
  issuers: Issuers,
): (principal: Principal, key: RequestedKey) => Promise<readonly Uint8Array[]> {
  const leafOf = leafWriterOf(issuers[0]);
  return async (principal, requested) => {
    // 2. The key: strong, and held by whoever asks.
    const { spki } = requirePossession(requested, principal.proofSubjects);

    // 3. Everything that the certificate says. From here on only extensions are added, at the end.
    const notBefore = new Date(wholeSecondsOf(now()).getTime() - BACKDATED_MS);
    const notAfter = new Date(notBefore.getTime() + lifetimeMs);
    requireOwnValidity(issuers, notBefore, notAfter);
    const serialNumber = createSerialNumber(random);
    const leaf = writeLeaf(() => leafOf({ principal, spki, serialNumber, notBefore, notAfter }));

    // 4. The log sees it first. A crash after this leaves a logged precertificate of which there is no certificate: the
    //    log may hold more than was issued, never less.
    const precertificate = await signCertificate(extended(leaf, POISON), signer);
    const sct = await logPrecertificate(precertificate, chain);

    // 5. The same certificate with the one timestamp: clients refuse a second.
    const value = encodeSctList([sct]);
    const timestamp = encodeExtension({ oid: extensionIds.sctList, isCritical: false, value });
    const certificate = await signCertificate(extended(leaf, timestamp), signer);

    // 6. What a verifier will ask. What fails here is a defect of ours, and must not leave the house.
    requireSound(certificate, { precertificate, issuers, principal, spki });
    return [certificate, ...chain];
  };
}

function parseChain(chain: readonly Uint8Array[], { publicKey }: Signer): Issuers {
  const [issuing, ...rest] = chain.map(parseCertificate);
  if (issuing === undefined) throw new ConfigError('CA_CERTIFICATE_INVALID', 'the authority has no certificate');
  if (!isSameBytes(issuing.spki, publicKey.spki)) {
    throw new ConfigError('CA_CERTIFICATE_INVALID', "the authority's certificate is not that of its key");
  }
  const path = [issuing, ...rest];
  for (const [index, certificate] of path.entries()) {
    // The last one is its own issuer.
    const fault = issuanceFaultOf(certificate, path[index + 1] ?? certificate);
    if (fault !== undefined) throw new ConfigError('CA_CERTIFICATE_INVALID', `the authority's certificates: ${fault}`);
  }
  return [issuing, ...rest];
}

/** A certificate that outlives its issuer's is refused by every verifier; so is one of an issuer whose time has not come,
 *  which is what a clock that was set back looks like. */
function requireOwnValidity(issuers: Issuers, notBefore: Date, notAfter: Date): void {
  const unfit = issuers.find((issuer) => notBefore < issuer.notBefore || notAfter > issuer.notAfter);
  if (unfit !== undefined) {
    throw new ConfigError(
      'CA_CERTIFICATE_INVALID',
      `the authority's certificate is valid from ${rfc3339Of(unfit.notBefore)} to ${rfc3339Of(unfit.notAfter)}, ` +
        `a certificate of now from ${rfc3339Of(notBefore)} to ${rfc3339Of(notAfter)}`,
    );
  }
}

function writeLeaf(write: () => TbsCertificate): TbsCertificate {
  try {
    return write();
  } catch (cause) {
    throw isErrorWithCode(cause, 'CERTIFICATE_MALFORMED')
      ? new InputError('TOKEN_CLAIMS', `the token cannot be put into a certificate: ${cause.message}`, { cause })
      : cause;
  }
}

function extended(leaf: TbsCertificate, extension: Uint8Array): TbsCertificate {
  return { ...leaf, extensions: [...leaf.extensions, extension] };
}

function wholeSecondsOf(instant: Date): Date {
  return new Date(Math.floor(instant.getTime() / 1000) * 1000);
}
