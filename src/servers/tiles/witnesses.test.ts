import assert from 'node:assert/strict';
import { sign } from 'node:crypto';
import { test } from 'node:test';

import { hasCode } from '../../../test/support/error-code.ts';
import { createMemoryIndex } from '../../../test/support/memory-index.ts';
import { createMemoryStore } from '../../../test/support/memory-store.ts';
import { textLogKind, textSubmission } from '../../../test/support/text-log.ts';
import { base64Of, hexOf, parseBase64, utf8Of } from '../../base/bytes.ts';
import type { HttpRequest, HttpResponse, Request } from '../../base/runtime.ts';
import { createKeyPair } from '../../crypto/private-key.ts';
import { parseCheckpoint } from '../../formats/tlog/checkpoint.ts';
import { cosignatureTimeOf, parseWitnessKey } from '../../formats/tlog/cosignature.ts';
import { isConsistent } from '../../formats/tlog/merkle.ts';
import { noteKeyHintOf } from '../../formats/tlog/note-signature.ts';
import { parseNote } from '../../formats/tlog/note.ts';
import { openTileLog } from './open-tile-log.ts';
import type { TileLog } from './tile-log.ts';
import { openWitnesses } from './witnesses.ts';
import type { Witness } from './witnesses.ts';

interface TestWitness extends Witness {
  /** A witness by the book: refuses what does not grow from what it saw. */
  readonly answer: (body: string) => HttpResponse;
  seen: { size: bigint; root: Uint8Array };
}

const time = 1_700_000_000n;

function createWitness(name: string): TestWitness {
  const { keyObject, publicKey } = createKeyPair('ed25519');
  const point = publicKey.spki.subarray(-32);
  const hint = noteKeyHintOf(name, 4, point);
  const key = parseWitnessKey(`${name}+${hexOf(hint)}+${base64Of(Uint8Array.of(4, ...point))}`);
  const emptyRoot = Uint8Array.from(
    Buffer.from('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', 'hex'),
  );
  const witness: TestWitness = {
    key,
    url: `https://${name}`,
    seen: { size: 0n, root: emptyRoot },
    answer: (body) => {
      const cut = body.indexOf('\n\n');
      const [old = '', ...proof] = body.slice(0, cut).split('\n');
      const { signedBytes, treeSize: size, rootHash: root } = parseCheckpoint(body.slice(cut + 2));
      if (old !== `old ${witness.seen.size}`) return textResponse(409, `${witness.seen.size}\n`);
      if (!isConsistent(witness.seen, { size, root }, proof.map(parseBase64))) return textResponse(422, 'no proof');
      witness.seen = { size, root };
      const seconds = Buffer.alloc(8);
      seconds.writeBigUInt64BE(time);
      const message = Buffer.concat([utf8Of(`cosignature/v1\ntime ${time}\n`), signedBytes]);
      const signature = Buffer.concat([hint, seconds, sign(undefined, message, keyObject)]);
      return textResponse(200, `— someone.else AQIDBAUG\n— ${name} ${signature.toString('base64')}\n`);
    },
  };
  return witness;
}

function textResponse(status: number, text: string): HttpResponse {
  return {
    status,
    headers: {},
    body: (async function* () {
      yield utf8Of(text);
    })(),
  };
}

interface Lab {
  readonly log: TileLog;
  readonly requests: HttpRequest[];
  readonly failures: unknown[];
  /** Resolves when the witnesses have been asked about the newest head. */
  readonly settled: () => Promise<void>;
}

async function openLab(witnesses: readonly TestWitness[], answer?: (body: string) => HttpResponse): Promise<Lab> {
  const requests: HttpRequest[] = [];
  const failures: unknown[] = [];
  const request: Request = async (asked) => {
    requests.push(asked);
    const witness = witnesses.find(({ url }) => asked.url.href === `${url}/add-checkpoint`);
    assert.ok(witness !== undefined && asked.method === 'POST');
    return (answer ?? witness.answer)(Buffer.from(asked.body as Uint8Array).toString());
  };
  const log = await openTileLog({
    kind: textLogKind,
    objects: createMemoryStore(),
    index: createMemoryIndex(),
    now: () => new Date(),
    gatherMs: 0,
    cosign: openWitnesses(witnesses, request, (_, error) => failures.push(error)),
    onCosignFailure: (error) => failures.push(error),
  });
  return {
    log,
    requests,
    failures,
    settled: () => new Promise((resolve) => setTimeout(resolve, 20)),
  };
}

async function addTexts(log: TileLog, start: number, count: number): Promise<void> {
  await Promise.all(Array.from({ length: count }, (_, at) => log.add(textSubmission(`text ${start + at}`))));
}

