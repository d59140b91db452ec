/** What a signature and all that goes with it say of themselves, told without judging: for people who look into it. */

import { CountersignError } from '../base/errors.ts';
import { hexOf, utf8Of } from '../base/bytes.ts';
import { sha256HexOf } from '../crypto/hash.ts';
import { parsePublicKey } from '../crypto/public-key.ts';
import { parseSimpleSigning } from '../formats/cosign/simple-signing.ts';
import { IN_TOTO_PAYLOAD_TYPE, parseStatement } from '../formats/intoto/statement.ts';
import type { Subject } from '../formats/intoto/statement.ts';
import type { SignedContent, SignedEntity, SignerClaim } from '../formats/signed-entity.ts';
import { parseCheckpoint } from '../formats/tlog/checkpoint.ts';
import type { InclusionProof, LogEntry } from '../formats/tlog/log-entry.ts';
import { parseTimestampResponse } from '../formats/tsp/timestamp.ts';
import { parseCertificate } from '../formats/x509/certificate.ts';
import { nameTextOf } from '../formats/x509/distinguished-name.ts';
import { signerNamesOf } from '../verify/signer-names.ts';
import type { SignerNames } from '../verify/signer-names.ts';

/** Something that could not be read, and why. */
export interface Unread {
  readonly kind: 'unread';
  readonly why: string;
}

export interface EntityDescription {
  readonly origin: string;
  readonly form: SignedEntity['form'];
  readonly content: ContentDescription;
  readonly signatureBytes: number;
  readonly signer: SignerDescription;
  readonly entries: readonly EntryDescription[];
  readonly timestamps: readonly StampDescription[];
}

export type ContentDescription =
  /** `digest`: "sha256:…", as the bundle states it. */
  | { readonly kind: 'message'; readonly digest?: string }
  | { readonly kind: 'image'; readonly reference: string; readonly digest: string; readonly payloadBytes: number }
  | {
      readonly kind: 'statement';
      readonly payloadType: string;
      readonly predicateType: string;
      readonly subjects: readonly Subject[];
      readonly payloadBytes: number;
    }
  | { readonly kind: 'envelope'; readonly payloadType: string; readonly payloadBytes: number; readonly why?: string }
  | Unread;

export type SignerDescription =
  | { readonly kind: 'none' }
  | { readonly kind: 'key'; readonly hint: string }
  /** A key stored beside the signature, by its fingerprint. */
  | { readonly kind: 'embedded-key'; readonly fingerprint: string; readonly algorithm: string }
  | CertificateDescription
  | Unread;

export interface CertificateDescription {
  readonly kind: 'certificate';
  readonly names: SignerNames;
  /** Of the authority, as the certificate has it. */
  readonly issuerName: string;
  readonly serialNumberHex: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Of the certificate, and of its key. */
  readonly fingerprint: string;
  readonly algorithm: string;
  readonly keyFingerprint: string;
  /** That came with the signature, the leaf among them. */
  readonly chainLength: number;
}

export interface EntryDescription {
  readonly logIdHex: string;
  readonly logIndex: bigint;
  readonly kind: string;
  readonly version: string;
  /** As stated: only a promise of the log proves it. */
  readonly integratedTime?: Date;
  readonly hasPromise: boolean;
  readonly proof?: { readonly treeSize: bigint; readonly hashes: number };
  readonly checkpoint?: CheckpointDescription | Unread;
  readonly bodyBytes: number;
}

export interface CheckpointDescription {
  readonly kind: 'checkpoint';
  readonly origin: string;
  /** Names on the signature lines: the log's own and its witnesses'. */
  readonly signers: readonly string[];
}

export type StampDescription =
  | {
      readonly kind: 'timestamp';
      readonly instant: Date;
      /** The certificate that made it, as the stamp names it. */
      readonly by: string;
      readonly policy: string;
      readonly bytes: number;
    }
  | Unread;

/** Everything that can be read; what cannot be says why. */
export function entityDescriptionOf(entity: SignedEntity): EntityDescription {
  return {
    origin: entity.origin,
    form: entity.form,
    content: orUnread(() => contentOf(entity.content)),
    signatureBytes: entity.signature.length,
    signer: orUnread(() => signerOf(entity.signer)),
    entries: entity.logEntries.map(entryOf),
    timestamps: entity.timestamps.map((der) => orUnread(() => stampOf(der))),
  };
}

