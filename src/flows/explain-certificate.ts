/** What a certificate says, part by part: one that cannot be read does not hide the others. */

import { hexOf } from '../base/bytes.ts';
import { sha256HexOf } from '../crypto/hash.ts';
import type { KeyAlgorithm } from '../crypto/key-algorithm.ts';
import { parsePublicKey } from '../crypto/public-key.ts';
import { parseCertificate } from '../formats/x509/certificate.ts';
import type { Certificate } from '../formats/x509/certificate.ts';
import { nameTextOf } from '../formats/x509/distinguished-name.ts';
import { fulcioExtensionNameOf, fulcioExtensionsOf, issuerOf } from '../formats/x509/fulcio-extensions.ts';
import { subjectAlternativeNamesOf } from '../formats/x509/subject-alternative-names.ts';
import type { SignerNames } from '../verify/signer-names.ts';
import { orUnread } from './unread.ts';
import type { Unread } from './unread.ts';

export interface CertificateDescription {
  readonly kind: 'certificate';
  readonly names: SignerNames;
  /** Parts that cannot be read, or contradict each other: `names` lacks them. */
  readonly faults: readonly PartFault[];
  /** Of the authority, as the certificate has it. */
  readonly issuerName: string;
  readonly serialNumberHex: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly fingerprint: string;
  readonly key: KeyDescription | Unread;
  /** That came with the signature, the leaf among them. */
  readonly chainLength: number;
}

/** `part`: "subjectAlternativeName", "sourceRepositoryUri". */
export interface PartFault {
  readonly part: string;
  readonly why: string;
}

export interface KeyDescription {
  readonly kind: 'key';
  readonly fingerprint: string;
  readonly algorithm: KeyAlgorithm;
}

/** `chain`: DER, the leaf first. Throws CERTIFICATE_MALFORMED for what is no certificate at all. */
export function certificateDescriptionOf(chain: readonly Uint8Array[]): CertificateDescription {
  const certificate = parseCertificate(chain[0] ?? new Uint8Array());
  return {
    kind: 'certificate',
    ...readNames(certificate),
    issuerName: nameTextOf(certificate.issuer),
    serialNumberHex: hexOf(certificate.serialNumber),
    notBefore: certificate.notBefore,
    notAfter: certificate.notAfter,
    fingerprint: sha256HexOf(certificate.der),
    key: orUnread(() => keyDescriptionOf(certificate.spki)),
    chainLength: chain.length,
  };
}

/** `file`: PEM or DER. Throws what `parsePublicKey` throws. */
export function keyDescriptionOf(file: Uint8Array): KeyDescription {
  const { fingerprint, algorithm } = parsePublicKey(file);
  return { kind: 'key', fingerprint, algorithm };
}

/** As `signerNamesOf` reads them, one extension at a time. */
function readNames(certificate: Certificate): Pick<CertificateDescription, 'names' | 'faults'> {
  const subjects = orUnread(() => ({ kind: 'read' as const, names: subjectAlternativeNamesOf(certificate) }));
  const parts = certificate.extensions.flatMap((extension) => {
    const part = fulcioExtensionNameOf(extension.oid);
    if (part === undefined) return [];
    const alone = { ...certificate, extensions: [extension] };
    return [
      { part, value: orUnread(() => ({ kind: 'read' as const, text: fulcioExtensionsOf(alone).get(part) ?? '' })) },
    ];
  });
  const extensions = new Map(parts.flatMap(({ part, value }) => (value.kind === 'read' ? [[part, value.text]] : [])));
  const faults = [
    ...(subjects.kind === 'unread' ? [{ part: 'subjectAlternativeName', why: subjects.why }] : []),
    ...parts.flatMap(({ part, value }) => (value.kind === 'unread' ? [{ part, why: value.why }] : [])),
    ...issuerFaultsOf(extensions),
  ];
  const names = subjects.kind === 'unread' ? [] : subjects.names;
  return {
    names: {
      subjects: names.flatMap((name) => (name.kind === 'unread' ? [] : [name.text])),
      unread: names.flatMap((name) => (name.kind === 'unread' ? [name.type] : [])),
      issuer: issuerOf(extensions),
      extensions,
    },
    faults,
  };
}

/** The issuer is written twice: a certificate in which the two differ is refused. */
function issuerFaultsOf(extensions: SignerNames['extensions']): readonly PartFault[] {
  const [first, second] = [extensions.get('issuer'), extensions.get('issuerV2')];
  return first === undefined || second === undefined || first === second
    ? []
    : [{ part: 'issuer', why: `differs from issuerV2: ${JSON.stringify(first.slice(0, 200))}` }];
}
