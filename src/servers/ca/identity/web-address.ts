/** Addresses of web pages as Go writes them into certificates: the same claims give the same name here and there.
 *  @source Go package net/url, URL.String; RFC 3986 */

import { hexOf, utf8Of } from '../../../base/bytes.ts';

/** What stands for itself in one part of an address. */
interface Part {
  /** A text of these and of escapes alone stays as it is. */
  readonly allowed: RegExp;
  /** In all other texts only these stay. */
  readonly plain: RegExp;
}

const ADDRESS = /^(https?:\/\/[a-z0-9.-]+(?::\d{1,5})?)((?:\/[^?#]*)?)((?:\?[^#]*)?)((?:#.*)?)$/isu;
const ESCAPE = /%([0-9a-f]{2})|(.)/gisu;

const path: Part = {
  allowed: /^(?:[\w.~$&+,/:;=@!'()*[\]-]|%[0-9a-f]{2})*$/i,
  plain: /^[\w.~$&+,/:;=@-]$/,
};
const fragment: Part = {
  allowed: /^(?:[\w.~$&+,/:;=@!'()*[\]?-]|%[0-9a-f]{2})*$/i,
  plain: /^[\w.~$&+,/:;=@?!()*-]$/,
};

/** The address in ASCII, or undefined when the text is none: no http(s), no plain host, a stray "%", or a query with
 *  characters that must be escaped. */
export function webAddressOf(text: string): string | undefined {
  const [, origin, pathText = '', query = '', fragmentText = ''] = ADDRESS.exec(text) ?? [];
  const hasStray = [pathText, fragmentText].some((part) => /%(?![0-9a-f]{2})/i.test(part));
  if (origin === undefined || hasStray || !/^[\x21-\x7e]*$/.test(query)) return undefined;
  const escapedFragment = escaped(fragmentText.slice(1), fragment);
  return `${origin}${escaped(pathText, path)}${query}${escapedFragment === '' ? '' : `#${escapedFragment}`}`;
}

function escaped(text: string, { allowed, plain }: Part): string {
  if (allowed.test(text)) return text;
  return text.replace(ESCAPE, (_, escape: string | undefined, char: string | undefined) => {
    const bytes = char === undefined ? Uint8Array.of(Number.parseInt(escape ?? '', 16)) : utf8Of(char);
    const own = bytes.length === 1 ? String.fromCharCode(bytes[0] ?? 0) : '';
    return plain.test(own) ? own : hexOf(bytes).toUpperCase().replace(/../g, '%$&');
  });
}
