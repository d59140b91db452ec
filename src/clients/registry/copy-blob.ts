/** Copies a blob in constant memory: mounted where possible, otherwise streamed, going on where either side broke off.
 *  @source OCI distribution-spec, section Pushing a blob in chunks */

import { RemoteError } from '../../base/errors.ts';
import type { Repository } from '../../formats/oci/reference.ts';
import { discard, invalidAnswer, refusalOf, requireStatus } from './answer.ts';
import type { Answer } from './answer.ts';
import { blobNotFound } from './blobs.ts';
import type { BlobName } from './blobs.ts';
import { openChunkMemory } from './chunk-memory.ts';
import { openHasher } from './content.ts';
import type { Exchange } from './exchange.ts';
import { locationOf } from './host-rules.ts';
import type { TransferProgress } from './registry-client.ts';
import type { Retries } from './retry.ts';
import { cancelUpload, isUploaded, openUpload, withDigest } from './upload.ts';

export async function copyBlob(
  exchange: Exchange,
  from: Repository,
  to: Repository,
  blob: BlobName,
  progress: TransferProgress,
): Promise<void> {
  const isOneRegistry = from.registry === to.registry;
  if (isOneRegistry && from.path === to.path) {
    return;
  }
  // 1. Is it there, or can it be mounted? Both questions at once; a failed one must not leave the other running.
  const [there, opened] = await Promise.allSettled([
    isUploaded(exchange, to, blob.digest),
    openUpload(exchange, to, isOneRegistry ? { digest: blob.digest, mountFrom: from } : undefined),
  ]);
  if (opened.status === 'rejected') {
    throw opened.reason;
  }
  if (opened.value === undefined) {
    return;
  }
  if (there.status === 'rejected' || there.value) {
    await cancelUpload(exchange, to, opened.value);
    if (there.status === 'rejected') {
      throw there.reason;
    }
    return;
  }
  // 2. Stream it, and give the upload up if that fails: a registry must not be left with half a blob.
  let upload = opened.value;
  try {
    upload = await streamBlob({ exchange, from, to, blob, progress, retries: exchange.openRetries() }, upload);
    await finishUpload(exchange, to, upload, blob);
  } catch (error) {
    await cancelUpload(exchange, to, upload);
    throw error;
  }
}

interface Transfer {
  readonly exchange: Exchange;
  readonly from: Repository;
  readonly to: Repository;
  readonly blob: BlobName;
  readonly progress: TransferProgress;
  /** One count for both sides. */
  readonly retries: Retries;
}

/** Sends the blob's bytes to the upload until the registry has them all, and returns where the upload stands then.
 *  The hash runs over every byte once, also where bytes have to be sent again. */
async function streamBlob(transfer: Transfer, start: URL): Promise<URL> {
  const { blob, exchange, to } = transfer;
  const hasher = openHasher(blob.digest);
  const spend = openChunkMemory(blob.size);
  let hashed = 0;
  let upload = start;
  let offset = 0;
  const bytesFrom = async function* (begin: number): AsyncGenerator<Uint8Array> {
    let at = begin;
    for await (const chunk of readBlob(transfer, begin)) {
      const fresh = chunk.subarray(Math.max(0, Math.min(chunk.length, hashed - at)));
      at += chunk.length;
      if (fresh.length > 0) {
        hasher.update(fresh);
        hashed += fresh.length;
        transfer.progress.onBytes(fresh.length);
        if (hashed === blob.size && !hasher.isMatch()) {
          // Before the last byte is sent: the registry never gets to hold the wrong blob.
          throw wrongContent(transfer);
        }
      }
      yield chunk;
      spend(chunk.length);
    }
  };
  for (;;) {
    try {
      return await sendChunk(transfer, upload, offset, () => bytesFrom(offset));
    } catch (failure) {
      await transfer.retries(failure);
      ({ upload, offset } = await uploadState(exchange, to, upload));
    }
  }
}

