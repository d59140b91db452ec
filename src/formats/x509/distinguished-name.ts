/** Distinguished names, as people read them. @source RFC 5280 section 4.1.2.4, RFC 4514 */

import { hexOf } from '../../base/bytes.ts';
import { isErrorWithCode } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { oidOf, textOf } from '../../crypto/der-values.ts';
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

function valueTextOf(value: DerElement): string {
  return isText(value) ? textOf(value) : `#${hexOf(contentOf(value))}`;
}

function isText({ tag }: DerElement): boolean {
  return tag === derTags.utf8String || tag === derTags.printableString || tag === derTags.ia5String;
}
