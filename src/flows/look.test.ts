import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hasCode } from '../../test/support/error-code.ts';
import { ConfigError, CountersignError, InputError, RemoteError, UsageError } from '../base/errors.ts';
import { lookAt } from './look.ts';

const failing = (error: unknown) => async (): Promise<never> => {
  throw error;
};

test('what registries and signers do wrong is an answer', async () => {
  for (const error of [
    new RemoteError('REGISTRY_DENIED', ''),
    new InputError('JSON_MALFORMED', ''),
    new RemoteError('REGISTRY_TIMEOUT', ''),
  ]) {
    assert.deepEqual(await lookAt(failing(error)), { isSeen: false, error });
  }
});

test('an interruption, a wrong setting and a defect of ours are thrown on', async () => {
  await assert.rejects(lookAt(failing(new CountersignError('INTERRUPTED', ''))), hasCode('INTERRUPTED'));
  await assert.rejects(lookAt(failing(new ConfigError('CONFIG_MALFORMED', ''))), hasCode('CONFIG_MALFORMED'));
  await assert.rejects(lookAt(failing(new UsageError('THRESHOLD_INVALID', ''))), hasCode('THRESHOLD_INVALID'));
  await assert.rejects(lookAt(failing(new TypeError('ours'))), TypeError);
});