function contentOf(content: SignedContent): ContentDescription {
  switch (content.kind) {
    case 'message': {
      const { digest } = content;
      return digest === undefined
        ? { kind: 'message' }
        : { kind: 'message', digest: `${digest.hash}:${hexOf(digest.value)}` };
    }
    case 'simple-signing': {
      const { dockerReference, imageDigest } = parseSimpleSigning(content.payload);
      return {
        kind: 'image',
        reference: dockerReference,
        digest: imageDigest,
        payloadBytes: content.payload.length,
      };
    }
    case 'dsse':
      return envelopeOf(content.payloadType, content.payload);
  }
}

function envelopeOf(payloadType: string, payload: Uint8Array): ContentDescription {
  const envelope = { kind: 'envelope', payloadType, payloadBytes: payload.length } as const;
  if (payloadType !== IN_TOTO_PAYLOAD_TYPE) return envelope;
  const statement = orUnread(() => ({ kind: 'read' as const, ...parseStatement(payload) }));
  if (statement.kind === 'unread') return { ...envelope, why: statement.why };
  const { predicateType, subjects } = statement;
  return { ...envelope, kind: 'statement', predicateType, subjects };
}

function signerOf(signer: SignerClaim): SignerDescription {
  switch (signer.kind) {
    case 'none':
      return signer;
    case 'public-key':
      return { kind: 'key', hint: signer.hint };
    case 'embedded-key': {
      const { fingerprint, algorithm } = parsePublicKey(utf8Of(signer.pem));
      return { kind: 'embedded-key', fingerprint, algorithm };
    }
    case 'certificate':
      return certificateOf(signer.chain);
  }
}

function certificateOf(chain: readonly Uint8Array[]): SignerDescription {
  const certificate = parseCertificate(chain[0] ?? new Uint8Array());
  const { algorithm, fingerprint: keyFingerprint } = parsePublicKey(certificate.spki);
  return {
    kind: 'certificate',
    names: signerNamesOf(certificate),
    issuerName: nameTextOf(certificate.issuer),
    serialNumberHex: hexOf(certificate.serialNumber),
    notBefore: certificate.notBefore,
    notAfter: certificate.notAfter,
    fingerprint: sha256HexOf(certificate.der),
    algorithm,
    keyFingerprint,
    chainLength: chain.length,
  };
}

function entryOf({ logId, logIndex, kind, version, integratedTime, body, promise, proof }: LogEntry): EntryDescription {
  return {
    logIdHex: hexOf(logId),
    logIndex,
    kind,
    version,
    ...(integratedTime === undefined ? {} : instantMember(integratedTime)),
    hasPromise: promise !== undefined,
    ...(proof === undefined ? {} : proofMembers(proof)),
    bodyBytes: body.length,
  };
}

/** Left out where the number of seconds is no date at all. */
function instantMember(seconds: bigint): { readonly integratedTime?: Date } {
  const instant = new Date(Number(seconds) * 1000);
  return Number.isNaN(instant.getTime()) ? {} : { integratedTime: instant };
}

function proofMembers({
  treeSize,
  hashes,
  checkpoint,
}: InclusionProof): Pick<EntryDescription, 'proof' | 'checkpoint'> {
  return {
    proof: { treeSize, hashes: hashes.length },
    ...(checkpoint === undefined ? {} : { checkpoint: orUnread(() => checkpointOf(checkpoint)) }),
  };
}

function checkpointOf(note: string): CheckpointDescription {
  const { origin, signatures } = parseCheckpoint(note);
  return { kind: 'checkpoint', origin, signers: signatures.map(({ name }) => name) };
}

function stampOf(der: Uint8Array): StampDescription {
  const { info, signer } = parseTimestampResponse(der);
  const { certificateName: name } = signer;
  return {
    kind: 'timestamp',
    instant: info.instant,
    by: name.kind === 'serial' ? nameTextOf(name.issuer) : `key ${hexOf(name.keyId)}`,
    policy: info.policy,
    bytes: der.length,
  };
}

function orUnread<T>(read: () => T): T | Unread {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error;
    return { kind: 'unread', why: error.message };
  }
}
