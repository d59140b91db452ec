/** The gate on sizes: a file of 400 lines or a function of 60 is one that nobody reads in one go. */

import { isTest } from './project.ts';
import type { SourceFile, Violation } from './project.ts';
import { moduleFactsOf } from './syntax.ts';

const maxFileLines = 400;
const maxFunctionLines = 60;

/** What may be longer, and why: `path` for a file, `path#function` for a function. Unused rows fail. */
export const sizeExemptions: Readonly<Record<string, string>> = {};

/** Checks shipped and tool code; tests are tables and stories, as long as they need to be. Pure. */
export function checkSizes(
  files: readonly SourceFile[],
  exemptions: Readonly<Record<string, string>>,
): readonly Violation[] {
  const found = files.filter(({ path }) => !isTest(path)).flatMap(violationsOf);
  const subjects = new Set(found.map(({ subject }) => subject));
  const unused = Object.keys(exemptions).filter((subject) => !subjects.has(subject));
  return [
    ...found.filter(({ subject }) => exemptions[subject] === undefined).map(({ violation }) => violation),
    ...unused.map((subject) => ({
      rule: 'unused-exemption',
      path: 'tools/sizes.ts',
      line: 1,
      message: `${subject} is short enough now: delete its exemption`,
    })),
  ];
}

interface Finding {
  readonly subject: string;
  readonly violation: Violation;
}

function violationsOf({ path, text }: SourceFile): readonly Finding[] {
  const found: Finding[] = [];
  const fileLines = text.split('\n').length - 1;
  if (fileLines > maxFileLines) {
    const message = `${fileLines} lines, at most ${maxFileLines}`;
    found.push({ subject: path, violation: { rule: 'file-size', path, line: 1, message } });
  }
  for (const { name, line, lines } of moduleFactsOf(path, text).functions) {
    if (lines <= maxFunctionLines) continue;
    const message = `${name} has ${lines} lines, at most ${maxFunctionLines}`;
    found.push({ subject: `${path}#${name}`, violation: { rule: 'function-size', path, line, message } });
  }
  return found;
}
