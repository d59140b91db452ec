/** The certificates of a private Sigstore's own authorities, made once. Nothing is kept here: keys, time and randomness
 *  come from the caller.
 *  @source github.com/sigstore/fulcio, docs/certificate-specification.md */

import type { Signer } from '../../crypto/signer.ts';
import { encodeName } from '../../formats/x509/distinguished-name.ts';
import {
  encodeAuthorityKeyId,
  encodeBasicConstraints,
  encodeExtendedKeyUsage,
  encodeKeyUsage,
  encodeSubjectKeyId,
  keyPurposes,
  keyUsages,
} from '../../formats/x509/extensions.ts';
import { keyIdentifierOf } from '../../formats/x509/key-identifier.ts';
import { signCertificate } from '../../formats/x509/tbs-certificate.ts';
import type { TbsCertificate } from '../../formats/x509/tbs-certificate.ts';
import { createSerialNumber } from './serial-number.ts';

export interface AuthorityOptions {
  /** In the subject of each certificate: at most 64 letters. */
  readonly organization: string;
  /** Says DEVELOPMENT in each subject. */
  readonly isDevelopment: boolean;
  readonly now: () => Date;
  readonly random: (byteCount: number) => Uint8Array;
}

/** How long each certificate is valid. */
const authorityLifetimes = {
  rootMs: 10 * 365 * 86_400_000,
  /** Of what is signed with every day, to be renewed by the root. */
  issuedMs: 3 * 365 * 86_400_000,
  /** All begin before they are made: a stack that has just started must survive that its clock is set right. */
  backdatedMs: 3_600_000,
} as const;

/** A root, and the intermediate that issues certificates for signing code: DER, the intermediate first.
 *  Throws CERTIFICATE_MALFORMED for an organization that cannot be written. */
export async function createCaChain(
  options: AuthorityOptions & { readonly root: Signer; readonly intermediate: Signer },
): Promise<readonly [Uint8Array, Uint8Array]> {
  const { root, intermediate } = options;
  const rootName = nameOf(options, 'code signing root');
  const extensions = [
    encodeKeyUsage(keyUsages.keyCertSign, keyUsages.crlSign),
    encodeExtendedKeyUsage(keyPurposes.codeSigning, false),
    encodeBasicConstraints(0),
    ...keyIdsOf(intermediate, root),
  ];
  const subject = nameOf(options, 'code signing intermediate');
  return Promise.all([
    signCertificate({ ...issuedOf(options, intermediate), issuer: rootName, subject, extensions }, root),
    signCertificate(rootOf(options, root, rootName), root),
  ]);
}

/** A root, and the certificate that signs timestamps: DER, the latter first. No intermediate stands between: no client
 *  asks for one, and there would be nobody else to hold its key. Throws as `createCaChain`. */
export async function createTimestampChain(
  options: AuthorityOptions & { readonly root: Signer; readonly leaf: Signer },
): Promise<readonly [Uint8Array, Uint8Array]> {
  const { root, leaf } = options;
  const rootName = nameOf(options, 'timestamping root');
  const extensions = [
    encodeKeyUsage(keyUsages.digitalSignature),
    // RFC 3161 section 2.3: this purpose alone, and critical.
    encodeExtendedKeyUsage(keyPurposes.timeStamping, true),
    ...keyIdsOf(leaf, root),
  ];
  const subject = nameOf(options, 'timestamping');
  return Promise.all([
    signCertificate({ ...issuedOf(options, leaf), issuer: rootName, subject, extensions }, root),
    signCertificate(rootOf(options, root, rootName), root),
  ]);
}

function rootOf(options: AuthorityOptions, { publicKey }: Signer, name: Uint8Array): TbsCertificate {
  return {
    ...validityOf(options, authorityLifetimes.rootMs),
    serialNumber: createSerialNumber(options.random),
    issuer: name,
    subject: name,
    spki: publicKey.spki,
    extensions: [
      encodeKeyUsage(keyUsages.keyCertSign, keyUsages.crlSign),
      encodeBasicConstraints(),
      encodeSubjectKeyId(keyIdentifierOf(publicKey.spki)),
    ],
  };
}

function issuedOf(
  options: AuthorityOptions,
  { publicKey }: Signer,
): Pick<TbsCertificate, 'serialNumber' | 'notBefore' | 'notAfter' | 'spki'> {
  return {
    ...validityOf(options, authorityLifetimes.issuedMs),
    serialNumber: createSerialNumber(options.random),
    spki: publicKey.spki,
  };
}

function validityOf({ now }: AuthorityOptions, lifetimeMs: number): Pick<TbsCertificate, 'notBefore' | 'notAfter'> {
  const start = now().getTime();
  return { notBefore: new Date(start - authorityLifetimes.backdatedMs), notAfter: new Date(start + lifetimeMs) };
}

function keyIdsOf(subject: Signer, issuer: Signer): readonly Uint8Array[] {
  return [
    encodeSubjectKeyId(keyIdentifierOf(subject.publicKey.spki)),
    encodeAuthorityKeyId(keyIdentifierOf(issuer.publicKey.spki)),
  ];
}

function nameOf({ organization, isDevelopment }: AuthorityOptions, role: string): Uint8Array {
  return encodeName(organization, isDevelopment ? `DEVELOPMENT ${role}` : role);
}
