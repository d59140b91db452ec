import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  STATEMENT,
  addEntry,
  entriesPath,
  entryOf,
  envelopeOf,
  keyPemOf,
  openRekorLab,
  problemOf,
  proposeDsse,
  proposeHashedRekord,
  proposeIntotoV1,
  proposeIntotoV2,
  proposeRekord,
  rekorNow,
  rekorTreeId,
} from '../../../test/support/rekor-lab.ts';
import type { ProposedJson } from '../../../test/support/rekor-lab.ts';
import { assertProven } from '../../../test/support/rekor-proof.ts';
import { createVirtualKey } from '../../../test/support/virtual-sigstore/virtual-key.ts';
import { CountersignError } from '../../base/errors.ts';

const key = createVirtualKey();
const retrievePath = `${entriesPath}/retrieve`;

/** One of each kind. */
const kinds: Readonly<Record<string, () => ProposedJson>> = {
  hashedrekord: () => proposeHashedRekord('artifact', key),
  dsse: () => proposeDsse(envelopeOf(STATEMENT, key), keyPemOf(key)),
  'intoto 0.0.1': () => proposeIntotoV1(envelopeOf(STATEMENT, key), keyPemOf(key)),
  'intoto 0.0.2': () => proposeIntotoV2(envelopeOf(STATEMENT, key), keyPemOf(key)),
  rekord: () => proposeRekord('artifact', key),
};

for (const [name, propose] of Object.entries(kinds)) {
  test(`an entry of each kind is added, proven and found again: ${name}`, async (t) => {
    const lab = await openRekorLab(t);
    await addEntry(lab, proposeHashedRekord('an earlier one'));
    const answer = await lab.post(entriesPath, propose());
    assert.equal(answer.status, 201, answer.text);
    const [uuid, entry] = entryOf(answer.json());
    assert.equal(answer.headers['etag'], uuid);
    assert.equal(answer.headers['location'], `${entriesPath}/${uuid}`);
    assert.equal(entry.logIndex, 1);
    assert.equal(entry.integratedTime, Math.floor(rekorNow.getTime() / 1000));
    assert.equal(entry.attestation?.data, name.startsWith('intoto') ? btoa(STATEMENT) : undefined);
    await assertProven(lab, [uuid, entry]);

    await addEntry(lab, proposeHashedRekord('a later one'));
    for (const path of [
      `${entriesPath}?logIndex=1`,
      `${entriesPath}/${uuid}`,
      `${entriesPath}/${uuid.slice(16)}`,
      `${entriesPath}/${uuid.toUpperCase()}`,
    ]) {
      const read = await lab.get(path);
      assert.equal(read.status, 200, path);
      assert.equal(read.headers['cache-control'], 'no-cache');
      const found = entryOf(read.json());
      assert.deepEqual({ ...found[1], verification: 0 }, { ...entry, verification: 0 });
      assert.equal(found[1].verification.inclusionProof.treeSize, 3);
      await assertProven(lab, found);
    }
    assert.deepEqual(lab.events.at(-2), { kind: name.split(' ')[0], outcome: 'added' });
  });

  test(`an equal entry is answered with the place of the first: ${name}`, async (t) => {
    const lab = await openRekorLab(t);
    const proposed = propose();
    const [uuid] = await addEntry(lab, proposed);
    const again = await lab.post(entriesPath, proposed);
    assert.equal(problemOf(again, 409), `an equivalent entry already exists in the transparency log with UUID ${uuid}`);
    assert.equal(again.headers['location'], `${entriesPath}/${uuid}`);
    assert.equal((await lab.get(`${entriesPath}/${uuid}`)).status, 200);
    assert.equal(lab.rekor.log.head().size, 1n);
    assert.deepEqual(
      lab.events.map(({ outcome }) => outcome),
      ['added', 'duplicate'],
    );
  });
}

test('of two equal entries at once one is added', async (t) => {
  const lab = await openRekorLab(t);
  const proposed = proposeHashedRekord('twice');
  const answers = await Promise.all([1, 2, 3].map(() => lab.post(entriesPath, proposed)));
  assert.equal(answers.filter(({ status }) => status === 201).length, 1);
  assert.equal(answers.filter(({ status }) => status === 409).length, 2);
  assert.equal(lab.rekor.log.head().size, 1n);
});

test('many entries at once are each proven under a checkpoint that covers them', async (t) => {
  const lab = await openRekorLab(t);
  const added = await Promise.all(
    Array.from({ length: 40 }, (_, at) => addEntry(lab, proposeHashedRekord(`artifact ${at}`))),
  );
  for (const entry of added) await assertProven(lab, entry);
  assert.equal(new Set(added.map(([, { logIndex }]) => logIndex)).size, 40);
});

