/** The file that a command judges something about. */

import { access } from 'node:fs/promises';

import type { BlobArtifact } from '../flows/verify-blob.ts';
import { isDigest } from '../formats/oci/digest.ts';
import { streamInputFile } from './input-file.ts';
import type { Session } from './session.ts';

/** A digest stands for the file when there is no file of that name, as in cosign. */
export async function blobArtifactOf(session: Session, file: string): Promise<BlobArtifact> {
  if (isDigest(file) && !(await isThere(file))) {
    return { kind: 'digest', digest: file };
  }
  return { kind: 'stream', chunks: streamInputFile(session, file) };
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
