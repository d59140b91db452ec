/** A timestamp authority of ours, with certificates of ours. */

import { createHash, randomBytes } from 'node:crypto';

import { boolean, integer, nullValue, octetString, oid, sequence } from './der-writer.ts';
import { createKeyPair } from '../../src/crypto/private-key.ts';
import { signerOf } from '../../src/crypto/signer.ts';
import { createTimestampChain } from '../../src/servers/ca/authority.ts';
import { SIGSTORE_POLICY, openTimestampAuthority } from '../../src/servers/tsa/timestamp-authority.ts';
import type { TimestampAuthority, TimestampAuthorityOptions } from '../../src/servers/tsa/timestamp-authority.ts';

/** Members of a TimeStampReq that the usual one does not have. */
export interface RequestChanges {
  readonly policy?: string;
  readonly nonce?: Uint8Array;
  readonly wantsCertificates?: boolean;
  /** Object identifier of the hash. */
  readonly hashOid?: string;
  readonly digest?: Uint8Array;
  readonly version?: number;
}

export const hashOids = {
  sha1: '1.3.14.3.2.26',
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
} as const;

/** What the authority needs, made anew: with the certificates of `at`, and the clock at `now`. */
export async function createTimestampOptions(now: () => Date, at: Date = now()): Promise<TimestampAuthorityOptions> {
  const signer = signerOf(createKeyPair('ecdsa-p256'));
  const chain = await createTimestampChain({
    organization: 'stamps.test',
    isDevelopment: true,
    now: () => at,
    random: randomBytes,
    root: signerOf(createKeyPair('ecdsa-p256')),
    leaf: signer,
  });
  return { chain, signer, policy: SIGSTORE_POLICY, now, random: randomBytes };
}

export async function openOwnTimestamps(now: () => Date, at?: Date): Promise<TimestampAuthority> {
  return openTimestampAuthority(await createTimestampOptions(now, at));
}

/** A TimeStampReq over SHA-256 of the bytes, DER. */
export function timestampQuery(stamped: Uint8Array, changes: RequestChanges = {}): Uint8Array {
  const { policy, nonce, wantsCertificates, version = 1, hashOid = hashOids.sha256 } = changes;
  const digest = changes.digest ?? createHash('sha256').update(stamped).digest();
  const query = sequence(
    integer(version),
    sequence(sequence(oid(hashOid), nullValue()), octetString(digest)),
    ...(policy === undefined ? [] : [oid(policy)]),
    ...(nonce === undefined ? [] : [integer(nonce)]),
    ...(wantsCertificates === undefined ? [] : [boolean(wantsCertificates)]),
  );
  return new Uint8Array(query);
}
