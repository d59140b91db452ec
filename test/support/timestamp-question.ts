/** One authority that stamps one signature, and the question whether its stamps are believed. */

import { createAuthority } from './virtual-sigstore/virtual-authority.ts';
import { createTimestampAuthority, stampSignature } from './virtual-sigstore/virtual-timestamp-authority.ts';
import type { TimestampRequest, VirtualTimestampAuthority } from './virtual-sigstore/virtual-timestamp-authority.ts';
import type { SignedEntity } from '../../src/formats/signed-entity.ts';
import type { ValidityPeriod } from '../../src/formats/trust/trusted-root.ts';
import { timestampAuthorityOf } from '../../src/verify/authority.ts';
import type { TimestampPolicy } from '../../src/verify/policy.ts';
import type { Proof } from '../../src/verify/proof.ts';
import { checkTimestamps } from '../../src/verify/timestamp-step.ts';
import { noTrustMaterial } from '../../src/verify/trust-material.ts';
import type { TimestampAuthority } from '../../src/verify/trust-material.ts';

export const now: Date = new Date('2026-03-01T12:00:00Z');
export const organization = 'test';
export const uri = 'https://tsa.test';
const signature: Buffer = Buffer.from('a signature');

export const issuer: ReturnType<typeof createAuthority> = createAuthority({
  uri,
  organization,
  purpose: 'timeStamping',
  now,
  keyKind: 'p256',
});
export const authority: VirtualTimestampAuthority = createTimestampAuthority({
  uri,
  organization,
  now,
  keyKind: 'p256',
  issuer,
});
/** The authority's certificates. */
export const [leaf = Buffer.alloc(0), ...issuers]: readonly Buffer[] = authority.chain;
/** One that nobody trusts. */
export const stranger: VirtualTimestampAuthority = createTimestampAuthority({
  uri,
  organization: 'stranger',
  now,
  keyKind: 'p256',
});

/** A good stamp of the signature, but for what is changed. */
export function stamp(changes: Partial<TimestampRequest> = {}): Buffer {
  return stampSignature({ authority, ...changes }, signature, now);
}

/** The authority as a trusted root names it. */
export function trusted(
  chain: readonly Uint8Array[] = authority.chain,
  validFor: ValidityPeriod = { start: new Date('2020-01-01T00:00:00Z') },
): TimestampAuthority {
  return timestampAuthorityOf({ uri, chain, validFor });
}

/** What is left out is as it should be. */
export interface Question {
  readonly timestamps?: readonly Uint8Array[];
  readonly authorities?: readonly TimestampAuthority[];
  readonly policy?: TimestampPolicy;
  readonly now?: Date;
  readonly entity?: Partial<SignedEntity>;
}

/** Judges the stamps. */
export function prove(question: Question): Proof {
  const { timestamps = [stamp()], authorities = [trusted()], policy = { kind: 'if-present' } } = question;
  return checkTimestamps({
    entity: {
      form: 'bundle',
      origin: 'test',
      content: { kind: 'message' },
      signature,
      signer: { kind: 'none' },
      logEntries: [],
      logEvidence: 'proof',
      timestamps,
      ...question.entity,
    },
    policy: {
      signer: { kind: 'unsafe-anyone' },
      trust: { ...noTrustMaterial, timestampAuthorities: authorities },
      log: { kind: 'none-configured' },
      timestamps: policy,
      now: question.now ?? now,
    },
    signed: { kind: 'bytes', bytes: new Uint8Array() },
    checks: [],
    entries: [],
    times: [],
  });
}
