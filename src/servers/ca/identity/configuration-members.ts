/** Objects of a configuration: a key that is not known is an error, for a setting that is silently not applied is worse
 *  than one that is missing. */

import { decodeObject } from '../../../base/decode.ts';
import { invalidConfiguration } from './configuration-file.ts';

/** Words that the names of the older JSON form write in capitals. */
const CAPITALS = /^(?:ca|ci|id|oidc|sha|spiffe|uri|url)$/;

/** As `decodeObject`, for kebab-case names, each of which the file may also spell in the older form ("IssuerURL" for
 *  "issuer-url"). Throws ISSUER_CONFIGURATION_INVALID for other keys. */
export function decodeMembers<const M extends Parameters<typeof decodeObject>[0]>(
  members: M,
): ReturnType<typeof decodeObject<M>> {
  const names = new Map(Object.keys(members).flatMap((name) => [[name, name] as const, [olderNameOf(name), name]]));
  const decode = decodeObject(members);
  return (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return decode(value, path);
    const renamed: Record<string, unknown> = {};
    for (const [key, each] of Object.entries(value)) {
      const name = names.get(key);
      if (name === undefined) {
        throw invalidConfiguration(
          `${path}: the key ${JSON.stringify(key.slice(0, 100))} is not known; known are ${Object.keys(members).join(', ')}`,
        );
      }
      if (Object.hasOwn(renamed, name)) throw invalidConfiguration(`${path}: ${name} is there in both spellings`);
      renamed[name] = each;
    }
    return decode(renamed, path);
  };
}

function olderNameOf(name: string): string {
  return name
    .split('-')
    .map((word) => (CAPITALS.test(word) ? word.toUpperCase() : word.slice(0, 1).toUpperCase() + word.slice(1)))
    .join('');
}
