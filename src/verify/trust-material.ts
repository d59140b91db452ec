/** Whom verification believes: a trusted root made ready, with keys imported and authorities' chains checked once. */

import type { Scheme } from '../crypto/key-algorithm.ts';
import type { PublicKey } from '../crypto/public-key.ts';
import type { ValidityPeriod } from '../formats/trust/trusted-root.ts';
import type { Certificate } from '../formats/x509/certificate.ts';

/** A transparency log or a certificate transparency log. */
export interface TrustedLogKey {
  readonly baseUrl: string;
  /** 32 bytes, and the same in lower-case hex. */
  readonly logId: Uint8Array;
  readonly logIdHex: string;
  /** First four bytes of what its checkpoint signatures name its key by. */
  readonly keyHint: Uint8Array;
  readonly key: PublicKey;
  /** The one scheme by which this log signs. */
  readonly scheme: Scheme;
  readonly validFor: ValidityPeriod;
}

/** A code-signing certificate authority whose own chain has been checked. */
export interface CertificateAuthority {
  readonly uri: string;
  /** Issuing certificate first, root (or trust anchor) last; each issued by the next, with CA constraints. */
  readonly chain: readonly [Certificate, ...Certificate[]];
  readonly validFor: ValidityPeriod;
}

export interface TimestampAuthority {
  readonly uri: string;
  /** The certificate that signs timestamps, when the trusted root names it; otherwise it comes with the timestamp. */
  readonly leaf: Certificate | undefined;
  /** Issuers of the leaf, root last. */
  readonly issuers: readonly Certificate[];
  readonly validFor: ValidityPeriod;
}

export interface TrustMaterial {
  readonly authorities: readonly CertificateAuthority[];
  readonly logs: readonly TrustedLogKey[];
  readonly ctLogs: readonly TrustedLogKey[];
  readonly timestampAuthorities: readonly TimestampAuthority[];
}

/** For verification by key alone. */
export const noTrustMaterial: TrustMaterial = { authorities: [], logs: [], ctLogs: [], timestampAuthorities: [] };
