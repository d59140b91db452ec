/** Steps that images and files have in common. */

import { parsePublicKey } from '../crypto/public-key.ts';
import type { PublicKey } from '../crypto/public-key.ts';
import { utf8Of } from '../base/bytes.ts';
import { CountersignError } from '../base/errors.ts';
import type { SignedEntity } from '../formats/signed-entity.ts';
import type { LogPolicy, TrustedKeys } from './policy.ts';
import type { Check, Evidence, StepName, Verdict } from './verdict.ts';

/** A key that signed, and how. */
export interface SignedBy {
  readonly key: PublicKey;
  readonly scheme: string;
}

export function passed(step: StepName, title: string, facts: Omit<Check, 'step' | 'title' | 'status'> = {}): Check {
  return { step, title, status: 'pass', ...facts };
}

export function failed(step: StepName, title: string, facts: Omit<Check, 'step' | 'title' | 'status'>): Check {
  return { step, title, status: 'fail', ...facts };
}

/** Verified if every check passed or was skipped; otherwise the first that did not decides. */
export function verdictOf(checks: readonly Check[], evidence: Omit<Evidence, 'checks'> | undefined): Verdict {
  const decisive =
    checks.find((check) => check.status === 'fail') ?? checks.find((check) => check.status === 'unknown');
  if (decisive !== undefined) {
    return { status: decisive.status === 'fail' ? 'rejected' : 'unknown', failed: decisive, checks };
  }
  if (evidence === undefined) {
    throw new TypeError('a verdict without evidence needs a failed check');
  }
  return { status: 'verified', evidence: { ...evidence, checks }, checks };
}

/** What the entity says about its signer is compared with the trusted keys and never used in their place. */
export function checkSigner(entity: SignedEntity, keys: TrustedKeys): Check {
  const title = 'The signature was made with a key';
  const { signer } = entity;
  if (signer.kind === 'certificate') {
    return failed('signer', title, {
      expected: 'a signature by a key',
      seen: 'signed by a certificate, not by a key',
      next: 'Verify signatures of certificates by the identity they name, not with --key.',
    });
  }
  if (signer.kind === 'embedded-key' && !isTrustedKey(signer.pem, keys)) {
    return failed('signer', title, {
      expected: fingerprintsOf(keys),
      seen: 'another key is stored beside the signature',
      next: 'Ask the signer which key is theirs; a key that comes with the signature proves nothing.',
    });
  }
  return passed('signer', title);
}

/** Turns what the keys answered into a check. */
export function signatureCheckOf(signedBy: SignedBy | undefined, keys: TrustedKeys): Check {
  const title = 'The signature is by a trusted key';
  if (signedBy === undefined) {
    return failed('signature', title, {
      expected: fingerprintsOf(keys),
      seen: 'a signature that does not verify',
      next: "Check that the key is the signer's. If it is, the signature or what it covers was changed.",
    });
  }
  return passed('signature', title, { seen: `${signedBy.scheme}, key sha256:${signedBy.key.fingerprint}` });
}

/** The first trusted key that `verify` finds a scheme for. */
export async function findSigner(
  keys: TrustedKeys,
  verify: (key: PublicKey) => Promise<string | undefined>,
): Promise<SignedBy | undefined> {
  for (const key of keys) {
    const scheme = await verify(key);
    if (scheme !== undefined) {
      return { key, scheme };
    }
  }
  return undefined;
}

export function checkLog(entity: SignedEntity, policy: LogPolicy): Check {
  const title = 'The signature is in a transparency log';
  if (policy.kind !== 'required') {
    const why = policy.kind === 'ignored' ? policy.by : 'none configured';
    return { step: 'log', title, status: 'skip', note: `transparency log: not checked (${why})` };
  }
  if (entity.logEntries.length === 0) {
    return failed('log', title, {
      expected: 'a log entry',
      seen: 'none is stored with the signature',
      next: 'Sign again with the transparency log in use.',
    });
  }
  return {
    step: 'log',
    title,
    status: 'unknown',
    seen: `${entity.logEntries.length} stored`,
    note: 'this version cannot check log entries',
    next: 'Verify with a version that can.',
  };
}

/** "a signature by the key sha256:…" or "… by one of sha256:…, sha256:…". */
function fingerprintsOf(keys: TrustedKeys): string {
  const names = keys.map((key) => `sha256:${key.fingerprint}`);
  return names.length === 1 ? `a signature by the key ${names[0]}` : `a signature by one of ${names.join(', ')}`;
}

function isTrustedKey(pem: string, keys: TrustedKeys): boolean {
  try {
    const { fingerprint } = parsePublicKey(utf8Of(pem));
    return keys.some((key) => key.fingerprint === fingerprint);
  } catch (error) {
    if (error instanceof CountersignError) {
      return false;
    }
    throw error;
  }
}
