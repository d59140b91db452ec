/** Whom `explain` believes, and who should have signed if anybody was named. */

import { isErrorWithCode, UsageError } from '../base/errors.ts';
import type { Runtime } from '../base/runtime.ts';
import type { ExplainTerms } from '../flows/explain.ts';
import type { TrustMaterial } from '../verify/trust-material.ts';
import type { ValuesOf } from './flag.ts';
import type { identityFlags } from './flags/identity.ts';
import type { trustFlags } from './flags/trust.ts';
import { identitiesOf } from './identities.ts';
import { requireLocalKeys, trustedKeysOf } from './keys.ts';
import type { Session } from './session.ts';
import { trustOf } from './trust.ts';

type ExplainValues = ValuesOf<typeof identityFlags> &
  ValuesOf<typeof trustFlags> & { readonly offline: boolean; readonly key: string | undefined };

/** Throws FLAGS_CONFLICT, what `identitiesOf` throws, and what `trustOf` throws except that there is none. */
export async function explainTermsOf(values: ExplainValues, session: Session, runtime: Runtime): Promise<ExplainTerms> {
  const identities = await identitiesOf(values, session);
  const { key } = values;
  if (values.offline) requireLocalKeys(key === undefined ? [] : [key]);
  if (key !== undefined && identities !== undefined) {
    throw new UsageError('FLAGS_CONFLICT', 'a key and an identity: a signature is by one or the other');
  }
  const terms = {
    trust: await knownTrustOf(values, session, runtime),
    isLogAskedOfKeys: values['trusted-root'] !== undefined,
    now: runtime.now(),
  };
  if (identities !== undefined) {
    return { ...terms, signer: { kind: 'identities', identities, sct: { kind: 'required' } } };
  }
  return key === undefined
    ? terms
    : { ...terms, signer: { kind: 'keys', keys: await trustedKeysOf(session, runtime.request, [key]) } };
}

/** Undefined where nobody named any: there is still something to explain. */
async function knownTrustOf(
  values: ExplainValues,
  session: Session,
  runtime: Runtime,
): Promise<TrustMaterial | undefined> {
  try {
    return await trustOf(values, session, runtime);
  } catch (error) {
    if (isErrorWithCode(error, 'TRUST_ROOT_MISSING')) return undefined;
    throw error;
  }
}
