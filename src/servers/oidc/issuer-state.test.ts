import assert from 'node:assert/strict';
import { test } from 'node:test';

import { limits } from '../../base/limits.ts';
import { createIssuerState } from './issuer-state.ts';

interface Thing {
  readonly uid?: string;
  readonly userCode?: string;
  readonly grantId?: string;
  consumed?: unknown;
}

function create(kind: string): {
  readonly state: ReturnType<ReturnType<typeof createIssuerState<Thing>>>;
  readonly pass: (ms: number) => void;
} {
  let nowMs = 1_000_000;
  return { state: createIssuerState<Thing>(() => nowMs)(kind), pass: (ms) => (nowMs += ms) };
}

test('a thing is found by its names until its time is over', async () => {
  const { state, pass } = create('DeviceCode');
  await state.upsert('1', { uid: 'u', userCode: 'BCDF', grantId: 'g' }, 10);
  for (const find of [() => state.find('1'), () => state.findByUid('u'), () => state.findByUserCode('BCDF')]) {
    assert.equal((await find())?.grantId, 'g');
  }
  await state.consume('1');
  assert.equal((await state.find('1'))?.consumed, 1_000);
  pass(10_000);
  for (const find of [() => state.find('1'), () => state.findByUid('u'), () => state.findByUserCode('BCDF')]) {
    assert.equal(await find(), undefined);
  }
});

test('a thing is forgotten when it is told to be, alone or with its grant', async () => {
  const { state } = create('AuthorizationCode');
  for (const id of ['1', '2', '3']) await state.upsert(id, { grantId: id === '3' ? 'other' : 'g' }, 10);
  await state.destroy('1');
  assert.equal(await state.find('1'), undefined);
  await state.revokeByGrantId('g');
  assert.deepEqual([await state.find('2'), await state.find('3')], [undefined, { grantId: 'other' }]);
});

test('of too many the oldest goes, so that the newest can always be had', async () => {
  const { state } = create('Interaction');
  for (let id = 0; id <= limits.issuerState; id += 1) await state.upsert(`${id}`, {}, 600);
  assert.equal(await state.find('0'), undefined);
  assert.deepEqual([await state.find('1'), await state.find(`${limits.issuerState}`)], [{}, {}]);
});

test('no session is kept', async () => {
  const { state } = create('Session');
  await state.upsert('1', { uid: 'u' }, 600);
  assert.deepEqual([await state.find('1'), await state.findByUid('u')], [undefined, undefined]);
});
