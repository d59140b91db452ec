/** Writes the generated pages, or with --check says which are out of step with the code they come from. */

import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { commandReference } from '../src/cli/reference.ts';
import { errorsPage } from './docs-errors.ts';
import { floorsDiagram } from './docs-floors.ts';
import { root } from './project.ts';

interface Page {
  readonly path: string;
  /** The whole text of the page; it gets the present text, for pages that are generated in part. */
  readonly generate: (present: string) => string | Promise<string>;
}

const pages: readonly Page[] = [
  { path: 'docs/architecture.md', generate: (present) => replaceBlock(present, 'floors', floorsDiagram()) },
  { path: 'docs/errors.md', generate: errorsPage },
];

/** Folders whose every page is generated: another file there is left from something that is gone. */
const generatedFolders = ['docs/cli'];

/** All of them: the command line says itself which pages it has. */
async function allPages(): Promise<readonly Page[]> {
  const reference = [...(await commandReference())].map(([path, text]): Page => ({ path, generate: () => text }));
  return [...pages, ...reference];
}

/** The pages that differ from what the code says, and those that it no longer says anything about. */
export async function stalePages(): Promise<readonly string[]> {
  const found = await Promise.all(
    (await allPages()).map(async ({ path, generate }) => {
      const present = await presentText(path);
      return (await generate(present)) === present ? [] : [path];
    }),
  );
  return [...found.flat(), ...(await leftPages())];
}

async function leftPages(): Promise<readonly string[]> {
  const wanted = new Set((await allPages()).map(({ path }) => path));
  const found = await Promise.all(
    generatedFolders.map(async (folder) => {
      const names = await readdir(join(root, folder)).catch(() => []);
      return names.map((name) => `${folder}/${name}`);
    }),
  );
  return found.flat().filter((path) => !wanted.has(path));
}

async function writePages(): Promise<void> {
  for (const { path, generate } of await allPages()) {
    const present = await presentText(path);
    const text = await generate(present);
    if (text === present) continue;
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
    console.log(`wrote ${path}`);
  }
  for (const path of await leftPages()) {
    await rm(join(root, path));
    console.log(`deleted ${path}`);
  }
}

async function presentText(path: string): Promise<string> {
  return readFile(join(root, path), 'utf8').catch(() => '');
}

/** Puts `body` between the page's `<!-- name:begin ... -->` and `<!-- name:end -->`. */
function replaceBlock(present: string, name: string, body: string): string {
  const block = new RegExp(`(<!-- ${name}:begin.*?-->\n).*?(<!-- ${name}:end -->)`, 's');
  if (!block.test(present)) throw new Error(`the page needs the lines <!-- ${name}:begin --> and <!-- ${name}:end -->`);
  return present.replace(block, (_, begin: string, end: string) => `${begin}\n${body}\n\n${end}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv.includes('--check')) {
    const stale = await stalePages();
    if (stale.length > 0) {
      console.error(`out of step with the code: ${stale.join(', ')}. Run: npm run docs`);
      process.exitCode = 1;
    }
  } else {
    await writePages();
  }
}
