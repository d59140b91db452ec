/** Whole blobs: read with their hash, written in two requests. @source OCI distribution-spec, sections Pulling blobs, Pushing blobs */

import { RemoteError } from '../../base/errors.ts';
import type { Digest } from '../../formats/oci/digest.ts';
import type { Descriptor } from '../../formats/oci/manifest.ts';
import type { Repository } from '../../formats/oci/reference.ts';
import { discard, invalidAnswer, readBytes, requireStatus } from './answer.ts';
import { digestOf } from './content.ts';
import type { Exchange } from './exchange.ts';
import { isUploaded, openUpload, withDigest } from './upload.ts';

export type BlobName = Pick<Descriptor, 'digest' | 'size'>;

/** Throws BLOB_NOT_FOUND, REGISTRY_ANSWER_INVALID. */
export async function fetchBlob(
  exchange: Exchange,
  repository: Repository,
  blob: BlobName,
  maxBytes: number,
): Promise<Uint8Array> {
  return exchange.askRepeatedly(
    { method: 'GET', repository, target: `blobs/${blob.digest}`, action: 'pull' },
    async (answer) => {
      if (blob.size > maxBytes) {
        await discard(answer);
        throw invalidAnswer(answer, `the blob has ${blob.size} bytes, at most ${maxBytes} are read`);
      }
      if (answer.status === 404) {
        await discard(answer);
        throw blobNotFound(repository, blob.digest);
      }
      await requireStatus(answer, 200);
      const bytes = await readBytes(answer, blob.size);
      if (bytes.length !== blob.size || digestOf(bytes, blob.digest) !== blob.digest) {
        throw invalidAnswer(
          answer,
          `expected ${blob.size} bytes that hash to ${blob.digest}, got ${bytes.length} bytes that hash to ${digestOf(bytes, blob.digest)}`,
        );
      }
      return bytes;
    },
  );
}

/** Uploads bytes unless they are there. */
export async function putBlob(exchange: Exchange, repository: Repository, bytes: Uint8Array): Promise<BlobName> {
  const blob = { digest: digestOf(bytes), size: bytes.length };
  // Mounting from the repository itself asks "is it there?" and "may I upload it?" in one request.
  const upload = await openUpload(exchange, repository, { digest: blob.digest, mountFrom: repository });
  if (upload === undefined) {
    return blob;
  }
  const headers = { 'content-type': 'application/octet-stream' };
  try {
    await exchange.askRepeatedly(
      { method: 'PUT', repository, target: withDigest(upload, blob.digest), action: 'push', headers, body: bytes },
      async (answer) => discard(await requireStatus(answer, 200, 201, 204)),
    );
  } catch (error) {
    // A PUT that was carried out but whose answer got lost ends here when it is repeated.
    if (!(error instanceof RemoteError) || !(await isUploaded(exchange, repository, blob.digest).catch(() => false))) {
      throw error;
    }
  }
  return blob;
}

export function blobNotFound(repository: Repository, digest: Digest): RemoteError {
  return new RemoteError(
    'BLOB_NOT_FOUND',
    `${repository.registry}/${repository.path} does not hold the blob ${digest}`,
    {
      status: 404,
      details: { digest },
    },
  );
}
