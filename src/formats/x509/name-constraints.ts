/** Which names an authority may put into certificates. What cannot be judged counts as broken.
 *  @source RFC 5280 section 4.2.1.10 */

import { isSameBytes } from '../../base/bytes.ts';
import { limits } from '../../base/limits.ts';
import { childrenOf, contentOf, cursorOf, derTags, encodedOf, parseDer, requireTag } from '../../crypto/der.ts';
import type { DerElement } from '../../crypto/der.ts';
import { asCertificateError, certificateError } from './certificate.ts';
import type { Certificate } from './certificate.ts';
import { attributesOf } from './distinguished-name.ts';
import { extensionIds, readExtension } from './extensions.ts';

/** A GeneralName: its tag, and what stands inside. */
export interface ConstrainedName {
  readonly tag: number;
  readonly content: Uint8Array;
}

export interface NameConstraints {
  readonly permitted: readonly ConstrainedName[];
  readonly excluded: readonly ConstrainedName[];
}

/** Throws when it cannot tell. */
type Matcher = (name: Uint8Array, subtree: Uint8Array) => boolean;

const EMAIL = 0x81;
const DNS = 0x82;
const URI = 0x86;
const IP_ADDRESS = 0x87;
const DIRECTORY_NAME = 0xa4;
const EMAIL_ATTRIBUTE = '1.2.840.113549.1.9.1';

const matchers: ReadonlyMap<number, Matcher> = new Map([
  [EMAIL, isEmailWithin],
  [DNS, isDnsWithin],
  [URI, isUriWithin],
  [IP_ADDRESS, isAddressWithin],
  [DIRECTORY_NAME, isDirectoryNameWithin],
]);

/** What the authority's certificate says; undefined when it says nothing. Throws CERTIFICATE_MALFORMED. */
export function nameConstraintsOf(authority: Certificate): NameConstraints | undefined {
  return readExtension(authority, extensionIds.nameConstraints, (value) => {
    const members = cursorOf(value);
    const [permitted, excluded] = [subtreesOf(members.optional(0xa0)), subtreesOf(members.optional(0xa1))];
    members.end();
    return { permitted, excluded };
  });
}

/** All names of a certificate: alternative names, subject, and what the subject says is an email address.
 *  Throws CERTIFICATE_MALFORMED. */
export function constrainedNamesOf(certificate: Certificate): readonly ConstrainedName[] {
  const alternatives = readExtension(certificate, extensionIds.subjectAlternativeName, (value) =>
    childrenOf(requireTag(value, derTags.sequence)).map(nameOf),
  );
  return asCertificateError(() => {
    const attributes = attributesOf(certificate.subject);
    const subject = { tag: DIRECTORY_NAME, content: certificate.subject };
    const emails = attributes
      .filter(({ oid }) => oid === EMAIL_ATTRIBUTE)
      .map(({ value }) => ({ tag: EMAIL, content: contentOf(value) }));
    return [...(alternatives ?? []), ...(attributes.length === 0 ? [] : [subject]), ...emails];
  });
}

/** Whether the constraints allow all these names: none within an excluded subtree, and where a kind of name has permitted
 *  subtrees, each of that kind within one. Throws CERTIFICATE_MALFORMED when that cannot be told. */
export function isAllowedBy(constraints: NameConstraints, names: readonly ConstrainedName[]): boolean {
  return asCertificateError(() =>
    names.every((name) => {
      const isSameKind = ({ tag }: ConstrainedName): boolean => tag === name.tag;
      const permitted = constraints.permitted.filter(isSameKind);
      const excluded = constraints.excluded.filter(isSameKind);
      if (permitted.length === 0 && excluded.length === 0) return true;
      const isWithin = matchers.get(name.tag);
      // Names are compared byte for byte, and an excluded one could be spelled differently.
      if (isWithin === undefined || (name.tag === DIRECTORY_NAME && excluded.length > 0)) {
        throw certificateError('its names are constrained in a way that cannot be judged');
      }
      return (
        !excluded.some(({ content }) => isWithin(name.content, content)) &&
        (permitted.length === 0 || permitted.some(({ content }) => isWithin(name.content, content)))
      );
    }),
  );
}

