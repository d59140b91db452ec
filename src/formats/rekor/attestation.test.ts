import assert from 'node:assert/strict';
import { test } from 'node:test';

import { utf8Of } from '../../base/bytes.ts';
import { limits } from '../../base/limits.ts';
import { attestationHashOf, attestationOf } from './attestation.ts';

test('an attestation is kept up to its cap', () => {
  const largest = new Uint8Array(limits.attestationBytes);
  assert.deepEqual(attestationOf(largest), { attestation: largest });
  assert.deepEqual(attestationOf(new Uint8Array(limits.attestationBytes + 1)), {});
});

test('entries of other kinds have no attestation', () => {
  assert.equal(attestationHashOf(utf8Of('{"apiVersion":"0.0.1","kind":"dsse","spec":{}}')), undefined);
});
