/** The trusted root of a virtual Sigstore. @source sigstore/protobuf-specs protos/sigstore_trustroot.proto */

import type { VirtualAuthority } from './virtual-authority.ts';
import type { VirtualCtLog } from './virtual-ct-log.ts';
import { keyDetailsOf } from './virtual-key.ts';
import type { VirtualLog } from './virtual-log.ts';
import type { VirtualTimestampAuthority } from './virtual-timestamp-authority.ts';

/** Tests change it as they like. */
export interface TrustedRootJson {
  mediaType: string;
  tlogs: LogJson[];
  certificateAuthorities: AuthorityJson[];
  ctlogs: LogJson[];
  timestampAuthorities: AuthorityJson[];
}

export interface LogJson {
  baseUrl: string;
  hashAlgorithm: string;
  publicKey: { rawBytes: string; keyDetails: string; validFor: ValidForJson };
  logId: { keyId: string };
}

export interface AuthorityJson {
  subject: { organization: string; commonName: string };
  uri: string;
  certChain: { certificates: { rawBytes: string }[] };
  validFor: ValidForJson;
}

export interface ValidForJson {
  start: string;
  end?: string;
}

export interface Trusted {
  readonly now: Date;
  readonly authority: VirtualAuthority;
  readonly ctLog: VirtualCtLog;
  readonly rekorV1: VirtualLog;
  readonly rekorV2: VirtualLog;
  readonly timestampAuthority: VirtualTimestampAuthority;
}

export function trustedRootOf(sigstore: Trusted): TrustedRootJson {
  const { now, authority, ctLog, rekorV1, rekorV2, timestampAuthority } = sigstore;
  return {
    mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    tlogs: [logJsonOf(rekorV1, now), logJsonOf(rekorV2, now)],
    certificateAuthorities: [authorityJsonOf(authority, authority.commonName, now)],
    ctlogs: [logJsonOf(ctLog, now)],
    timestampAuthorities: [authorityJsonOf(timestampAuthority, 'timestamping', now)],
  };
}

/** Trusted for a year by now. */
export function logJsonOf(log: VirtualLog | VirtualCtLog, now: Date): LogJson {
  const { key, logId, baseUrl } = log;
  return {
    baseUrl,
    hashAlgorithm: 'SHA2_256',
    publicKey: { rawBytes: key.spki.toString('base64'), keyDetails: keyDetailsOf(key), validFor: validForOf(now) },
    logId: { keyId: logId.toString('base64') },
  };
}

export function authorityJsonOf(
  { uri, organization, chain }: VirtualAuthority | VirtualTimestampAuthority,
  commonName: string,
  now: Date,
): AuthorityJson {
  return {
    subject: { organization, commonName },
    uri,
    certChain: { certificates: chain.map((der) => ({ rawBytes: der.toString('base64') })) },
    validFor: validForOf(now),
  };
}

function validForOf(now: Date): ValidForJson {
  return { start: new Date(now.getTime() - 365 * 86_400_000).toISOString().replace('.000Z', 'Z') };
}
