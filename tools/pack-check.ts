/** npm run pack-check: what users get. Packs the package, lets two linters judge it, installs it and runs it on Node 24 and 26. */

import { access, chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { requireProgram, requireTool } from './program.ts';
import { root } from './project.ts';
import { installNode } from './set-up.mjs';

const nodeVersions = ['24.21.0', '26.10.0'];

/** Throws with the words of the first check that failed. Leaves only `dist/` behind. */
export async function checkPackage(): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'countersign-pack-'));
  try {
    // As a person does it: packing builds (prepack), with nothing built before.
    await rm(join(root, 'dist'), { recursive: true, force: true });
    await requireProgram('npm', ['pack', '--loglevel=error', '--pack-destination', scratch]);
    await requireTool('publint/src/cli.js', ['--strict']);
    const tarball = await onlyTarball(scratch);
    // The package is for Node 24 and newer, which all load modules: older resolution modes do not matter.
    await requireTool('@arethetypeswrong/cli/dist/index.js', [tarball, '--profile', 'esm-only']);
    await runInstalled(scratch, tarball);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function onlyTarball(folder: string): Promise<string> {
  const found = (await readdir(folder)).filter((name) => name.endsWith('.tgz'));
  if (found.length !== 1 || found[0] === undefined) throw new Error(`npm pack left ${found.length} packages`);
  return join(folder, found[0]);
}

async function runInstalled(folder: string, tarball: string): Promise<void> {
  const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    readonly name: string;
    readonly version: string;
    readonly exports: Readonly<Record<string, unknown>>;
  };
  await writeFile(join(folder, 'package.json'), '{ "private": true }');
  await requireProgram('npm', ['install', '--ignore-scripts', '--loglevel=error', '--prefix', folder, tarball], {
    cwd: folder,
  });
  const command = join(folder, 'node_modules/.bin/countersign');
  await access(command);
  const doors = Object.keys(manifest.exports).filter((door) => !door.endsWith('.json'));
  const imports = doors.map((door) => `await import('${manifest.name}${door.slice(1)}');`).join(' ');

  for (const version of nodeVersions) {
    const node = await installNode(version);
    const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env['PATH'] ?? ''}` };
    const printed = await requireProgram(command, ['version'], { cwd: folder, env, timeoutMs: 30_000 });
    if (!printed.includes(manifest.version)) {
      throw new Error(`on Node ${version}, countersign version does not say ${manifest.version}:\n${printed}`);
    }
    await requireProgram(node, ['--input-type=module', '-e', imports], { cwd: folder, env, timeoutMs: 30_000 });
    await checkKeptCode(command, { ...env, XDG_CACHE_HOME: join(folder, `cache-${version}`) });
    await requireProgram(command, ['demo'], { cwd: folder, env, timeoutMs: 60_000 });
  }
}

/** The door keeps compiled code between runs. A file of it that was damaged, or that others may write, is passed over. */
async function checkKeptCode(command: string, env: Readonly<Record<string, string | undefined>>): Promise<void> {
  const run = (): Promise<string> => requireProgram(command, ['version'], { env, timeoutMs: 30_000 });
  const compiled = join(env['XDG_CACHE_HOME'] ?? '', 'countersign', 'compiled');
  await run();
  const files = (await readdir(compiled)).map((name) => join(compiled, name));
  if (files.length === 0) throw new Error('countersign version kept no compiled code');
  for (const file of files) {
    const code = await readFile(file);
    const flipped = Buffer.from(code).fill(0xff, code.length / 8, code.length / 4);
    for (const bad of [flipped, code.subarray(0, code.length / 3), Buffer.alloc(0)]) {
      await writeFile(file, bad);
      await run();
    }
    await writeFile(file, code.fill(0xff));
    await chmod(file, 0o666);
    await run();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await checkPackage();
  console.log('the package is sound');
}
