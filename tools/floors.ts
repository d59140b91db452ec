/** The gate on shape: every import against the floors table, and the style rules that a syntax tree can tell.
 *  Each rule has a planted violation in floors.test.ts: a rule that never fires is a defect. */

import { posix } from 'node:path';

import { findCycles } from './cycles.ts';
import type { Floor } from './floors-table.ts';
import { isTest } from './project.ts';
import type { SourceFile, Violation } from './project.ts';
import { moduleFactsOf } from './syntax.ts';
import type { Import, ModuleFacts } from './syntax.ts';

interface Module extends ModuleFacts {
  readonly path: string;
  /** The row of the table, for code in `src/<folder>/` that ships. */
  readonly floor: Floor | undefined;
}

/** Checks all files together (they are the whole project: imports are resolved among them). Pure. */
export function checkFloors(files: readonly SourceFile[], table: readonly Floor[]): readonly Violation[] {
  const paths = new Set(files.map(({ path }) => path));
  const modules = files.map(({ path, text }): Module => {
    const floor = isTest(path) ? undefined : table.find(({ folder }) => path.startsWith(`src/${folder}/`));
    return { ...moduleFactsOf(path, text), path, floor };
  });
  return [
    ...modules.flatMap(checkStyle),
    ...modules.flatMap((module) => checkPlace(module, table)),
    ...modules.flatMap((module) => module.imports.flatMap((found) => checkImport(module, found, paths))),
    ...modules.flatMap(checkAmbient),
    ...checkPackageFiles(modules, table),
    ...checkCycles(modules),
  ];
}

// Doors are what `exports` in package.json names: the files directly in src/.
const isDoor = (path: string): boolean => /^src\/[^/]+\.ts$/.test(path);
const forbiddenNames = /^(utils?|helpers?|common|types?|misc|shared|index)$/;
const kebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.test)?$/;

function checkStyle({ path, ...facts }: Module): readonly Violation[] {
  const at =
    (rule: string, message: string) =>
    (line: number): Violation => ({ rule, path, line, message });
  const { name } = posix.parse(path);
  const found = [
    ...facts.anys.map(at('no-any', 'say what it is, or unknown')),
    ...facts.defaultExports.map(at('no-default-export', 'export it by its name')),
    ...facts.starExports.map(at('no-star-export', 'name what is exported')),
  ];
  if (facts.isBarrel && !isDoor(path)) found.push(at('no-barrel', 'import from the file that has it')(1));
  if (!kebab.test(name)) found.push(at('file-name', 'file names are kebab-case')(1));
  if (forbiddenNames.test(name.replace('.test', '')) && !isDoor(path)) {
    found.push(at('file-name', `"${name}" says nothing: name the file after the thing it exports`)(1));
  }
  return found;
}

function checkPlace({ path, floor }: Module, table: readonly Floor[]): readonly Violation[] {
  if (!path.startsWith('src/') || isTest(path) || isDoor(path) || floor !== undefined) return [];
  const known = table.map(({ folder }) => folder).join(', ');
  return [{ rule: 'place', path, line: 1, message: `not on any floor (${known})` }];
}

function checkImport(module: Module, { specifier, line }: Import, paths: ReadonlySet<string>): readonly Violation[] {
  const { path, floor } = module;
  const violation = (rule: string, message: string): readonly Violation[] => [{ rule, path, line, message }];

  if (specifier === undefined) {
    return path.startsWith('src/') && !isTest(path) ? violation('computed-import', 'import a literal path') : [];
  }
  if (specifier.startsWith('.')) return checkOwnImport(module, specifier, line, paths);
  if (specifier.startsWith('node:')) {
    const isAllowed = floor === undefined || floor.builtins === 'all' || floor.builtins.includes(specifier);
    return isAllowed ? [] : violation('builtin', `${floor.folder} may not use ${specifier}`);
  }
  if (floor === undefined || floor.packages.includes(packageOf(specifier))) return [];
  return violation('package', `${floor.folder} may not use the package ${packageOf(specifier)}`);
}

/** An import of another file of the project. */
function checkOwnImport(
  { path, floor }: Module,
  specifier: string,
  line: number,
  paths: ReadonlySet<string>,
): readonly Violation[] {
  const target = posix.join(posix.dirname(path), specifier);
  const violation = (rule: string, message: string): readonly Violation[] => [{ rule, path, line, message }];

  if (!paths.has(target)) return violation('unresolved', `${specifier} is not a file`);
  if (path.startsWith('src/') && !isTest(path) && isTest(target))
    return violation('test-import', `${target} is a test`);
  const parent = /^(.*)\/internal\//.exec(target)?.[1];
  if (parent !== undefined && !path.startsWith(`${parent}/`)) {
    return violation('internal', `${target} is private to ${parent}`);
  }
  if (isTest(path) || !path.startsWith('src/')) return [];
  const folder = /^src\/([^/]+)\//.exec(target)?.[1];
  if (floor === undefined) {
    return folder === 'cli' ? violation('floor', 'the front door may not import the command line') : [];
  }
  if (folder === undefined) {
    return violation('outside', `${target} is outside the floors`);
  }
  if (folder === floor.folder || floor.imports.includes(folder)) return [];
  return violation('floor', `${floor.folder} may not import ${folder}`);
}

function checkAmbient({ path, floor, ambient }: Module): readonly Violation[] {
  if (floor === undefined) return [];
  const mayAct = floor.builtins === 'all';
  return ambient.flatMap(({ name, line }): readonly Violation[] => {
    if (name === 'process.env' && floor.environment !== true) {
      return [{ rule: 'environment', path, line, message: `${floor.folder} may not read the environment` }];
    }
    if (mayAct) return [];
    return [{ rule: 'ambient', path, line, message: `${floor.folder} may not use ${name}: take it from the runtime` }];
  });
}

function checkPackageFiles(modules: readonly Module[], table: readonly Floor[]): readonly Violation[] {
  const found: Violation[] = [];
  for (const row of table.filter(({ onePackageFile }) => onePackageFile === true)) {
    const first = new Map<string, string>();
    for (const { path, imports } of modules.filter(({ floor }) => floor === row)) {
      for (const { specifier, line } of imports) {
        if (specifier === undefined || specifier.startsWith('.') || specifier.startsWith('node:')) continue;
        const name = packageOf(specifier);
        const owner = first.get(name) ?? path;
        first.set(name, owner);
        if (owner !== path) found.push({ rule: 'package-file', path, line, message: `${name} belongs to ${owner}` });
      }
    }
  }
  return found;
}

function checkCycles(modules: readonly Module[]): readonly Violation[] {
  const graph = new Map(
    modules.map(({ path, imports }) => [
      path,
      imports.flatMap(({ specifier }) =>
        specifier?.startsWith('.') === true ? [posix.join(posix.dirname(path), specifier)] : [],
      ),
    ]),
  );
  return findCycles(graph).map((cycle) => ({
    rule: 'cycle',
    path: cycle[0] ?? '',
    line: 1,
    message: `imports go in a circle: ${[...cycle, cycle[0]].join(' -> ')}`,
  }));
}

function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}
