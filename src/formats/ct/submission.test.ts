import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hasCode } from '../../../test/support/error-code.ts';
import { utf8Of } from '../../base/bytes.ts';
import { limits } from '../../base/limits.ts';
import { parseSubmission } from './submission.ts';

const submit = (value: unknown): readonly Uint8Array[] => parseSubmission(utf8Of(JSON.stringify(value)));

test('a submission is a chain, the certificate first', () => {
  assert.deepEqual(submit({ chain: ['AQ==', 'AgM='] }), [Uint8Array.of(1), Uint8Array.of(2, 3)]);
});

test('whatever is not a chain of base64 is refused', () => {
  for (const value of [{}, { chain: [] }, { chain: 'AQ==' }, { chain: [1] }, [], null]) {
    assert.throws(() => submit(value), hasCode('JSON_SHAPE'), JSON.stringify(value));
  }
  assert.throws(() => submit({ chain: ['AQ'] }), hasCode('BASE64_MALFORMED'));
  assert.throws(() => parseSubmission(utf8Of('{"chain":')), hasCode('JSON_MALFORMED'));
});

test('a chain that is too long or too large is not looked at', () => {
  assert.throws(() => submit({ chain: Array(limits.chainCertificates + 1).fill('AQ==') }), hasCode('INPUT_TOO_LARGE'));
  assert.throws(() => submit({ chain: ['A'.repeat(limits.submissionBytes)] }), hasCode('INPUT_TOO_LARGE'));
});
