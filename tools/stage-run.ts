/** Runs stages one after the other and says what each took. */

import type { Stage } from './stages.ts';
import type { Tally } from './test-lanes.ts';

/** Runs stages up to the first that fails. Prints a line for each; returns the tests counted and whether all passed. */
export async function runStages(
  stages: readonly Stage[],
): Promise<{ readonly tallies: Tally[]; readonly ok: boolean }> {
  const tallies: Tally[] = [];
  for (const { name, run } of stages) {
    const ok = await timed(name, async () => {
      const tally = await run();
      if (tally === undefined) return '';
      tallies.push(tally);
      return resultOf(tally);
    });
    if (!ok) return { tallies, ok };
  }
  return { tallies, ok: true };
}

/** Runs one piece of work and prints a line with its seconds and what it returned. Whether it did not throw. */
export async function timed(name: string, work: () => Promise<string>): Promise<boolean> {
  const started = performance.now();
  const line = (result: string): string =>
    `${result.padEnd(6)} ${name.padEnd(12)} ${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s`;
  try {
    const remark = await work();
    console.log(`${line('ok')}  ${remark}`.trimEnd());
    return true;
  } catch (error) {
    console.log(line('FAILED'));
    console.log(`${error instanceof Error ? error.message : String(error)}\n`);
    return false;
  }
}

/** "12 passed, 1 skipped"; throws when a test failed or none ran. */
export function resultOf({ passed, failed, skipped }: Tally): string {
  const counts = [`${passed} passed`, ...(skipped > 0 ? [`${skipped} skipped`] : [])].join(', ');
  if (failed > 0) throw new Error(`${counts}, ${failed} failed`);
  if (passed + skipped === 0) throw new Error('no test ran');
  return counts;
}
