import assert from 'node:assert/strict';
import { test } from 'node:test';

import { floors } from './floors-table.ts';
import { checkFloors } from './floors.ts';
import type { SourceFile } from './project.ts';

/** One violation per rule. `where` is the file that the rule must name. */
const planted: readonly { rule: string; what: string; where: string; files: Readonly<Record<string, string>> }[] = [
  {
    rule: 'floor',
    what: 'a lower floor imports a higher one',
    where: 'src/base/low.ts',
    files: { 'src/base/low.ts': `import { a } from '../cli/high.ts';`, 'src/cli/high.ts': 'export const a = 1;' },
  },
  {
    rule: 'floor',
    what: 'a sibling is imported, by type only',
    where: 'src/storage/one.ts',
    files: {
      'src/storage/one.ts': `import type { A } from '../serve/two.ts'; export const one = 1;`,
      'src/serve/two.ts': 'export type A = 1;',
    },
  },
  {
    rule: 'floor',
    what: 'a sibling is imported on use',
    where: 'src/verify/one.ts',
    files: {
      'src/verify/one.ts': `export const one = () => import('../clients/two.ts');`,
      'src/clients/two.ts': 'export const two = 2;',
    },
  },
  {
    rule: 'floor',
    what: 'a sibling is named inside a type',
    where: 'src/verify/one.ts',
    files: {
      'src/verify/one.ts': `export type One = import('../clients/two.ts').Two;`,
      'src/clients/two.ts': 'export type Two = 2;',
    },
  },
  {
    rule: 'floor',
    what: 'the front door passes on the command line',
    where: 'src/index.ts',
    files: { 'src/index.ts': `export { a } from './cli/high.ts';`, 'src/cli/high.ts': 'export const a = 1;' },
  },
  {
    rule: 'builtin',
    what: 'a pure floor reads files',
    where: 'src/formats/a.ts',
    files: { 'src/formats/a.ts': `import { readFile } from 'node:fs/promises';` },
  },
  {
    rule: 'builtin',
    what: 'crypto uses more than node:crypto',
    where: 'src/crypto/a.ts',
    files: { 'src/crypto/a.ts': `import { createHash } from 'node:crypto'; import { get } from 'node:https';` },
  },
  {
    rule: 'package',
    what: 'a floor uses a package it may not',
    where: 'src/verify/a.ts',
    files: { 'src/verify/a.ts': `import { Hono } from 'hono/tiny';` },
  },
  {
    rule: 'package-file',
    what: 'two files import one package',
    where: 'src/clients/b.ts',
    files: {
      'src/clients/a.ts': `import { getDomain } from 'tldts';`,
      'src/clients/b.ts': `import type { IResult } from 'tldts';`,
    },
  },
  {
    rule: 'cycle',
    what: 'two files import each other, once by type only',
    where: 'src/base/a.ts',
    files: {
      'src/base/a.ts': `import { b } from './b.ts'; export type A = typeof b;`,
      'src/base/b.ts': `import type { A } from './a.ts'; export const b: A = 1;`,
    },
  },
  {
    rule: 'internal',
    what: 'a stranger imports an internal file',
    where: 'src/cli/a.ts',
    files: {
      'src/cli/a.ts': `import { b } from '../clients/registry/internal/b.ts';`,
      'src/clients/registry/internal/b.ts': 'export const b = 1;',
    },
  },
  {
    rule: 'environment',
    what: 'a server reads the environment',
    where: 'src/servers/a.ts',
    files: { 'src/servers/a.ts': 'export const home = process.env.HOME;' },
  },
  {
    rule: 'environment',
    what: 'the environment is reached by taking process apart',
    where: 'src/clients/a.ts',
    files: { 'src/clients/a.ts': 'const { env } = process; export const home = env.HOME;' },
  },
  ...['process.cwd()', `fetch('x')`, 'setTimeout(f, 1)', 'Date.now()', 'new Date()', 'Math.random()'].map((use) => ({
    rule: 'ambient',
    what: `a pure floor uses ${use}`,
    where: 'src/flows/a.ts',
    files: { 'src/flows/a.ts': `export const a = ${use};` },
  })),
  {
    rule: 'computed-import',
    what: 'an import path is computed',
    where: 'src/cli/a.ts',
    files: { 'src/cli/a.ts': 'export const load = (name: string) => import(name);' },
  },
  {
    rule: 'unresolved',
    what: 'an import leaves out the extension',
    where: 'src/base/a.ts',
    files: { 'src/base/a.ts': `import { b } from './b';`, 'src/base/b.ts': 'export const b = 1;' },
  },
  {
    rule: 'test-import',
    what: 'shipped code imports a test',
    where: 'src/base/a.ts',
    files: { 'src/base/a.ts': `import { b } from './b.test.ts';`, 'src/base/b.test.ts': 'export const b = 1;' },
  },
  {
    rule: 'outside',
    what: 'shipped code imports from outside src',
    where: 'src/base/a.ts',
    files: { 'src/base/a.ts': `import { b } from '../../tools/b.ts';`, 'tools/b.ts': 'export const b = 1;' },
  },
  {
    rule: 'place',
    what: 'a folder is on no floor',
    where: 'src/extra/a.ts',
    files: { 'src/extra/a.ts': 'export const a = 1;' },
  },
  {
    rule: 'no-any',
    what: 'a cast to any',
    where: 'src/base/a.ts',
    files: { 'src/base/a.ts': 'export const a = b as any;' },
  },
  {
    rule: 'no-any',
    what: 'any deep inside a type',
    where: 'test/a.ts',
    files: { 'test/a.ts': 'export type A = Record<string, readonly any[]>;' },
  },
  {
    rule: 'no-default-export',
    what: 'a default export',
    where: 'src/base/a.ts',
    files: { 'src/base/a.ts': 'export default 1;' },
  },
  {
    rule: 'no-star-export',
    what: 'everything is exported at once',
    where: 'src/index.ts',
    files: { 'src/index.ts': `export * from './base/a.ts';`, 'src/base/a.ts': 'export const a = 1;' },
  },
  {
    rule: 'no-barrel',
    what: 'a file only passes things on',
    where: 'src/base/door.ts',
    files: { 'src/base/door.ts': `export { a } from './a.ts';`, 'src/base/a.ts': 'export const a = 1;' },
  },
  {
    rule: 'no-barrel',
    what: 'a file passes on what it imports first',
    where: 'src/base/door.ts',
    files: {
      'src/base/door.ts': `import { a } from './a.ts'; export { a };`,
      'src/base/a.ts': 'export const a = 1;',
    },
  },
  {
    rule: 'file-name',
    what: 'a file name that says nothing',
    where: 'src/base/utils.ts',
    files: { 'src/base/utils.ts': 'export const a = 1;' },
  },
  {
    rule: 'file-name',
    what: 'a file name that is not kebab-case',
    where: 'src/base/TwoWords.ts',
    files: { 'src/base/TwoWords.ts': 'export const a = 1;' },
  },
];