test('witnesses cosign each head, and their signatures stand under the published checkpoint after the log’s own', async () => {
  const witnesses = [createWitness('w1.test/a'), createWitness('w2.test')];
  const { log, settled, failures } = await openLab(witnesses);
  for (const [start, count] of [
    [0, 3],
    [3, 300],
    [303, 1],
  ] as const) {
    await addTexts(log, start, count);
    await settled();
    const checkpoint = parseCheckpoint(log.head().checkpoint);
    assert.deepEqual(
      parseNote(log.head().checkpoint).signatures.map(({ name }) => name),
      ['texts.test', 'w1.test/a', 'w2.test'],
    );
    for (const { key, seen } of witnesses) {
      assert.equal(seen.size, checkpoint.treeSize);
      const own = checkpoint.signatures.find(({ name }) => name === key.name);
      assert.ok(own !== undefined);
      assert.deepEqual(await cosignatureTimeOf(checkpoint, own, key), new Date(Number(time) * 1000));
    }
  }
  assert.deepEqual(failures, []);
});

test('a witness that has seen another size is asked again from there', async () => {
  const witness = createWitness('w.test');
  const { log, requests, settled, failures } = await openLab([witness]);
  await addTexts(log, 0, 5);
  await settled();
  witness.seen = { size: 2n, root: await log.rootAt(2n) };
  await addTexts(log, 5, 5);
  await settled();
  assert.deepEqual(
    requests.map(
      ({ body }) =>
        Buffer.from(body as Uint8Array)
          .toString()
          .split('\n')[0],
    ),
    ['old 0', 'old 5', 'old 2'],
  );
  assert.deepEqual(failures, []);
  assert.equal(parseNote(log.head().checkpoint).signatures.length, 2);
});

test('a witness that answers nonsense, refuses, forges or floods is reported, and the log goes on', async () => {
  const witness = createWitness('w.test');
  const forged = `— w.test ${base64Of(Uint8Array.of(...witness.key.keyHint, ...new Uint8Array(72)))}\n`;
  const answers: readonly (() => HttpResponse)[] = [
    () => textResponse(200, ''),
    () => textResponse(200, 'hello\n'),
    () => textResponse(200, '— someone.else AQIDBAUG\n'),
    () => textResponse(200, forged),
    () => textResponse(200, '— w.test AQIDBAUG\n'.repeat(10_000)),
    () => textResponse(403, 'no'),
    () => textResponse(409, 'many'),
    () => textResponse(409, '-1\n'),
    () => {
      throw new Error('unreachable');
    },
  ];
  let next = 0;
  const { log, failures, settled } = await openLab([witness], () => (answers[next] ?? assert.fail)());
  for (next = 0; next < answers.length; next += 1) {
    await addTexts(log, next, 1);
    await settled();
    assert.equal(failures.length, next + 1, `answer ${next}`);
    assert.equal(parseNote(log.head().checkpoint).signatures.length, 1);
  }
  assert.ok(failures.some(hasCode('WITNESS_REFUSED')));
  assert.equal(log.trouble(), undefined);
});

test('a witness that has seen more than there is stops a log that was restored from a backup', async () => {
  const witness = createWitness('w.test');
  const { log, failures, settled } = await openLab([witness]);
  witness.seen = { size: 100n, root: new Uint8Array(32) };
  await addTexts(log, 0, 5);
  await settled();
  assert.ok(failures.some(hasCode('LOG_DAMAGED')));
  assert.match(log.trouble() ?? '', /has seen 100 entries and the log has 5/);
  await assert.rejects(log.add(textSubmission('more')), hasCode('LOG_READ_ONLY'));
});

test('a slow witness holds nothing up, and is asked about the newest head only', async () => {
  const witness = createWitness('w.test');
  const asked: bigint[] = [];
  const gate = Promise.withResolvers<void>();
  const request: Request = async ({ body }) => {
    const text = Buffer.from(body as Uint8Array).toString();
    asked.push(parseCheckpoint(text.slice(text.indexOf('\n\n') + 2)).treeSize);
    await gate.promise;
    return witness.answer(text);
  };
  const log = await openTileLog({
    kind: textLogKind,
    objects: createMemoryStore(),
    index: createMemoryIndex(),
    now: () => new Date(),
    gatherMs: 0,
    cosign: openWitnesses([witness], request, (_, error) => assert.fail(String(error))),
  });
  for (let at = 0; at < 4; at += 1) await addTexts(log, at, 1);
  gate.resolve();
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(asked, [1n, 4n]);
  assert.equal(parseNote(log.head().checkpoint).signatures.length, 2);
  await log.close();
});
