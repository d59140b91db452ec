/** npm run build: the command line as CommonJS (`dist/cli.cjs`, `dist/main.cjs`) and the SDK as modules with types (`dist/lib/`). */

import { build } from 'esbuild';
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

/** Two files: a door that any Node can parse, and behind it everything else, compiled from the cache on the second run.
 *  Modules reached by `import()` are in there too, but run only when something imports them. */
async function buildCommandLine(dist: string): Promise<void> {
  await build({
    entryPoints: [join(root, 'src/cli/main.ts')],
    outfile: join(dist, 'main.cjs'),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24.5',
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'linked',
    logLevel: 'error',
    // CommonJS has no import.meta; what reads it gets the place of this file.
    define: { 'import.meta.url': 'importMetaUrl' },
    banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
  });
  const door = join(dist, 'cli.cjs');
  await writeFile(door, await readFile(join(root, 'tools/cli-door.cjs')));
  await chmod(door, 0o755);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await buildPackage();
  console.log('built dist/');
}
