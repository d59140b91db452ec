/** Stamps hashes with the time. Keeps nothing: a stamp proves itself. @source RFC 3161 */

import { ConfigError, CountersignError, InputError, RemoteError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { rfc3339Of } from '../../base/time.ts';
import { signingSchemeOf } from '../../crypto/key-algorithm.ts';
import type { Signer } from '../../crypto/signer.ts';
import {
  encodeSignedAttributes,
  encodeStampInfo,
  encodeTimestampResponse,
  stampFrameOf,
} from '../../formats/tsp/stamp-writer.ts';
import type { StampFrame } from '../../formats/tsp/stamp-writer.ts';
import { encodeImprint } from '../../formats/tsp/timestamp-request.ts';
import type { TimestampRequest } from '../../formats/tsp/timestamp-request.ts';
import { parseTimestampResponse } from '../../formats/tsp/timestamp.ts';
import type { Certificate } from '../../formats/x509/certificate.ts';
import { nameTextOf } from '../../formats/x509/distinguished-name.ts';
import { timestampAuthorityOf } from '../../verify/authority.ts';
import { checkStampedBy } from '../../verify/timestamp-authority.ts';
import type { TimestampAuthority as TrustedAuthority } from '../../verify/trust-material.ts';
import { isWithin, lifetimeOf, periodTextOf } from '../../verify/validity.ts';
import { createSerialNumber } from '../ca/serial-number.ts';

export interface TimestampAuthorityOptions {
  /** DER: the certificate that signs, then its issuers, the self-signed root last. */
  readonly chain: readonly Uint8Array[];
  /** The key of the first certificate; ECDSA. */
  readonly signer: Signer;
  /** Dotted decimal, stated in each stamp. */
  readonly policy: string;
  readonly now: () => Date;
  readonly random: (byteCount: number) => Uint8Array;
}

export interface TimestampAuthority {
  readonly chain: readonly Uint8Array[];
  /** A TimeStampResp, DER, that grants the stamp. Throws TIMESTAMP_REQUEST_REFUSED (another policy), CLOCK_BEHIND,
   *  TIMESTAMP_AUTHORITY_LAPSED. */
  readonly answer: (request: TimestampRequest) => Promise<Uint8Array>;
  /** Why no stamp is given at this time; undefined while all is well. */
  readonly trouble: () => string | undefined;
}

/** What sigstore's authorities state where nothing else is configured. */
export const SIGSTORE_POLICY = '1.3.6.1.4.1.57264.2';

/** Throws TIMESTAMP_AUTHORITY_INVALID for a key and certificates whose stamps would not verify. */
export async function openTimestampAuthority(options: TimestampAuthorityOptions): Promise<TimestampAuthority> {
  const { signer, policy, chain } = options;
  const { leaf, trusted } = trustedAuthorityOf(chain, signer);
  const frame = stampFrameOf(leaf, trusted.issuers, policy, signingSchemeOf(signer.publicKey.algorithm));
  const stamp = (request: TimestampRequest, instant: Date): Promise<Uint8Array> =>
    stampAt(instant, request, frame, options);
  const certificates = [leaf, ...trusted.issuers];
  await requireVerifying(stamp, trusted, certificates);
  // Since the start: nothing is kept.
  let latest = new Date(0);
  const faultAt = (instant: Date): CountersignError | undefined =>
    clockFaultOf(instant, latest) ?? lapseOf(instant, certificates);
  return {
    chain,
    answer: async (request) => {
      if (request.policy !== undefined && request.policy !== policy) {
        const why = `the policy ${request.policy.slice(0, 100)} is not this authority's, which is ${policy}`;
        throw new InputError('TIMESTAMP_REQUEST_REFUSED', why);
      }
      const instant = options.now();
      const fault = faultAt(instant);
      if (fault !== undefined) throw fault;
      latest = instant > latest ? instant : latest;
      return stamp(request, instant);
    },
    trouble: () => faultAt(options.now())?.message,
  };
}

async function stampAt(
  instant: Date,
  { imprint, nonce, wantsCertificates }: TimestampRequest,
  frame: StampFrame,
  { signer, random }: TimestampAuthorityOptions,
): Promise<Uint8Array> {
  const info = encodeStampInfo(frame, { imprint, nonce, serialNumber: createSerialNumber(random), instant });
  const attributes = encodeSignedAttributes(frame, info, instant);
  const signature = await signer.sign(attributes);
  return encodeTimestampResponse(frame, { info, attributes, signature, wantsCertificates });
}

/** Reads the chain as verifiers will. */
function trustedAuthorityOf(
  chain: readonly Uint8Array[],
  signer: Signer,
): { readonly leaf: Certificate; readonly trusted: TrustedAuthority } {
  const trusted = asInvalid(() => timestampAuthorityOf({ uri: '', chain, validFor: { start: new Date(0) } }));
  const { leaf, issuers } = trusted;
  // sigstore-python takes no chain without a root of its own.
  if (leaf === undefined || issuers.length === 0) throw invalid('a certificate that signs and a root are needed');
  if (!signer.publicKey.algorithm.startsWith('ecdsa')) throw invalid('clients read stamps by ECDSA keys alone');
  return { leaf, trusted };
}

/** A stamp of no hash that anything has, at a time when all certificates are valid: whether they are now, each request
 *  asks. */
async function requireVerifying(
  stamp: (request: TimestampRequest, instant: Date) => Promise<Uint8Array>,
  authority: TrustedAuthority,
  certificates: readonly Certificate[],
): Promise<void> {
  const imprint = encodeImprint('sha256', new Uint8Array(32));
  const request = { imprint, policy: undefined, nonce: undefined, wantsCertificates: false };
  const instant = new Date(Math.max(...certificates.map(({ notBefore }) => notBefore.getTime())));
  const token = parseTimestampResponse(await stamp(request, instant));
  const { fault } = checkStampedBy(token, { authority, leaf: authority.leaf });
  if (fault !== undefined) throw invalid(`its own stamp does not verify: ${fault.title}; ${fault.seen ?? ''}`);
}

/** A clock that steps back would state times that were over when the one before was stamped. */
function clockFaultOf(instant: Date, latest: Date): CountersignError | undefined {
  const isBehind = instant.getTime() < latest.getTime() - limits.stampClockStepMs;
  return isBehind
    ? new RemoteError('CLOCK_BEHIND', `the clock says ${rfc3339Of(instant)}, and it was ${rfc3339Of(latest)} already`)
    : undefined;
}

function lapseOf(instant: Date, certificates: readonly Certificate[]): CountersignError | undefined {
  const lapsed = certificates.find((certificate) => !isWithin(lifetimeOf(certificate), instant));
  if (lapsed === undefined) return undefined;
  const period = periodTextOf(lifetimeOf(lapsed));
  const why = `${nameTextOf(lapsed.subject)} is valid ${period}, and it is ${rfc3339Of(instant)}`;
  return new RemoteError('TIMESTAMP_AUTHORITY_LAPSED', why);
}

function asInvalid<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw cause instanceof CountersignError ? invalid(cause.message, cause) : cause;
  }
}

function invalid(why: string, cause?: CountersignError): ConfigError {
  return new ConfigError('TIMESTAMP_AUTHORITY_INVALID', `timestamp authority: ${why}`, { cause });
}
