/** Explains signatures: who, when, from where, what, and what each check saw. Judges everything but whether the signer is
 *  the right one, unless a policy says who that is. */

import { parseUtf8 } from '../base/bytes.ts';
import { decodeDocument, decodeObject, decodeString, optional } from '../base/decode.ts';
import { parseJson } from '../base/json.ts';
import { limits } from '../base/limits.ts';
import { parseBundle } from '../formats/bundle/bundle.ts';
import { isSigstoreBundle } from '../formats/bundle/generation.ts';
import { parseBlobAttestation } from '../formats/cosign/attestation-layer.ts';
import { parseBlobBundle } from '../formats/cosign/blob-bundle.ts';
import { digestAlgorithmOf, digestHexOf } from '../formats/oci/digest.ts';
import type { SignedEntity } from '../formats/signed-entity.ts';
import { verifyAttestation } from '../verify/attestation-signature.ts';
import type { SubjectPolicy } from '../verify/attestation-signature.ts';
import { verifyBlobSignature } from '../verify/blob-signature.ts';
import { nearestMissOf } from '../verify/near-miss.ts';
import type { NearMiss } from '../verify/near-miss.ts';
import type { SignaturePolicy, SignerPolicy } from '../verify/policy.ts';
import type { SignedBytes } from '../verify/proof.ts';
import { verdictOf } from '../verify/shared-steps.ts';
import { noTrustMaterial } from '../verify/trust-material.ts';
import type { TrustMaterial } from '../verify/trust-material.ts';
import type { Check, Verdict } from '../verify/verdict.ts';
import { digestsOfStream } from './artifact-digests.ts';
import { entityDescriptionOf } from './explain-entity.ts';
import type { EntityDescription } from './explain-entity.ts';
import { timelineOf } from './explain-windows.ts';
import type { Timeline } from './explain-windows.ts';
import { withoutUntrusted } from './untrusted-checks.ts';
import { readArtifact } from './verify-blob.ts';
import type { BlobArtifact } from './verify-blob.ts';

/** Whom to believe, and perhaps who should have signed. */
export interface ExplainTerms {
  /** Undefined: nobody said whom to believe, and nothing that needs it is checked. */
  readonly trust: TrustMaterial | undefined;
  /** Whether signatures by key need a log entry as well. */
  readonly isLogAskedOfKeys: boolean;
  readonly signer?: Exclude<SignerPolicy, { readonly kind: 'unsafe-anyone' }>;
  readonly now: Date;
}

export interface Explanation {
  readonly description: EntityDescription;
  /** Everything but who signed. */
  readonly soundness: Verdict;
  readonly isTrustKnown: boolean;
  /** Whether the image or file was at hand, or only what the signature says of it. */
  readonly isArtifactGiven: boolean;
  /** What the policy says; undefined without one. */
  readonly acceptance?: Verdict;
  /** How the certificate misses the nearest identity of the policy; undefined when it is one of them. */
  readonly nearMiss?: NearMiss;
  readonly timeline: Timeline;
}

/** Decides on one entity by one policy: of an image or a file. */
export type Judge = (entity: SignedEntity, policy: SignaturePolicy) => Promise<Verdict>;

/** Reads a bundle of either generation, of a file's signature or attestation. Throws what the parsers throw. */
export function parseAnyBundle(bytes: Uint8Array, name: string): SignedEntity {
  if (isSigstoreBundle(bytes)) return parseBundle(bytes, name);
  const bundle = parseBlobBundle(bytes, name);
  // The first generation kept an envelope in the place of the signature: no signature begins like JSON's objects.
  return bundle.signature[0] === OPENING_BRACE ? parseBlobAttestation(bytes, name) : bundle;
}

/** The media type as the bundle spells it; undefined for the first generation, which has none. */
export function bundleMediaTypeOf(bytes: Uint8Array): string | undefined {
  const what = 'signature bundle';
  const document = parseJson(parseUtf8(bytes), { what, maxBytes: limits.bundleBytes });
  return decodeDocument(document, decodeMediaType, what).mediaType;
}

/** Explains a bundle. Without the file, what the bundle states of it is compared with nothing. Throws what
 *  `parseAnyBundle` and the stream throw. */
export async function explainBundle(
  bytes: Uint8Array,
  name: string,
  artifact: BlobArtifact | undefined,
  terms: ExplainTerms,
): Promise<Explanation> {
  const entity = parseAnyBundle(bytes, name);
  const explanation = await explainEntity(entity, await fileJudgeOf(entity, artifact, terms), terms);
  if (artifact !== undefined) return explanation;
  const { acceptance, ...rest } = explanation;
  return {
    ...rest,
    isArtifactGiven: false,
    ...(acceptance === undefined ? {} : { acceptance: withUnseenFile(acceptance) }),
  };
}

