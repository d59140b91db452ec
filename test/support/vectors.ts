/** Files that the real programs made: see test/vectors/cosign/make.sh. */

import { readFileSync } from 'node:fs';

import { utf8Of } from '../../src/base/bytes.ts';
import { parsePrivateKey } from '../../src/crypto/private-key.ts';
import type { PrivateKey } from '../../src/crypto/private-key.ts';
import { parsePublicKey } from '../../src/crypto/public-key.ts';
import type { PublicKey } from '../../src/crypto/public-key.ts';
import { signedEntityOfLayer } from '../../src/formats/cosign/signature-layer.ts';
import { digestOf } from '../../src/formats/oci/digest.ts';
import type { Digest } from '../../src/formats/oci/digest.ts';
import { parseManifest } from '../../src/formats/oci/manifest.ts';
import type { ImageManifest } from '../../src/formats/oci/manifest.ts';
import type { SignedEntity } from '../../src/formats/signed-entity.ts';

/** The password of every encrypted key there but `no-password.key`. */
export const vectorPassword: Uint8Array = utf8Of('correct-horse');

export function readVector(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`../vectors/cosign/${name}`, import.meta.url)));
}

export function vectorPublicKey(name: string): PublicKey {
  return parsePublicKey(readVector(`keys/${name}.pub`));
}

export async function vectorPrivateKey(name: string): Promise<PrivateKey> {
  return parsePrivateKey(readVector(`keys/${name}.key`), async () => vectorPassword);
}

/** The image that all image signatures there are about. */
export function vectorImage(): Digest {
  return digestOf(readVector('images/image.manifest.json'));
}

export function vectorManifest(name: string, folder: 'images' | 'attestations' = 'images'): ImageManifest {
  const manifest = parseManifest(readVector(`${folder}/${name}.manifest.json`), undefined);
  if (manifest.kind !== 'image') {
    throw new Error(`${name} is no image manifest`);
  }
  return manifest;
}

/** The signature of one layer of a `.sig` manifest. */
export function vectorLayer(name: string, index = 0): SignedEntity {
  const layer = vectorManifest(name).layers[index];
  if (layer === undefined) {
    throw new Error(`${name} has no layer ${index}`);
  }
  return signedEntityOfLayer(layer, readVector(`images/${name}.payload-${index}.json`), name);
}
