/** `--type` of the commands that verify attestations. */

import { UsageError } from '../base/errors.ts';
import type { WantedType } from '../flows/attestation-judgement.ts';
import { parsePredicateType } from '../formats/intoto/predicate-type.ts';
import { COSIGN_SIGN_PREDICATE } from '../formats/intoto/statement.ts';

/** Throws PREDICATE_TYPE_INVALID. */
export function wantedTypeOf(name: string): WantedType {
  if (name === 'any') return { kind: 'any' };
  const uri = parsePredicateType(name);
  if (uri === COSIGN_SIGN_PREDICATE) {
    throw new UsageError('PREDICATE_TYPE_INVALID', `--type ${name} is the type of signatures, which attest nothing`, {
      hint: 'Verify signatures with "countersign verify".',
    });
  }
  return { kind: 'exactly', uri, name };
}
