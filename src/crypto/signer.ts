/** One interface for every private key: files now, KMS and PKCS#11 later. */

import { createSign, sign } from 'node:crypto';
import type { SignKeyObjectInput } from 'node:crypto';

import { concatBytes } from '../base/bytes.ts';
import { InputError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { paddingOf, signingSchemeOf } from './key-algorithm.ts';
import type { PrivateKey } from './private-key.ts';
import type { PublicKey } from './public-key.ts';

/** Bytes at hand, or a stream of any length. */
export type Message = Uint8Array | AsyncIterable<Uint8Array>;

export interface Signer {
  readonly publicKey: PublicKey;
  /** Signs the message and returns the raw signature: DER for ECDSA. A stream is read in constant memory, except that
   *  Ed25519 must hold it whole: then throws INPUT_TOO_LARGE above `limits.wholeMessageBytes`. */
  readonly sign: (message: Message) => Promise<Uint8Array>;
}

/** Signs with SHA-256 (ECDSA, RSA PKCS#1 v1.5) or pure Ed25519: what stock readers verify without flags. */
export function signerOf(key: PrivateKey): Signer {
  const scheme = signingSchemeOf(key.publicKey.algorithm);
  const signingKey = { key: key.keyObject, ...paddingOf(scheme) };
  return {
    publicKey: key.publicKey,
    sign: async (message) => {
      if (message instanceof Uint8Array) {
        return new Uint8Array(sign(scheme.hash, message, signingKey));
      }
      return new Uint8Array(
        scheme.hash === undefined
          ? sign(undefined, await readWhole(message), signingKey)
          : await signStream(scheme.hash, message, signingKey),
      );
    },
  };
}

async function signStream(
  hash: string,
  chunks: AsyncIterable<Uint8Array>,
  key: SignKeyObjectInput,
): Promise<Uint8Array> {
  const state = createSign(hash);
  for await (const chunk of chunks) {
    state.update(chunk);
  }
  return state.sign(key);
}

async function readWhole(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.length;
    if (length > limits.wholeMessageBytes) {
      throw new InputError(
        'INPUT_TOO_LARGE',
        `Ed25519 signs a message as a whole, at most ${limits.wholeMessageBytes} bytes`,
        {
          hint: 'Use an ECDSA or RSA key for files this large.',
        },
      );
    }
    parts.push(chunk);
  }
  return concatBytes(parts);
}
