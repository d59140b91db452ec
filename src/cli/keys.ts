/** The keys that flags name. */

import { UsageError } from '../base/errors.ts';
import type { Request } from '../base/runtime.ts';
import { loadPublicKey, loadSigner } from '../clients/keys/key-loader.ts';
import type { Signer } from '../crypto/signer.ts';
import type { TrustedKeys } from '../verify/policy.ts';
import { readPassword } from './password.ts';
import type { Session } from './session.ts';

/** The key to sign with. Throws what `loadSigner` and the password prompt throw. */
export async function signerOfFlag(session: Session, request: Request, key: string): Promise<Signer> {
  const { environment, interruption } = session;
  return loadSigner(key, () => readPassword(session), { request, environment, signal: interruption.signal });
}

/** The keys to trust. Throws FLAGS_CONFLICT without one. */
export async function trustedKeysOf(
  session: Session,
  request: Request,
  references: readonly string[],
): Promise<TrustedKeys> {
  const { environment, interruption } = session;
  const context = { request, environment, signal: interruption.signal };
  const [first, ...others] = references.filter((each) => each !== '');
  if (first === undefined) {
    throw new UsageError('FLAGS_CONFLICT', 'no key to verify with', { hint: 'Give --key FILE.' });
  }
  return Promise.all([loadPublicKey(first, context), ...others.map((each) => loadPublicKey(each, context))]);
}

/** Throws FLAGS_CONFLICT for a key that would have to be fetched. */
export function requireLocalKeys(references: readonly string[]): void {
  const remote = references.find((reference) => /^https?:/i.test(reference));
  if (remote !== undefined) {
    throw new UsageError('FLAGS_CONFLICT', '--offline opens no socket, and --key names an address', {
      hint: 'Download the key once, compare its fingerprint with the signer, and give the file.',
    });
  }
}
