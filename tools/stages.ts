/** The gates, in the order in which they run: the quickest to say no comes first. */

import { catalogue } from '../src/base/catalogue.ts';
import { stalePages } from './docs.ts';
import { checkErrorCodes } from './error-codes.ts';
import { floors } from './floors-table.ts';
import { checkFloors } from './floors.ts';
import { checkLockfiles } from './lockfiles.ts';
import { checkPackage } from './pack-check.ts';
import { requireTool } from './program.ts';
import { readSources, renderViolations } from './project.ts';
import type { Violation } from './project.ts';
import { checkSizes, sizeExemptions } from './sizes.ts';
import { discoverLanes, runLane, sumOf } from './test-lanes.ts';
import type { Tally } from './test-lanes.ts';

export interface Stage {
  readonly name: string;
  /** Throws with the lines to print when the gate says no; a stage that runs tests returns what it counted. */
  readonly run: () => Promise<Tally | void>;
}

/** The lanes that belong to the gates; the others need peers or time. */
export const gateLanes: readonly string[] = ['unit', 'scripts'];

export const stages: readonly Stage[] = [
  {
    name: 'format',
    run: async () => {
      await requireTool('oxfmt/bin/oxfmt', ['--check']).catch(withHint('npm run format'));
    },
  },
  {
    name: 'lint',
    run: async () => {
      await requireTool('oxlint/bin/oxlint', ['--type-aware', '--deny-warnings', '--format=unix']);
    },
  },
  {
    name: 'types',
    run: async () => {
      await requireTool('typescript/bin/tsc', ['--noEmit', '-p', '.']);
    },
  },
  { name: 'floors', run: async () => requireNone(checkFloors(await readSources(), floors)) },
  {
    name: 'dead-code',
    run: async () => {
      // Without the tests first: what only they use is dead, and only kept alive by being tested.
      await requireTool('knip/bin/knip.js', ['--production', '--no-progress']);
      await requireTool('knip/bin/knip.js', ['--no-progress']);
    },
  },
  { name: 'sizes', run: async () => requireNone(checkSizes(await readSources(), sizeExemptions)) },
  {
    name: 'error-codes',
    run: async () => requireNone(checkErrorCodes(Object.keys(catalogue), await readSources(['src', 'test']))),
  },
  { name: 'lockfiles', run: async () => requireNone(await checkLockfiles()) },
  {
    name: 'tests',
    run: async () => {
      const lanes = (await discoverLanes()).filter(({ name }) => gateLanes.includes(name));
      const tallies: Tally[] = [];
      for (const lane of lanes) tallies.push(await runLane(lane));
      return sumOf(tallies);
    },
  },
  {
    name: 'docs',
    run: async () => {
      const stale = await stalePages();
      if (stale.length > 0) throw new Error(`out of step with the code: ${stale.join(', ')}. Run: npm run docs`);
    },
  },
  { name: 'package', run: checkPackage },
];

function requireNone(violations: readonly Violation[]): void {
  if (violations.length > 0) throw new Error(renderViolations(violations));
}

function withHint(command: string): (error: unknown) => never {
  return (error) => {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\nRun: ${command}`);
  };
}
