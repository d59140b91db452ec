/** docker's config.json and podman's auth.json, which share a form.
 *  @source docker/cli cli/config/configfile; containers-auth.json(5) */

import { parseBase64, parseUtf8 } from '../../base/bytes.ts';
import { decodeDocument, decodeMap, decodeObject, decodeString, optional } from '../../base/decode.ts';
import type { Decoded } from '../../base/decode.ts';
import { ConfigError, CountersignError, messageOf } from '../../base/errors.ts';
import { parseJson } from '../../base/json.ts';
import type { JsonObject } from '../../base/json.ts';
import { limits } from '../../base/limits.ts';
import { readFileCapped } from '../files/capped-file.ts';
import { shownPathOf } from './config-path.ts';
import type { Credentials } from './credentials.ts';
import { bestKeyOf, isKeyOf } from './server-name.ts';

export interface ConfigFile {
  readonly shownPath: string;
  /** The whole document, for writing it back with what we do not know. */
  readonly document: JsonObject;
  /** The suffix of the helper program that keeps a registry's credentials. */
  readonly helperFor: (registry: string) => string | undefined;
  /** What the file itself holds. Throws CONFIG_MALFORMED. */
  readonly authFor: (registry: string, path: string) => Credentials | undefined;
}

const decodeEntry = decodeObject({
  auth: optional(decodeString),
  username: optional(decodeString),
  password: optional(decodeString),
  identitytoken: optional(decodeString),
  registrytoken: optional(decodeString),
});
const decodeConfig = decodeObject({
  auths: optional(decodeMap(decodeEntry)),
  credHelpers: optional(decodeMap(decodeString)),
  credsStore: optional(decodeString),
});

/** Undefined when there is no such file. A file that is there and cannot be read is an error, never "no credentials":
 *  throws CONFIG_MALFORMED. */
export function readConfigFile(file: string, homeDir: string): ConfigFile | undefined {
  const shownPath = shownPathOf(file, homeDir);
  const bytes = readBytes(file, shownPath);
  if (bytes === undefined) {
    return undefined;
  }
  const { document, config } = parseConfig(bytes, shownPath);
  const { auths = {}, credHelpers = {}, credsStore } = config;
  return {
    shownPath,
    document,
    helperFor: (registry) => {
      const key = Object.keys(credHelpers).find((each) => isKeyOf(each, registry));
      return (key === undefined ? credsStore : credHelpers[key]) || undefined;
    },
    authFor: (registry, path) => {
      const key = bestKeyOf(Object.keys(auths), registry, path);
      const entry = key === undefined ? undefined : auths[key];
      return entry === undefined ? undefined : credentialsOf(entry, shownPath);
    },
  };
}

function readBytes(file: string, shownPath: string): Uint8Array | undefined {
  try {
    return readFileCapped(file, limits.configFileBytes);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      return undefined;
    }
    throw new ConfigError('CONFIG_MALFORMED', `${shownPath}: ${messageOf(error)}`, { cause: error });
  }
}

function parseConfig(
  bytes: Uint8Array,
  shownPath: string,
): { document: JsonObject; config: Decoded<typeof decodeConfig> } {
  try {
    const value = parseJson(bytes, { what: shownPath, maxBytes: limits.configFileBytes });
    return { config: decodeDocument(value, decodeConfig, shownPath), document: value as JsonObject };
  } catch (error) {
    // Only the code: the messages of the JSON readers quote what they read, and this file holds secrets.
    throw new ConfigError(
      'CONFIG_MALFORMED',
      `${shownPath} is no docker configuration (${error instanceof CountersignError ? error.code : 'unreadable'})`,
    );
  }
}

/** The strongest claim first; an empty entry (docker leaves one beside a helper) is none. */
function credentialsOf(entry: Decoded<typeof decodeEntry>, foundIn: string): Credentials | undefined {
  if (entry.registrytoken) {
    return { kind: 'registry-token', token: entry.registrytoken, foundIn };
  }
  if (entry.identitytoken) {
    return { kind: 'identity-token', token: entry.identitytoken, foundIn };
  }
  if (entry.auth) {
    return { kind: 'password', ...parseAuth(entry.auth, foundIn), foundIn };
  }
  return entry.username && entry.password !== undefined
    ? { kind: 'password', username: entry.username, password: entry.password, foundIn }
    : undefined;
}

function parseAuth(auth: string, shownPath: string): { username: string; password: string } {
  let text = '';
  try {
    text = parseUtf8(parseBase64(auth));
  } catch {
    // Told below, without the value.
  }
  const colon = text.indexOf(':');
  if (colon < 1) {
    throw new ConfigError('CONFIG_MALFORMED', `${shownPath}: an "auth" is not base64 of user:password`);
  }
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}
