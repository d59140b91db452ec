/** Reads what an image signature claims, in either form, and compares it with what the caller asked for. */

import { CountersignError } from '../base/errors.ts';
import { parseSimpleSigning, SIMPLE_SIGNING_TYPE } from '../formats/cosign/simple-signing.ts';
import { parseStatement, COSIGN_SIGN_PREDICATE, IN_TOTO_PAYLOAD_TYPE } from '../formats/intoto/statement.ts';
import type { Subject } from '../formats/intoto/statement.ts';
import { digestAlgorithmOf } from '../formats/oci/digest.ts';
import type { Digest } from '../formats/oci/digest.ts';
import type { SignedContent } from '../formats/signed-entity.ts';
import type { ClaimsPolicy } from './policy.ts';
import { failed, passed } from './shared-steps.ts';
import type { Check, SignedClaims } from './verdict.ts';

export interface ContentResult {
  readonly check: Check;
  /** Undefined when the check failed. */
  readonly claims: SignedClaims | undefined;
}

const CONTENT = 'The signed content is an image signature';

/** Reads the content. A statement of another predicate type is an attestation: the right key having made one does not
 *  mean that it signed the image. Of several subjects, the one that names the image speaks. */
export function readClaims(content: SignedContent, digest: Digest): ContentResult {
  try {
    if (content.kind === 'simple-signing') {
      const { type, dockerReference, imageDigest, optional } = parseSimpleSigning(content.payload);
      return {
        check: passed('content', CONTENT, { seen: 'simple signing' }),
        claims: { type, dockerReference, imageDigest, annotations: optional },
      };
    }
    return content.kind === 'dsse'
      ? readStatement(content.payloadType, content.payload, digest)
      : notAnImageSignature('a signature over a file');
  } catch (error) {
    if (error instanceof CountersignError) {
      return notAnImageSignature(error.message);
    }
    throw error;
  }
}

/** Type, digest, annotations and, if asked for, the docker-reference; or the one remark that nothing was compared. */
export function checkClaims(claims: SignedClaims, digest: Digest, policy: ClaimsPolicy): readonly Check[] {
  if (policy.kind === 'unchecked') {
    return [{ step: 'claims', title: 'The signed claims fit this image', status: 'skip', note: 'claims NOT checked' }];
  }
  const { dockerReference } = policy;
  return [
    checkType(claims),
    checkDigest(claims, digest),
    ...Object.entries(policy.annotations).map(([name, value]) => checkAnnotation(claims, name, value)),
    ...(dockerReference === undefined ? [] : [checkReference(claims, dockerReference)]),
  ];
}

function readStatement(payloadType: string, payload: Uint8Array, digest: Digest): ContentResult {
  if (payloadType !== IN_TOTO_PAYLOAD_TYPE) {
    return notAnImageSignature(`an envelope of type ${JSON.stringify(payloadType.slice(0, 100))}`);
  }
  const { predicateType, subjects } = parseStatement(payload);
  if (predicateType !== COSIGN_SIGN_PREDICATE) {
    return notAnImageSignature(
      `an attestation of type ${JSON.stringify(predicateType.slice(0, 200))}`,
      'Verify attestations as such; they do not sign the image.',
    );
  }
  const subject = subjects.find((each) => subjectDigestOf(each, digest) === digest) ?? subjects[0];
  const imageDigest = subject === undefined ? undefined : subjectDigestOf(subject, digest);
  const claims = {
    type: predicateType,
    annotations: subject?.annotations ?? {},
    ...(imageDigest === undefined ? {} : { imageDigest }),
  };
  return { check: passed('content', CONTENT, { seen: 'in-toto statement' }), claims };
}

/** The subject's digest by the algorithm of the image's. */
function subjectDigestOf(subject: Subject, image: Digest): string | undefined {
  const algorithm = digestAlgorithmOf(image);
  return Object.hasOwn(subject.digest, algorithm) ? `${algorithm}:${subject.digest[algorithm]}` : undefined;
}

function notAnImageSignature(seen: string, next?: string): ContentResult {
  const check = failed('content', CONTENT, {
    expected: 'a simple-signing payload or a cosign sign statement',
    seen,
    ...(next === undefined ? {} : { next }),
  });
  return { check, claims: undefined };
}

function checkType(claims: SignedClaims): Check {
  const title = 'The payload is of the type of an image signature';
  const isRight = claims.type === SIMPLE_SIGNING_TYPE || claims.type === COSIGN_SIGN_PREDICATE;
  return isRight
    ? passed('claims.type', title)
    : failed('claims.type', title, { expected: SIMPLE_SIGNING_TYPE, seen: claims.type.slice(0, 200) });
}

function checkDigest(claims: SignedClaims, digest: Digest): Check {
  const title = 'The payload names this image';
  const facts = { expected: digest, seen: claims.imageDigest?.slice(0, 200) ?? 'no digest of this kind' };
  return claims.imageDigest === digest
    ? passed('claims.digest', title, facts)
    : failed('claims.digest', title, {
        ...facts,
        next: 'This signature belongs to another image. Verify that image, or have this one signed.',
      });
}

function checkAnnotation(claims: SignedClaims, name: string, value: string): Check {
  const title = `The annotation ${JSON.stringify(name)} was signed`;
  const signed = Object.hasOwn(claims.annotations, name) ? claims.annotations[name] : undefined;
  const seen = signed === undefined ? 'no such annotation' : JSON.stringify(signed).slice(0, 200);
  const facts = { expected: JSON.stringify(value), seen };
  return signed === value ? passed('claims.annotations', title, facts) : failed('claims.annotations', title, facts);
}

/** Some signers add the tag to the repository; the digest decides which image it is. */
function checkReference(claims: SignedClaims, repository: string): Check {
  const title = 'The image was signed under this name';
  const signed = claims.dockerReference;
  const facts = { expected: repository, seen: signed?.slice(0, 300) ?? 'bundles record no name' };
  const isSame =
    signed === repository ||
    (signed?.startsWith(`${repository}:`) === true &&
      /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/.test(signed.slice(repository.length + 1)));
  return isSame ? passed('claims.reference', title, facts) : failed('claims.reference', title, facts);
}
