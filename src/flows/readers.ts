/** Who can read the signatures of an image: for each signer, each stock verifier, why or why not, and the command. */

import { hexOf, parseBase64 } from '../base/bytes.ts';
import { CountersignError } from '../base/errors.ts';
import { sha256HexOf } from '../crypto/hash.ts';
import type { PublicKey } from '../crypto/public-key.ts';
import type { Digest } from '../formats/oci/digest.ts';
import { repositoryNameOf } from '../formats/oci/reference.ts';
import type { Reference } from '../formats/oci/reference.ts';
import type { SignedEntity } from '../formats/signed-entity.ts';
import { verifyImageSignature } from '../verify/image-signature.ts';
import { keyPolicyOf } from '../verify/policy.ts';
import { requireRead } from './download-signatures.ts';
import { subjectOf } from './image-context.ts';
import type { ImageContext } from './image-context.ts';
import { findImageSignatures } from './image-signatures.ts';
import { answersOf } from './reader-rules.ts';
import type { ReaderAnswer, SignerFacts } from './reader-rules.ts';
import { readReferrers } from './stored-artifacts.ts';
import { signerTextOf } from './verify-report.ts';

export interface SignerReaders {
  /** "key sha256:…", "certificate sha256:…", "a key that the signature does not name". */
  readonly signer: string;
  /** Whether a key given with the request made these signatures. Otherwise `signer` is what they say of themselves. */
  readonly isVerified: boolean;
  readonly origins: readonly string[];
  readonly forms: readonly ('legacy' | 'bundle')[];
  readonly readers: readonly ReaderAnswer[];
}

export interface ReadersReport {
  readonly reference: Reference;
  /** "registry/repository@sha256:…". */
  readonly resolved: string;
  /** In the order in which they were found; empty when nobody has signed. */
  readonly signers: readonly SignerReaders[];
}

export interface ReadersRequest {
  readonly reference: Reference;
  /** Keys to recognise signers by: a `.sig` signature does not name its key. */
  readonly keys: readonly PublicKey[];
}

/** Throws when a place or a signature could not be read, as `downloadSignatures` does: half an answer would mislead. */
export async function readersOf(context: ImageContext, { reference, keys }: ReadersRequest): Promise<ReadersReport> {
  const { digest } = await context.registry.fetchImage(reference);
  const subject = subjectOf(context, reference.repository, digest);
  const [sources, stored] = await Promise.all([
    findImageSignatures(context, subject, async () => false),
    readReferrers(context, subject),
  ]);
  const entities = sources.flatMap(requireRead).map(({ entity }) => entity);

  const bySigner = new Map<string, SignerFacts>();
  for (const entity of entities) {
    const { signer, isVerified, scheme } = await signerOf(entity, digest, keys);
    const facts = bySigner.get(signer) ?? { signer, isVerified, entities: [], schemes: {} };
    const schemes = scheme === undefined ? facts.schemes : { [entity.form]: scheme, ...facts.schemes };
    bySigner.set(signer, { ...facts, schemes, entities: [...facts.entities, entity] });
  }

  const resolved = `${repositoryNameOf(reference.repository)}@${digest}`;
  const image = {
    resolved,
    repository: reference.repository,
    hasBundles: stored.referrers.some(({ kind }) => kind !== 'other'),
    ...(context.signaturePlace === undefined ? {} : { signaturePlace: context.signaturePlace }),
    ...(context.tagPrefix === undefined ? {} : { tagPrefix: context.tagPrefix }),
  };
  return {
    reference,
    resolved,
    signers: [...bySigner.values()].map((facts) => ({ ...summaryOf(facts), readers: answersOf(facts, image) })),
  };
}

function summaryOf({ signer, isVerified, entities }: SignerFacts): Omit<SignerReaders, 'readers'> {
  return {
    signer,
    isVerified,
    origins: entities.map(({ origin }) => origin),
    forms: [...new Set(entities.map(({ form }) => form))],
  };
}

/** By the keys given, one of which made it, or else by what it says of itself. */
async function signerOf(
  entity: SignedEntity,
  digest: Digest,
  [first, ...more]: readonly PublicKey[],
): Promise<Pick<SignerFacts, 'signer' | 'isVerified'> & { readonly scheme?: string }> {
  if (first !== undefined) {
    const verdict = await verifyImageSignature(entity, {
      ...keyPolicyOf([first, ...more]),
      digest,
      claims: { kind: 'check', annotations: {} },
    });
    if (verdict.status === 'verified') {
      return {
        signer: `key ${signerTextOf(verdict.evidence.signer)}`,
        isVerified: true,
        scheme: verdict.evidence.scheme,
      };
    }
  }
  return { signer: claimedSignerOf(entity), isVerified: false };
}

function claimedSignerOf({ signer }: SignedEntity): string {
  switch (signer.kind) {
    case 'public-key':
      return keyNameOfHint(signer.hint);
    case 'certificate':
      return `certificate sha256:${sha256HexOf(signer.chain[0] ?? new Uint8Array())}`;
    default:
      return 'a key that the signature does not name';
  }
}

/** Cosign's hint is the key's SHA-256 in base64; other signers put any text there. */
function keyNameOfHint(hint: string): string {
  try {
    const bytes = parseBase64(hint);
    return bytes.length === 32 ? `key sha256:${hexOf(bytes)}` : `key ${JSON.stringify(hint)}`;
  } catch (error) {
    if (error instanceof CountersignError) {
      return `key ${JSON.stringify(hint)}`;
    }
    throw error;
  }
}
