/** Amounts of bytes as people write them. @source github.com/dustin/go-humanize, ParseBytes */

import { ConfigError } from '../base/errors.ts';

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1e3,
  kb: 1e3,
  kib: 2 ** 10,
  m: 1e6,
  mb: 1e6,
  mib: 2 ** 20,
  g: 1e9,
  gb: 1e9,
  gib: 2 ** 30,
};

/** Reads "5120", "20K", "45MiB", "1GB" into bytes. `name` is the variable it stands in. Throws ENVIRONMENT_INVALID. */
export function parseByteCount(name: string, text: string): number {
  const match = /^(\d{1,12}(?:\.\d{1,6})?)\s*([a-z]*)$/i.exec(text.trim());
  const unit = UNITS[match?.[2]?.toLowerCase() ?? '?'];
  if (match === null || unit === undefined) {
    throw new ConfigError(
      'ENVIRONMENT_INVALID',
      `${name}: expected a size such as 5120, 20K or 45MiB, got ${JSON.stringify(text.slice(0, 40))}`,
    );
  }
  return Math.floor(Number(match[1]) * unit);
}