function subtreesOf(element: DerElement | undefined): readonly ConstrainedName[] {
  const subtrees = element === undefined ? [] : childrenOf(element);
  if (subtrees.length > limits.certificateNames) {
    throw certificateError(`${subtrees.length} name constraints, at most ${limits.certificateNames} are read`);
  }
  return subtrees.map((subtree) => {
    const members = cursorOf(subtree);
    const name = nameOf(members.next());
    // Minimum and maximum must not be there.
    members.end();
    return name;
  });
}

/** A directory name stands in a tag of its own. */
function nameOf(element: DerElement): ConstrainedName {
  if (element.tag !== DIRECTORY_NAME) return { tag: element.tag, content: contentOf(element) };
  const inside = cursorOf(element, DIRECTORY_NAME);
  const name = encodedOf(inside.next(derTags.sequence));
  inside.end();
  return { tag: DIRECTORY_NAME, content: name };
}

/** "example.com": itself and all below; ".example.com": all below. */
function isDnsWithin(name: Uint8Array, subtree: Uint8Array): boolean {
  const [host, domain] = [lowerCaseOf(name), lowerCaseOf(subtree)];
  if (domain === '' || host === domain) return true;
  return host.endsWith(domain.startsWith('.') ? domain : `.${domain}`);
}

/** "example.com": this host; ".example.com": hosts below it; "dev@example.com": this mailbox. */
function isEmailWithin(name: Uint8Array, subtree: Uint8Array): boolean {
  const [mailbox, constraint] = [textOf(name), textOf(subtree)];
  const at = mailbox.lastIndexOf('@');
  if (at < 1) throw certificateError('an email address without "@" under name constraints');
  const host = mailbox.slice(at + 1).toLowerCase();
  const constraintAt = constraint.lastIndexOf('@');
  return constraintAt === -1
    ? isHostWithin(host, constraint.toLowerCase())
    : mailbox.slice(0, at) === constraint.slice(0, constraintAt) &&
        host === constraint.slice(constraintAt + 1).toLowerCase();
}

const URI_WITH_HOST = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#@]*@)?([a-z0-9.-]*[a-z][a-z0-9.-]*)(?::\d*)?(?:[/?#].*)?$/s;

function isUriWithin(name: Uint8Array, subtree: Uint8Array): boolean {
  const host = URI_WITH_HOST.exec(lowerCaseOf(name))?.[1];
  if (host === undefined) throw certificateError('a URI without a host name under name constraints');
  return isHostWithin(host, lowerCaseOf(subtree));
}

function isHostWithin(host: string, constraint: string): boolean {
  return constraint.startsWith('.') ? host.endsWith(constraint) : host === constraint;
}

/** The subtree is an address and a mask. */
function isAddressWithin(name: Uint8Array, subtree: Uint8Array): boolean {
  const { length } = name;
  if ((length !== 4 && length !== 16) || (subtree.length !== 8 && subtree.length !== 32)) {
    throw certificateError('an IP address of another length under name constraints');
  }
  return (
    subtree.length === 2 * length &&
    name.every((octet, index) => ((octet ^ (subtree[index] ?? 0)) & (subtree[length + index] ?? 0xff)) === 0)
  );
}

/** The subtree's parts are the first ones of the name. */
function isDirectoryNameWithin(name: Uint8Array, subtree: Uint8Array): boolean {
  const [parts, wanted] = [name, subtree].map((each) => childrenOf(parseDer(each, derTags.sequence)).map(encodedOf));
  return (wanted ?? []).every((part, index) => {
    const other = parts?.[index];
    return other !== undefined && isSameBytes(part, other);
  });
}

function textOf(content: Uint8Array): string {
  if (content.some((octet) => octet >= 0x80)) throw certificateError('a name beyond ASCII under name constraints');
  return String.fromCharCode(...content);
}

function lowerCaseOf(content: Uint8Array): string {
  return textOf(content).toLowerCase();
}
