/** Whom a certificate names, as identities are compared with it. */

import { fulcioExtensionNameOf, fulcioExtensionsOf, issuerOf } from '../formats/x509/fulcio-extensions.ts';
import type { FulcioExtensions } from '../formats/x509/fulcio-extensions.ts';
import type { Certificate } from '../formats/x509/certificate.ts';
import { subjectAlternativeNamesOf } from '../formats/x509/subject-alternative-names.ts';
import type { Identity } from './policy.ts';

export interface SignerNames {
  /** Every subject alternative name that is a text, in the certificate's order. */
  readonly subjects: readonly string[];
  /** Kinds of the other names: "directoryName". */
  readonly unread: readonly string[];
  readonly issuer: string | undefined;
  readonly extensions: FulcioExtensions;
}

const SHOWN_NAMES = 5;
const SHOWN_LENGTH = 500;

/** Throws CERTIFICATE_MALFORMED. */
export function signerNamesOf(certificate: Certificate): SignerNames {
  const names = subjectAlternativeNamesOf(certificate);
  const extensions = fulcioExtensionsOf(certificate);
  return {
    subjects: names.flatMap((name) => (name.kind === 'unread' ? [] : [name.text])),
    unread: names.flatMap((name) => (name.kind === 'unread' ? [name.type] : [])),
    issuer: issuerOf(extensions),
    extensions,
  };
}

/** The subject by which the certificate is this identity; undefined when it is not. */
export function matchingSubjectOf(identity: Identity, names: SignerNames): string | undefined {
  const isRest =
    names.issuer !== undefined &&
    identity.issuer.isMatch(names.issuer) &&
    Object.entries(identity.extensions).every(([name, matcher]) => {
      const value = extensionValueOf(names, name);
      return value !== undefined && matcher.isMatch(value);
    });
  return isRest ? names.subjects.find((subject) => identity.subject.isMatch(subject)) : undefined;
}

/** By name or OID; undefined when the certificate does not have it. */
export function extensionValueOf({ extensions }: SignerNames, nameOrOid: string): string | undefined {
  const name = fulcioExtensionNameOf(nameOrOid);
  return name === undefined ? undefined : extensions.get(name);
}

/** `"dev@example.com", issuer "https://accounts.example.com"`. */
export function describeSigner({ subjects, unread, issuer }: SignerNames): string {
  const names = [...subjects.map(quoted), ...unread.map((type) => `a ${type}`)];
  const who = names.length === 0 ? 'no subject alternative name' : listOf(names, ', ');
  return `${who}, ${issuer === undefined ? 'no issuer' : `issuer ${quoted(issuer)}`}`;
}

/** `subject "dev@example.com", issuer "https://accounts.example.com"`; several joined with "or". */
export function describeIdentities(identities: readonly Identity[]): string {
  return listOf(
    identities.map(({ subject, issuer, extensions }) =>
      [
        `subject ${subject.description}`,
        `issuer ${issuer.description}`,
        ...Object.entries(extensions).map(([name, matcher]) => `${name} ${matcher.description}`),
      ].join(', '),
    ),
    ' or ',
  );
}

/** In JSON's quotes, cut where it is too long to read. */
export function quoted(text: string): string {
  return text.length > SHOWN_LENGTH ? `${JSON.stringify(text.slice(0, SHOWN_LENGTH))}…` : JSON.stringify(text);
}

function listOf(texts: readonly string[], separator: string): string {
  const more = texts.length - SHOWN_NAMES;
  return [...texts.slice(0, SHOWN_NAMES), ...(more > 0 ? [`${more} more`] : [])].join(separator);
}
