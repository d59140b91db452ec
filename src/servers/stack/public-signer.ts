/** The public half of a signer, for what only reads. */

import { ConfigError, UsageError } from '../../base/errors.ts';
import { parsePublicKeyDer } from '../../crypto/public-key.ts';
import type { Signer } from '../../crypto/signer.ts';
import type { StackKeyName } from './stack-keys.ts';
import type { StackSettings } from './stack-settings.ts';

/** Throws STACK_DATA_INVALID; signing throws STACK_NOT_RUNNING. */
export function publicSignerOf({ publicKeys }: StackSettings, name: StackKeyName): Signer {
  const spki = publicKeys.get(name);
  if (spki === undefined) throw new ConfigError('STACK_DATA_INVALID', `stack.json lacks the public key ${name}`);
  return {
    publicKey: parsePublicKeyDer(spki, 'spki'),
    sign: () => Promise.reject(new UsageError('STACK_NOT_RUNNING', `the key ${name} is not open`)),
  };
}
