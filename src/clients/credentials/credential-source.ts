/** Where credentials are looked for. */

import type { Credentials, CredentialSource } from './credentials.ts';
import { readConfigFile } from './config-file.ts';
import type { ConfigFile } from './config-file.ts';
import { configPathsOf } from './config-path.ts';
import type { Home } from './config-path.ts';
import { serverNameOf } from './server-name.ts';
import { getFromHelper } from './credential-helper.ts';
import type { HelperAnswer } from './credential-helper.ts';

export interface CredentialSettings extends Home {
  /** From the command line, for one registry: nothing else is looked at for it. */
  readonly given?: { readonly registry: string; readonly credentials: Credentials };
}

/** Reads docker's configuration first, then podman's, as other container tools do; each file and each helper once a run,
 *  and only when a registry asks who we are. */
export function openCredentialSource(settings: CredentialSettings): CredentialSource {
  const { given } = settings;
  let files: readonly ConfigFile[] | undefined;
  const helped = new Map<string, Promise<HelperAnswer | undefined>>();
  const askHelper = (name: string, server: string): Promise<HelperAnswer | undefined> => {
    const key = `${name} ${server}`;
    const answer = helped.get(key) ?? getFromHelper(name, server, settings.environment);
    helped.set(key, answer);
    return answer;
  };
  return {
    credentialsFor: async (registry, path) => {
      if (given?.registry === registry) {
        return given.credentials;
      }
      files ??= configPathsOf(settings).flatMap((each) => readConfigFile(each, settings.homeDir) ?? []);
      for (const file of files) {
        const found = (await fromHelper(file, registry, askHelper)) ?? file.authFor(registry, path);
        if (found !== undefined) {
          return found;
        }
      }
      return undefined;
    },
  };
}

async function fromHelper(
  file: ConfigFile,
  registry: string,
  askHelper: (name: string, server: string) => Promise<HelperAnswer | undefined>,
): Promise<Credentials | undefined> {
  const helper = file.helperFor(registry);
  const answer = helper === undefined ? undefined : await askHelper(helper, serverNameOf(registry));
  if (answer === undefined) {
    return undefined;
  }
  const foundIn = `the credential helper docker-credential-${helper} (named in ${file.shownPath})`;
  // This user name marks an identity token. @source docker-credential-helpers, README
  return answer.username === '<token>'
    ? { kind: 'identity-token', token: answer.secret, foundIn }
    : { kind: 'password', username: answer.username, password: answer.secret, foundIn };
}
