/** A data directory in which something is not as the stack left it: mended, refused with the reason, or only read from;
 *  never gone on with as if nothing were wrong. */

import assert from 'node:assert/strict';
import { cpSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';

import { CountersignError, isErrorWithCode } from '../../src/base/errors.ts';
import { verifyStackLog } from '../../src/servers/stack/verify-logs.ts';
import { damageFile, fileDamages } from '../support/changed-file.ts';
import type { EntryJson } from '../support/rekor-lab.ts';
import { createScratchFolder } from '../support/scratch.ts';
import { addEntryTo, certifyIn, fillStack, startLabStack } from '../support/stack-lab.ts';
import type { LabStack, ToldEntries } from '../support/stack-lab.ts';

const folder = createScratchFolder('damage');
/** As `kill -9` leaves it, with one full bundle in each log and one that is not full. */
const left = join(folder, 'left');
/** The same some time before. */
const older = join(folder, 'older');
let told: ToldEntries;

before(async () => {
  const dataDir = join(folder, 'data');
  const stack = await startLabStack(dataDir, { isNew: true });
  try {
    const early = await fillStack(stack, 20);
    copyOf(dataDir, older);
    told = new Map([...early, ...(await fillStack(stack, 250))]);
    copyOf(dataDir, left);
  } finally {
    await stack.close();
  }
});
after(() => rmSync(folder, { recursive: true }));

/** Also of a stack that runs: nothing else of this process happens meanwhile. */
function copyOf(from: string, to: string): string {
  cpSync(from, to, { recursive: true, filter: (path) => !path.endsWith('.sock') });
  return to;
}

let copies = 0;

/** What becomes of a copy that was changed: the code and reason of a refusal, or what `look` finds. */
async function outcomeOf(
  change: (dataDir: string) => void,
  options: { readonly now?: () => Date } = {},
): Promise<string> {
  const dataDir = copyOf(left, join(folder, `copy-${copies++}`));
  change(dataDir);
  try {
    const stack = await startLabStack(dataDir, options);
    try {
      return await look(stack);
    } finally {
      await stack.close();
    }
  } catch (error) {
    assert.ok(error instanceof CountersignError, String(error));
    assert.match(error.message, /\w{3}/);
    return `refused: ${error.code} ${error.message}`;
  } finally {
    rmSync(dataDir, { recursive: true });
  }
}

/** Judges a stack that runs. Throws AssertionError when an entry is another than was told, or is said not to be there, or
 *  when it takes entries though it is not sound. */
async function look(stack: LabStack): Promise<string> {
  const ready = (await (await fetch(`${stack.url}/readyz`)).json()) as { readonly problems: readonly string[] };
  let unread = 0;
  for (const index of [1, 100, 255, 256, 270]) {
    const answer = await fetch(`${stack.url}/api/v1/log/entries?logIndex=${index}`);
    const text = await answer.text();
    if (answer.status === 200) {
      const [found] = Object.values(JSON.parse(text) as Record<string, EntryJson>);
      const { body, integratedTime } = told.get(index) as EntryJson;
      assert.deepEqual([found?.body, found?.integratedTime], [body, integratedTime], `entry ${index}`);
    } else {
      // A log that knows that it has lost some may say that they are not there.
      assert.ok(answer.status === 500 || ready.problems.length > 0, `entry ${index}: ${text}`);
      unread += 1;
    }
  }
  const certificates = await fetch(`${stack.url}/ctlog/ct/v1/get-entries?start=0&end=9`);
  if (certificates.status !== 200) {
    assert.equal(certificates.status, 500, await certificates.text());
    unread += 1;
  }
  const added = await addAll(stack);
  assert.equal(added === undefined, ready.problems.length === 0, added ?? 'added');
  const broken = await brokenLogs(stack.dataDir);
  if (added === undefined && unread === 0 && broken.length === 0) return 'good';
  return `${added === undefined ? 'partly unreadable' : `read-only: ${added}`}${broken.map((why) => `; ${why}`).join('')}`;
}

/** Why one of the two logs took nothing. */
async function addAll(stack: LabStack): Promise<string | undefined> {
  try {
    const key = await certifyIn(stack);
    await addEntryTo(stack, key);
    return undefined;
  } catch (error) {
    assert.match(String(error), /503: /);
    return String(error);
  }
}

/** What `stack verify-log` finds. */
async function brokenLogs(dataDir: string): Promise<readonly string[]> {
  const broken: string[] = [];
  for (const name of ['rekor', 'ctlog'] as const) {
    try {
      await verifyStackLog(dataDir, name, () => undefined);
    } catch (error) {
      assert.ok(isErrorWithCode(error, 'LOG_DAMAGED'), String(error));
      broken.push(`verify-log: ${error.message}`);
    }
  }
  return broken;
}

/** What may become of a changed file, by its path; the first that matches. */
const expected: readonly (readonly [RegExp, RegExp])[] = [
  // The state is the truth; what was published is written again, unless it cannot be told what that was.
  [/\/checkpoint$/, /^good$|^read-only: .*the published checkpoint cannot be read/],
  [/\/staging\//, /^good$|^read-only: .*(?:staging|not what its writer believes)/],
  [/\/state$/, /^refused: (?:LOG_DAMAGED|STACK_DATA_INVALID) .*(?:rekor|ctlog)/],
  // What the batch under way would write again anyhow is good.
  [/^objects\/(?:rekor|ctlog)\/(?:tile|side)\/.*\.p\//, /^good$|^refused: LOG_DAMAGED .*(?:rekor|ctlog)/],
  [/^objects\/(?:rekor|ctlog)\/(?:tile|side)\//, /^(?:read-only|partly unreadable).*verify-log: /],
  // Written again with the next certificate.
  [/\/issuer\//, /^partly unreadable$|^good$/],
  [/^objects\/authority\//, /^refused: (?:STACK_DATA_INVALID|CA_CERTIFICATE_INVALID|TIMESTAMP_AUTHORITY_INVALID) /],
  // A document whose signature is not good any more is signed anew, but for the root.
  [
    /^objects\/tuf\//,
    /^good$|^refused: TUF_(?:REPOSITORY_DAMAGED|SIGNATURES_INSUFFICIENT) .*(?:\.json|root|timestamp)/,
  ],
  [/^(?:keys|stack)\.json$/, /^refused: (?:STACK_DATA_INVALID|KEY_PASSWORD_WRONG) .*(?:stack\.json|key)/],
];

/** Made again from the logs, written again, or not needed. */
const mended = /^index\.sqlite|^lock|^registry\/|tuf\/targets\//;

test('each file of the data directory, with one bit flipped, cut or lost, is noticed or mended', async () => {
  const paths = readdirSync(left, { recursive: true, encoding: 'utf8' }).toSorted();
  const files = paths.filter((path) => statSync(join(left, path)).isFile());
  for (const [at, file] of files.filter((path) => !mended.test(path)).entries()) {
    const [, outcome] = expected.find(([path]) => path.test(file)) ?? [];
    assert.ok(outcome !== undefined, `nothing is expected of ${file}`);
    for (const damage of ['flipped', at % 2 === 0 ? 'cut' : 'lost'] as const) {
      assert.match(await outcomeOf((dataDir) => damageFile(join(dataDir, file), damage)), outcome, `${file} ${damage}`);
    }
  }
  const others = files.filter((path) => mended.test(path));
  assert.ok(others.length > 10);
  for (const damage of fileDamages) {
    const damageAll = (dataDir: string): void => others.forEach((file) => damageFile(join(dataDir, file), damage));
    assert.equal(await outcomeOf(damageAll), 'good', damage);
  }
});

test('a log older than what it has published takes nothing more, and says why', async () => {
  for (const log of ['rekor', 'ctlog']) {
    const restored = (paths: readonly string[]) => (dataDir: string) => {
      for (const path of paths) copyOf(join(older, 'objects', log, path), join(dataDir, 'objects', log, path));
    };
    assert.match(await outcomeOf(restored(['state'])), /^read-only: .*restored from an old backup/, log);
    // Everything but the checkpoint, which a mirror or a cache may have kept.
    const behind = await outcomeOf((dataDir) => {
      const checkpoint = readFileSync(join(dataDir, 'objects', log, 'checkpoint'));
      rmSync(join(dataDir, 'objects'), { recursive: true });
      rmSync(join(dataDir, 'index.sqlite'));
      copyOf(join(older, 'objects'), join(dataDir, 'objects'));
      writeFileSync(join(dataDir, 'objects', log, 'checkpoint'), checkpoint);
    });
    assert.match(behind, /^read-only: .*restored from an old backup/, log);
  }
  // All objects are old, and only the index knows more.
  const known = await outcomeOf((dataDir) => {
    rmSync(join(dataDir, 'objects'), { recursive: true });
    copyOf(join(older, 'objects'), join(dataDir, 'objects'));
  });
  assert.match(known, /^read-only: .*the index has 27\d entries and the log 2\d/);
});

test('a data directory that has lost its objects, keys or settings is not made anew', async () => {
  for (const path of [
    'objects',
    'keys.json',
    'stack.json',
    'objects/rekor',
    'objects/ctlog',
    'objects/tuf',
    'objects/authority',
  ]) {
    const outcome = await outcomeOf((dataDir) => rmSync(join(dataDir, path), { recursive: true }));
    assert.match(outcome, /^refused: (?:STACK_DATA_INVALID|TUF_REPOSITORY_DAMAGED) /, path);
  }
});

test('a data directory or an index of a newer version is refused', async () => {
  const newer = await outcomeOf((dataDir) => {
    const path = join(dataDir, 'stack.json');
    writeFileSync(path, readFileSync(path, 'utf8').replace(/"version": \d+/, '"version": 99'));
  });
  assert.match(newer, /^refused: STACK_VERSION_NEWER .*99/);
  const newerIndex = await outcomeOf((dataDir) => {
    const database = new DatabaseSync(join(dataDir, 'index.sqlite'));
    database.exec('PRAGMA user_version = 99');
    database.close();
  });
  assert.match(newerIndex, /^refused: INDEX_VERSION_NEWER .*99/);
});

test('a clock that was set back is not believed until it is set right', async () => {
  const dataDir = copyOf(left, join(folder, `copy-${copies++}`));
  let backMs = 0;
  const stack = await startLabStack(dataDir, { now: () => new Date(Date.now() - backMs) });
  try {
    const key = await certifyIn(stack);
    const { integratedTime } = await addEntryTo(stack, key);
    // A little: the last time is given again.
    backMs = 3_000;
    assert.ok((await addEntryTo(stack, key)).integratedTime >= integratedTime);
    backMs = 3_600_000;
    await assert.rejects(addEntryTo(stack, key), /503: .*the clock is \d+ seconds behind the last entry/);
    const ready = await fetch(`${stack.url}/readyz`);
    assert.equal(ready.status, 503);
    assert.match(await ready.text(), /the clock is \d+ seconds behind/);
    backMs = 0;
    assert.ok((await addEntryTo(stack, key)).integratedTime >= integratedTime);
  } finally {
    await stack.close();
  }
  const hour = (): Date => new Date(Date.now() - 3_600_000);
  renameSync(dataDir, `${dataDir}-again`);
  const again = await startLabStack(`${dataDir}-again`, { now: hour });
  assert.equal((await fetch(`${again.url}/readyz`)).status, 503);
  await again.close();
});
