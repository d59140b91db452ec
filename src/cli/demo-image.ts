/** A small real image, made here: one file in one layer. */

import { gzipSync } from 'node:zlib';

import { concatBytes, utf8Of } from '../base/bytes.ts';
import type { RegistryClient } from '../clients/registry/registry-client.ts';
import { digestOf } from '../formats/oci/digest.ts';
import type { Digest } from '../formats/oci/digest.ts';
import { mediaTypes } from '../formats/oci/media-type.ts';
import type { Repository } from '../formats/oci/reference.ts';

/** Pushes an image whose `/hello.txt` holds the text, and puts the tag on it. Throws what the registry client throws. */
export async function pushDemoImage(
  registry: RegistryClient,
  repository: Repository,
  tag: string,
  text: string,
): Promise<Digest> {
  const tar = tarOf('hello.txt', utf8Of(text));
  const config = {
    architecture: 'amd64',
    os: 'linux',
    config: { Cmd: ['/hello.txt'] },
    rootfs: { type: 'layers', diff_ids: [digestOf(tar)] },
  };
  const [storedConfig, storedLayer] = await Promise.all([
    registry.putBlob(repository, utf8Of(JSON.stringify(config))),
    registry.putBlob(repository, new Uint8Array(gzipSync(tar))),
  ]);
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: { mediaType: mediaTypes.ociConfig, ...storedConfig },
    layers: [{ mediaType: mediaTypes.ociLayerGzip, ...storedLayer }],
  };
  return registry.putManifest(repository, tag, utf8Of(JSON.stringify(manifest)), mediaTypes.ociManifest);
}

const BLOCK = 512;

/** One file in a tar archive. @source POSIX.1-2001 pax, ustar interchange format */
function tarOf(name: string, bytes: Uint8Array): Uint8Array {
  const octal = (value: number, width: number): string => `${value.toString(8).padStart(width - 1, '0')}\0`;
  const head = `${name.padEnd(100, '\0')}${octal(0o644, 8)}${octal(0, 8)}${octal(0, 8)}${octal(bytes.length, 12)}${octal(0, 12)}`;
  const tail = `0${'\0'.repeat(100)}ustar\u000000`.padEnd(BLOCK - 156, '\0');
  const sum = utf8Of(`${head}${' '.repeat(8)}${tail}`).reduce((total, byte) => total + byte, 0);
  const header = utf8Of(`${head}${octal(sum, 7)} ${tail}`);
  const padding = new Uint8Array((BLOCK - (bytes.length % BLOCK)) % BLOCK);
  return concatBytes([header, bytes, padding, new Uint8Array(2 * BLOCK)]);
}
