/** `kill -9` under load, and what is left: judged by clients that nobody here wrote. 200 rounds: `npm run crash`. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { fileSteps, sequencerSteps } from '../support/crash-point.ts';
import { runCrashRounds } from '../support/crash-rounds.ts';
import { requirePeer } from '../support/peers.ts';

test('killed at every step, in 20 rounds of load, a stack loses and forks nothing that it told', async (t) => {
  if (!requirePeer(t, 'cosign-3', 'log-reader', 'rekor-cli')) return;
  const rounds = await runCrashRounds({ rounds: 20, seed: 1 });
  const reached = new Set<string>(
    rounds.filter(({ isReached }) => isReached).map(({ point }) => point?.step ?? 'any moment'),
  );
  assert.deepEqual(
    [...sequencerSteps, ...fileSteps].filter((step) => !reached.has(step)),
    [],
  );
  const { entries = 0, certificates = 0, timestamps = 0 } = rounds.at(-1) ?? {};
  assert.ok(entries > 50 && certificates > 20 && timestamps > 20, JSON.stringify(rounds.at(-1)));
});
