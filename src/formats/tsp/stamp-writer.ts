/** Writes timestamps, byte for byte in the layout of the public Sigstore's authority. What is the same in all stamps of one
 *  authority is written once. @source RFC 3161 section 2.4.2, RFC 5652 section 5, RFC 5816 */

import {
  generalizedTime,
  integer,
  octetString,
  oid,
  sequence,
  setOf,
  tagged,
  utcTime,
} from '../../crypto/der-writer.ts';
import { hashOf } from '../../crypto/hash.ts';
import type { Scheme } from '../../crypto/key-algorithm.ts';
import { encodeAlgorithmIdentifier } from '../../crypto/scheme-identifier.ts';
import type { Certificate } from '../x509/certificate.ts';

/** The parts that all stamps of one authority share, each DER. */
export interface StampFrame {
  readonly policy: Uint8Array;
  /** GeneralName of the authority, in its explicit tag. */
  readonly authorityName: Uint8Array;
  /** Issuer and serial number of the certificate that signs. */
  readonly signerId: Uint8Array;
  readonly signatureAlgorithm: Uint8Array;
  readonly contentType: Uint8Array;
  readonly signingCertificate: Uint8Array;
  /** What comes along where a request asks for it. */
  readonly certificates: Uint8Array;
}

/** What one stamp states. */
export interface Statement {
  /** MessageImprint, DER. */
  readonly imprint: Uint8Array;
  /** INTEGER, DER. */
  readonly nonce: Uint8Array | undefined;
  /** Big-endian, positive, at most 20 bytes. */
  readonly serialNumber: Uint8Array;
  /** Stated to the second, which passed not more than a second ago. */
  readonly instant: Date;
}

export interface SignedStamp {
  readonly info: Uint8Array;
  readonly attributes: Uint8Array;
  readonly signature: Uint8Array;
  readonly wantsCertificates: boolean;
}

const oids = {
  signedData: oid('1.2.840.113549.1.7.2'),
  stampInfo: oid('1.2.840.113549.1.9.16.1.4'),
  contentType: oid('1.2.840.113549.1.9.3'),
  messageDigest: oid('1.2.840.113549.1.9.4'),
  signingTime: oid('1.2.840.113549.1.9.5'),
  signingCertificateV2: oid('1.2.840.113549.1.9.16.2.47'),
} as const;

const SHA256 = sequence(oid('2.16.840.1.101.3.4.2.1'));
const GRANTED = sequence(integer(0));
const VERSION_1 = integer(1);
const VERSION_3 = integer(3);
/** Accuracy: of one second, because fractions are left out. */
const ACCURACY = sequence(integer(1));
const HASHES = setOf(SHA256);
const NO_CERTIFICATES = tagged(0);
const CONTEXT_0 = 0xa0;
const LAST_UTC_YEAR = 2049;

/** `chain`: the certificate that signs first, root last. The root stays behind: whoever trusts it has it.
 *  @source RFC 5035 section 4, ESSCertIDv2 */
export function stampFrameOf(
  leaf: Certificate,
  issuers: readonly Certificate[],
  policy: string,
  scheme: Scheme,
): StampFrame {
  const serialNumber = integer(leaf.serialNumber);
  const certificateId = sequence(
    octetString(hashOf('sha256', leaf.der)),
    sequence(sequence(tagged(4, leaf.issuer)), serialNumber),
  );
  return {
    policy: oid(policy),
    authorityName: tagged(0, tagged(4, leaf.subject)),
    signerId: sequence(leaf.issuer, serialNumber),
    signatureAlgorithm: encodeAlgorithmIdentifier(scheme),
    contentType: attribute(oids.contentType, oids.stampInfo),
    signingCertificate: attribute(oids.signingCertificateV2, sequence(sequence(certificateId))),
    certificates: tagged(0, leaf.der, ...issuers.slice(0, -1).map(({ der }) => der)),
  };
}

/** The TSTInfo. */
export function encodeStampInfo(frame: StampFrame, { imprint, nonce, serialNumber, instant }: Statement): Uint8Array {
  const head = [VERSION_1, frame.policy, imprint, integer(serialNumber), generalizedTime(instant), ACCURACY];
  return sequence(...head, ...(nonce === undefined ? [] : [nonce]), frame.authorityName);
}

/** The signed attributes as the SET that is signed. */
export function encodeSignedAttributes(frame: StampFrame, info: Uint8Array, instant: Date): Uint8Array {
  return setOf(
    frame.contentType,
    attribute(oids.signingTime, instant.getUTCFullYear() > LAST_UTC_YEAR ? generalizedTime(instant) : utcTime(instant)),
    attribute(oids.messageDigest, octetString(hashOf('sha256', info))),
    frame.signingCertificate,
  );
}

/** The TimeStampResp that grants the stamp. */
export function encodeTimestampResponse(frame: StampFrame, stamp: SignedStamp): Uint8Array {
  // In the message the attributes stand under another tag than the one they are signed under.
  const attributes = Uint8Array.from(stamp.attributes);
  attributes[0] = CONTEXT_0;
  const signerInfo = sequence(
    VERSION_1,
    frame.signerId,
    SHA256,
    attributes,
    frame.signatureAlgorithm,
    octetString(stamp.signature),
  );
  const signedData = sequence(
    VERSION_3,
    HASHES,
    sequence(oids.stampInfo, tagged(0, octetString(stamp.info))),
    stamp.wantsCertificates ? frame.certificates : NO_CERTIFICATES,
    setOf(signerInfo),
  );
  return sequence(GRANTED, sequence(oids.signedData, tagged(0, signedData)));
}

function attribute(type: Uint8Array, value: Uint8Array): Uint8Array {
  return sequence(type, setOf(value));
}