async function sendChunk(
  { exchange, to, blob }: Transfer,
  upload: URL,
  offset: number,
  body: () => AsyncIterable<Uint8Array>,
): Promise<URL> {
  const headers = {
    'content-type': 'application/octet-stream',
    'content-length': String(blob.size - offset),
    // A stream that begins at the beginning goes without, as docker sends it; a continuation has to say where.
    ...(offset > 0 && { 'content-range': `${offset}-${blob.size - 1}` }),
  };
  return exchange.ask(
    { method: 'PATCH', repository: to, target: upload, action: 'push', headers, body },
    async (answer) => {
      await requireStatus(answer, 202, 204);
      await discard(answer);
      return locationOf(answer.headers['location'] ?? upload.href, answer.url);
    },
  );
}

/** How much of an upload the registry has. */
async function uploadState(
  exchange: Exchange,
  repository: Repository,
  upload: URL,
): Promise<{ upload: URL; offset: number }> {
  return exchange.askRepeatedly({ method: 'GET', repository, target: upload, action: 'push' }, async (answer) => {
    await requireStatus(answer, 204, 202, 200);
    await discard(answer);
    const range = /^(?:bytes=)?0-(\d+)$/.exec(answer.headers['range'] ?? '');
    // "0-0" is how registries say both one byte and none: sending one byte again would be refused, so it counts as none.
    const last = Number(range?.[1] ?? 0);
    return {
      upload: locationOf(answer.headers['location'] ?? upload.href, answer.url),
      offset: last === 0 ? 0 : last + 1,
    };
  });
}

async function finishUpload(exchange: Exchange, repository: Repository, upload: URL, blob: BlobName): Promise<void> {
  const request = {
    method: 'PUT',
    repository,
    target: withDigest(upload, blob.digest),
    action: 'push',
    headers: { 'content-length': '0' },
  } as const;
  try {
    await exchange.askRepeatedly(request, async (answer) => discard(await requireStatus(answer, 200, 201, 204)));
  } catch (error) {
    if (!(error instanceof RemoteError) || !(await isUploaded(exchange, repository, blob.digest).catch(() => false))) {
      throw error;
    }
  }
}

/** The blob's bytes from `begin`, asked for again from where the source broke off. Throws BLOB_NOT_FOUND, and
 *  REGISTRY_ANSWER_INVALID when there are more or fewer than promised. */
async function* readBlob({ exchange, from, blob, retries }: Transfer, begin: number): AsyncGenerator<Uint8Array> {
  let at = begin;
  while (at < blob.size) {
    const answer = await openBlob(exchange, from, blob, at);
    // A source that ignores ranges begins anew: what we have is passed over.
    let skip = answer.status === 206 ? 0 : at;
    try {
      for await (const chunk of answer.body) {
        const rest = chunk.subarray(Math.min(skip, chunk.length));
        skip -= chunk.length - rest.length;
        at += rest.length;
        if (at > blob.size) {
          throw invalidAnswer(answer, `the blob has more than the ${blob.size} bytes that its manifest promises`);
        }
        if (rest.length > 0) {
          yield rest;
        }
      }
      if (at < blob.size) {
        throw invalidAnswer(answer, `the blob has ${at} bytes, its manifest promises ${blob.size}`);
      }
    } catch (failure) {
      await retries(failure);
    }
  }
}

async function openBlob(exchange: Exchange, repository: Repository, blob: BlobName, begin: number): Promise<Answer> {
  const headers = begin === 0 ? {} : { range: `bytes=${begin}-` };
  return exchange.askRepeatedly(
    { method: 'GET', repository, target: `blobs/${blob.digest}`, action: 'pull', headers },
    async (answer) => {
      if (answer.status === 404) {
        await discard(answer);
        throw blobNotFound(repository, blob.digest);
      }
      if (answer.status !== 200 && answer.status !== 206) {
        throw await refusalOf(answer);
      }
      if (answer.status === 206 && !(answer.headers['content-range'] ?? '').startsWith(`bytes ${begin}-`)) {
        await discard(answer);
        throw invalidAnswer(
          answer,
          `asked for bytes from ${begin}, got the range ${JSON.stringify(answer.headers['content-range'] ?? '')}`,
        );
      }
      return answer;
    },
  );
}

function wrongContent({ from, blob }: Transfer): RemoteError {
  const url = new URL(`https://${from.registry}/`);
  return invalidAnswer(
    { url, asked: `GET blobs/${blob.digest} in ${from.path}` },
    'the blob does not hash to its name',
  );
}
