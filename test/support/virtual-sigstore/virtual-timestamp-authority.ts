/** A timestamp authority. @source RFC 3161, RFC 5652, RFC 5816 */

import {
  der,
  generalizedTime,
  integer,
  nullValue,
  octetString,
  oid,
  sequence,
  setOf,
  tagged,
  utcTime,
} from '../der-writer.ts';
import { createAuthority, issueTimestampLeaf } from './virtual-authority.ts';
import type { VirtualAuthority } from './virtual-authority.ts';
import { createSerialNumber, generalName } from './virtual-certificate.ts';
import type { CertificateChanges, CertificatePlan } from './virtual-certificate.ts';
import {
  createVirtualKey,
  digestOf,
  hashNameOf,
  naturalSchemeOf,
  signBytes,
  signatureAlgorithmOf,
} from './virtual-key.ts';
import type { HashName, KeyKind, VirtualKey } from './virtual-key.ts';

export interface VirtualTimestampAuthority {
  readonly uri: string;
  readonly organization: string;
  readonly key: VirtualKey;
  /** Issued the leaf. */
  readonly issuer: VirtualAuthority;
  readonly leaf: CertificatePlan;
  /** Leaf first, root last; DER. */
  readonly chain: readonly Buffer[];
}

export interface TimestampAuthorityOptions {
  readonly uri: string;
  readonly organization: string;
  readonly now: Date;
  readonly keyKind?: KeyKind;
  readonly leaf?: CertificateChanges;
  /** Issues the leaf; by default a new one. */
  readonly issuer?: VirtualAuthority;
}

/** One timestamp of a signature; what differs from a good one is an attack. */
export interface TimestampRequest {
  readonly authority: VirtualTimestampAuthority;
  readonly at?: Date;
  /** The bytes that are stamped, instead of the signature. */
  readonly stamped?: Buffer;
  readonly hash?: HashName;
  /** Certificates in the token: by default none, as clients of Sigstore ask for it. */
  readonly embedded?: readonly Buffer[];
  /** PKIStatus: by default 0, granted. */
  readonly status?: number;
  /** TSTInfo before it is signed. */
  readonly info?: (info: Buffer) => Buffer;
  /** The hash of TSTInfo that the signed attributes name. */
  readonly messageDigest?: Buffer;
  readonly signingKey?: VirtualKey;
  /** The signed attributes, before they are signed: content type, signing time, message digest, certificate. */
  readonly attributes?: (usual: readonly Buffer[]) => readonly Buffer[];
  /** Members of SignerInfo: version, certificate, hash, signed attributes, signature algorithm, signature. */
  readonly signerInfo?: (usual: readonly Buffer[]) => readonly Buffer[];
  /** Members of SignedData: version, hashes, content, certificates, SignerInfos. */
  readonly signedData?: (usual: readonly Buffer[]) => readonly Buffer[];
}

const HASH_OIDS: Readonly<Record<HashName, string>> = {
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
};

const oids = {
  signedData: '1.2.840.113549.1.7.2',
  timestampInfo: '1.2.840.113549.1.9.16.1.4',
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingTime: '1.2.840.113549.1.9.5',
  signingCertificateV2: '1.2.840.113549.1.9.16.2.47',
  policy: '1.3.6.1.4.1.57264.2',
} as const;

export function createTimestampAuthority(options: TimestampAuthorityOptions): VirtualTimestampAuthority {
  const { uri, organization, now, keyKind = 'p384' } = options;
  const issuer = options.issuer ?? createAuthority({ uri, organization, purpose: 'timeStamping', now, keyKind });
  const key = createVirtualKey(keyKind);
  const { certificate, plan } = issueTimestampLeaf(issuer, key.spki, now, options.leaf);
  return { uri, organization, key, issuer, leaf: plan, chain: [certificate, ...issuer.chain] };
}

/** A TimeStampResp, DER. */
export function stampSignature(request: TimestampRequest, signature: Buffer, signedAt: Date): Buffer {
  const { authority, status = 0, at = signedAt } = request;
  const info = encodeInfo(request, request.stamped ?? signature, at);
  const hash = hashNameOf(naturalSchemeOf(authority.key));
  const members = [
    integer(3),
    der(0x31, hashAlgorithm(hash)),
    sequence(oid(oids.timestampInfo), tagged(0, octetString(info))),
    tagged(0, ...(request.embedded ?? [])),
    der(0x31, encodeSignerInfo(request, info, at, hash)),
  ];
  const signedData = sequence(...(request.signedData?.(members) ?? members));
  return sequence(sequence(integer(status)), sequence(oid(oids.signedData), tagged(0, signedData)));
}

function encodeInfo(request: TimestampRequest, stamped: Buffer, at: Date): Buffer {
  const hash = request.hash ?? 'sha256';
  const info = sequence(
    integer(1),
    oid(oids.policy),
    sequence(hashAlgorithm(hash), octetString(digestOf(hash, stamped))),
    integer(createSerialNumber()),
    generalizedTime(at),
    sequence(integer(1)),
    integer(createSerialNumber()),
    tagged(0, generalName.directory(request.authority.leaf.subject)),
  );
  return request.info?.(info) ?? info;
}

function encodeSignerInfo(request: TimestampRequest, info: Buffer, at: Date, hash: HashName): Buffer {
  const { leaf, key, chain } = request.authority;
  const signingKey = request.signingKey ?? key;
  const attribute = (type: string, value: Buffer): Buffer => sequence(oid(type), der(0x31, value));
  const certificateId = sequence(
    octetString(digestOf('sha256', chain[0] ?? Buffer.alloc(0))),
    sequence(sequence(generalName.directory(leaf.issuer)), integer(leaf.serialNumber)),
  );
  const usual = [
    attribute(oids.contentType, oid(oids.timestampInfo)),
    attribute(oids.signingTime, utcTime(at)),
    attribute(oids.messageDigest, octetString(request.messageDigest ?? digestOf(hash, info))),
    attribute(oids.signingCertificateV2, sequence(sequence(certificateId))),
  ];
  const attributes = setOf(...(request.attributes?.(usual) ?? usual));
  // The signature covers the attributes as a SET; in the message they stand under [0].
  const stored = Buffer.from(attributes);
  stored[0] = 0xa0;
  const members = [
    integer(1),
    sequence(leaf.issuer, integer(leaf.serialNumber)),
    hashAlgorithm(hash),
    stored,
    signatureAlgorithmOf(key),
    octetString(signBytes(signingKey, attributes)),
  ];
  return sequence(...(request.signerInfo?.(members) ?? members));
}

function hashAlgorithm(hash: HashName): Buffer {
  return sequence(oid(HASH_OIDS[hash]), nullValue());
}
