/** Signed certificate timestamps, as a log gives them out. @source RFC 6962 sections 3.2 and 4.1 */

import { base64Of, concatBytes } from '../../base/bytes.ts';
import { bigEndianOf, vectorOf } from './tls-writer.ts';

export interface IssuedSct {
  /** 32 bytes. */
  readonly logId: Uint8Array;
  readonly timestamp: Date;
  /** CtExtensions without their length. */
  readonly extensions: Uint8Array;
  /** As `digitallySigned` makes it. */
  readonly signature: Uint8Array;
}

const VERSION_1 = 0;
/** SignatureAndHashAlgorithm: SHA-256, ECDSA. @source RFC 5246 section 7.4.1.4.1 */
const SHA256_ECDSA = Uint8Array.of(4, 3);

/** The DigitallySigned struct around an ECDSA signature (DER) over SHA-256. */
export function digitallySigned(signature: Uint8Array): Uint8Array {
  return concatBytes([SHA256_ECDSA, vectorOf(2, signature)]);
}

/** SignedCertificateTimestamp, as certificates embed it. */
export function encodeSct({ logId, timestamp, extensions, signature }: IssuedSct): Uint8Array {
  return concatBytes([
    Uint8Array.of(VERSION_1),
    logId,
    bigEndianOf(timestamp.getTime(), 8),
    vectorOf(2, extensions),
    signature,
  ]);
}

/** What add-chain and add-pre-chain answer. */
export function sctJsonOf({ logId, timestamp, extensions, signature }: IssuedSct): object {
  return {
    sct_version: VERSION_1,
    id: base64Of(logId),
    timestamp: timestamp.getTime(),
    extensions: base64Of(extensions),
    signature: base64Of(signature),
  };
}
