/** A certificate authority: root, intermediate, and the leaves it issues. */

import { sequence } from '../der-writer.ts';
import {
  authorityKeyId,
  basicConstraints,
  createSerialNumber,
  distinguishedName,
  encodeCertificate,
  encodeTbs,
  extendedKeyUsage,
  extensionOids,
  fulcioExtension,
  generalName,
  keyPurposes,
  keyUsage,
  subjectAlternativeName,
  subjectKeyId,
} from './virtual-certificate.ts';
import type { CertificateChanges, CertificatePlan, VirtualExtension } from './virtual-certificate.ts';
import { encodeSctList } from './virtual-ct-log.ts';
import type { SctRequest } from './virtual-ct-log.ts';
import { createVirtualKey } from './virtual-key.ts';
import type { KeyKind, VirtualKey } from './virtual-key.ts';

export interface VirtualAuthority {
  readonly uri: string;
  readonly organization: string;
  readonly commonName: string;
  /** The issuing certificate's key and subject. */
  readonly key: VirtualKey;
  readonly subject: Buffer;
  readonly rootKey: VirtualKey;
  /** Issuing certificate first, root last; DER. */
  readonly chain: readonly Buffer[];
}

export interface AuthorityOptions {
  readonly uri: string;
  readonly organization: string;
  readonly purpose: keyof typeof keyPurposes;
  readonly now: Date;
  readonly keyKind?: KeyKind;
  /** The root issues leaves itself. */
  readonly isRootOnly?: boolean;
  readonly root?: CertificateChanges;
  readonly intermediate?: CertificateChanges;
}

/** Whom a code-signing certificate names. */
export interface LeafRequest {
  readonly spki: Buffer;
  readonly at: Date;
  /** GeneralNames, DER; one e-mail address by default. */
  readonly names?: readonly Buffer[];
  /** The OIDC issuer. */
  readonly issuer?: string;
  /** More Fulcio extensions by the last number of their OID. */
  readonly claims?: Readonly<Record<number, string>>;
  /** Empty: the certificate was not logged. */
  readonly scts: readonly SctRequest[];
  readonly changes?: CertificateChanges;
}

const YEAR_MS = 365 * 86_400_000;
const LEAF_LIFETIME_MS = 600_000;

export const virtualIdentity = { email: 'dev@example.test', issuer: 'https://issuer.example.test' } as const;

export function createAuthority(options: AuthorityOptions): VirtualAuthority {
  const { uri, organization, purpose, now, isRootOnly = false } = options;
  const rootKey = createVirtualKey(options.keyKind ?? 'p384');
  const rootName = distinguishedName(organization, 'root');
  const root = encodeCertificate(
    changed(
      {
        issuer: rootName,
        subject: rootName,
        notBefore: new Date(now.getTime() - 2 * YEAR_MS),
        notAfter: new Date(now.getTime() + 8 * YEAR_MS),
        spki: rootKey.spki,
        serialNumber: createSerialNumber(),
        extensions: [keyUsage(5, 6), basicConstraints(true), subjectKeyId(rootKey.spki)],
      },
      options.root,
    ),
    rootKey,
  );
  if (isRootOnly) {
    return { uri, organization, commonName: 'root', key: rootKey, subject: rootName, rootKey, chain: [root] };
  }
  const key = createVirtualKey(options.keyKind ?? 'p384');
  const subject = distinguishedName(organization, 'intermediate');
  const intermediate = encodeCertificate(
    changed(
      {
        issuer: rootName,
        subject,
        notBefore: new Date(now.getTime() - YEAR_MS),
        notAfter: new Date(now.getTime() + 2 * YEAR_MS),
        spki: key.spki,
        serialNumber: createSerialNumber(),
        extensions: [
          keyUsage(5, 6),
          extendedKeyUsage([keyPurposes[purpose]]),
          basicConstraints(true, 0),
          subjectKeyId(key.spki),
          authorityKeyId(rootKey.spki),
        ],
      },
      options.intermediate,
    ),
    rootKey,
  );
  return { uri, organization, commonName: 'intermediate', key, subject, rootKey, chain: [intermediate, root] };
}

/** A code-signing certificate, DER, byte for byte in Fulcio's order. */
export function issueLeaf(authority: VirtualAuthority, request: LeafRequest): Buffer {
  const { spki, at, issuer = virtualIdentity.issuer } = request;
  const names = request.names ?? [generalName.email(virtualIdentity.email)];
  const claims = Object.entries({ 1: issuer, 8: issuer, ...request.claims });
  const plan = changed(
    {
      issuer: authority.subject,
      subject: sequence(),
      notBefore: at,
      notAfter: new Date(at.getTime() + LEAF_LIFETIME_MS),
      spki,
      serialNumber: createSerialNumber(),
      extensions: [
        keyUsage(0),
        extendedKeyUsage([keyPurposes.codeSigning]),
        subjectKeyId(spki),
        authorityKeyId(authority.key.spki),
        subjectAlternativeName(names),
        ...claims.map(([number, text]) => fulcioExtension(Number(number), text)),
      ],
    },
    request.changes,
  );
  return encodeCertificate(withScts(plan, authority, request), authority.key);
}

/** A certificate that signs timestamps, DER. */
export function issueTimestampLeaf(
  authority: VirtualAuthority,
  spki: Buffer,
  now: Date,
  changes?: CertificateChanges,
): { readonly certificate: Buffer; readonly plan: CertificatePlan } {
  const plan = changed(
    {
      issuer: authority.subject,
      subject: distinguishedName(authority.organization, 'timestamping'),
      notBefore: new Date(now.getTime() - YEAR_MS),
      notAfter: new Date(now.getTime() + YEAR_MS),
      spki,
      serialNumber: createSerialNumber(),
      extensions: [
        keyUsage(0),
        extendedKeyUsage([keyPurposes.timeStamping], true),
        subjectKeyId(spki),
        authorityKeyId(authority.key.spki),
      ],
    },
    changes,
  );
  return { certificate: encodeCertificate(plan, authority.key), plan };
}

function withScts(plan: CertificatePlan, authority: VirtualAuthority, { scts, at }: LeafRequest): CertificatePlan {
  if (scts.length === 0) {
    return plan;
  }
  const value = encodeSctList(scts, { tbs: encodeTbs(plan, authority.key), issuerSpki: authority.key.spki, at });
  const list: VirtualExtension = { oid: extensionOids.sctList, isCritical: false, value };
  return { ...plan, extensions: [...plan.extensions, list] };
}

function changed(plan: CertificatePlan, changes: CertificateChanges = {}): CertificatePlan {
  return {
    ...plan,
    notBefore: changes.notBefore ?? plan.notBefore,
    notAfter: changes.notAfter ?? plan.notAfter,
    subject: changes.subject ?? plan.subject,
    extensions: changes.extensions?.(plan.extensions) ?? plan.extensions,
  };
}
