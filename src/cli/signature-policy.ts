/** What the flags of the commands that verify say: who may have signed, and whose word on logs and times is taken. */

import { ConfigError, UsageError } from '../base/errors.ts';
import type { Runtime } from '../base/runtime.ts';
import type { LogPolicy, SignaturePolicy, SignerPolicy } from '../verify/policy.ts';
import { noTrustMaterial } from '../verify/trust-material.ts';
import type { ValuesOf } from './flag.ts';
import type { verificationFlags } from './flags/verification.ts';
import { identitiesOf } from './identities.ts';
import { requireLocalKeys, trustedKeysOf } from './keys.ts';
import { logPolicyOf } from './log-policy.ts';
import type { LoggedSubject } from './log-policy.ts';
import type { Session } from './session.ts';
import { trustOf } from './trust.ts';

const AUTHORITY_FLAGS = ['ca-roots', 'ca-intermediates', 'certificate-chain'] as const;

export type VerificationValues = ValuesOf<typeof verificationFlags>;

/** Known before anything is read or fetched, except `load`, which reads keys and trusted roots. */
export interface SignatureTerms {
  readonly log: LogPolicy;
  readonly isByKey: boolean;
  readonly load: (runtime: Runtime) => Promise<SignaturePolicy>;
}

/** Throws FLAGS_CONFLICT for no signer or two kinds of signer, and what `identitiesOf` throws. */
export async function signatureTermsOf(
  values: VerificationValues,
  session: Session,
  subject: LoggedSubject,
  trustNeed: 'by-signer' | 'needs-trust' = 'by-signer',
): Promise<SignatureTerms> {
  const keyNames = values.key.filter((name) => name !== '');
  if (values.offline) requireLocalKeys(keyNames);
  const identities = await identitiesOf(values, session);
  if (keyNames.length > 0 && identities !== undefined) {
    throw new UsageError('FLAGS_CONFLICT', 'a key and an identity: a signature is by one or the other');
  }
  if (keyNames.length === 0 && identities === undefined) {
    throw new UsageError('FLAGS_CONFLICT', 'nobody to verify for: neither a key nor an identity', {
      hint: 'Give --key FILE, or --certificate-identity and --certificate-oidc-issuer.',
    });
  }
  const isByKey = identities === undefined;
  const lone = isByKey ? AUTHORITY_FLAGS.find((name) => values[name] !== undefined) : undefined;
  if (lone !== undefined) {
    throw new UsageError('FLAGS_CONFLICT', `--key and --${lone}: authorities vouch for identities, not for keys`);
  }
  // With a key alone nothing says which logs to believe; with a trusted root, the entry is asked for.
  const isTrustGiven = !isByKey || trustNeed === 'needs-trust' || values['trusted-root'] !== undefined;
  const log = logPolicyOf(values, session, subject, isTrustGiven);
  const needsTrust = isTrustGiven || values['timestamp-certificate-chain'] !== undefined;
  return {
    log,
    isByKey,
    load: async (runtime) => {
      const [signer, trust] = await Promise.all([
        signerPolicyOf(values, session, runtime, identities),
        needsTrust ? trustOf(values, session, runtime) : noTrustMaterial,
      ]);
      if (log.kind === 'required' && trust.logs.length === 0) {
        throw new ConfigError('TRUST_ROOT_MISSING', 'no transparency log is trusted', {
          hint: 'Name its key in SIGSTORE_REKOR_PUBLIC_KEY, or give a trusted root that has it with --trusted-root FILE.',
        });
      }
      const timestamps = values['use-signed-timestamps']
        ? ({ kind: 'required', threshold: 1 } as const)
        : ({ kind: 'if-present' } as const);
      return { signer, trust, log, timestamps, now: runtime.now() };
    },
  };
}

async function signerPolicyOf(
  values: VerificationValues,
  session: Session,
  runtime: Runtime,
  identities: Awaited<ReturnType<typeof identitiesOf>>,
): Promise<SignerPolicy> {
  if (identities === undefined) {
    return { kind: 'keys', keys: await trustedKeysOf(session, runtime.request, values.key) };
  }
  if (!values['insecure-ignore-sct']) {
    return { kind: 'identities', identities, sct: { kind: 'required' } };
  }
  session.log.warn('Skipping SCT verification: nothing shows that the certificate was logged.');
  return { kind: 'identities', identities, sct: { kind: 'ignored', by: '--insecure-ignore-sct' } };
}
