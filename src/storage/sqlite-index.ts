/** The index database as one SQLite file. Its calls are synchronous: what the serving thread does is short. */

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { setImmediate as turn } from 'node:timers/promises';

import { CountersignError } from '../base/errors.ts';
import { createExclusive } from '../base/exclusive.ts';
import type { IndexDatabase, IndexedEntry, IndexSearch } from './index-database.ts';
import { indexedKeyOf, onDatabase, openIndexFile } from './index-schema.ts';
import { createIndexThread } from './index-thread.ts';
import type { IndexThread } from './index-thread.ts';

export interface SqliteIndexOptions {
  readonly now: () => Date;
  /** Hears where a file went that could not be used; the index is empty then. */
  readonly onMovedAside: (path: string) => void;
}

/** Rows of one transaction: a few milliseconds. */
const ROWS_AT_ONCE = 500;
/** Rows after which they are copied from the log of writes into the file. */
const ROWS_BEFORE_CHECKPOINT = 2_000;
/** Rows after which writers wait for that, so that the log of writes cannot grow without end: some 40 MB. */
const ROWS_WITHOUT_CHECKPOINT = 8_000;

/** Opens the file of an existing folder; one process at a time. Throws INDEX_VERSION_NEWER, INDEX_FAILED. */
export async function openSqliteIndex(path: string, options: SqliteIndexOptions): Promise<IndexDatabase> {
  const database = openIndexFile(path, options.now, options.onMovedAside);
  const index = new SqliteIndex(path, database);
  return {
    sizeOf: async (log) => index.sizeOf(log),
    append: (log, from, entries) => index.append(log, from, entries),
    find: async (log, identity) => index.find(log, identity),
    search: (log, search) => index.search(log, search),
    close: () => index.close(),
  };
}

class SqliteIndex {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #thread: IndexThread;
  readonly #exclusive = createExclusive();
  readonly #size: StatementSync;
  readonly #grow: StatementSync;
  readonly #addEntry: StatementSync;
  readonly #addKey: StatementSync;
  readonly #find: StatementSync;
  readonly #ids = new Map<string, bigint>();
  /** Rows in the log of writes. */
  #rows = 0;
  #checkpoint: Promise<void> | undefined;

  constructor(path: string, database: DatabaseSync) {
    this.#path = path;
    this.#database = database;
    this.#thread = createIndexThread(path);
    this.#size = database.prepare('SELECT id, size FROM log WHERE name = ?');
    this.#size.setReadBigInts(true);
    this.#grow = database.prepare('UPDATE log SET size = ? WHERE id = ?');
    this.#addEntry = database.prepare(
      'INSERT INTO entry (log, identity, place) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
    );
    this.#addKey = database.prepare('INSERT INTO found (log, key, place) VALUES (?, ?, ?) ON CONFLICT DO NOTHING');
    this.#find = database.prepare('SELECT place FROM entry WHERE log = ? AND identity = ?');
    this.#find.setReadBigInts(true);
  }

  sizeOf(log: string): bigint {
    return onDatabase(this.#path, () => (this.#size.get(log)?.['size'] as bigint | undefined) ?? 0n);
  }

  find(log: string, identity: Uint8Array): bigint | undefined {
    return onDatabase(this.#path, () => {
      const id = this.#idOf(log);
      return id === undefined ? undefined : (this.#find.get(id, identity)?.['place'] as bigint | undefined);
    });
  }

  append(log: string, from: bigint, entries: readonly IndexedEntry[]): Promise<void> {
    return this.#exclusive(log, async () => {
      let done = 0;
      while (done < entries.length) {
        await this.#waitForRoom();
        done += onDatabase(this.#path, () => this.#transact(() => this.#add(log, from + BigInt(done), entries, done)));
        if (this.#rows >= ROWS_BEFORE_CHECKPOINT) void this.#startCheckpoint();
        // Between two transactions others are served.
        if (done < entries.length) await turn();
      }
    });
  }

  async search(log: string, search: IndexSearch): Promise<readonly bigint[]> {
    const answer = await this.#thread.run({ kind: 'search', log, search });
    if ('places' in answer) return answer.places;
    return onDatabase(this.#path, () => {
      throw 'failure' in answer
        ? Object.assign(new Error(answer.failure), { errcode: answer.errcode })
        : new Error('no places');
    });
  }

  async close(): Promise<void> {
    await this.#checkpoint;
    await this.#thread.close();
    // The last connection copies what is left.
    if (this.#database.isOpen) this.#database.close();
  }

  /** Adds a transaction's worth of the entries, from the one at `first`, which belongs at `place`. Returns how many. */
  #add(log: string, place: bigint, entries: readonly IndexedEntry[], first: number): number {
    const { id, size } = this.#logOf(log);
    if (place > size) throw new CountersignError('INDEX_GAP', `${log}: an entry at ${place} after ${size} entries`);
    let next = place;
    let rows = 0;
    for (const { identity, keys } of entries.slice(first)) {
      if (rows >= ROWS_AT_ONCE) break;
      if (next >= size) {
        this.#addEntry.run(id, identity, next);
        for (const key of keys) this.#addKey.run(id, indexedKeyOf(key), next);
        rows += 1 + keys.length;
      }
      next += 1n;
    }
    if (next > size) this.#grow.run(next, id);
    this.#rows += rows;
    return Number(next - place);
  }

  #logOf(log: string): { readonly id: bigint; readonly size: bigint } {
    this.#database.prepare('INSERT INTO log (name, size) VALUES (?, 0) ON CONFLICT DO NOTHING').run(log);
    return this.#size.get(log) as unknown as { readonly id: bigint; readonly size: bigint };
  }

  #idOf(log: string): bigint | undefined {
    const known = this.#ids.get(log);
    if (known !== undefined) return known;
    const id = this.#size.get(log)?.['id'] as bigint | undefined;
    if (id !== undefined) this.#ids.set(log, id);
    return id;
  }

  #transact<T>(work: () => T): T {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  /** What is under way when the wait begins may leave rows behind that came later; the one after it does not. */
  async #waitForRoom(): Promise<void> {
    for (let round = 0; round < 2 && this.#rows >= ROWS_WITHOUT_CHECKPOINT; round += 1) await this.#startCheckpoint();
  }

  #startCheckpoint(): Promise<void> {
    this.#checkpoint ??= this.#copyIntoFile().finally(() => {
      this.#checkpoint = undefined;
    });
    return this.#checkpoint;
  }

  /** SQLite begins the log of writes anew when all of it was in the file at some time between two writes. What fails is
   *  tried again: the log of writes is as durable. */
  async #copyIntoFile(): Promise<void> {
    const rows = this.#rows;
    const answer = await this.#thread.run({ kind: 'checkpoint' }).catch(() => undefined);
    if (answer !== undefined && 'isComplete' in answer && answer.isComplete && rows === this.#rows) this.#rows = 0;
  }
}
