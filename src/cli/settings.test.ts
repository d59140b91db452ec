import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { refused, noted } from './flag.ts';
import type { Flags } from './flag.ts';
import { parseArguments } from './parse-arguments.ts';
import { settingsOf } from './settings.ts';
import type { Settings } from './settings.ts';

const flags: Flags = {
  annotations: { type: 'strings', help: '' },
  'check-claims': { type: 'bool', default: true, weakens: true, help: '' },
  'ignore-log': { type: 'bool', default: false, weakens: true, help: '' },
  'max-workers': { type: 'int', default: 10, help: '' },
  old: { type: 'bool', default: false, deprecated: 'use --new', help: '' },
  'output-file': { type: 'string', isCommandLineOnly: true, help: '' },
  service: { type: 'string', help: '', cosign: refused('There is none.') },
  upload: { type: 'bool', default: false, accepts: ['false'], help: '', cosign: refused('There is no log.') },
  useless: { type: 'bool', default: false, help: '', cosign: noted('Has no effect.') },
};

const settle = (words: readonly string[], environment: Record<string, string>): Settings =>
  settingsOf(flags, parseArguments(words, flags), environment);

describe('settingsOf', () => {
  test('the command line wins over the environment, and that over the default', () => {
    assert.equal(settle([], {}).values['max-workers'], 10);
    assert.equal(settle([], { COSIGN_MAX_WORKERS: '3' }).values['max-workers'], 3);
    assert.equal(settle(['--max-workers=4'], { COSIGN_MAX_WORKERS: '3' }).values['max-workers'], 4);
  });

  test('an empty variable counts as unset', () => {
    const settings = settle([], { COSIGN_MAX_WORKERS: '' });
    assert.equal(settings.values['max-workers'], 10);
    assert.equal(settings.given.has('max-workers'), false);
  });

  test('a variable that the command line overrides need not even be right', () => {
    assert.equal(settle(['--max-workers=4'], { COSIGN_MAX_WORKERS: 'many' }).values['max-workers'], 4);
  });

  test('a wrong variable is an error that names it', () => {
    assert.throws(() => settle([], { COSIGN_MAX_WORKERS: 'many' }), {
      code: 'FLAG_VALUE_INVALID',
      message: /COSIGN_MAX_WORKERS/,
    });
  });

  test('lists in variables are split at commas', () => {
    assert.deepEqual(settle([], { COSIGN_ANNOTATIONS: 'a=1,b=2' }).values['annotations'], ['a=1', 'b=2']);
  });

  for (const [variable, text] of [
    ['COSIGN_CHECK_CLAIMS', 'false'],
    ['COSIGN_IGNORE_LOG', 'true'],
  ] as const) {
    test(`${variable}=${text} is refused by name, because it weakens a check`, () => {
      assert.throws(() => settle([], { [variable]: text }), {
        code: 'ENVIRONMENT_WEAKENS',
        message: new RegExp(variable),
      });
    });
  }

  test('a variable that asks for the check to be made is accepted', () => {
    assert.equal(settle([], { COSIGN_CHECK_CLAIMS: 'true', COSIGN_IGNORE_LOG: 'false' }).values['check-claims'], true);
  });

  test('a flag that weakens works from the command line, and then its variable does not matter', () => {
    assert.equal(settle(['--check-claims=false'], { COSIGN_CHECK_CLAIMS: 'false' }).values['check-claims'], false);
  });

  test('some flags are never taken from the environment', () => {
    assert.equal(settle([], { COSIGN_OUTPUT_FILE: 'x' }).values['output-file'], undefined);
  });

  test('without an environment nothing is taken from it', () => {
    assert.equal(settingsOf(flags, parseArguments([], flags), undefined).values['max-workers'], 10);
  });

  test('what is not here is refused, with the reason as the hint', () => {
    assert.throws(() => settle(['--service', 'x'], {}), { code: 'FLAG_NOT_AVAILABLE', hint: 'There is none.' });
    assert.throws(() => settle(['--upload'], {}), { code: 'FLAG_NOT_AVAILABLE' });
    assert.throws(() => settle([], { COSIGN_SERVICE: 'x' }), { code: 'FLAG_NOT_AVAILABLE', message: /COSIGN_SERVICE/ });
    assert.equal(settle(['--service=', '--upload=false'], {}).values['upload'], false);
  });

  test('one value that asks for something is enough to be refused', () => {
    assert.throws(() => settle(['--upload=true', '--upload=false'], {}), { code: 'FLAG_NOT_AVAILABLE' });
  });

  test('deprecated flags and flags without effect are noted', () => {
    assert.deepEqual(settle(['--old', '--useless'], {}).notes, [
      'Flag --old has been deprecated, use --new',
      'Note: --useless: Has no effect.',
    ]);
  });
});
