/** Login and logout: credentials written where docker keeps them. */

import { mkdir } from 'node:fs/promises';
import path from 'node:path';

import { base64Of, utf8Of } from '../../base/bytes.ts';
import type { JsonObject } from '../../base/json.ts';
import { writeFileAtomic } from '../files/atomic-file.ts';
import { readConfigFile } from './config-file.ts';
import { dockerConfigPathOf, shownPathOf } from './config-path.ts';
import type { Home } from './config-path.ts';
import { eraseFromHelper, storeInHelper } from './credential-helper.ts';
import { isKeyOf, serverNameOf } from './server-name.ts';

/** Stores a user and password for a registry, with docker's helper when one is set up, else in docker's config.json.
 *  Returns where, in words. Throws CONFIG_MALFORMED, CREDENTIAL_HELPER_FAILED, FILE_NOT_WRITABLE. */
export async function storeCredentials(
  home: Home,
  registry: string,
  login: { readonly username: string; readonly password: string },
): Promise<string> {
  const file = dockerConfigPathOf(home);
  const config = readConfigFile(file, home.homeDir);
  const helper = config?.helperFor(registry);
  const server = serverNameOf(registry);
  if (helper !== undefined) {
    await storeInHelper(helper, server, { username: login.username, secret: login.password }, home.environment);
    return `the credential helper docker-credential-${helper}`;
  }
  const auths = {
    ...withoutRegistry(config?.document ?? {}, registry),
    [server]: { auth: base64Of(utf8Of(`${login.username}:${login.password}`)) },
  };
  await writeConfig(file, { ...config?.document, auths });
  return shownPathOf(file, home.homeDir);
}

/** Removes what docker's configuration or its helper keeps for a registry. False when there was nothing in the file and
 *  no helper to ask. Throws CONFIG_MALFORMED, CREDENTIAL_HELPER_FAILED, FILE_NOT_WRITABLE. */
export async function removeCredentials(home: Home, registry: string): Promise<boolean> {
  const file = dockerConfigPathOf(home);
  const config = readConfigFile(file, home.homeDir);
  if (config === undefined) {
    return false;
  }
  const helper = config.helperFor(registry);
  if (helper !== undefined) {
    await eraseFromHelper(helper, serverNameOf(registry), home.environment);
  }
  const before = authsOf(config.document);
  const auths = withoutRegistry(config.document, registry);
  const isFound = Object.keys(auths).length < Object.keys(before).length;
  if (isFound) {
    await writeConfig(file, { ...config.document, auths });
  }
  return isFound || helper !== undefined;
}

function authsOf(document: JsonObject): JsonObject {
  return (document['auths'] ?? {}) as JsonObject;
}

function withoutRegistry(document: JsonObject, registry: string): JsonObject {
  return Object.fromEntries(Object.entries(authsOf(document)).filter(([key]) => !isKeyOf(key, registry)));
}

async function writeConfig(file: string, document: JsonObject): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  await writeFileAtomic(file, utf8Of(`${JSON.stringify(document, undefined, '\t')}\n`), {
    mode: 0o600,
    overwrite: true,
  });
}
