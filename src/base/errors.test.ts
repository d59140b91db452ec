import assert from 'node:assert/strict';
import { test } from 'node:test';

import { catalogue } from './catalogue.ts';
import { CountersignError, InputError, RemoteError, isErrorWithCode, messageOf } from './errors.ts';

test('an error carries its code, the hint of the catalogue and a link to its docs', () => {
  const error = new InputError('DIGEST_MALFORMED', 'expected a digest');
  assert.ok(error instanceof CountersignError);
  assert.equal(error.name, 'InputError');
  assert.equal(error.hint, catalogue.DIGEST_MALFORMED.hint);
  assert.equal(error.docs, 'docs/errors.md#digest_malformed');
  assert.ok(isErrorWithCode(error, 'DIGEST_MALFORMED'));
  assert.ok(!isErrorWithCode(new Error('x'), 'DIGEST_MALFORMED'));
});

test('a remote error is not retryable unless it says so, and a cause is kept', () => {
  const cause = new Error('socket hang up');
  const error = new RemoteError('HTTP_CUT', 'the answer broke off', {
    cause,
    status: 200,
    details: { host: 'localhost' },
  });
  assert.equal(error.retryable, false);
  assert.equal(error.cause, cause);
  assert.deepEqual(error.details, { host: 'localhost' });
  assert.equal(messageOf(error), 'the answer broke off');
  assert.equal(messageOf('thrown text'), 'thrown text');
});

test('no hint of the catalogue suggests weakening a check', () => {
  for (const [code, { hint, summary }] of Object.entries(catalogue)) {
    assert.doesNotMatch(hint, /insecure|ignore|skip|disable|check-claims=false|allow-http/i, code);
    assert.match(`${summary} ${hint}`, /^[A-Z].*\.$/s, code);
  }
});
