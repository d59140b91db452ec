/** Objects whose keys say what is in them: there is one right content for each, so what was lost or damaged on the disk is
 *  written again. */

import { isSameBytes } from '../base/bytes.ts';
import type { NewObject, ObjectStore } from './object-store.ts';

/** Durable when it resolves. Throws as the store. */
export async function keepObjects(objects: ObjectStore, kept: readonly NewObject[]): Promise<void> {
  const found = await Promise.all(kept.map(({ key }) => objects.read(key)));
  const missing = kept.filter((_, at) => found[at] === undefined);
  if (missing.length > 0) await objects.create(missing);
  for (const [at, { key, bytes }] of kept.entries()) {
    const there = found[at];
    if (there !== undefined && !isSameBytes(there.bytes, bytes)) await objects.replace(key, bytes, there.version);
  }
}
