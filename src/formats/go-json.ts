/** JSON byte for byte as Go writes it, so that what we sign and store is what cosign would.
 *  @source Go encoding/json (strings: HTML escaping; maps: keys sorted by their UTF-8 bytes) */

import { utf8Of } from '../base/bytes.ts';
import type { JsonValue } from '../base/json.ts';

/** Objects keep their order, as Go's structs do; maps are sorted, as Go's maps are. Undefined members are left out. */
export type GoJson =
  | JsonValue
  | undefined
  | ReadonlyMap<string, GoJson>
  | readonly GoJson[]
  | { readonly [member: string]: GoJson };

/** `protobuf` leaves `<`, `>`, `&`, U+2028 and U+2029 as they are; `html` escapes them, as encoding/json does. */
export type GoStringStyle = 'html' | 'protobuf';

export function encodeGoJson(value: GoJson, style: GoStringStyle = 'html'): Uint8Array {
  return utf8Of(textOf(value, style));
}

/** A string-to-string map, which Go sorts. */
export function goMapOf(record: Readonly<Record<string, GoJson>>): ReadonlyMap<string, GoJson> {
  return new Map(Object.entries(record));
}

function textOf(value: GoJson, style: GoStringStyle): string {
  if (typeof value === 'string') {
    return stringOf(value, style);
  }
  if (Array.isArray(value)) {
    return `[${value.map((item: GoJson) => textOf(item, style)).join(',')}]`;
  }
  if (value instanceof Map) {
    return objectOf(
      [...(value as ReadonlyMap<string, GoJson>)].sort(([a], [b]) => compareUtf8(a, b)),
      style,
    );
  }
  return typeof value === 'object' && value !== null
    ? objectOf(Object.entries(value), style)
    : JSON.stringify(value ?? null);
}

function objectOf(members: readonly (readonly [string, GoJson])[], style: GoStringStyle): string {
  const present = members.filter(([, value]) => value !== undefined);
  return `{${present.map(([name, value]) => `${stringOf(name, style)}:${textOf(value, style)}`).join(',')}}`;
}

function stringOf(text: string, style: GoStringStyle): string {
  const quoted = JSON.stringify(text.toWellFormed());
  return style === 'html'
    ? quoted.replace(/[<>&\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
    : quoted;
}

/** UTF-8 byte order is code point order; UTF-16 order differs beyond U+FFFF. */
function compareUtf8(a: string, b: string): number {
  const left = [...a];
  const right = [...b];
  const at = left.findIndex((char, index) => char !== right[index]);
  if (at === -1) {
    return left.length - right.length;
  }
  return (left[at]?.codePointAt(0) ?? 0) - (right[at]?.codePointAt(0) ?? -1);
}
