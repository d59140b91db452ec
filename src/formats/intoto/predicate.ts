/** What a file becomes as the predicate of an attestation. @source sigstore/cosign pkg/cosign/attestation, specs/COSIGN_PREDICATE_SPEC.md */

import { parseUtf8 } from '../../base/bytes.ts';
import { InputError } from '../../base/errors.ts';
import { parseJson } from '../../base/json.ts';
import { limits } from '../../base/limits.ts';
import { rfc3339Of } from '../../base/time.ts';

/** The predicate as JSON text. `type` is as the caller named it: `custom` wraps the file, `spdx` holds it as a text, every
 *  other one must be a JSON object and stands there letter by letter, so that no number is rounded.
 *  Throws PREDICATE_MALFORMED, INPUT_TOO_LARGE. */
export function predicateTextOf(type: string, file: Uint8Array, now: Date): string {
  if (file.length > limits.predicateBytes) {
    throw new InputError(
      'INPUT_TOO_LARGE',
      `predicate: ${file.length} bytes, at most ${limits.predicateBytes} are signed`,
    );
  }
  try {
    const text = parseUtf8(file);
    if (type === 'custom') return JSON.stringify({ Data: text, Timestamp: rfc3339Of(now) });
    if (type === 'spdx') return JSON.stringify(text);
    const value = parseJson(file, { what: 'predicate', maxBytes: limits.predicateBytes });
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return text.trim();
  } catch (cause) {
    if (!(cause instanceof InputError)) throw cause;
    throw new InputError('PREDICATE_MALFORMED', `predicate of type ${type}: ${cause.message}`, { cause });
  }
  throw new InputError('PREDICATE_MALFORMED', `predicate of type ${type}: expected a JSON object`);
}
