/** Whatever a stranger writes, what reads it returns a value or throws an error of the catalogue, in bounded time and
 *  memory. `npm run fuzz` looks longer. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

import fc from 'fast-check';

import { diceOf, mutated } from './fuzz-mutator.ts';
import { fuzzTargets } from './fuzz-targets.ts';
import { utf8Of } from '../../src/base/bytes.ts';
import { CountersignError } from '../../src/base/errors.ts';

const LARGE_BYTES = 512 * 1024;
const LARGE_MS = 2000;

for (const [name, { seeds, run }] of Object.entries(fuzzTargets)) {
  const known = seeds();
  const inputs = fc.oneof(
    { weight: 8, arbitrary: fc.nat().map((seed) => mutated(known, diceOf(seed))) },
    fc.uint8Array({ maxLength: 300 }),
    fc.jsonValue().map((value) => utf8Of(JSON.stringify(value))),
  );

  test(`any bytes give a value or an error of the catalogue: ${name}`, async () => {
    await fc.assert(
      fc.asyncProperty(inputs, async (bytes) => {
        await settle(() => run(bytes));
      }),
      { numRuns: 300, interruptAfterTimeLimit: 10_000 },
    );
  });

  test(`half a megabyte is read or refused in time: ${name}`, async () => {
    for (const bytes of largeOnes(known[0] ?? new Uint8Array())) {
      const started = performance.now();
      await settle(() => run(bytes));
      const ms = performance.now() - started;
      assert.ok(
        ms < LARGE_MS,
        `${Math.round(ms)} ms for ${JSON.stringify(Buffer.from(bytes.subarray(0, 40)).toString())}…`,
      );
    }
  });
}

test('a second of coverage-guided search in each finds no crash, no hang and no memory above its cap', () => {
  const tool = join(import.meta.dirname, '..', '..', 'tools', 'fuzz.ts');
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--no-warnings', tool, 'all', '--seconds', '1'], {
    encoding: 'utf8',
    timeout: 240_000,
  });
  assert.equal(status, 0, stdout + stderr);
  assert.equal(stdout.match(/^ok /gm)?.length, Object.keys(fuzzTargets).length, stdout);
});

async function settle(run: () => unknown): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error;
  }
}

/** What is dear to careless readers: depth, a part told again and again, one long value, many empty ones. */
function largeOnes(document: Uint8Array): readonly Uint8Array[] {
  const [head, body, tail] = [document.subarray(0, 2), document.subarray(2, -2), document.subarray(-2)];
  const repeated = (part: Uint8Array | string): Buffer => Buffer.alloc(LARGE_BYTES, part);
  return [
    ...['[', '{"a":', '[],', 'a', '\n', '\u2014 a b\n', '/', '"\\', '0\u0000', '-----BEGIN A-----\n'].map(repeated),
    Buffer.concat([head, repeated(body), tail]),
    // DER inside DER: sequences of all that is left, and many empty ones.
    ...[Buffer.from([0x30, 0x83, 0x07, 0xff, 0xfb]), Buffer.from([0x30, 0x00])].map(repeated),
    Buffer.concat([Buffer.from([0x30, 0x83, 0x07, 0xff, 0xfb]), repeated(Buffer.from([0x30, 0x00])).subarray(5)]),
    nested(),
  ].map((each) => new Uint8Array(each));
}

/** Sequences in sequences, each with a length that is right. */
function nested(): Buffer {
  const headers: Buffer[] = [];
  for (let left = LARGE_BYTES - 5; left > 5; left -= 5) {
    headers.push(Buffer.from([0x30, 0x83, left >> 16, (left >> 8) & 0xff, left & 0xff]));
  }
  return Buffer.concat([...headers, Buffer.alloc(LARGE_BYTES - headers.length * 5)]);
}
