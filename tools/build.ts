/** npm run build: the command line as CommonJS (`dist/cli.cjs`, `dist/main.cjs`) and the SDK as modules with types (`dist/lib/`). */

import { build } from 'esbuild';
import type { Plugin } from 'esbuild';
import { createHash } from 'node:crypto';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { requireTool } from './program.ts';
import { root } from './project.ts';

/** Empties `dist/` and fills it. */
export async function buildPackage(): Promise<void> {
  const dist = join(root, 'dist');
  await rm(dist, { recursive: true, force: true });
  await mkdir(dist, { recursive: true });
  await Promise.all([buildCommandLine(dist), requireTool('typescript/bin/tsc', ['-p', 'tsconfig.build.json'])]);
}

/** Two files: a door that any Node can parse, and behind it everything else, which the door runs (so main.cjs is no module
 *  of its own). Modules reached by `import()` are in there too, but run only when something imports them. */
async function buildCommandLine(dist: string): Promise<void> {
  const main = join(dist, 'main.cjs');
  await build({
    entryPoints: [join(root, 'src/cli/main.ts')],
    outfile: main,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24.5',
    // What is not a module cannot import.
    supported: { 'dynamic-import': false },
    charset: 'ascii',
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'linked',
    logLevel: 'error',
    plugins: [builtinsOnUse],
  });
  const hash = createHash('sha256')
    .update(await readFile(main))
    .digest('hex')
    .slice(0, 16);
  const door = join(dist, 'cli.cjs');
  await writeFile(door, (await readFile(join(root, 'tools/cli-door.cjs'), 'utf8')).replace('SOURCE-HASH', hash));
  await chmod(door, 0o755);
}

/** Marks built-in modules that are imported by a statement, for the door to load when they are first used. */
const builtinsOnUse: Plugin = {
  name: 'builtins-on-use',
  setup: ({ onResolve }) =>
    onResolve({ filter: /^node:/ }, ({ path, kind }) => ({
      path: kind === 'import-statement' ? `on-use:${path}` : path,
      external: true,
    })),
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await buildPackage();
  console.log('built dist/');
}
