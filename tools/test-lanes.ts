/** Groups the tests into lanes and runs them: each lane is one process tree with a limit in time. */

import { spawn } from 'node:child_process';
import { join } from 'node:path';

import { readSources, root } from './project.ts';

export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** What a lane's process tells its parent. */
export type LaneMessage = { readonly tally: Tally } | { readonly reached: string };

export interface Lane {
  readonly name: string;
  readonly files: readonly string[];
  /** Unit tests share one process, which makes them quick; others may not disturb each other. */
  readonly isolation: 'none' | 'process';
  readonly limitMs: number;
  /** Prints nothing: for lanes that are expected to fail. */
  readonly quiet?: boolean;
}

const unitLimitMs = 10 * 60_000;
const laneLimitMs = 15 * 60_000;

/** All lanes, the quick ones first: unit tests, then one lane for each folder of `test/` that holds tests. */
export async function discoverLanes(): Promise<readonly Lane[]> {
  const paths = (await readSources()).map(({ path }) => path).filter((path) => path.endsWith('.test.ts'));
  const unit = paths.filter((path) => !path.startsWith('test/'));
  const folders = [
    ...new Set(paths.filter((path) => path.startsWith('test/')).map((path) => path.split('/')[1] ?? '')),
  ];
  const slowLast = folders.toSorted((a, b) => Number(b === 'scripts') - Number(a === 'scripts') || (a < b ? -1 : 1));
  return [
    { name: 'unit', files: unit, isolation: 'none', limitMs: unitLimitMs },
    ...slowLast.map((name): Lane => {
      const files = paths.filter((path) => path.startsWith(`test/${name}/`));
      return { name, files, isolation: 'process', limitMs: laneLimitMs };
    }),
  ];
}

/** Runs one lane to its end. A lane that breaks off or does not end counts as one failure besides those it had. */
export function runLane({ name, files, isolation, limitMs, quiet = false }: Lane): Promise<Tally> {
  const args = [
    '--no-warnings',
    join(root, 'tools/lane-process.ts'),
    isolation,
    ...files.map((file) => join(root, file)),
  ];
  // Its own process group, so that servers that a test started end with it.
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: testEnvironment(),
    stdio: ['ignore', ...(quiet ? (['ignore', 'ignore'] as const) : (['inherit', 'inherit'] as const)), 'ipc'],
    detached: true,
  });
  const kill = (): void => killGroup(child.pid);
  const interrupt = (): void => process.exit(130);
  process.once('exit', kill).once('SIGINT', interrupt).once('SIGTERM', interrupt);

  let tally: Tally = { passed: 0, failed: 0, skipped: 0 };
  let hasTally = false;
  let reached = 'the first test';
  let isLate = false;
  child.on('message', (message: LaneMessage) => {
    if ('reached' in message) reached = message.reached;
    else [tally, hasTally] = [message.tally, true];
  });
  const timer = setTimeout(() => {
    isLate = true;
    kill();
  }, limitMs);

  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => {
      clearTimeout(timer);
      process.off('exit', kill).off('SIGINT', interrupt).off('SIGTERM', interrupt);
      kill();
      const broke = isLate || !hasTally || (status !== 0 && tally.failed === 0);
      if (broke && !quiet) {
        const why = isLate ? `did not end in ${limitMs / 1000} s` : `broke off with status ${status ?? 'none'}`;
        console.log(`  FAILED: lane ${name} ${why}; the last file it finished a test of: ${reached}`);
      }
      resolve(broke ? { ...tally, failed: tally.failed + 1 } : tally);
    });
  });
}

/** Sums tallies. */
export function sumOf(tallies: readonly Tally[]): Tally {
  return {
    passed: tallies.reduce((sum, { passed }) => sum + passed, 0),
    failed: tallies.reduce((sum, { failed }) => sum + failed, 0),
    skipped: tallies.reduce((sum, { skipped }) => sum + skipped, 0),
  };
}

/** What the person's own settings for signing tools say must not decide how a test ends. */
function testEnvironment(): NodeJS.ProcessEnv {
  const foreign = /^(COSIGN_|SIGSTORE_|TUF_|DOCKER_|REGISTRY_AUTH_FILE$|NODE_OPTIONS$|NODE_TEST_CONTEXT$)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Already gone, as it should be.
  }
}
