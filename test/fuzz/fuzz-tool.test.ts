/** The fuzzer finds what it is there to find, and finds it again. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '..', '..');

function fuzz(...args: readonly string[]): { readonly status: number | null; readonly output: string } {
  const targets = join(import.meta.dirname, 'planted-faults.ts');
  const command = ['--no-warnings', join(root, 'tools', 'fuzz.ts'), '--targets', targets, '--seed', '7', ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8', timeout: 60_000 });
  return { status, output: stdout + stderr };
}

test('a sound parser has no fault', () => {
  assert.match(fuzz('sound', '--seconds', '1').output, /^ok {2}sound: \d+ inputs/);
});

const faults: Readonly<Record<string, RegExp>> = {
  crash: /RangeError: planted/,
  hang: /hangs: one input takes more than 5 s/,
  slow: /takes 6\d\d ms for \d+ bytes/,
  memory: /ERR_WORKER_OUT_OF_MEMORY|memory limit/,
};

for (const [name, told] of Object.entries(faults)) {
  test(`a fault is found, and found again from what is printed: ${name}`, () => {
    const first = fuzz(name, '--seconds', '20');
    assert.match(first.output, told);
    assert.equal(first.status, 1);
    const [, input = ''] = /--replay (\S+)/.exec(first.output) ?? [];
    const again = fuzz(name, '--replay', input);
    assert.match(again.output, told);
    assert.equal(again.status, 1);
  });
}

test('a seed makes the same inputs again', () => {
  const inputOf = (): string | undefined => /--replay (\S+)/.exec(fuzz('crash', '--seconds', '20').output)?.[1];
  const input = inputOf();
  assert.notEqual(input, undefined);
  assert.equal(inputOf(), input);
});
