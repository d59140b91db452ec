import assert from 'node:assert/strict';
import { test } from 'node:test';

import { InputError } from '../base/errors.ts';
import { orUnread } from './unread.ts';

test('what cannot be read becomes its reason; a defect of ours is thrown on', () => {
  assert.equal(
    orUnread(() => 7),
    7,
  );
  const unread = orUnread(() => {
    throw new InputError('JSON_MALFORMED', 'not JSON');
  });
  assert.deepEqual(unread, { kind: 'unread', why: 'not JSON' });
  assert.throws(
    () =>
      orUnread(() => {
        throw new TypeError('a defect');
      }),
    TypeError,
  );
});
