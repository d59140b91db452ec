/** The types of predicates: cosign's short names, or any absolute URI.
 *  @source sigstore/cosign pkg/cosign/attestation; in-toto/attestation spec/v1/predicate.md */

import { UsageError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';

const SHORT_NAMES: Readonly<Record<string, string>> = {
  custom: 'https://cosign.sigstore.dev/attestation/v1',
  cyclonedx: 'https://cyclonedx.org/bom',
  link: 'https://in-toto.io/Link/v1',
  openvex: 'https://openvex.dev/ns',
  slsaprovenance: 'https://slsa.dev/provenance/v0.2',
  slsaprovenance02: 'https://slsa.dev/provenance/v0.2',
  slsaprovenance1: 'https://slsa.dev/provenance/v1',
  spdx: 'https://spdx.dev/Document',
  spdxjson: 'https://spdx.dev/Document',
  vuln: 'https://cosign.sigstore.dev/attestation/vuln/v1',
};

/** For help and errors. */
export const predicateTypeNames: readonly string[] = Object.keys(SHORT_NAMES);

const ABSOLUTE_URI = /^[A-Za-z][A-Za-z0-9+.-]*:[\x21-\x7e]+$/;

/** The URI that a short name stands for, or the URI itself: types are compared letter by letter.
 *  Throws PREDICATE_TYPE_INVALID. */
export function parsePredicateType(text: string): string {
  if (Object.hasOwn(SHORT_NAMES, text)) {
    return SHORT_NAMES[text] as string;
  }
  if (!ABSOLUTE_URI.test(text) || text.length > limits.predicateTypeLength) {
    throw new UsageError(
      'PREDICATE_TYPE_INVALID',
      `invalid predicate type: ${JSON.stringify(text.slice(0, 200))}; expected an absolute URI or one of ${predicateTypeNames.join(', ')}`,
    );
  }
  return text;
}
