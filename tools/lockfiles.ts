/** The gate on lockfiles: they pin what is installed by its hash, and never say from where. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { root } from './project.ts';
import type { Violation } from './project.ts';

const lockfiles = ['package-lock.json', 'tools/node/24.21.0/package-lock.json', 'tools/node/26.10.0/package-lock.json'];

/** Checks the lockfiles of the clone. */
export async function checkLockfiles(): Promise<readonly Violation[]> {
  const found = await Promise.all(
    lockfiles.map(async (path) => checkLockfile(path, await readFile(join(root, path), 'utf8'))),
  );
  return found.flat();
}

interface Entry {
  readonly resolved?: string;
  readonly integrity?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** An address ties every install to one registry; an entry without a hash takes whatever comes; and npm leaves out what
 *  other platforms need when it writes a lockfile beside an existing node_modules, so that `npm ci` fails. Pure. */
export function checkLockfile(path: string, text: string): readonly Violation[] {
  const { packages } = JSON.parse(text) as { readonly packages: Readonly<Record<string, Entry>> };
  const names = new Set(Object.keys(packages).map((place) => place.replace(/^.*node_modules\//, '')));
  return Object.entries(packages).flatMap(([place, { resolved, integrity, optionalDependencies = {} }]) => {
    const found: Violation[] = [];
    const add = (rule: string, message: string): void => void found.push({ rule, path, line: 1, message });
    if (resolved !== undefined)
      add('lockfile-address', `${place} has one: npm install --omit-lockfile-registry-resolved`);
    if (place !== '' && integrity === undefined) add('lockfile-hash', `${place} is not pinned by a hash`);
    for (const name of Object.keys(optionalDependencies)) {
      if (!names.has(name)) add('lockfile-platform', `${name} is missing: write the lockfile without a node_modules`);
    }
    return found;
  });
}
