/** Decides whether to believe one attestation about one image or file. Pure. Each entity is judged alone. */

import { CountersignError } from '../base/errors.ts';
import type { HashName } from '../crypto/hash.ts';
import { preAuthEncodingOf } from '../formats/dsse/envelope.ts';
import { IN_TOTO_PAYLOAD_TYPE, parseStatement } from '../formats/intoto/statement.ts';
import type { Statement, Subject } from '../formats/intoto/statement.ts';
import type { SignedEntity } from '../formats/signed-entity.ts';
import type { SignaturePolicy } from './policy.ts';
import { evidenceOf, failed, isDecisive, passed, verdictOf } from './shared-steps.ts';
import { proveSignature } from './steps.ts';
import type { Check, SignedClaims, Verdict } from './verdict.ts';

/** A digest of the image or file, lower-case hex. */
export interface ArtifactDigest {
  readonly hash: HashName;
  readonly hex: string;
}

export type SubjectPolicy =
  /** A subject must have one of these digests, and no other value for any of them. */
  | { readonly kind: 'digests'; readonly digests: readonly [ArtifactDigest, ...ArtifactDigest[]] }
  /** What the attestation is about is not looked at. Satisfies no threshold. */
  | { readonly kind: 'unchecked' };

export type PredicateTypePolicy =
  /** This URI, letter by letter. */
  | { readonly kind: 'exactly'; readonly uri: string }
  /** Whatever is attested: who asks looks at the statement. */
  | { readonly kind: 'any' };

export interface AttestationPolicy extends SignaturePolicy {
  readonly predicateType: PredicateTypePolicy;
  readonly subject: SubjectPolicy;
}

/** Steps in the report: `content`, those of `proveSignature`, `claims.type`, `claims.digest` (or `claims`, skipped). Stops
 *  after the step that fails, unless the policy is exhaustive. The evidence holds the statement. */
export async function verifyAttestation(entity: SignedEntity, policy: AttestationPolicy): Promise<Verdict> {
  // 1. What is signed must be a statement, whole and well formed; anything else attests nothing.
  const { check: content, attested } = readAttested(entity);
  if (attested === undefined) {
    return verdictOf([content], undefined);
  }

  // 2. Who signed, and when.
  const proof = await proveSignature(entity, { kind: 'bytes', bytes: attested.signed }, policy);
  if (policy.isExhaustive !== true && proof.checks.some(isDecisive)) {
    return verdictOf([content, ...proof.checks], undefined, proof);
  }

  // 3. It must attest what was asked for: provenance by the right signer is no vulnerability scan.
  const { statement } = attested;
  const type = checkType(statement, policy.predicateType);
  if (policy.isExhaustive !== true && type.status === 'fail') {
    return verdictOf([content, ...proof.checks, type], undefined, proof);
  }

  // 4. And it must be about this artifact.
  const { check: digest, claims } = checkSubject(statement, policy.subject);
  const evidence = evidenceOf(proof, claims, policy.subject.kind === 'digests');
  return verdictOf(
    [content, ...proof.checks, type, digest],
    evidence === undefined ? undefined : { ...evidence, statement },
    proof,
  );
}

interface Attested {
  readonly statement: Statement;
  /** What the signature covers. */
  readonly signed: Uint8Array;
}

function readAttested({ content }: SignedEntity): { readonly check: Check; readonly attested?: Attested } {
  const title = 'The signed content is an attestation';
  const expected = `an in-toto statement in an envelope of type ${IN_TOTO_PAYLOAD_TYPE}`;
  const refuse = (seen: string): { readonly check: Check } => ({ check: failed('content', title, { expected, seen }) });
  if (content.kind !== 'dsse') {
    return refuse(content.kind === 'message' ? 'a signature over a file' : 'a signature over an image payload');
  }
  if (content.payloadType !== IN_TOTO_PAYLOAD_TYPE) {
    return refuse(`an envelope of type ${JSON.stringify(content.payloadType.slice(0, 100))}`);
  }
  try {
    const statement = parseStatement(content.payload);
    return {
      check: passed('content', title, { seen: statement.predicateType.slice(0, 200) }),
      attested: { statement, signed: preAuthEncodingOf(content.payloadType, content.payload) },
    };
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error;
    return refuse(error.message);
  }
}

function checkType({ predicateType }: Statement, wanted: PredicateTypePolicy): Check {
  const title = 'It attests what was asked for';
  if (wanted.kind === 'any') {
    return { step: 'claims.type', title, status: 'skip', note: 'attestations of any type are asked for' };
  }
  return predicateType === wanted.uri
    ? passed('claims.type', title, { seen: wanted.uri })
    : failed('claims.type', title, {
        expected: wanted.uri,
        seen: predicateType.slice(0, 200),
        next: 'Ask for the type that you mean to rely on, or have the artifact attested with it.',
      });
}

function checkSubject(
  { predicateType, subjects }: Statement,
  policy: SubjectPolicy,
): { readonly check: Check; readonly claims: SignedClaims } {
  const title = 'The attestation is about this artifact';
  if (policy.kind === 'unchecked') {
    const check = { step: 'claims', title, status: 'skip', note: 'claims NOT checked' } as const;
    return { check, claims: { type: predicateType, annotations: {} } };
  }
  const [digest] = policy.digests;
  const expected = policy.digests.map(textOf).join(' ');
  const subject = subjects.find((each) => isAbout(each, policy.digests));
  if (subject === undefined) {
    const check = failed('claims.digest', title, {
      expected,
      seen: digestsOf(subjects, policy.digests),
      next: 'This attestation belongs to another artifact. Verify that one, or have this one attested.',
    });
    return { check, claims: { type: predicateType, annotations: {} } };
  }
  const common = policy.digests.find(({ hash }) => Object.hasOwn(subject.digest, hash)) ?? digest;
  return {
    check: passed('claims.digest', title, { expected, seen: textOf(common) }),
    claims: { type: predicateType, imageDigest: textOf(common), annotations: subject.annotations },
  };
}

/** At least one digest in common, and none that differs: two readers that each know one algorithm must agree. */
function isAbout({ digest }: Subject, wanted: readonly ArtifactDigest[]): boolean {
  const common = wanted.filter(({ hash }) => Object.hasOwn(digest, hash));
  return common.length > 0 && common.every(({ hash, hex }) => digest[hash] === hex);
}

/** The subjects' digests by algorithms that could have matched; the first few. */
function digestsOf(subjects: readonly Subject[], wanted: readonly ArtifactDigest[]): string {
  const stated = subjects.flatMap(({ digest }) =>
    wanted.flatMap(({ hash }) => (Object.hasOwn(digest, hash) ? [`${hash}:${digest[hash]?.slice(0, 128)}`] : [])),
  );
  const shown = stated.slice(0, 3).join(', ');
  if (stated.length === 0) return `no digest by ${wanted.map(({ hash }) => hash).join(', ')}`;
  return stated.length > 3 ? `${shown} and ${stated.length - 3} more` : shown;
}

function textOf({ hash, hex }: ArtifactDigest): string {
  return `${hash}:${hex}`;
}