test('entries that are not there, and names that are none, are told apart', async (t) => {
  const lab = await openRekorLab(t);
  const [uuid] = await addEntry(lab, proposeHashedRekord('artifact'));
  const otherTree = `${(rekorTreeId + 1n).toString(16).padStart(16, '0')}${uuid.slice(16)}`;
  const statuses: Readonly<Record<string, number>> = {
    [`${entriesPath}?logIndex=1`]: 404,
    [`${entriesPath}?logIndex=9007199254740993`]: 404,
    [`${entriesPath}/${'0'.repeat(64)}`]: 404,
    [`${entriesPath}/${uuid.slice(0, 16)}${'0'.repeat(64)}`]: 404,
    [`${entriesPath}/${otherTree}`]: 404,
    [`${entriesPath}/${uuid.slice(1)}`]: 400,
    [`${entriesPath}/${uuid}0`]: 400,
    [`${entriesPath}/xyz`]: 400,
    [entriesPath]: 400,
    [`${entriesPath}?logIndex=`]: 400,
    [`${entriesPath}?logIndex=-1`]: 400,
    [`${entriesPath}?logIndex=01`]: 400,
    [`${entriesPath}?logIndex=0&logIndex=0`]: 400,
  };
  for (const [path, status] of Object.entries(statuses)) problemOf(await lab.get(path), status);
});

test('entries are retrieved by name, by place and by what was proposed', async (t) => {
  const lab = await openRekorLab(t);
  const proposed = Object.values(kinds).map((propose) => propose());
  const uuids: string[] = [];
  for (const each of proposed) uuids.push((await addEntry(lab, each))[0]);
  const found = async (query: unknown, path = retrievePath): Promise<readonly string[]> => {
    const answer = await lab.post(path, query);
    assert.equal(answer.status, 200, answer.text);
    const entries = (answer.json() as readonly unknown[]).map(entryOf);
    for (const entry of entries) await assertProven(lab, entry);
    return entries.map(([uuid]) => uuid);
  };
  assert.deepEqual(await found({ entryUUIDs: uuids }), uuids);
  assert.deepEqual(await found({ entryUUIDs: uuids.map((uuid) => uuid.slice(16)) }, `${retrievePath}/`), uuids);
  assert.deepEqual(await found({ logIndexes: [4, 0, 99] }), [uuids[4], uuids[0]]);
  assert.deepEqual(await found({ entries: proposed }), uuids);
  // Null is what Go writes for a list that is empty.
  assert.deepEqual(await found({ entryUUIDs: null, entries: [], logIndexes: null }), []);
  assert.deepEqual(await found({ entryUUIDs: ['0'.repeat(64)], entries: [proposeHashedRekord('not logged')] }), []);
  assert.deepEqual(await found({ entryUUIDs: [uuids[0]], entries: [proposed[1]], logIndexes: [2] }), uuids.slice(0, 3));
});

test('a question for entries that cannot be answered says why', async (t) => {
  const lab = await openRekorLab(t);
  const spoilt = proposeHashedRekord('artifact', key, keyPemOf(createVirtualKey()));
  const cases: readonly (readonly [unknown, number, RegExp])[] = [
    [{ logIndexes: Array.from({ length: 11 }, () => 0) }, 422, /more than max allowed 10 entries/],
    [{ logIndexes: [-1] }, 422, /whole number/],
    [{ entryUUIDs: ['xyz'] }, 400, /64 or 80 hexadecimal digits/],
    [{ entries: [spoilt] }, 400, /verifying signature/],
    [{ entries: [{ kind: 'rpm', apiVersion: '0.0.1', spec: {} }] }, 400, /unsupported kind/],
    ['[', 400, /JSON/],
    ['[]', 422, /expected an object/],
  ];
  for (const [query, status, why] of cases) assert.match(problemOf(await lab.post(retrievePath, query), status), why);
});

test('a log that takes nothing says so and when to come again, and still answers', async (t) => {
  const raised: CountersignError[] = [
    new CountersignError('LOG_BUSY', 'too much to do'),
    new CountersignError('LOG_READ_ONLY', 'the disk is full'),
  ];
  const lab = await openRekorLab(t, {
    log: (log) => ({
      ...log,
      trouble: () => raised[0]?.message,
      add: async () => {
        const [first] = raised;
        if (first === undefined) throw new Error('no more');
        throw first;
      },
    }),
  });
  const attested = proposeIntotoV2(envelopeOf(STATEMENT, key), keyPemOf(key));
  const busy = await lab.post(entriesPath, attested);
  assert.equal(problemOf(busy, 503), 'too much to do');
  assert.equal(busy.headers['retry-after'], '1');
  raised.shift();
  const readOnly = await lab.post(entriesPath, attested);
  assert.equal(problemOf(readOnly, 503), 'the disk is full');
  assert.equal(readOnly.headers['retry-after'], '60');
  assert.deepEqual(await lab.rekor.objects.list('rekor/attestation/'), []);
  assert.equal((await lab.get('/api/v1/log')).status, 200);
  assert.deepEqual(
    lab.events.map(({ kind, outcome }) => `${kind} ${outcome}`),
    ['intoto failed', 'intoto failed'],
  );
});

test('no header of a client makes an answer another, and no page of another site may read it', async (t) => {
  const lab = await openRekorLab(t);
  const headers = { Accept: 'application/x-pem-file;q=0.1, text/nothing' };
  for (const path of ['/api/v1/log', '/api/v1/log/publicKey', '/ping']) {
    const answer = await lab.get(path, headers);
    assert.equal(answer.status, 200, path);
    assert.deepEqual(
      Object.keys(answer.headers).filter((name) => name.startsWith('access-control')),
      [],
    );
  }
});