/** Explains what has been read. */
export async function explainEntity(entity: SignedEntity, judge: Judge, terms: ExplainTerms): Promise<Explanation> {
  const { trust, signer, now } = terms;
  const description = entityDescriptionOf(entity);
  const soundness = await judgeSoundness(entity, judge, terms);
  const acceptance =
    signer === undefined
      ? undefined
      : withoutUntrusted(await judge(entity, policyOf(entity, terms, signer)), entity, trust);
  const found = soundness.status === 'verified' ? soundness.evidence : soundness.found;
  const nearMiss = nearMissOf(description, signer);
  return {
    description,
    soundness,
    isTrustKnown: trust !== undefined,
    isArtifactGiven: true,
    ...(acceptance === undefined ? {} : { acceptance }),
    ...(nearMiss === undefined ? {} : { nearMiss }),
    timeline: timelineOf(entity, description, trust, found, now),
  };
}

const OPENING_BRACE = 0x7b;
const decodeMediaType = decodeObject({ mediaType: optional(decodeString) });

/** By the key that was given where a key signed: nothing else can tell. */
async function judgeSoundness(entity: SignedEntity, judge: Judge, terms: ExplainTerms): Promise<Verdict> {
  const isByGivenKey = terms.signer?.kind === 'keys' && entity.signer.kind !== 'certificate';
  const signer: SignerPolicy = isByGivenKey && terms.signer !== undefined ? terms.signer : { kind: 'unsafe-anyone' };
  return withoutUntrusted(await judge(entity, policyOf(entity, terms, signer)), entity, terms.trust);
}

function policyOf(entity: SignedEntity, terms: ExplainTerms, signer: SignerPolicy): SignaturePolicy {
  const { trust, isLogAskedOfKeys, now } = terms;
  const isLogAsked = trust !== undefined && (entity.signer.kind === 'certificate' || isLogAskedOfKeys);
  return {
    signer,
    trust: trust ?? noTrustMaterial,
    log: isLogAsked ? { kind: 'required', threshold: 1 } : { kind: 'none-configured' },
    timestamps: { kind: 'if-present' },
    now,
    isExhaustive: true,
  };
}

/** The file is read once, however often it is judged. */
async function fileJudgeOf(
  entity: SignedEntity,
  artifact: BlobArtifact | undefined,
  terms: ExplainTerms,
): Promise<Judge> {
  if (entity.content.kind !== 'message') {
    const subject = await subjectOf(artifact);
    return async (each, policy) => verifyAttestation(each, { ...policy, predicateType: { kind: 'any' }, subject });
  }
  if (artifact === undefined) return async (each, policy) => judgeWithoutFile(each, policy);
  const read = await readArtifact(artifact, entity, policyOf(entity, terms, terms.signer ?? { kind: 'unsafe-anyone' }));
  return async (each, policy) => verifyBlobSignature(each, { ...policy, artifact: read });
}

async function subjectOf(artifact: BlobArtifact | undefined): Promise<SubjectPolicy> {
  if (artifact === undefined) return { kind: 'unchecked' };
  return artifact.kind === 'stream'
    ? { kind: 'digests', digests: await digestsOfStream(artifact.chunks) }
    : {
        kind: 'digests',
        digests: [{ hash: digestAlgorithmOf(artifact.digest), hex: digestHexOf(artifact.digest) }],
      };
}

/** The signature is checked against the digest that the bundle states, which proves nothing about any file: said so. */
async function judgeWithoutFile(entity: SignedEntity, policy: SignaturePolicy): Promise<Verdict> {
  const digest = entity.content.kind === 'message' ? entity.content.digest : undefined;
  const artifact: SignedBytes = { kind: 'hashes', hashes: digest === undefined ? {} : { [digest.hash]: digest.value } };
  const verdict = await verifyBlobSignature(entity, { ...policy, artifact });
  const checks = verdict.checks.map((check): Check =>
    check.step === 'digest'
      ? {
          step: check.step,
          title: check.title,
          status: 'skip',
          note: 'no file was given: only the digest that the bundle states was looked at',
        }
      : check,
  );
  return verdict.status === 'verified'
    ? verdictOf(checks, { ...verdict.evidence, isClaimsChecked: false })
    : verdictOf(checks, undefined, verdict.found);
}

/** A policy accepts a signature of a file, not a signature alone. */
function withUnseenFile(verdict: Verdict): Verdict {
  if (verdict.status !== 'verified') return verdict;
  const unseen: Check = {
    step: 'digest',
    title: 'The signature is about this file',
    status: 'unknown',
    note: 'could not look: no file was given',
    next: 'Give the file, or its digest, with --artifact.',
  };
  return verdictOf([...verdict.checks, unseen], undefined, verdict.evidence);
}

function nearMissOf({ signer }: EntityDescription, policy: ExplainTerms['signer']): NearMiss | undefined {
  if (policy?.kind !== 'identities' || signer.kind !== 'certificate') return undefined;
  const miss = nearestMissOf(policy.identities, signer.names);
  return miss.differences.length === 0 ? undefined : miss;
}
