import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { Flags } from './flag.ts';
import { parseArguments } from './parse-arguments.ts';

const flags: Flags = {
  annotations: { type: 'strings', short: 'a', help: '' },
  certificate: { type: 'string', help: '' },
  force: { type: 'bool', short: 'f', default: false, help: '' },
  key: { type: 'string', short: 'k', help: '' },
  output: { type: 'enum', short: 'o', values: ['json', 'text'], help: '' },
  recursive: { type: 'bool', short: 'r', default: false, help: '' },
};

const givenBy = (...words: string[]): Record<string, readonly string[]> =>
  Object.fromEntries(parseArguments(words, flags).given);

describe('parseArguments', () => {
  const cases: readonly (readonly [string, readonly string[], Record<string, readonly string[]>, readonly string[]])[] =
    [
      ['a value after a blank', ['--key', 'k', 'image'], { key: ['k'] }, ['image']],
      ['a value after =', ['--key=k=1'], { key: ['k=1'] }, []],
      ['an empty value', ['--key='], { key: [''] }, []],
      ['a switch', ['--force', 'image'], { force: ['true'] }, ['image']],
      ['a switch with a value', ['--force=false'], { force: ['false'] }, []],
      ['no value for a switch from the next word', ['--force', 'false'], { force: ['true'] }, ['false']],
      ['flags after arguments', ['image', '--force'], { force: ['true'] }, ['image']],
      ['nothing after --', ['--force', '--', '--key', '-f'], { force: ['true'] }, ['--key', '-f']],
      ['a lone - as an argument', ['-', '--force'], { force: ['true'] }, ['-']],
      ['repetition in order', ['-a', 'x=1', '-a', 'y=2'], { annotations: ['x=1', 'y=2'] }, []],
      ['a short flag with =', ['-a=x=1'], { annotations: ['x=1'] }, []],
      ['a short flag with its value attached', ['-ax=1'], { annotations: ['x=1'] }, []],
      ['a cluster of switches', ['-rf'], { recursive: ['true'], force: ['true'] }, []],
      ['a cluster that ends in a value', ['-rkfile'], { recursive: ['true'], key: ['file'] }, []],
      ['a value that starts with -', ['--key', '-secret'], { key: ['-secret'] }, []],
      ["a short flag's value that starts with --", ['-k', '--secret'], { key: ['--secret'] }, []],
      ['an old name of a flag', ['--cert', 'c.pem'], { certificate: ['c.pem'] }, []],
    ];
  for (const [what, words, given, positional] of cases) {
    test(`reads ${what}`, () => {
      const parsed = parseArguments(words, flags);
      assert.deepEqual(Object.fromEntries(parsed.given), given);
      assert.deepEqual(parsed.positional, positional);
      assert.deepEqual(parsed.warnings, []);
    });
  }

  test('corrects a long name behind one dash, with a warning', () => {
    const parsed = parseArguments(['-output', 'text', '-key=k'], flags);
    assert.deepEqual(Object.fromEntries(parsed.given), { output: ['text'], key: ['k'] });
    assert.deepEqual(parsed.warnings, [
      'the flag -output is deprecated and will be removed in a future release. Please use the flag --output.',
      'the flag -key is deprecated and will be removed in a future release. Please use the flag --key.',
    ]);
  });

  test('corrects one letter behind two dashes, with a warning', () => {
    const parsed = parseArguments(['--f', '--k', 'file'], flags);
    assert.deepEqual(Object.fromEntries(parsed.given), { force: ['true'], key: ['file'] });
    assert.equal(parsed.warnings.length, 2);
  });

  test('never corrects a value', () => {
    assert.deepEqual(parseArguments(['--key', '-output'], flags).warnings, []);
    assert.deepEqual(givenBy('--key', '-output'), { key: ['-output'] });
  });

  test('reads --help and -h wherever they stand', () => {
    for (const words of [['--help'], ['image', '-h'], ['-rh'], ['-help'], ['--h']]) {
      assert.equal(parseArguments(words, flags).isHelpAsked, true, words.join(' '));
    }
  });

  test('refuses an unknown flag and names the nearest', () => {
    assert.throws(() => parseArguments(['--recursiv'], flags), { code: 'FLAG_UNKNOWN', message: /--recursive\?/ });
    assert.throws(() => parseArguments(['-x'], flags), { code: 'FLAG_UNKNOWN' });
    assert.throws(() => parseArguments(['-rx'], flags), { code: 'FLAG_UNKNOWN' });
    assert.throws(() => parseArguments(['--constructor'], flags), { code: 'FLAG_UNKNOWN' });
  });

  test('refuses a flag without its value', () => {
    assert.throws(() => parseArguments(['--key'], flags), { code: 'FLAG_VALUE_MISSING' });
    assert.throws(() => parseArguments(['-rk'], flags), { code: 'FLAG_VALUE_MISSING' });
  });
});
