/** Where docker and podman keep their configuration. */

import path from 'node:path';

import type { Environment } from '../http/proxy.ts';

/** Whose credentials: the environment as data, and the home folder. */
export interface Home {
  /** DOCKER_CONFIG, REGISTRY_AUTH_FILE, XDG_RUNTIME_DIR, XDG_CONFIG_HOME and PATH are read from it; helpers get all of it. */
  readonly environment: Environment;
  readonly homeDir: string;
}

/** The file that docker reads and `login` writes. */
export function dockerConfigPathOf({ environment, homeDir }: Home): string {
  return path.join(environment['DOCKER_CONFIG'] || path.join(homeDir, '.docker'), 'config.json');
}

/** All files in the order in which they are asked. */
export function configPathsOf(home: Home): readonly string[] {
  const { environment, homeDir } = home;
  const folders = [environment['XDG_RUNTIME_DIR'], environment['XDG_CONFIG_HOME'] || path.join(homeDir, '.config')];
  return [
    dockerConfigPathOf(home),
    ...(environment['REGISTRY_AUTH_FILE'] ? [environment['REGISTRY_AUTH_FILE']] : []),
    ...folders.flatMap((folder) => (folder ? [path.join(folder, 'containers', 'auth.json')] : [])),
  ];
}

/** The path as a person writes it, with "~" for the home folder. */
export function shownPathOf(file: string, homeDir: string): string {
  return file.startsWith(homeDir + path.sep) ? `~${file.slice(homeDir.length)}` : file;
}
