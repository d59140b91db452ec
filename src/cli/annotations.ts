/** `-a key=value` of sign and verify. */

import { UsageError } from '../base/errors.ts';
import { mapped } from './flag.ts';
import type { Flags } from './flag.ts';

export const annotationsFlag = {
  type: 'strings',
  short: 'a',
  placeholder: 'KEY=VALUE',
  help: 'annotation to sign, or that must have been signed (may repeat; commas separate several)',
  cosign: mapped(
    'A value may hold "=", as in 3.1. Names that stand for proven identities (Subject, Issuer, …) are refused when signing.',
  ),
} as const satisfies Flags[string];

/** By name. A name that is given twice is refused: one of the two would be dropped. Throws FLAG_VALUE_INVALID. */
export function annotationsOf(texts: readonly string[]): Readonly<Record<string, string>> {
  const annotations = new Map<string, string>();
  for (const text of texts) {
    const equals = text.indexOf('=');
    if (equals < 1) {
      throw new UsageError(
        'FLAG_VALUE_INVALID',
        `--annotations: expected KEY=VALUE, got ${JSON.stringify(text.slice(0, 200))}`,
      );
    }
    const name = text.slice(0, equals);
    const value = text.slice(equals + 1);
    if (annotations.has(name) && annotations.get(name) !== value) {
      throw new UsageError(
        'FLAG_VALUE_INVALID',
        `--annotations: ${JSON.stringify(name)} is given twice with different values`,
      );
    }
    annotations.set(name, value);
  }
  return Object.fromEntries(annotations);
}
