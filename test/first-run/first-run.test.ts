/** What a newcomer meets: a clone where nothing is installed yet. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { before, describe, test } from 'node:test';
import { promisify } from 'node:util';

import { createScratchFolder } from '../support/scratch.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..', '..');
const notCloned = new Set(['.git', '.set-up.lock', 'dist', 'node_modules']);
const scratch = createScratchFolder('first-run');
const clone = join(scratch, 'clone');
const launcher = join(clone, 'countersign');

describe('first run', () => {
  before(async () => {
    await cp(root, clone, { recursive: true, filter: (path) => !notCloned.has(basename(path)) });
  });

  test('two commands started at once in a fresh clone both answer, and only one sets it up', async () => {
    const both = await Promise.all([run(launcher, ['version']), run(launcher, ['version'])]);
    for (const { stdout } of both) assert.match(stdout, /0\.1\.0/);
    const setUps = both.filter(({ stderr }) => stderr.includes('npm ci'));
    assert.equal(setUps.length, 1);
  });

  test('the launcher works through a symbolic link, from elsewhere, and is silent once set up', async () => {
    const link = join(scratch, 'linked');
    await symlink(launcher, link);
    const { stdout, stderr } = await run(link, ['version'], { cwd: '/' });
    assert.match(stdout, /0\.1\.0/);
    assert.equal(stderr, '');
  });

  test('a lock whose process is gone does not stop the next set-up', async () => {
    const { pid } = await endedProcess();
    await forgetSetUp();
    await writeFile(join(clone, '.set-up.lock'), `${hostname()} ${pid}\n`);
    assert.match((await run(launcher, ['version'])).stdout, /0\.1\.0/);
  });

  test('a lock that nobody has touched for long does not stop the next set-up', async () => {
    await forgetSetUp();
    const lock = join(clone, '.set-up.lock');
    await writeFile(lock, 'another-machine 1\n');
    await utimes(lock, new Date(0), new Date(0));
    assert.match((await run(launcher, ['version'])).stdout, /0\.1\.0/);
  });

  test('a changed lockfile is noticed, and what it says is installed', async () => {
    const path = join(clone, 'package-lock.json');
    await writeFile(path, `${await readFile(path, 'utf8')}\n`);
    await rm(join(clone, 'node_modules/fast-check'), { recursive: true });
    await rm(join(clone, 'node_modules/.package-lock.json'));
    assert.match((await run(launcher, ['version'])).stderr, /npm ci/);
    await readFile(join(clone, 'node_modules/fast-check/package.json'));
  });
});

/** Leaves the dependencies, but not the note that they are right. */
async function forgetSetUp(): Promise<void> {
  await rm(join(clone, 'node_modules/.cache'), { recursive: true });
}

async function endedProcess(): Promise<{ readonly pid: number | undefined }> {
  const running = run(process.execPath, ['-e', '0']);
  await running;
  return { pid: running.child.pid };
}
