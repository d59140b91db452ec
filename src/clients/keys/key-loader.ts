/** Key references into keys, with errors that say what was found instead. */

import { InputError, isErrorWithCode } from '../../base/errors.ts';
import { printableOf } from '../../base/printable.ts';
import { parsePrivateKey } from '../../crypto/private-key.ts';
import type { PasswordSource, PrivateKey } from '../../crypto/private-key.ts';
import { parsePublicKey } from '../../crypto/public-key.ts';
import type { PublicKey } from '../../crypto/public-key.ts';
import { signerOf } from '../../crypto/signer.ts';
import type { Signer } from '../../crypto/signer.ts';
import { fetchKey } from './key-source.ts';
import type { KeyContext } from './key-source.ts';

/** Loads the key to sign with. The password is asked for only if the key is encrypted.
 *  Throws what `fetchKey` and `parsePrivateKey` throw; KEY_MALFORMED says what the file is instead. */
export async function loadSigner(reference: string, password: PasswordSource, context: KeyContext): Promise<Signer> {
  return signerOf(await loadPrivateKey(reference, password, context));
}

/** Loads a private key, to be imported or to show its public half. Throws as `loadSigner`. */
export async function loadPrivateKey(
  reference: string,
  password: PasswordSource,
  context: KeyContext,
): Promise<PrivateKey> {
  const bytes = await fetchKey(reference, context);
  try {
    return await explaining(reference, bytes, 'a private key', async () => parsePrivateKey(bytes, password));
  } finally {
    bytes.fill(0);
  }
}

/** Loads a key to verify with. Throws what `fetchKey` and `parsePublicKey` throw; KEY_IS_PRIVATE for a private key. */
export async function loadPublicKey(reference: string, context: KeyContext): Promise<PublicKey> {
  const bytes = await fetchKey(reference, context);
  return explaining(reference, bytes, 'a public key', async () => parsePublicKey(bytes));
}

async function explaining<T>(
  reference: string,
  bytes: Uint8Array,
  wanted: string,
  parse: () => Promise<T>,
): Promise<T> {
  try {
    return await parse();
  } catch (error) {
    if (isErrorWithCode(error, 'PEM_MALFORMED')) {
      throw new InputError(
        'KEY_MALFORMED',
        `${shownNameOf(reference)}: expected ${wanted}, found ${contentNameOf(bytes)} (${error.message})`,
        { cause: error },
      );
    }
    if (error instanceof InputError) {
      throw new InputError(error.code, `${shownNameOf(reference)}: ${error.message}`, {
        cause: error,
        hint: error.hint,
        details: error.details,
      });
    }
    throw error;
  }
}

/** The reference for messages. What follows an address's path may be secret. */
function shownNameOf(reference: string): string {
  const url = /^https?:/i.test(reference) ? URL.parse(reference) : null;
  return printableOf(url === null ? reference : `${url.origin}${url.pathname}`);
}

/** What a file that is no key looks like, by its first line. Never quotes the file: it may hold a secret. */
function contentNameOf(bytes: Uint8Array): string {
  const start = bytes.subarray(0, 400);
  // Bytes that no text holds: control characters, and what never stands in UTF-8.
  if (start.some((byte) => byte < 9 || byte > 0xf4)) {
    return 'binary data';
  }
  const text = String.fromCharCode(...start).trimStart();
  const block = /-----BEGIN ([A-Z0-9 ]{1,60})-----/.exec(text)?.[1];
  if (block !== undefined) {
    return block.startsWith('OPENSSH') ? 'an OpenSSH private key' : `a PEM file with a block ${block}`;
  }
  const known: readonly (readonly [RegExp, string])[] = [
    [/^$/, 'an empty file'],
    [/^(?:ssh-|ecdsa-sha2-)/, 'an OpenSSH public key'],
    [/^untrusted comment:/, 'a minisign or signify key'],
    [/^[{[]/, 'JSON'],
    [/^</, 'HTML or XML'],
  ];
  return known.find(([pattern]) => pattern.test(text))?.[1] ?? 'text that is not PEM';
}
