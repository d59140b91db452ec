/** npm run build: the command line as CommonJS (`dist/cli.cjs` and what it runs) and the SDK as modules with types (`dist/lib/`). */

import { build, transform } from 'esbuild';
import type { Metafile, Plugin } from 'esbuild';
import { createHash } from 'node:crypto';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

import { requireTool } from './program.ts';
import { root } from './project.ts';
import { publicRootInside, publicRootModule } from './public-root.ts';
import { indexWorkerInside } from './worker-inside.ts';

/** Empties `dist/` and fills it. */
export async function buildPackage(): Promise<void> {
  const dist = join(root, 'dist');
  await rm(dist, { recursive: true, force: true });
  await mkdir(dist, { recursive: true });
  await Promise.all([buildCommandLine(dist), requireTool('typescript/bin/tsc', ['-p', 'tsconfig.build.json'])]);
  await writeFile(join(dist, 'lib/clients/tuf/public-root.js'), publicRootModule());
}

/** A door that any Node can parse, which runs three files of functions, one for each module or group of modules:
 *  `main.cjs`, what every command needs; `packages.cjs`, what holds other people's packages, half of it all; and
 *  `commands.cjs`, the rest. Each is read only when something in it is needed. */
async function buildCommandLine(dist: string): Promise<void> {
  const { outputFiles, metafile } = await build({
    entryPoints: [join(root, 'src/cli/main.ts')],
    outdir: dist,
    write: false,
    metafile: true,
    absWorkingDir: root,
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node24.15',
    minifySyntax: true,
    legalComments: 'linked',
    logLevel: 'error',
    plugins: [builtinsOnUse, indexWorkerInside, publicRootInside],
  });
  const core = coreOf(metafile, ['src/cli/main.ts', 'src/cli/commands/version.ts']);
  const functions: Record<'main' | 'commands' | 'packages', string[]> = { main: [], commands: [], packages: [] };
  for (const { path, text } of outputFiles) {
    if (path.endsWith('.js')) {
      const output = relative(root, path);
      const inputs = Object.keys(metafile.outputs[output]?.inputs ?? {});
      const others = inputs.some((input) => input.includes('node_modules/')) ? 'packages' : 'commands';
      functions[core.has(output) ? 'main' : others].push(await functionOf(`./${basename(path)}`, text));
    } else {
      await writeFile(path, text);
    }
  }
  const hash = createHash('sha256');
  for (const [name, members] of Object.entries(functions)) {
    const source = `({\n${members.join(',\n')}\n})`;
    hash.update(source);
    await writeFile(join(dist, `${name}.cjs`), source);
  }
  const door = join(dist, 'cli.cjs');
  const doorSource = await readFile(join(root, 'tools/cli-door.cjs'), 'utf8');
  await writeFile(door, doorSource.replace('SOURCE-HASH', hash.digest('hex').slice(0, 16)));
  await chmod(door, 0o755);
}

/** The outputs of these sources and everything that they import by statements. */
function coreOf({ outputs }: Metafile, sources: readonly string[]): ReadonlySet<string> {
  const core = new Set(Object.keys(outputs).filter((name) => sources.includes(outputs[name]?.entryPoint ?? '')));
  for (const name of core) {
    const imports = outputs[name]?.imports ?? [];
    imports
      .filter(({ kind, external }) => kind === 'import-statement' && !external)
      .forEach(({ path }) => core.add(path));
  }
  return core;
}

/** `"./name.js"(exports, require, module) { … }`, in ASCII. */
async function functionOf(name: string, moduleText: string): Promise<string> {
  const { code } = await transform(moduleText, {
    sourcefile: 'module.js',
    format: 'cjs',
    platform: 'node',
    target: 'node24.15',
    // What is not a module cannot import.
    supported: { 'dynamic-import': false },
    charset: 'ascii',
    minifySyntax: true,
    minifyWhitespace: true,
  });
  return `${JSON.stringify(name)}(exports, require, module) {${code}}`;
}

/** Marks built-in modules that are imported by a statement, for the door to load when they are first used. */
const builtinsOnUse: Plugin = {
  name: 'builtins-on-use',
  setup: (bundle) =>
    bundle.onResolve({ filter: /^node:/ }, ({ path, kind }) => ({
      path: kind === 'import-statement' ? `on-use:${path}` : path,
      external: true,
    })),
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await buildPackage();
  console.log('built dist/');
}
