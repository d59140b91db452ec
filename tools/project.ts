/** The clone as the tools see it: its root, its source files, and how a gate reports what it found. */

import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Absolute path of the clone. */
export const root: string = dirname(dirname(fileURLToPath(import.meta.url)));

/** Folders that hold TypeScript of ours. */
const sourceFolders: readonly string[] = ['src', 'test', 'tools', 'bench'];

/** A file: path from the root with forward slashes, and its text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** One thing a gate objects to. `rule` is the gate's short name for what was broken. */
export interface Violation {
  readonly rule: string;
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

/** Every `.ts` and `.mjs` file of the given folders, sorted by path. A folder that does not exist holds none. */
export async function readSources(folders: readonly string[] = sourceFolders): Promise<readonly SourceFile[]> {
  const paths = (await Promise.all(folders.map((folder) => pathsUnder(folder)))).flat();
  return Promise.all(paths.map(async (path) => ({ path, text: await readFile(join(root, path), 'utf8') })));
}

/** Whether a path names a test: they may use more than the code they test. */
export function isTest(path: string): boolean {
  return path.endsWith('.test.ts') || path.startsWith('test/');
}

/** One line per violation, as editors understand it. */
export function renderViolations(violations: readonly Violation[]): string {
  return violations.map(({ path, line, rule, message }) => `${path}:${line}: ${rule}: ${message}`).join('\n');
}

async function pathsUnder(folder: string): Promise<readonly string[]> {
  const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile() && /\.(ts|mjs)$/.test(entry.name) && !entry.parentPath.includes('node_modules'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .toSorted();
}
