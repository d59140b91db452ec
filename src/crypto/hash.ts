/** Hashes of bytes and of streams. */

import { createHash, hash } from 'node:crypto';

import { latin1Of } from '../base/bytes.ts';

export type HashName = 'sha256' | 'sha384' | 'sha512';

/** One hash of each kind, raw bytes. */
export type Hashes = Readonly<Record<HashName, Uint8Array>>;

export function hashOf(name: HashName, bytes: Uint8Array): Uint8Array {
  // As a text: node:crypto asks the system for memory for each array that it returns, which takes as long again.
  return latin1Of(hash(name, bytes, 'binary'));
}

/** SHA-256 in lower-case hexadecimal. */
export function sha256HexOf(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex');
}

/** SHA-1, only to find again what others named by it: it proves nothing, collisions can be made. */
export function sha1Of(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(hash('sha1', bytes, 'buffer'));
}

/** Reads a stream to its end in constant memory. */
export async function hashStream(chunks: AsyncIterable<Uint8Array>): Promise<Hashes> {
  const states = { sha256: createHash('sha256'), sha384: createHash('sha384'), sha512: createHash('sha512') };
  for await (const chunk of chunks) {
    Object.values(states).forEach((state) => state.update(chunk));
  }
  const end = (name: HashName): Uint8Array => new Uint8Array(states[name].digest());
  return { sha256: end('sha256'), sha384: end('sha384'), sha512: end('sha512') };
}

/** The same chunks, hashed while somebody else reads them; `sha256` is complete once they have been read to the end. */
export function hashAlongside(chunks: AsyncIterable<Uint8Array>): {
  readonly chunks: AsyncIterable<Uint8Array>;
  readonly sha256: () => Uint8Array;
} {
  const state = createHash('sha256');
  const passOn = async function* (): AsyncIterable<Uint8Array> {
    for await (const chunk of chunks) {
      state.update(chunk);
      yield chunk;
    }
  };
  return { chunks: passOn(), sha256: () => state.digest() };
}
