import assert from 'node:assert/strict';
import { test } from 'node:test';

import { vectorPublicKey } from '../../test/support/vectors.ts';
import { checkThreshold } from './threshold.ts';
import type { Evidence } from './verdict.ts';

const evidenceOf = (name: string, isClaimsChecked = true): Evidence => ({
  signer: { kind: 'key', key: vectorPublicKey(name) },
  scheme: 'any',
  times: [],
  entries: [],
  claims: { type: 'any', annotations: {} },
  isClaimsChecked,
  checks: [],
});
const [a, b] = [evidenceOf('cosign-2'), evidenceOf('cosign-3')];

test('distinct keys are counted, not signatures', () => {
  assert.equal(checkThreshold([a, b], 2).status, 'pass');
  assert.equal(checkThreshold([a, a, { ...a }], 2).status, 'fail');
  assert.equal(checkThreshold([a], 1).status, 'pass');
  assert.equal(checkThreshold([], 1).status, 'fail');
});

test('a signature whose claims were not checked counts for nothing', () => {
  assert.equal(checkThreshold([a, evidenceOf('cosign-3', false)], 2).status, 'fail');
  assert.equal(checkThreshold([evidenceOf('cosign-2', false)], 1).status, 'fail');
});

test('a threshold of nobody is never met', () => {
  for (const threshold of [0, -1, Number.NaN]) {
    assert.equal(checkThreshold([a, b], threshold).status, 'fail');
  }
});
