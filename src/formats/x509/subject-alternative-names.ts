/** Whom a certificate names. @source RFC 5280 section 4.2.1.6; github.com/sigstore/fulcio, docs/certificate-specification.md */

import { utf8Of } from '../../base/bytes.ts';
import { InputError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { oidOf, textOf, utf8TextOf } from '../../crypto/der-values.ts';
import { oid as oidElement, sequence, tagged, taggedString, utf8String } from '../../crypto/der-writer.ts';
import { childrenOf, contentOf, cursorOf, derTags, parseDer, requireTag } from '../../crypto/der.ts';
import type { DerElement } from '../../crypto/der.ts';
import { asCertificateError, extensionOf } from './certificate.ts';
import type { Certificate } from './certificate.ts';
import { encodeExtension, extensionIds } from './extensions.ts';

export type SubjectAlternativeName =
  /** `user-name` is Fulcio's otherName: "user!domain". Texts are as the authority wrote them, control characters included. */
  | { readonly kind: 'email' | 'uri' | 'dns' | 'ip' | 'user-name'; readonly text: string }
  /** A name that no identity is compared with; `type` is "directoryName", or "otherName 1.3.6.1.5.5.7.8.9". */
  | { readonly kind: 'unread'; readonly type: string };

const FULCIO_USER_NAME = '1.3.6.1.4.1.57264.1.7';
const OTHER_NAME = 0xa0;
const EXPLICIT_VALUE = 0xa0;
const IP_ADDRESS = 0x87;

const ASCII_NAMES: ReadonlyMap<number, 'email' | 'dns' | 'uri'> = new Map([
  [0x81, 'email'],
  [0x82, 'dns'],
  [0x86, 'uri'],
]);
const UNREAD_NAMES: ReadonlyMap<number, string> = new Map([
  [0xa3, 'x400Address'],
  [0xa4, 'directoryName'],
  [0xa5, 'ediPartyName'],
  [0x88, 'registeredID'],
]);

/** All names, in the certificate's order; none when it has no such extension. Throws CERTIFICATE_MALFORMED. */
export function subjectAlternativeNamesOf(certificate: Certificate): readonly SubjectAlternativeName[] {
  const extension = extensionOf(certificate, extensionIds.subjectAlternativeName);
  if (extension === undefined) return [];
  if (extension.value.length > limits.certificateTextBytes) throw tooLong(extension.value.length);
  return asCertificateError(() => {
    const names = childrenOf(parseDer(extension.value, derTags.sequence));
    if (names.length === 0 || names.length > limits.certificateNames) {
      throw malformed(`${names.length} names, expected 1 to ${limits.certificateNames}`);
    }
    return names.map(nameOf);
  });
}

/** A name that Fulcio certifies. */
export type CertifiedName = Extract<SubjectAlternativeName, { readonly text: string }> & {
  readonly kind: 'email' | 'uri' | 'user-name';
};

/** The extension with one name, DER; critical, because the subject is empty. Throws CERTIFICATE_MALFORMED for a text that
 *  readers would refuse or read differently: what is no visible ASCII in an address or URI, escapes that escape nothing.
 *  @source RFC 5280 section 4.2.1.6 */
export function encodeSubjectAlternativeName({ kind, text }: CertifiedName): Uint8Array {
  if (!isCertifiable(kind, text)) throw malformed(`no ${kind}: ${JSON.stringify(text.slice(0, 200))}`);
  const value = sequence(
    kind === 'user-name'
      ? tagged(0, oidElement(FULCIO_USER_NAME), tagged(0, utf8String(text)))
      : taggedString(kind === 'email' ? 1 : 6, utf8Of(text)),
  );
  if (value.length > limits.certificateTextBytes) throw tooLong(value.length);
  return encodeExtension({ oid: extensionIds.subjectAlternativeName, isCritical: true, value });
}

const EMAIL = /^[\x21-\x3f\x41-\x7e]+@[\x21-\x3f\x41-\x7e]+$/;
const URI = /^[A-Za-z][A-Za-z0-9+.-]*:(?:[\x21-\x24\x26-\x7e]|%[0-9A-Fa-f]{2})+$/;

function isCertifiable(kind: CertifiedName['kind'], text: string): boolean {
  if (kind === 'user-name') return text !== '' && text.isWellFormed();
  return (kind === 'email' ? EMAIL : URI).test(text);
}

function nameOf(element: DerElement): SubjectAlternativeName {
  const { tag } = element;
  const content = contentOf(element);
  const asciiKind = ASCII_NAMES.get(tag);
  if (asciiKind !== undefined) return { kind: asciiKind, text: asciiTextOf(content, element) };
  if (tag === IP_ADDRESS) return { kind: 'ip', text: addressOf(content) };
  if (tag === OTHER_NAME) return otherNameOf(element);
  const type = UNREAD_NAMES.get(tag);
  if (type === undefined) throw malformed(`a name with tag 0x${tag.toString(16)}`);
  return { kind: 'unread', type };
}

function asciiTextOf(content: Uint8Array, element: DerElement): string {
  if (content.length === 0 || content.some((octet) => octet >= 0x80)) {
    throw malformed(content.length === 0 ? 'an empty name' : 'a name beyond ASCII');
  }
  return utf8TextOf(content, element);
}

function otherNameOf(element: DerElement): SubjectAlternativeName {
  const cursor = cursorOf(element, OTHER_NAME);
  const oid = oidOf(cursor.next());
  const wrapper = cursor.next(EXPLICIT_VALUE);
  cursor.end();
  if (oid !== FULCIO_USER_NAME) return { kind: 'unread', type: `otherName ${oid}` };
  const inside = cursorOf(wrapper, EXPLICIT_VALUE);
  const text = textOf(requireTag(inside.next(), derTags.utf8String));
  inside.end();
  if (text === '') throw malformed('an empty name');
  return { kind: 'user-name', text };
}

function addressOf(octets: Uint8Array): string {
  if (octets.length === 4) return octets.join('.');
  if (octets.length !== 16) throw malformed(`an address of ${octets.length} bytes`);
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((octets[2 * index] ?? 0) << 8) | (octets[2 * index + 1] ?? 0)).toString(16),
  );
  const [longest] = [...groups.join(':').matchAll(/\b0(?::0)+\b/g)].sort(([a], [b]) => b.length - a.length);
  const text = groups.join(':');
  if (longest === undefined) return text;
  // RFC 5952: the longest run of zeros, and of equal ones the first, becomes "::".
  return `${text.slice(0, longest.index).replace(/:$/, '')}::${text.slice(longest.index + longest[0].length).replace(/^:/, '')}`;
}

function tooLong(length: number): InputError {
  return malformed(`${length} bytes, at most ${limits.certificateTextBytes} are read`);
}

function malformed(why: string): InputError {
  return new InputError('CERTIFICATE_MALFORMED', `certificate: subject alternative name: ${why}`);
}