for (const { rule, what, where, files } of planted) {
  test(`floors: ${rule} fires when ${what}`, () => {
    const found = checkFloors(filesOf(files), floors);
    assert.deepEqual(
      found.map((violation) => [violation.rule, violation.path]),
      [[rule, where]],
    );
  });
}

test('floors: allowed imports pass', () => {
  const found = checkFloors(
    filesOf({
      'src/index.ts': `export { a } from './base/a.ts';`,
      'src/base/a.ts': 'export const a = 1; export const at = new Date(0);',
      'src/base/a.test.ts': `import { test } from 'node:test'; import fc from 'fast-check'; import { a } from './a.ts';`,
      'src/formats/f.ts': 'export const f = (fetch: () => void) => fetch();',
      'src/crypto/c.ts': `import { createHash } from 'node:crypto'; import { a } from '../base/a.ts';`,
      'src/clients/registry/one.ts': `import { two } from './internal/two.ts'; setTimeout(two, 1);`,
      'src/clients/registry/internal/two.ts': `export const two = () => import('tldts');`,
      'src/cli/main.ts': `import { a } from '../base/a.ts'; export const home = process.env.HOME;`,
    }),
    floors,
  );
  assert.deepEqual(found, []);
});

test('floors: the table itself points only downwards', () => {
  const levels = new Map(floors.map(({ folder, level }) => [folder, level]));
  for (const { folder, level, imports } of floors) {
    for (const below of imports) assert.ok((levels.get(below) ?? Infinity) < level, `${folder} imports ${below}`);
  }
});

function filesOf(files: Readonly<Record<string, string>>): readonly SourceFile[] {
  return Object.entries(files).map(([path, text]) => ({ path, text }));
}
