/** RFC 3161 timestamps: the answer of an authority, down to what it signed. Only the exact structure is read; nothing in
 *  it is trusted yet. @source RFC 3161 section 2.4.2, RFC 5652 section 5, RFC 5816 */

import { CountersignError, InputError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { countOf, oidOf, textOf } from '../../crypto/der-values.ts';
import { childrenOf, contentOf, cursorOf, derTags, parseDer } from '../../crypto/der.ts';
import type { DerElement } from '../../crypto/der.ts';
import type { HashName } from '../../crypto/hash.ts';
import { parseCertificate } from '../x509/certificate.ts';
import type { Certificate } from '../x509/certificate.ts';
import { hashOfAlgorithmIdentifier } from '../../crypto/scheme-identifier.ts';
import { readSignerInfo } from './signer-info.ts';
import type { SignerInfo } from './signer-info.ts';
import { readStampInfo } from './stamp-info.ts';
import type { StampInfo } from './stamp-info.ts';

export interface TimestampToken {
  /** What the authority says. */
  readonly info: StampInfo;
  /** The same as bytes, DER: what the signer's `contentDigest` is of. */
  readonly content: Uint8Array;
  readonly signer: SignerInfo;
  /** Came along with the stamp and is not signed: only ever compared with what is trusted. */
  readonly certificates: readonly Certificate[];
}

const oids = { signedData: '1.2.840.113549.1.7.2', stampInfo: '1.2.840.113549.1.9.16.1.4' } as const;

/** Context-specific, constructed: `[0]`. */
const CONTEXT_0 = 0xa0;
const SIGNED_DATA_VERSION = 3;
/** granted, grantedWithMods */
const MAX_GRANTED_STATUS = 1;

/** Reads a TimeStampResp, DER, that grants a stamp with one signer; what it returns shares memory with `der`.
 *  Throws TIMESTAMP_MALFORMED, INPUT_TOO_LARGE. */
export function parseTimestampResponse(der: Uint8Array): TimestampToken {
  if (der.length > limits.timestampBytes) {
    throw new InputError(
      'INPUT_TOO_LARGE',
      `timestamp: ${der.length} bytes, at most ${limits.timestampBytes} are read`,
    );
  }
  try {
    return readResponse(parseDer(der));
  } catch (cause) {
    if (!(cause instanceof CountersignError) || cause.code === 'INPUT_TOO_LARGE') throw cause;
    throw new InputError('TIMESTAMP_MALFORMED', `timestamp: ${cause.message}`, { cause });
  }
}

function readResponse(element: DerElement): TimestampToken {
  const response = cursorOf(element);
  requireGranted(response.next());
  const contentInfo = cursorOf(response.next());
  response.end();
  requireType(contentInfo.next(), oids.signedData);
  const wrapper = cursorOf(contentInfo.next(), CONTEXT_0);
  contentInfo.end();
  const token = readSignedData(wrapper.next());
  wrapper.end();
  return token;
}

/** @source RFC 3161 section 2.4.2: failInfo stands only where no stamp was granted */
function requireGranted(element: DerElement): void {
  const statusInfo = cursorOf(element);
  const status = countOf(statusInfo.next());
  if (status > MAX_GRANTED_STATUS) throw malformed(`the authority granted none: status ${status}`);
  const texts = statusInfo.optional(derTags.sequence);
  // Not signed and shown nowhere.
  if (texts !== undefined) childrenOf(texts).forEach(textOf);
  statusInfo.end();
}

function readSignedData(element: DerElement): TimestampToken {
  const signedData = cursorOf(element);
  if (countOf(signedData.next()) !== SIGNED_DATA_VERSION) throw malformed('signed data of another version');
  const announcedHash = readAnnouncedHash(signedData.next());
  const content = readContent(signedData.next());
  const certificates = signedData.optional(CONTEXT_0);
  // Revocation lists would come next. Nothing here would check them, so a stamp with some is refused.
  const signerInfos = cursorOf(signedData.next(), derTags.set);
  signedData.end();
  const signer = readSignerInfo(signerInfos.next(), oids.stampInfo);
  // With two signers, two readers could believe two different authorities.
  signerInfos.end();
  if (signer.hash !== announcedHash) throw malformed('announces another hash than its signer used');
  return {
    info: readStampInfo(parseDer(content)),
    content,
    signer,
    certificates: certificates === undefined ? [] : readCertificates(certificates),
  };
}

/** Not signed, so it has to say what the signer says. */
function readAnnouncedHash(element: DerElement): HashName {
  const announced = cursorOf(element, derTags.set);
  const hash = hashOfAlgorithmIdentifier(announced.next());
  announced.end();
  return hash;
}

function readContent(element: DerElement): Uint8Array {
  const encapsulated = cursorOf(element);
  requireType(encapsulated.next(), oids.stampInfo);
  const wrapper = cursorOf(encapsulated.next(), CONTEXT_0);
  encapsulated.end();
  const content = contentOf(wrapper.next(derTags.octetString));
  wrapper.end();
  return content;
}

/** Plain X.509 certificates only; `[0]` may be there and empty, as Go's authorities write it. */
function readCertificates(element: DerElement): readonly Certificate[] {
  const elements = childrenOf(element);
  if (elements.length > limits.chainCertificates) {
    throw malformed(`${elements.length} certificates, at most ${limits.chainCertificates} are read`);
  }
  return elements.map(({ source, start, end }) => parseCertificate(source.subarray(start, end)));
}

function requireType(element: DerElement, expected: string): void {
  const type = oidOf(element);
  if (type !== expected) throw malformed(`content of type ${type}, expected ${expected}`);
}

function malformed(why: string): InputError {
  return new InputError('TIMESTAMP_MALFORMED', why);
}
