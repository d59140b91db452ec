/** Certificate signing requests. Only the key counts, and the signature by which it asks: what else they name is for
 *  authorities that believe it. @source RFC 2986 */

import { InputError, isErrorWithCode } from '../../base/errors.ts';
import { bitStringOf, countOf } from '../../crypto/der-values.ts';
import { cursorOf, derTags, encodedOf, parseDer } from '../../crypto/der.ts';
import { parsePem } from '../../crypto/pem.ts';

export interface CertificateRequest {
  /** CertificationRequestInfo, DER: what the key signed. */
  readonly info: Uint8Array;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  /** AlgorithmIdentifier, DER. */
  readonly signatureAlgorithm: Uint8Array;
  readonly signature: Uint8Array;
}

const VERSION_1 = 0;
const ATTRIBUTES = 0xa0;
const LABELS: readonly string[] = ['CERTIFICATE REQUEST', 'NEW CERTIFICATE REQUEST'];

/** Reads a request: one PEM block, or DER. Its signature is not checked. Throws CSR_MALFORMED, PEM_MALFORMED,
 *  INPUT_TOO_LARGE. */
export function parseCertificateRequest(file: Uint8Array): CertificateRequest {
  const der = file[0] === derTags.sequence ? file : derOfPem(file);
  try {
    const request = cursorOf(parseDer(der));
    const info = request.next(derTags.sequence);
    const signatureAlgorithm = encodedOf(request.next(derTags.sequence));
    const signature = bitStringOf(request.next());
    request.end();
    const members = cursorOf(info);
    if (countOf(members.next()) !== VERSION_1) throw malformed('not of version 1');
    members.next(derTags.sequence);
    const spki = encodedOf(members.next(derTags.sequence));
    members.optional(ATTRIBUTES);
    members.end();
    return { info: encodedOf(info), spki, signatureAlgorithm, signature };
  } catch (cause) {
    throw isErrorWithCode(cause, 'DER_MALFORMED') ? malformed(cause.message, cause) : cause;
  }
}

function derOfPem(file: Uint8Array): Uint8Array {
  const { label, bytes } = parsePem(file);
  if (!LABELS.includes(label)) throw malformed(`a PEM block ${label}`);
  return bytes;
}

function malformed(why: string, cause?: unknown): InputError {
  return new InputError('CSR_MALFORMED', `certificate signing request: ${why}`, { cause });
}
