/** Finding the newest entries that have one key, or all keys, of several. */

import type { DatabaseSync, StatementSync } from 'node:sqlite';

import type { IndexSearch } from './index-database.ts';
import { indexedKeyOf } from './index-schema.ts';

/** Places in the log, ascending. Throws SQLite's errors. */
export function searchIndex(database: DatabaseSync, log: string, search: IndexSearch): bigint[] {
  const row = database.prepare('SELECT id FROM log WHERE name = ?').get(log);
  const keys = Array.from(new Set(search.keys), indexedKeyOf);
  if (row === undefined || keys.length === 0 || search.limit < 1) return [];
  const id = row['id'] as number;
  const newestFirst =
    search.operator === 'or' ? withAny(database, id, keys, search.limit) : withAll(database, id, keys, search.limit);
  return newestFirst.toReversed();
}

/** The newest of all are among the newest of each: a key with a million entries costs no more than one with a few. */
function withAny(database: DatabaseSync, log: number, keys: readonly Uint8Array[], limit: number): bigint[] {
  const newest = bigints(
    database.prepare('SELECT place FROM found WHERE log = ? AND key = ? ORDER BY place DESC LIMIT ?'),
  );
  const places = new Set(keys.flatMap((key) => newest.all(log, key, limit).map(({ place }) => place as bigint)));
  return Array.from(places)
    .toSorted((a, b) => (a < b ? 1 : -1))
    .slice(0, limit);
}

/** Goes down from the newest, each key in turn jumping to its next entry not above the others': as many jumps as the
 *  rarest key has entries, for each key, at most. */
function withAll(database: DatabaseSync, log: number, keys: readonly Uint8Array[], limit: number): bigint[] {
  const atMost = bigints(
    database.prepare('SELECT max(place) AS place FROM found WHERE log = ? AND key = ? AND place <= ?'),
  );
  const places: bigint[] = [];
  let place = 2n ** 62n;
  let agreeing = 0;
  for (let turn = 0; places.length < limit; turn += 1) {
    const next = atMost.get(log, keys[turn % keys.length] as Uint8Array, place)?.['place'] as bigint | null;
    if (next === null) break;
    agreeing = next === place ? agreeing + 1 : 1;
    place = next;
    if (agreeing === keys.length) {
      places.push(place);
      place -= 1n;
      agreeing = 0;
    }
  }
  return places;
}

function bigints(statement: StatementSync): StatementSync {
  statement.setReadBigInts(true);
  return statement;
}
