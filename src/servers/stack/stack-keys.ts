/** Every key of a stack, by its name in the key ring. */

import { ConfigError } from '../../base/errors.ts';
import type { KeyAlgorithm } from '../../crypto/key-algorithm.ts';
import type { KeyRing } from '../../crypto/key-ring.ts';
import { createKeyPair } from '../../crypto/private-key.ts';
import { signerOf } from '../../crypto/signer.ts';
import type { Signer } from '../../crypto/signer.ts';
import type { StackMode } from './stack-settings.ts';

/** P-256 throughout: every client reads it, and it signs forty times faster than P-384. Clients take identity tokens for
 *  RSA's, cosign accepts no others. */
const algorithms = {
  'ca-root': 'ecdsa-p256',
  'ca-intermediate': 'ecdsa-p256',
  ctlog: 'ecdsa-p256',
  rekor: 'ecdsa-p256',
  'tsa-root': 'ecdsa-p256',
  'tsa-leaf': 'ecdsa-p256',
  'tuf-root': 'ecdsa-p256',
  'tuf-targets': 'ecdsa-p256',
  'tuf-snapshot': 'ecdsa-p256',
  'tuf-timestamp': 'ecdsa-p256',
  tls: 'ecdsa-p256',
  oidc: 'rsa',
} as const satisfies Readonly<Record<string, KeyAlgorithm>>;

export type StackKeyName = keyof typeof algorithms;

/** Needed to make a stack and to change whom its clients trust, and never in between: "stack root export" takes them out. */
export const offlineKeyNames: readonly StackKeyName[] = ['ca-root', 'tsa-root', 'tuf-root', 'tuf-targets'];

/** New keys for all that a stack of this mode does. */
export function createStackKeys(mode: StackMode): KeyRing {
  const names = Object.entries(algorithms).filter(([name]) => name !== 'oidc' || mode === 'development');
  return new Map(names.map(([name, algorithm]) => [name, createKeyPair(algorithm)]));
}

/** Undefined when the key was taken out. */
export function findSigner(keys: KeyRing, name: StackKeyName): Signer | undefined {
  const key = keys.get(name);
  return key === undefined ? undefined : signerOf(key);
}

/** Throws STACK_DATA_INVALID. */
export function requireSigner(keys: KeyRing, name: StackKeyName): Signer {
  const signer = findSigner(keys, name);
  if (signer === undefined) throw new ConfigError('STACK_DATA_INVALID', `the key ${name} is not in the data directory`);
  return signer;
}
