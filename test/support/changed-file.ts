/** Ways in which a file changes when nobody wrote to it. */

import { readFileSync, rmSync, writeFileSync } from 'node:fs';

export const fileDamages: readonly ['cut', 'lost', 'flipped'] = ['cut', 'lost', 'flipped'];

export type FileDamage = (typeof fileDamages)[number];

/** Flipped is one bit in the middle. */
export function damageFile(path: string, damage: FileDamage): void {
  const bytes = readFileSync(path);
  const middle = bytes.length >> 1;
  if (damage === 'lost') return rmSync(path);
  if (damage === 'flipped') bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  writeFileSync(path, damage === 'cut' ? bytes.subarray(0, middle) : bytes);
}
