/** What signers of one image share: lists that a registry lets anyone overwrite whole (the layers of the `.sig` image,
 *  the fallback index), and the markers by which signers at work see each other. A registry implements it in
 *  signature-shelf.ts; the model test implements it in memory and tries every order of these calls. */

import type { CountersignError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { mapPool } from '../base/pool.ts';
import type { Runtime } from '../base/runtime.ts';

/** Undefined when it was done, the error when it was surely not done. Thrown: nobody knows, it may still happen. */
export type WriteRefusal = CountersignError | undefined;

export interface SharedList<Item> {
  /** What this signer adds. */
  readonly own: readonly Item[];
  /** Equal for what is the same to readers. */
  readonly keyOf: (item: Item) => string;
  readonly read: () => Promise<readonly Item[]>;
  /** Gets everything ready for the list to hold these items; throws when that cannot be. The function that it returns
   *  replaces the whole list, whatever that holds by then, in one request that is sent at once. */
  readonly prepare: (items: readonly Item[]) => Promise<() => Promise<WriteRefusal>>;
}

/** `done`: its signer writes to no list any more. */
export type MarkerState = 'active' | 'done';

export interface Marker<Item> {
  readonly name: string;
  readonly state: MarkerState;
  /** Changes whenever the marker is written anew. */
  readonly version: string;
  /** When, by its signer's clock, the last of its writes has surely arrived. */
  readonly deadline: Date;
  /** What its signer adds, one entry for each list of the shelf. */
  readonly items: readonly (readonly Item[])[];
}

/** Each marker has a name that only its signer writes. */
export interface MarkerBoard<Item> {
  /** Undefined where the registry does not list. */
  readonly list: () => Promise<readonly string[] | undefined>;
  /** Undefined when it is gone by now. */
  readonly read: (name: string) => Promise<Marker<Item> | 'no marker' | undefined>;
  readonly write: (name: string, state: MarkerState, deadline: Date) => Promise<WriteRefusal>;
  /** False where the registry does not allow deletion. */
  readonly remove: (name: string) => Promise<boolean>;
}

export interface Shelf<Item> {
  readonly lists: readonly SharedList<Item>[];
  readonly markers: MarkerBoard<Item>;
}

/** What one look at the shelf showed. Its parts were read at the same time, so each may be older than another. */
export interface View<Item> {
  /** Milliseconds at which it began. */
  readonly begunMs: number;
  /** One for each list; undefined for those that are not looked at. */
  readonly contents: readonly (readonly Item[] | undefined)[];
  /** Of others. */
  readonly markers: readonly Marker<Item>[];
}

/** The world as the protocol needs it. */
export type SignerWorld = Pick<Runtime, 'now' | 'sleep' | 'random' | 'log'>;

/** The markers of others; undefined where the registry does not list. 'changed' when one was listed and is gone: its
 *  signer may have written since the lists were read, so they must be read again. */
export async function readMarkers<Item>(
  board: MarkerBoard<Item>,
  ownName: string,
  misses: Map<string, number>,
): Promise<readonly Marker<Item>[] | 'changed' | undefined> {
  const names = await board.list();
  if (names === undefined) {
    return undefined;
  }
  // Names are never used twice: one that is listed again and again and never there is a stale entry of the listing.
  const others = names
    .filter((name) => name !== ownName && (misses.get(name) ?? 0) < limits.signerMarkerMisses)
    .slice(0, limits.signerMarkers);
  const answers = await mapPool(others, limits.signaturesInFlight, (name) => board.read(name));
  const gone = others.filter((_, index) => answers[index] === undefined);
  gone.forEach((name) => misses.set(name, (misses.get(name) ?? 0) + 1));
  return gone.length > 0 ? 'changed' : answers.filter((answer) => typeof answer === 'object');
}

/** What is one's own, or offered by others, and not in the list; nothing when the list was not read. */
export function missingOf<Item>(
  list: SharedList<Item>,
  content: readonly Item[] | undefined,
  offered: readonly Item[],
): readonly Item[] {
  if (content === undefined) {
    return [];
  }
  const present = new Set(content.map(list.keyOf));
  return [...list.own, ...offered].filter((item) => {
    const key = list.keyOf(item);
    const isMissing = !present.has(key);
    present.add(key);
    return isMissing;
  });
}
