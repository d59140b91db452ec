/** The diagram in docs/architecture.md, from the floors table. */

import { floors } from './floors-table.ts';
import type { Floor } from './floors-table.ts';

/** A Markdown table, highest floor first: what each folder is for and what it may use. */
export function floorsDiagram(): string {
  const rows = [...floors].toSorted((a, b) => b.level - a.level).map(rowOf);
  return ['| floor | folder | job | may import | Node | npm |', '|---|---|---|---|---|---|', ...rows].join('\n');
}

function rowOf({ level, folder, job, imports, builtins, packages }: Floor): string {
  const node = builtins === 'all' ? 'yes' : listOf(builtins);
  return `| ${level} | \`${folder}\` | ${job} | ${belowOf(level, imports)} | ${node} | ${listOf(packages)} |`;
}

function belowOf(level: number, imports: readonly string[]): string {
  const below = floors.filter((floor) => floor.level < level);
  if (imports.length > 0 && imports.length === below.length) return 'everything below';
  return listOf(imports);
}

function listOf(names: readonly string[]): string {
  return names.length === 0 ? 'nothing' : names.map((name) => `\`${name}\``).join(', ');
}
