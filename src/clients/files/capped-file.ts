/** Reads whole files that should be small, at once. */

import { closeSync, openSync, readSync } from 'node:fs';

import { concatBytes } from '../../base/bytes.ts';
import { InputError } from '../../base/errors.ts';

const CHUNK_BYTES = 64 * 1024;

/** The bytes of a file. What is read counts, not what the file says of its size: a device or a pipe says 0. Throws
 *  INPUT_TOO_LARGE and the file system's errors. */
export function readFileCapped(path: string, maxBytes: number): Uint8Array {
  const file = openSync(path, 'r');
  try {
    const chunks: Uint8Array[] = [];
    for (let size = 0; ;) {
      const chunk = new Uint8Array(CHUNK_BYTES);
      const count = readSync(file, chunk);
      if (count === 0) {
        const whole = concatBytes(chunks);
        // Whoever reads a private key wipes what is returned: no other copy may stay.
        for (const each of chunks) each.fill(0);
        return whole;
      }
      chunks.push(chunk.subarray(0, count));
      size += count;
      if (size > maxBytes) {
        throw new InputError('INPUT_TOO_LARGE', `more than ${maxBytes} bytes`);
      }
    }
  } finally {
    closeSync(file);
  }
}
