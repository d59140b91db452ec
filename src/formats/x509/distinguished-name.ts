/** Distinguished names, as people read and write them. @source RFC 5280 section 4.1.2.4, RFC 4514 */

import { hexOf } from '../../base/bytes.ts';
import { InputError, isErrorWithCode } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { oidOf, textOf } from '../../crypto/der-values.ts';
import { oid as oidElement, printableString, sequence, setOf, utf8String } from '../../crypto/der-writer.ts';
import { childrenOf, contentOf, cursorOf, derTags, parseDer, requireTag } from '../../crypto/der.ts';
import type { DerElement } from '../../crypto/der.ts';

export interface NameAttribute {
  readonly oid: string;
  readonly value: DerElement;
}

export const nameAttributes = { commonName: '2.5.4.3', organization: '2.5.4.10' } as const;

const SHORT_NAMES: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
};
const MAX_LENGTH = 200;

/** All attributes of a Name (DER), in their order. Throws DER_MALFORMED. */
export function attributesOf(name: Uint8Array): readonly NameAttribute[] {
  return childrenOf(parseDer(name, derTags.sequence)).flatMap((set) =>
    childrenOf(requireTag(set, derTags.set)).map((element) => {
      const attribute = cursorOf(element);
      const oid = oidOf(attribute.next());
      const value = attribute.next();
      attribute.end();
      return { oid, value };
    }),
  );
}

/** A Name (DER) for people: "O=sigstore.dev, CN=sigstore-intermediate"; in hexadecimal where it cannot be read. For
 *  messages only: names are compared as bytes. */
export function nameTextOf(name: Uint8Array): string {
  // A stranger's certificate may have a name of a megabyte, which each trusted one would have read again.
  if (name.length > limits.certificateTextBytes) return hexOf(name.subarray(0, MAX_LENGTH / 2));
  try {
    const attributes = attributesOf(name).map(({ oid, value }) => `${SHORT_NAMES[oid] ?? oid}=${valueTextOf(value)}`);
    return attributes.length === 0 ? '(no name)' : attributes.join(', ').slice(0, MAX_LENGTH);
  } catch (error) {
    if (isErrorWithCode(error, 'DER_MALFORMED')) return hexOf(name).slice(0, MAX_LENGTH);
    throw error;
  }
}

/** The first attribute of this kind that is a text. Throws DER_MALFORMED. */
export function attributeTextOf(name: Uint8Array, oid: string): string | undefined {
  const value = attributesOf(name).find((attribute) => attribute.oid === oid)?.value;
  return value !== undefined && isText(value) ? textOf(value) : undefined;
}

/** A Name (DER) with an organization and a common name, as Fulcio's authorities have. Throws CERTIFICATE_MALFORMED for a
 *  text of more letters than X.520 allows. */
export function encodeName(organization: string, commonName: string): Uint8Array {
  return sequence(
    encodeAttribute(nameAttributes.organization, organization),
    encodeAttribute(nameAttributes.commonName, commonName),
  );
}

const PRINTABLE = /^[A-Za-z0-9 '()+,./:=?-]+$/;
/** @source RFC 5280 appendix A.1, ub-organization-name and ub-common-name */
const MAX_ATTRIBUTE_LETTERS = 64;

function encodeAttribute(type: string, text: string): Uint8Array {
  if (text === '' || !text.isWellFormed() || [...text].length > MAX_ATTRIBUTE_LETTERS) {
    const seen = JSON.stringify(text.slice(0, MAX_LENGTH));
    throw new InputError(
      'CERTIFICATE_MALFORMED',
      `certificate: a name has 1 to ${MAX_ATTRIBUTE_LETTERS} letters, not ${seen}`,
    );
  }
  return setOf(sequence(oidElement(type), PRINTABLE.test(text) ? printableString(text) : utf8String(text)));
}

function valueTextOf(value: DerElement): string {
  return isText(value) ? textOf(value) : `#${hexOf(contentOf(value))}`;
}

function isText({ tag }: DerElement): boolean {
  return tag === derTags.utf8String || tag === derTags.printableString || tag === derTags.ia5String;
}
