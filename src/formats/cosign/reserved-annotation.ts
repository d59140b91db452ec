/** Annotation names that verification output gives to proven identities. A signer who could choose them would put
 *  "Subject: somebody else" next to really verified ones. */

import { InputError } from '../../base/errors.ts';

const RESERVED = /^(?:subject|issuer|bundle|rfc3161timestamp|githubworkflow.*|\d+(?:\.\d+)+)$/s;

/** Judged as a person reads it: without case, white space and invisible characters. */
export function isReservedAnnotation(name: string): boolean {
  return RESERVED.test(
    name
      .normalize('NFKC')
      .replace(/[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/gu, '')
      .toLowerCase(),
  );
}

/** Throws ANNOTATION_RESERVED. */
export function requireUnreservedAnnotations(annotations: Readonly<Record<string, unknown>>): void {
  const reserved = Object.keys(annotations).find(isReservedAnnotation);
  if (reserved !== undefined) {
    throw new InputError(
      'ANNOTATION_RESERVED',
      `the annotation name ${JSON.stringify(reserved.slice(0, 100))} is reserved for proven identities`,
    );
  }
}
