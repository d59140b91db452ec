/** The answer to "is this signature good?", with its proof: every check that was made, in order. Never a bare boolean. */

import type { JsonValue } from '../base/json.ts';
import type { PublicKey } from '../crypto/public-key.ts';
import type { Statement } from '../formats/intoto/statement.ts';
import type { Certificate } from '../formats/x509/certificate.ts';
import type { CertificateAuthority } from './trust-material.ts';

/** A stable name of a check. Reports and tests use it. */
export type StepName =
  // What is signed, and by whom.
  | 'content'
  | 'digest'
  | 'signer'
  | 'signature'
  // Transparency logs: the count, and each entry.
  | 'log'
  | `log.${'entry' | 'body' | 'promise' | 'proof' | 'checkpoint' | 'time'}`
  // Timestamps: the count, and each one.
  | 'timestamp'
  | `timestamp.${'token' | 'imprint' | 'signature' | 'certificate'}`
  | 'time'
  | `certificate.${'parse' | 'chain' | 'time' | 'usage' | 'extensions'}`
  | 'sct'
  | 'identity'
  // What the payload says.
  | 'claims'
  | `claims.${'type' | 'digest' | 'annotations' | 'reference'}`
  // Of an image as a whole: where its signatures were looked for, and how many agree.
  | 'image'
  | `source.${'legacy' | 'bundle'}`
  | 'read'
  | 'signatures'
  | 'attestations'
  | 'threshold';

export interface Check {
  readonly step: StepName;
  /** What is checked, as a sentence: "The payload names this image". */
  readonly title: string;
  /** `skip`: not asked for, says why in `note`. `unknown`: could not look. */
  readonly status: 'pass' | 'fail' | 'skip' | 'unknown';
  readonly expected?: string;
  readonly seen?: string;
  readonly note?: string;
  /** The next thing to do about a failure. Never suggests weakening a check. */
  readonly next?: string;
}

/** What steps proved before the verdict fell, whatever it is: for explanations. Of a signature that is not verified it is
 *  worth nothing. */
export interface Findings {
  /** When it existed, by whose word; empty for a key without log and timestamps. */
  readonly times: readonly ProvenTime[];
  /** Entries of trusted logs that are about this very signature. */
  readonly entries: readonly ProvenEntry[];
  /** From the certificate to a trusted authority: the way that passed, or came nearest. */
  readonly path?: CertificatePath;
}

export interface CertificatePath {
  /** The one that issued the signer's certificate first, the trust anchor last. */
  readonly issuers: readonly Certificate[];
  readonly authority: CertificateAuthority;
}

/** What a verified signature proved. Made only by the verify floor. */
export interface Evidence extends Findings {
  readonly signer: ProvenSigner;
  /** How the signature was made: "ECDSA P-256 with SHA-256". */
  readonly scheme: string;
  /** What the signature covers: the claims as signed, for reports. `dockerReference` and `type` as in the payload. */
  readonly claims: SignedClaims;
  /** Of an attestation: what was attested. */
  readonly statement?: Statement;
  /** Whether claims were compared with the artifact at all. False satisfies no threshold. */
  readonly isClaimsChecked: boolean;
  readonly checks: readonly Check[];
}

export type ProvenSigner =
  | { readonly kind: 'key'; readonly key: PublicKey }
  | {
      readonly kind: 'certificate';
      readonly certificate: Certificate;
      /** The subject alternative name that matched; the first one where anyone may sign. */
      readonly subject: string;
      /** Undefined when the certificate names none. */
      readonly issuer: string | undefined;
    };

/** An instant that somebody trusted vouches for. */
export interface ProvenTime {
  readonly instant: Date;
  /** `clock`: this machine's, where nothing else was asked for. */
  readonly source: 'log' | 'timestamp' | 'clock';
  /** Base URL of the log, URI of the authority; "this machine's clock". */
  readonly by: string;
}

export interface ProvenEntry {
  readonly logIdHex: string;
  readonly baseUrl: string;
  /** As the log signed it: from the promise where there is one, else from the proof. */
  readonly logIndex: bigint;
  readonly integratedTime?: Date;
  readonly kind: string;
  readonly version: string;
}

export interface SignedClaims {
  /** The simple-signing type, or the predicate type of a statement. */
  readonly type: string;
  readonly dockerReference?: string;
  /** The image's digest as signed; undefined for a signed file. */
  readonly imageDigest?: string;
  /** As signed. Cosign signs texts only, other signers any JSON. */
  readonly annotations: Readonly<Record<string, JsonValue>>;
}

export type Verdict =
  | { readonly status: 'verified'; readonly evidence: Evidence; readonly checks: readonly Check[] }
  /** `failed` is the one check that decided; it is also in `checks`. */
  | {
      readonly status: 'rejected' | 'unknown';
      readonly failed: Check;
      readonly checks: readonly Check[];
      readonly found?: Findings;
    };
