/** The public instance's root, to begin with. Run from the sources, it is read out of the package that carries it; the
 *  build puts that root in this module's place (tools/public-root.ts), so no copy of it is kept. */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { parseBase64 } from '../../base/bytes.ts';
import { publicMirror } from './mirror.ts';

/** A root document, JSON. It may have expired: newer ones follow from it. */
export function readPublicRoot(): Uint8Array {
  const seeds = readFileSync(fileURLToPath(import.meta.resolve('@sigstore/tuf/seeds.json')), 'utf8');
  const { [publicMirror]: seed } = JSON.parse(seeds) as Record<string, { readonly 'root.json': string } | undefined>;
  if (seed === undefined) throw new Error(`@sigstore/tuf has no root of ${publicMirror}`);
  return parseBase64(seed['root.json']);
}
