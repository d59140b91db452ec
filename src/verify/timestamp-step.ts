/** Step 4: each timestamp of a trusted authority is over this very signature. One of an authority that nobody here trusts
 *  counts for nothing; one that names a trusted authority and is wrong rejects. */

import { hexOf, isSameBytes } from '../base/bytes.ts';
import { CountersignError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { rfc3339Of } from '../base/time.ts';
import { hashOf } from '../crypto/hash.ts';
import type { SignedEntity } from '../formats/signed-entity.ts';
import { parseTimestampResponse } from '../formats/tsp/timestamp.ts';
import type { TimestampToken } from '../formats/tsp/timestamp.ts';
import { nameTextOf } from '../formats/x509/distinguished-name.ts';
import type { SignaturePolicy } from './policy.ts';
import type { Proof } from './proof.ts';
import { failed, passed } from './shared-steps.ts';
import { checkStampedBy, claimsOf } from './timestamp-authority.ts';
import type { Maker } from './timestamp-authority.ts';
import type { Check, ProvenTime } from './verdict.ts';

/** What one timestamp is worth. */
interface Judgement {
  readonly check: Check;
  readonly time?: ProvenTime;
}

const TITLE = 'A trusted authority stamped the signature';

/** Gives the times that trusted authorities vouch for. */
export function checkTimestamps(proof: Proof): Proof {
  const { entity, policy, checks } = proof;

  // 1. Their number is sane.
  if (entity.timestamps.length > limits.timestamps) {
    const facts = {
      expected: `at most ${limits.timestamps} timestamps`,
      seen: `${entity.timestamps.length} timestamps`,
    };
    return { ...proof, checks: [...checks, failed('timestamp', TITLE, facts)] };
  }

  // 2. Each that names a trusted authority must be right.
  // Without a stamp the trust material is left alone: checking the authorities' chains takes a millisecond each.
  const isAsked = entity.timestamps.length > 0 && policy.trust.timestampAuthorities.length > 0;
  const judgements = isAsked ? judgeAll(entity, policy) : [];
  const times = judgements.flatMap(({ time }) => time ?? []);

  // 3. There are as many as were asked for.
  const enough = checkThreshold(proof, times);
  return {
    ...proof,
    times: [...proof.times, ...times],
    checks: [...checks, ...judgements.map(({ check }) => check), ...(enough === undefined ? [] : [enough])],
  };
}

function judgeAll(entity: SignedEntity, policy: SignaturePolicy): readonly Judgement[] {
  return entity.timestamps.map((stamp) => {
    try {
      return judge(parseTimestampResponse(stamp), entity, policy);
    } catch (error) {
      if (!(error instanceof CountersignError)) throw error;
      const facts = { expected: 'an RFC 3161 timestamp', seen: error.message };
      return { check: failed('timestamp.token', 'The timestamp can be read', facts) };
    }
  });
}

function judge(token: TimestampToken, entity: SignedEntity, policy: SignaturePolicy): Judgement {
  // 1. Whose it says it is. Nothing in a stranger's stamp is worth a look.
  const claims = claimsOf(token, policy.trust.timestampAuthorities);

  // 2. It is over this signature: a stamp of another one says nothing about when this one existed.
  let fault = claims.length === 0 ? strange(token) : checkImprint(token, entity);

  // 3. That authority made it. Several may share a certificate, at different periods: one that fits is enough.
  for (const claim of fault === undefined ? claims : []) {
    const stamped = checkStampedBy(token, claim);
    if (stamped.fault === undefined) {
      // 4. It is not from the future, whoever says so.
      return judgeInstant(token.info.instant, stamped, policy.now);
    }
    fault ??= stamped.fault;
  }
  return { check: fault ?? strange(token) };
}

function judgeInstant(instant: Date, { by, scheme }: Maker, now: Date): Judgement {
  const seen = `${rfc3339Of(instant)} by ${by}, ${scheme}`;
  return instant.getTime() > now.getTime() + limits.clockSkewMs
    ? {
        check: failed('timestamp', TITLE, {
          expected: `not after ${rfc3339Of(now)}`,
          seen,
          next: "Check this machine's clock.",
        }),
      }
    : { check: passed('timestamp', TITLE, { seen }), time: { instant, source: 'timestamp', by } };
}

/** Authorities stamp the raw signature; for attestations that are stored as envelopes, cosign has them stamp those. */
function checkImprint({ info }: TimestampToken, { signature, content }: SignedEntity): Check | undefined {
  const { hash, value } = info.imprint;
  const envelope = content.kind === 'dsse' ? content.envelope : undefined;
  const stamped = envelope === undefined ? [signature] : [signature, envelope];
  const hashes = stamped.map((bytes) => hashOf(hash, bytes));
  return hashes.some((each) => isSameBytes(each, value))
    ? undefined
    : failed('timestamp.imprint', 'The timestamp is over this signature', {
        expected: hashes.map((each) => `${hash}:${hexOf(each)}`).join(' or '),
        seen: `${hash}:${hexOf(value)}`,
        next: 'The timestamp belongs to another signature, or the signature was changed: ask the signer for both again.',
      });
}

function checkThreshold({ entity, policy }: Proof, times: readonly ProvenTime[]): Check | undefined {
  // An authority that stamps twice has still said it once.
  const count = new Set(times.map(({ by }) => by)).size;
  if (policy.timestamps.kind !== 'if-present' && !(count >= policy.timestamps.threshold && count >= 1)) {
    return failed('timestamp', 'Enough trusted authorities stamped the signature', {
      expected: `trusted authorities: ${policy.timestamps.threshold}`,
      seen: `trusted authorities: ${count}, timestamps: ${entity.timestamps.length}`,
      next: 'Ask the signer for a bundle with a timestamp of an authority that you trust.',
    });
  }
  if (entity.timestamps.length === 0) {
    return { step: 'timestamp', title: TITLE, status: 'skip', note: 'there is no timestamp' };
  }
  return policy.trust.timestampAuthorities.length === 0
    ? { step: 'timestamp', title: TITLE, status: 'skip', note: 'not checked: no timestamp authority is trusted' }
    : undefined;
}

function strange({ signer: { certificateName: name } }: TimestampToken): Check {
  const certificate =
    name.kind === 'serial'
      ? `certificate ${hexOf(name.serialNumber)} of ${nameTextOf(name.issuer)}`
      : `the key ${hexOf(name.keyId.subarray(0, 64))}`;
  return {
    step: 'timestamp',
    title: TITLE,
    status: 'skip',
    seen: `a timestamp by ${certificate}`,
    note: 'not counted: no trusted authority made it',
  };
}
