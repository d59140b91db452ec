/** Blob uploads under way. They live in memory with a scratch file each: a restart forgets them, and clients begin
 *  again. */

import { createHash, randomUUID } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

import { limits } from '../../base/limits.ts';
import { digestAlgorithmOf, digestHexOf } from '../../formats/oci/digest.ts';
import type { Digest } from '../../formats/oci/digest.ts';
import { RegistryProblem } from './problem.ts';

export interface Upload {
  readonly id: string;
  /** Bytes received so far. */
  readonly size: () => number;
  readonly append: (chunk: Uint8Array) => Promise<void>;
  /** Flushes and checks the bytes, and hands over the scratch file. Throws RegistryProblem DIGEST_INVALID; either way
   *  the upload is over. */
  readonly finish: (digest: Digest) => Promise<string>;
  readonly cancel: () => Promise<void>;
}

export interface Uploads {
  /** Throws RegistryProblem TOOMANYREQUESTS. */
  readonly begin: (name: string, algorithm: 'sha256' | 'sha512') => Promise<Upload>;
  /** Runs with the upload, alone. Throws RegistryProblem BLOB_UPLOAD_UNKNOWN, or BLOB_UPLOAD_INVALID while another
   *  request is at it. */
  readonly use: <T>(name: string, id: string, run: (upload: Upload) => Promise<T>) => Promise<T>;
  /** Gives all up. */
  readonly close: () => Promise<void>;
}

interface Session {
  readonly name: string;
  readonly upload: Upload;
  isBusy: boolean;
  lastUse: number;
}

export function openUploads(scratch: string): Uploads {
  const sessions = new Map<string, Session>();
  return {
    begin: async (name, algorithm) => {
      await dropStale(sessions);
      if (sessions.size >= limits.registryUploads) {
        throw new RegistryProblem('TOOMANYREQUESTS', `${limits.registryUploads} uploads are under way`, {
          'Retry-After': 5,
        });
      }
      const id = randomUUID();
      const upload = await createUpload(id, join(scratch, id), algorithm, () => sessions.delete(id));
      sessions.set(id, { name, upload, isBusy: false, lastUse: Date.now() });
      return upload;
    },
    use: async (name, id, run) => {
      const session = sessions.get(id);
      if (session === undefined || session.name !== name) {
        throw new RegistryProblem('BLOB_UPLOAD_UNKNOWN', 'no such upload');
      }
      if (session.isBusy) {
        throw new RegistryProblem('BLOB_UPLOAD_INVALID', 'another request is writing to this upload', {}, 409);
      }
      session.isBusy = true;
      try {
        return await run(session.upload);
      } finally {
        session.isBusy = false;
        session.lastUse = Date.now();
      }
    },
    close: async () => {
      await Promise.all(Array.from(sessions.values(), ({ upload }) => upload.cancel()));
    },
  };
}

async function dropStale(sessions: ReadonlyMap<string, Session>): Promise<void> {
  const before = Date.now() - limits.registryUploadMs;
  for (const { isBusy, lastUse, upload } of sessions.values()) {
    if (!isBusy && lastUse < before) {
      await upload.cancel();
    }
  }
}

async function createUpload(
  id: string,
  path: string,
  algorithm: 'sha256' | 'sha512',
  onEnd: () => void,
): Promise<Upload> {
  const file: FileHandle = await open(path, 'wx');
  const hash = createHash(algorithm);
  let size = 0;
  const discard = async (): Promise<void> => {
    onEnd();
    await file.close();
    await rm(path, { force: true });
  };
  return {
    id,
    size: () => size,
    append: async (chunk) => {
      try {
        await file.appendFile(chunk);
      } catch (error) {
        // Part of the chunk may be there: hash and file no longer agree.
        await discard();
        throw error;
      }
      hash.update(chunk);
      size += chunk.length;
    },
    finish: async (digest) => {
      try {
        const isOurs = digestAlgorithmOf(digest) === algorithm;
        const seen = isOurs ? hash.digest('hex') : await rehash(path, digest);
        if (seen !== digestHexOf(digest)) {
          throw new RegistryProblem('DIGEST_INVALID', `the uploaded bytes do not have the digest ${digest}`);
        }
        await file.sync();
      } catch (error) {
        await discard();
        throw error;
      }
      onEnd();
      await file.close();
      return path;
    },
    cancel: discard,
  };
}

async function rehash(path: string, digest: Digest): Promise<string> {
  const hash: Hash = createHash(digestAlgorithmOf(digest));
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    hash.update(chunk as Uint8Array);
  }
  return hash.digest('hex');
}
