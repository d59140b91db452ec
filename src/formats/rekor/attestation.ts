/** Attestations that a log of Rekor v1 keeps beside entries of the kind intoto, which hold only their hash.
 *  @source sigstore/rekor pkg/types/intoto, AttestationKeyValue */

import { hexOf } from '../../base/bytes.ts';
import { limits } from '../../base/limits.ts';
import { parseEntryBody, parseEntryKind } from './entry-body.ts';

/** The payload, where it is small enough to be kept. */
export function attestationOf(payload: Uint8Array): { readonly attestation?: Uint8Array } {
  return payload.length <= limits.attestationBytes ? { attestation: payload } : {};
}

/** SHA-256, in hexadecimal, of the attestation that an entry's body is about; undefined for kinds that have none.
 *  Throws as `parseEntryBody`. */
export function attestationHashOf(body: Uint8Array): string | undefined {
  const named = parseEntryKind(body);
  if (named.kind !== 'intoto') return undefined;
  const hash = parseEntryBody({ body, ...named }).digests.find((digest) => digest.of === 'payload');
  return hash === undefined ? undefined : hexOf(hash.value);
}
