/** Explains every signature and attestation of an image, found as `verify` and `verify-attestation` find them. */

import { digestAlgorithmOf, digestHexOf } from '../formats/oci/digest.ts';
import type { Digest } from '../formats/oci/digest.ts';
import { repositoryNameOf } from '../formats/oci/reference.ts';
import type { Reference } from '../formats/oci/reference.ts';
import { verifyAttestation } from '../verify/attestation-signature.ts';
import { verifyImageSignature } from '../verify/image-signature.ts';
import type { Check } from '../verify/verdict.ts';
import { explainEntity } from './explain.ts';
import type { ExplainTerms, Explanation, Judge } from './explain.ts';
import { subjectOf } from './image-context.ts';
import type { ImageContext } from './image-context.ts';
import { findImageAttestations, findImageSignatures } from './image-signatures.ts';
import type { FoundSignature, SignatureSource } from './image-signatures.ts';
import type { SourceReport } from './verify-report.ts';

export interface ImageExplanation {
  /** "registry/repository@sha256:…" */
  readonly resolved: string;
  /** Whether anybody said who should have signed. */
  readonly hasPolicy: boolean;
  readonly signatures: Explained;
  readonly attestations: Explained;
}

/** What was found in the places of one kind. */
export interface Explained {
  readonly sources: readonly SourceReport[];
  readonly explanations: readonly Explanation[];
  /** What could not be looked at: while there is any, more may be there than is told. */
  readonly unseen: readonly Check[];
}

type Find = typeof findImageSignatures;

/** Throws what resolving the image throws (IMAGE_NOT_FOUND, …) and what `lookAt` throws on. */
export async function explainImage(
  context: ImageContext,
  reference: Reference,
  terms: ExplainTerms,
): Promise<ImageExplanation> {
  const { digest } = await context.registry.fetchImage(reference);
  const look = async (find: Find, judge: Judge): Promise<Explained> => {
    const sources = await find(context, subjectOf(context, reference.repository, digest), async () => false);
    return explainFound(sources, judge, terms);
  };
  const [signatures, attestations] = await Promise.all([
    look(findImageSignatures, signatureJudgeOf(digest)),
    look(findImageAttestations, attestationJudgeOf(digest)),
  ]);
  const resolved = `${repositoryNameOf(reference.repository)}@${digest}`;
  return { resolved, hasPolicy: terms.signer !== undefined, signatures, attestations };
}

async function explainFound(
  sources: readonly SignatureSource[],
  judge: Judge,
  terms: ExplainTerms,
): Promise<Explained> {
  const found = sources.flatMap(({ signatures }) => signatures);
  const explanations: Explanation[] = [];
  for (const each of found) {
    if (each.kind === 'read') explanations.push(await explainEntity(each.entity, judge, terms));
  }
  return { sources, explanations, unseen: [...sources.flatMap(unseenSourceOf), ...found.flatMap(unseenSignatureOf)] };
}

function unseenSourceOf({ form, place, error }: SignatureSource): readonly Check[] {
  return error === undefined
    ? []
    : [{ step: `source.${form}`, title: `Read ${place}`, status: 'unknown', note: error.message, next: error.hint }];
}

function unseenSignatureOf(found: FoundSignature): readonly Check[] {
  if (found.kind === 'read') return [];
  const { origin, error } = found;
  return [{ step: 'read', title: `Read ${origin}`, status: 'unknown', note: error.message, next: error.hint }];
}

function signatureJudgeOf(digest: Digest): Judge {
  return async (entity, policy) =>
    verifyImageSignature(entity, { ...policy, digest, claims: { kind: 'check', annotations: {} } });
}

function attestationJudgeOf(digest: Digest): Judge {
  const digests = [{ hash: digestAlgorithmOf(digest), hex: digestHexOf(digest) }] as const;
  return async (entity, policy) =>
    verifyAttestation(entity, { ...policy, predicateType: { kind: 'any' }, subject: { kind: 'digests', digests } });
}
