/** A certificate transparency log: signs for certificates that it would have logged. @source RFC 6962 section 3.2 */

import { octetString } from '../der-writer.ts';
import { createVirtualKey, digestOf, signBytes } from './virtual-key.ts';
import type { KeyKind, VirtualKey } from './virtual-key.ts';

export interface VirtualCtLog {
  readonly baseUrl: string;
  readonly key: VirtualKey;
  /** SHA-256 of the SPKI. */
  readonly logId: Buffer;
  /** Writes the leaf index into each SCT. @source c2sp.org/static-ct-api */
  readonly isStatic: boolean;
}

/** One SCT of a certificate; what differs from a good one is an attack. */
export interface SctRequest {
  readonly log: VirtualCtLog;
  /** The id it claims: by default the log's. */
  readonly logId?: Buffer;
  readonly at?: Date;
  readonly extensions?: Buffer;
  /** What the log signs for, instead of this certificate. */
  readonly tbs?: Buffer;
  readonly issuerSpki?: Buffer;
}

interface Precertificate {
  readonly tbs: Buffer;
  readonly issuerSpki: Buffer;
  readonly at: Date;
}

export function createCtLog(baseUrl: string, keyKind: KeyKind = 'p256', isStatic = false): VirtualCtLog {
  const key = createVirtualKey(keyKind);
  return { baseUrl, key, logId: digestOf('sha256', key.spki), isStatic };
}

/** What the extension holds: an OCTET STRING of a SignedCertificateTimestampList. */
export function encodeSctList(requests: readonly SctRequest[], precertificate: Precertificate): Buffer {
  const scts = requests.map((request) => lengthPrefixed(2, encodeSct(request, precertificate)));
  return octetString(lengthPrefixed(2, ...scts));
}

/** One SignedCertificateTimestamp. */
export function encodeSct(request: SctRequest, precertificate: Precertificate): Buffer {
  const { log, at = precertificate.at, tbs = precertificate.tbs } = request;
  const issuerSpki = request.issuerSpki ?? precertificate.issuerSpki;
  const extensions = lengthPrefixed(2, request.extensions ?? (log.isStatic ? leafIndexOf(at) : Buffer.alloc(0)));
  const instant = Buffer.alloc(8);
  instant.writeBigUInt64BE(BigInt(at.getTime()));
  const signed = Buffer.concat([
    Buffer.from([0, 0]),
    instant,
    Buffer.from([0, 1]),
    digestOf('sha256', issuerSpki),
    lengthPrefixed(3, tbs),
    extensions,
  ]);
  return Buffer.concat([
    Buffer.from([0]),
    request.logId ?? log.logId,
    instant,
    extensions,
    Buffer.from([4, log.key.kind.startsWith('rsa') ? 1 : 3]),
    lengthPrefixed(2, signBytes(log.key, signed)),
  ]);
}

/** Extension 0, five bytes: any index will do. */
function leafIndexOf(at: Date): Buffer {
  const index = Buffer.alloc(5);
  index.writeUIntBE(Math.floor(at.getTime() / 1000) % 2 ** 32, 0, 5);
  return Buffer.concat([Buffer.from([0]), lengthPrefixed(2, index)]);
}

function lengthPrefixed(octets: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const prefix = Buffer.alloc(octets);
  prefix.writeUIntBE(content.length, 0, octets);
  return Buffer.concat([prefix, content]);
}
