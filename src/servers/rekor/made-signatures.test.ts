import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hasCode } from '../../../test/support/error-code.ts';
import { createVirtualKey, pemOf, signBytes } from '../../../test/support/virtual-sigstore/virtual-key.ts';
import { utf8Of } from '../../base/bytes.ts';
import { parseEntrySigner } from '../../formats/rekor/entry-signer.ts';
import { requireMadeSignatures } from './made-signatures.ts';

test('others are served while many signers are tried', async () => {
  const keys = Array.from({ length: 10 }, () => createVirtualKey());
  const message = Buffer.from('a message that takes long to hash');
  const candidates = keys.map((key) => parseEntrySigner(utf8Of(pemOf('PUBLIC KEY', key.spki))));
  const claims = keys.map((key) => ({ signature: signBytes(key, message), content: { message }, candidates }));
  let turns = 0;
  const count = (): void => {
    turns += 1;
    next = setImmediate(count);
  };
  let next = setImmediate(count);
  const made = await requireMadeSignatures({ claims, entryOf: () => assert.fail() });
  clearImmediate(next);
  assert.deepEqual(
    made.map(({ signer }) => signer),
    candidates,
  );
  // The first signature tries one signer, the last all ten.
  assert.ok(turns >= 54, `${turns}`);
  const stranger = { signature: signBytes(createVirtualKey(), message), content: { message }, candidates };
  await assert.rejects(
    requireMadeSignatures({ claims: [stranger], entryOf: () => assert.fail() }),
    hasCode('LOG_ENTRY_REFUSED'),
  );
});
