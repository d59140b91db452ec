/** The gate on the error catalogue: every code is raised by the code and by a test that names it. */

import { isTest } from './project.ts';
import type { SourceFile, Violation } from './project.ts';

/** Looks for each code as a quoted word: once outside the catalogue and the tests, once in a test. Pure. */
export function checkErrorCodes(codes: readonly string[], files: readonly SourceFile[]): readonly Violation[] {
  const own = files.filter(({ path }) => path.startsWith('src/') && path !== cataloguePath);
  const shipped = quotedWords(own.filter(({ path }) => !isTest(path)));
  const tested = quotedWords(files.filter(({ path }) => isTest(path)));
  return codes.flatMap((code): readonly Violation[] => {
    if (!shipped.has(code)) return [violation('unused-code', `${code} is raised nowhere: delete it`)];
    if (!tested.has(code)) return [violation('untested-code', `${code} is raised by no test`)];
    return [];
  });
}

const cataloguePath = 'src/base/catalogue.ts';

function violation(rule: string, message: string): Violation {
  return { rule, path: cataloguePath, line: 1, message };
}

function quotedWords(files: readonly SourceFile[]): ReadonlySet<string> {
  return new Set(files.flatMap(({ text }) => text.match(/(?<=['"`])[A-Z0-9_]+(?=['"`])/g) ?? []));
}
