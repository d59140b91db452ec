/** Single changes of good documents: the verdict must change, and name the right step. Long values are changed at a part
 *  of their bytes, drawn anew each time; `npm run mutate` changes every byte. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { requirePublicSuite } from '../support/public-suite.ts';
import { goodDocuments } from './mutation-documents.ts';
import type { GoodDocument } from './mutation-documents.ts';
import { decodedEdits, memberEdits, textEdits } from './mutation-edits.ts';
import type { ByteEdit } from './mutation-edits.ts';
import { publicDocuments } from './mutation-public-documents.ts';
import { expectedOutcome, harmlessBytes, witnessLines } from './mutation-tables.ts';
import type { HarmlessBytes } from './mutation-tables.ts';

const isThorough = process.env['COUNTERSIGN_MUTATE'] === 'all';
/** Part of the bytes of long values that are changed. */
const SHARE = isThorough ? 1 : 0.1;
const PUBLIC_SHARE = isThorough ? 1 : 0.02;
/** Part of a document's bytes that may change without harm. */
const HARMLESS_SHARE = 0.02;
/** Part of the changes of members that the right step refuses. */
const RIGHT_SHARE = 0.95;
const used = new Set<HarmlessBytes>();

for (const document of goodDocuments) {
  test(`any other byte in it is refused: ${document.name}`, async () => {
    const { survivors, harmless } = await survivorsOf(document, SHARE, harmlessBytes);
    assert.deepEqual(survivors, []);
    const share = harmless.size / document.bytes.length;
    assert.ok(share <= HARMLESS_SHARE, `${(share * 100).toFixed(2)} % of the bytes may change`);
  });
}

test('the public suite is there to be changed', (t) => {
  assert.equal(requirePublicSuite(t, 'sigstore-conformance'), publicDocuments().length > 0);
});

for (const document of publicDocuments()) {
  test(`any other byte in it is refused: ${document.name}`, async () => {
    const { survivors } = await survivorsOf(document, PUBLIC_SHARE, [...harmlessBytes, witnessLines]);
    assert.deepEqual(survivors, []);
  });
}

for (const document of [...goodDocuments, ...publicDocuments()]) {
  test(`any other member in it is refused by the step that is there for it: ${document.name}`, async () => {
    const wrong: string[] = [];
    let count = 0;
    for (const { path, change, bytes } of memberEdits(document.bytes, document.twin)) {
      const expected = expectedOutcome(document.traits, path, change);
      const outcome = await document.outcomeOf(bytes);
      count += 1;
      // A change that gets through is never merely a wrong step.
      if (outcome === 'verified') assert.equal(outcome, expected, `${path} ${change}`);
      if (outcome !== expected) wrong.push(`${path} ${change}: ${outcome}, expected ${expected ?? 'nothing: no row'}`);
    }
    assert.ok(count > 50, `${count} changes`);
    assert.ok(wrong.length <= count * (1 - RIGHT_SHARE), wrong.join('\n'));
  });
}

test('every row of harmless bytes is needed', { skip: !isThorough || publicDocuments().length === 0 }, () => {
  // What depends on the digits that chance gave is not there each time.
  const needed = [...harmlessBytes, witnessLines].filter(({ change }) => change === undefined);
  assert.deepEqual(
    needed.filter((row) => !used.has(row)),
    [],
  );
});

/** The changes that are verified: those that no row allows, and the places of those that one does. */
async function survivorsOf(
  { bytes, outcomeOf }: GoodDocument,
  share: number,
  rows: readonly HarmlessBytes[],
): Promise<{ readonly survivors: readonly string[]; readonly harmless: ReadonlySet<number> }> {
  assert.equal(await outcomeOf(bytes), 'verified');
  const survivors: string[] = [];
  const harmless = new Set<number>();
  for (const edits of [textEdits(bytes, share), decodedEdits(bytes, share)]) {
    for (const edit of edits) {
      if ((await outcomeOf(edit.bytes)) !== 'verified') continue;
      const row = rows.find((each) => isAllowedBy(each, edit));
      if (row !== undefined) {
        used.add(row);
        harmless.add(edit.at);
      } else survivors.push(`${edit.path}, ${edit.part}, character ${edit.offset}: ${edit.change}`);
    }
  }
  return { survivors, harmless };
}

function isAllowedBy({ path, part, within, change }: HarmlessBytes, edit: ByteEdit): boolean {
  const isThere = path.test(edit.path) && part === edit.part;
  return isThere && edit.offset < (within ?? Infinity) && (change === undefined || change.test(edit.change));
}
