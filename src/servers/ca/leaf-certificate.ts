/** The certificate of whoever signs, in the one shape that Fulcio gives it.
 *  @source github.com/sigstore/fulcio, docs/certificate-specification.md, docs/oid-info.md */

import { sequence } from '../../crypto/der-writer.ts';
import type { Certificate } from '../../formats/x509/certificate.ts';
import {
  encodeAuthorityKeyId,
  encodeExtendedKeyUsage,
  encodeKeyUsage,
  encodeSubjectKeyId,
  keyPurposes,
  keyUsages,
  subjectKeyIdOf,
} from '../../formats/x509/extensions.ts';
import { encodeFulcioExtension } from '../../formats/x509/fulcio-extensions.ts';
import { keyIdentifierOf } from '../../formats/x509/key-identifier.ts';
import { encodeSubjectAlternativeName } from '../../formats/x509/subject-alternative-names.ts';
import type { CertifiedName } from '../../formats/x509/subject-alternative-names.ts';
import type { TbsCertificate } from '../../formats/x509/tbs-certificate.ts';
import type { Principal, PrincipalName } from './principal.ts';

/** What differs from one certificate to the next. */
export interface LeafFacts {
  readonly principal: Pick<Principal, 'name' | 'extensions'>;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  readonly serialNumber: Uint8Array;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** Writes leaves of one issuer, as they are before the log has seen them: its timestamp, or the poison, comes last. The
 *  function that it returns throws CERTIFICATE_MALFORMED for a principal that no certificate can name. */
export function leafWriterOf(issuer: Certificate): (facts: LeafFacts) => TbsCertificate {
  const authorityKeyId = encodeAuthorityKeyId(subjectKeyIdOf(issuer) ?? keyIdentifierOf(issuer.spki));
  return ({ principal, spki, serialNumber, notBefore, notAfter }) => ({
    serialNumber,
    issuer: issuer.subject,
    subject: NOBODY,
    notBefore,
    notAfter,
    spki,
    extensions: [
      KEY_USAGE,
      CODE_SIGNING,
      encodeSubjectKeyId(keyIdentifierOf(spki)),
      authorityKeyId,
      encodeSubjectAlternativeName(certifiedNameOf(principal.name)),
      ...[...principal.extensions].toSorted(([a], [b]) => a - b).map(([arc, text]) => encodeFulcioExtension(arc, text)),
    ],
  });
}

/** The name in the words of X.509. */
export function certifiedNameOf({ kind, value }: PrincipalName): CertifiedName {
  return { kind: kind === 'username' ? 'user-name' : kind, text: value };
}

const NOBODY = sequence();
const KEY_USAGE = encodeKeyUsage(keyUsages.digitalSignature);
const CODE_SIGNING = encodeExtendedKeyUsage(keyPurposes.codeSigning, false);
