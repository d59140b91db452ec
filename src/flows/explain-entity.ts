/** What a signature and all that goes with it say of themselves, told without judging: for people who look into it. */

import { hexOf, utf8Of } from '../base/bytes.ts';
import { verifyingSchemesOf } from '../crypto/key-algorithm.ts';
import { parseSimpleSigning } from '../formats/cosign/simple-signing.ts';
import { IN_TOTO_PAYLOAD_TYPE, parseStatement } from '../formats/intoto/statement.ts';
import type { Subject } from '../formats/intoto/statement.ts';
import type { SignedContent, SignedEntity, SignerClaim } from '../formats/signed-entity.ts';
import { logNameOf, parseCheckpoint } from '../formats/tlog/checkpoint.ts';
import type { InclusionProof, LogEntry } from '../formats/tlog/log-entry.ts';
import { parseTimestampResponse } from '../formats/tsp/timestamp.ts';
import { nameTextOf } from '../formats/x509/distinguished-name.ts';
import { certificateDescriptionOf, keyDescriptionOf } from './explain-certificate.ts';
import type { CertificateDescription, KeyDescription } from './explain-certificate.ts';
import { orUnread } from './unread.ts';
import type { Unread } from './unread.ts';

export interface EntityDescription {
  readonly origin: string;
  readonly form: SignedEntity['form'];
  readonly content: ContentDescription;
  readonly signatureBytes: number;
  /** Names of the schemes by which the signer's key may have signed; none where the key is not there. */
  readonly schemes: readonly string[];
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
  /** A key stored beside the signature. */
  | { readonly kind: 'embedded-key'; readonly key: KeyDescription }
  | CertificateDescription
  | Unread;

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
  /** Names on the signature lines: the log's own, and others (witnesses, perhaps). */
  readonly ownSigners: readonly string[];
  readonly otherSigners: readonly string[];
}

export type StampDescription =
  | {
      readonly kind: 'timestamp';
      readonly instant: Date;
      /** As the stamp says, for people. */
      readonly by: string;
      readonly policy: string;
      readonly bytes: number;
    }
  | Unread;

/** Everything that can be read; what cannot be says why. */
export function entityDescriptionOf(entity: SignedEntity): EntityDescription {
  const signer = orUnread(() => signerOf(entity.signer));
  return {
    origin: entity.origin,
    form: entity.form,
    content: orUnread(() => contentOf(entity.content)),
    signatureBytes: entity.signature.length,
    schemes: schemesOf(signer, entity.content),
    signer,
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
    case 'embedded-key':
      return { kind: 'embedded-key', key: keyDescriptionOf(utf8Of(signer.pem)) };
    case 'certificate':
      return certificateDescriptionOf(signer.chain);
  }
}

/** A bundle does not say how its signature was made: the key and the hash of the digest leave one or two ways. */
function schemesOf(signer: SignerDescription, content: SignedContent): readonly string[] {
  const key = signer.kind === 'certificate' || signer.kind === 'embedded-key' ? signer.key : undefined;
  if (key?.kind !== 'key') return [];
  const stated = content.kind === 'message' ? content.digest?.hash : undefined;
  return verifyingSchemesOf(key.algorithm)
    .filter(({ hash }) => hash === undefined || stated === undefined || hash === stated)
    .map(({ name }) => name);
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
  const isOwn = ({ name }: { readonly name: string }): boolean => name === logNameOf(origin);
  const nameOf = ({ name }: { readonly name: string }): string => name;
  return {
    kind: 'checkpoint',
    origin,
    ownSigners: signatures.filter(isOwn).map(nameOf),
    otherSigners: signatures.filter((each) => !isOwn(each)).map(nameOf),
  };
}

function stampOf(der: Uint8Array): StampDescription {
  const { info, signer } = parseTimestampResponse(der);
  const { certificateName: name } = signer;
  return {
    kind: 'timestamp',
    instant: info.instant,
    by: name.kind === 'serial' ? `a certificate of ${nameTextOf(name.issuer)}` : `the key ${hexOf(name.keyId)}`,
    policy: info.policy,
    bytes: der.length,
  };
}
