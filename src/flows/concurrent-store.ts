/** Stores signatures so that concurrent signers never lose each other's, on registries that ignore conditional requests.
 *
 *  Each signer raises a marker that only it writes, then repeats: look (markers and lists), add whatever is missing of its
 *  own and of every marker's, look again, until nothing is missing. Why that keeps what was acknowledged:
 *  - Only a write made from an old look can drop a signature. Whoever holds an old look raised its marker before looking
 *    and lowers it only after a look in which nothing was missing.
 *  - So a signer that, after its last write, sees nobody else at work has finished: whoever comes later reads its signature.
 *  - A signer that does see others at work writes "done" into its marker, writes to no list any more, and waits for those
 *    others. Each of them puts back what it dropped, because the marker still names it. Only then is it finished.
 *  - A signer that died is waited for until nothing that it sent can still arrive: lease and grace, counted on the
 *    observer's own clock from when it first saw the marker.
 *  The model test tries every order of two signers' steps, crashes and overrun leases included. */

import { hexOf } from '../base/bytes.ts';
import { RemoteError } from '../base/errors.ts';
import type { CountersignError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { mapPool } from '../base/pool.ts';
import { lookAt } from './look.ts';
import { missingOf, readMarkers } from './shared-shelf.ts';
import type { Marker, SharedList, Shelf, SignerWorld, View, WriteRefusal } from './shared-shelf.ts';

/** One for each list: undefined when it holds everything of one's own, else why it does not. */
export type StoreOutcome = readonly (CountersignError | undefined)[];

interface Work<Item> {
  readonly shelf: Shelf<Item>;
  readonly world: SignerWorld;
  /** Of the lists given up. */
  readonly failures: (CountersignError | undefined)[];
  /** Milliseconds at which each version of a marker was first seen. */
  readonly firstSeen: Map<string, number>;
  /** How often each marker was listed and not there. */
  readonly misses: Map<string, number>;
  name: string | undefined;
  leaseEndMs: number;
  /** Times that something was added to the lists. */
  rounds: number;
  /** A write was sent of which nobody knows whether it was, or will be, carried out. */
  isUnsure: boolean;
}

const NO_LISTING =
  'This registry does not list tags, so signers of one image cannot see each other: sign one after the other. (--single-signer says that you do.)';
const NAME_BYTES = 6;
const PAUSE_MS = { least: 40, most: 2000 } as const;

/** Returns when everything of one's own stands in the lists to stay, or tells why it does not. Throws what reading and
 *  writing markers throws, and the interruption of the run. */
export async function storeTogether<Item>(shelf: Shelf<Item>, world: SignerWorld): Promise<StoreOutcome> {
  const work: Work<Item> = {
    shelf,
    world,
    failures: shelf.lists.map(() => undefined),
    firstSeen: new Map(),
    misses: new Map(),
    name: undefined,
    leaseEndMs: 0,
    rounds: 0,
    isUnsure: false,
  };
  const run = await lookAt(() => storeWithMarker(work));
  if (run.isSeen) {
    return run.value;
  }
  // Nothing of this signer's is under way any more: nobody need wait for it.
  const { name, isUnsure } = work;
  if (name !== undefined && !isUnsure) {
    await lookAt(() => lowerMarker(work, name));
  }
  throw run.error;
}

/** Without markers: for a signer known to be the only one, and for registries that do not list tags. It reads back what it
 *  wrote, which does not see a signer that overwrites it a moment later. */
export async function storeAlone<Item>(lists: readonly SharedList<Item>[], world: SignerWorld): Promise<StoreOutcome> {
  return Promise.all(
    lists.map(async (list) => {
      const look = await lookAt(() => storeInList(list, world));
      return look.isSeen ? look.value : look.error;
    }),
  );
}

async function storeWithMarker<Item>(work: Work<Item>): Promise<StoreOutcome> {
  const { shelf, world } = work;
  for (;;) {
    // 1. Be seen, before anything is read that a write will rest on.
    const name = await raiseMarker(work);
    if (name === undefined) {
      return storeAlone(shelf.lists, world);
    }
    // 2. Add what is missing until nothing is. If the lease ends on the way, start over under a new name.
    const view = await merge(work, name);
    if (view === undefined) {
      await lowerMarker(work, name);
      world.log.noteOnce(NO_LISTING);
      return storeAlone(shelf.lists, world);
    }
    // 3. Make sure that nobody at work can still undo it. After an unsure write the marker stays as it is: others wait
    //    until that write cannot arrive any more, as if this signer had died.
    if (view !== 'lease over' && (work.isUnsure || (await settle(work, name, view)))) {
      return work.failures;
    }
  }
}

async function storeInList<Item>(list: SharedList<Item>, world: SignerWorld): Promise<CountersignError | undefined> {
  for (let round = 0; round < limits.mergeRounds; round += 1) {
    await pause(world, round - 1);
    const content = await list.read();
    const missing = missingOf(list, content, []);
    if (missing.length === 0) {
      return undefined;
    }
    const put = await list.prepare([...content, ...missing]);
    const refusal = await put();
    if (refusal !== undefined) {
      return refusal;
    }
  }
  return notKept();
}

/** Undefined when the registry refuses markers. The lease begins before the request, whenever that arrives. */
async function raiseMarker<Item>(work: Work<Item>): Promise<string | undefined> {
  const previous = work.name;
  const name = hexOf(work.world.random(NAME_BYTES));
  work.leaseEndMs = work.world.now().getTime() + limits.signerLeaseMs;
  const refusal = await work.shelf.markers.write(name, 'active', deadlineOf(work));
  if (refusal !== undefined) {
    work.world.log.noteOnce(
      `The registry refuses the marker by which concurrent signers see each other (${refusal.message}): sign one after the other.`,
    );
  }
  work.name = name;
  if (previous !== undefined) {
    // Only now: what it names is named by the new one already. A name is never used twice, so that removing one that
    // somebody takes for dead cannot hit a signer at work.
    await lowerMarker(work, previous);
  }
  return refusal === undefined ? name : undefined;
}

/** Undefined where tags are not listed. */
async function merge<Item>(work: Work<Item>, name: string): Promise<View<Item> | 'lease over' | undefined> {
  const { shelf, world } = work;
  for (let isFirst = true; ; isFirst = false) {
    await pause(world, isFirst ? 0 : work.rounds - 1);
    const view = await look(work, name);
    const missing = view && missingInAll(work, view);
    if (view === undefined || missing === undefined || missing.every((items) => items.length === 0)) {
      return view;
    }
    if (work.rounds === limits.mergeRounds) {
      return withoutLists(work, view, missing);
    }
    const puts = await Promise.all(
      shelf.lists.map((_, index) => prepareAdding(work, index, view.contents[index] ?? [], missing[index] ?? [])),
    );
    // Nothing may stand between this look at the clock and the requests.
    if (world.now().getTime() >= work.leaseEndMs) {
      return 'lease over';
    }
    work.rounds += 1;
    await Promise.all(puts.map(async (put, index) => (put === undefined ? undefined : carryOut(work, index, put))));
  }
}

/** Gives up the lists that still lack something. */
function withoutLists<Item>(work: Work<Item>, view: View<Item>, missing: readonly (readonly Item[])[]): View<Item> {
  missing.forEach((items, index) => {
    work.failures[index] ??= items.length > 0 ? notKept() : undefined;
  });
  return { ...view, contents: view.contents.map((content, index) => (work.failures[index] ? undefined : content)) };
}

type Put = () => Promise<WriteRefusal>;

async function prepareAdding<Item>(
  work: Work<Item>,
  index: number,
  content: readonly Item[],
  missing: readonly Item[],
): Promise<Put | undefined> {
  const list = work.shelf.lists[index];
  if (list === undefined || missing.length === 0) {
    return undefined;
  }
  const prepared = await lookAt(() => list.prepare([...content, ...missing]));
  if (!prepared.isSeen) {
    work.failures[index] = prepared.error;
  }
  return prepared.isSeen ? prepared.value : undefined;
}

async function carryOut<Item>(work: Work<Item>, index: number, put: Put): Promise<void> {
  const written = await lookAt(put);
  work.failures[index] = written.isSeen ? written.value : written.error;
  work.isUnsure ||= !written.isSeen;
}

/** True when this signer has finished; false when its signature got lost while it was waiting, and nobody is left to put
 *  it back. */
async function settle<Item>(work: Work<Item>, name: string, merged: View<Item>): Promise<boolean> {
  const { shelf, world } = work;
  if (work.failures.every((failure) => failure !== undefined)) {
    await lowerMarker(work, name);
    return true;
  }
  let view = merged;
  let awaited = namesAtWork(work, view);
  if (awaited.length > 0) {
    await shelf.markers.write(name, 'done', deadlineOf(work));
  }
  for (let round = 1; awaited.length > 0; round += 1) {
    if (round === 10) {
      world.log.noteOnce('Waiting for other signers of this image to finish.');
    }
    await pause(world, round);
    const next = await look(work, name);
    if (next === undefined) {
      return false;
    }
    view = next;
    // Those that came later read this signer's marker before they write: they need not be awaited.
    const atWork = namesAtWork(work, view);
    awaited = awaited.filter((other) => atWork.includes(other));
  }
  if (shelf.lists.some((list, index) => missingOf(list, view.contents[index], []).length > 0)) {
    return false;
  }
  if (namesAtWork(work, view).length === 0 && missingInAll(work, view).every((items) => items.length === 0)) {
    await mapPool(view.markers, limits.signaturesInFlight, (marker) => shelf.markers.remove(marker.name));
    await lowerMarker(work, name);
  }
  return true;
}

/** Reads markers and lists at the same time; a list that cannot be read is given up. Undefined where tags are not listed. */
async function look<Item>(work: Work<Item>, name: string): Promise<View<Item> | undefined> {
  for (let round = 0; ; round += 1) {
    await pause(work.world, round - 1);
    const begunMs = work.world.now().getTime();
    const [markers, ...contents] = await Promise.all([
      readMarkers(work.shelf.markers, name, work.misses),
      ...work.shelf.lists.map((list, index) => readList(work, list, index)),
    ]);
    if (markers === undefined) {
      return undefined;
    }
    if (markers !== 'changed') {
      const nowMs = work.world.now().getTime();
      markers.forEach((marker) =>
        work.firstSeen.set(versionOf(marker), work.firstSeen.get(versionOf(marker)) ?? nowMs),
      );
      return { begunMs, contents, markers };
    }
  }
}

async function readList<Item>(
  work: Work<Item>,
  list: SharedList<Item>,
  index: number,
): Promise<readonly Item[] | undefined> {
  if (work.failures[index] !== undefined) {
    return undefined;
  }
  const content = await lookAt(list.read);
  if (!content.isSeen) {
    work.failures[index] = content.error;
  }
  return content.isSeen ? content.value : undefined;
}

function missingInAll<Item>({ shelf }: Work<Item>, view: View<Item>): readonly (readonly Item[])[] {
  return shelf.lists.map((list, index) =>
    missingOf(
      list,
      view.contents[index],
      view.markers.flatMap((marker) => marker.items[index] ?? []),
    ),
  );
}

/** Signers that may still write from an old look. Whether one is dead counts at the beginning of the look: what it wrote
 *  before may have come after the lists were read. */
function namesAtWork<Item>(work: Work<Item>, view: View<Item>): readonly string[] {
  const isOver = (marker: Marker<Item>): boolean =>
    view.begunMs - (work.firstSeen.get(versionOf(marker)) ?? view.begunMs) >=
      limits.signerLeaseMs + limits.signerGraceMs ||
    // No clock is that wrong: the marker was left behind, or made up to keep everybody waiting.
    Math.abs(view.begunMs - marker.deadline.getTime()) >= limits.signerClockSkewMs;
  return view.markers.filter((marker) => marker.state === 'active' && !isOver(marker)).map((marker) => marker.name);
}

/** Where deletion is not allowed the marker stays, saying that nobody need wait for it. */
async function lowerMarker<Item>(work: Work<Item>, name: string): Promise<void> {
  if (!(await work.shelf.markers.remove(name))) {
    await work.shelf.markers.write(name, 'done', deadlineOf(work));
  }
}

function versionOf<Item>(marker: Marker<Item>): string {
  return `${marker.name} ${marker.version}`;
}

function deadlineOf<Item>(work: Work<Item>): Date {
  return new Date(work.leaseEndMs + limits.signerGraceMs);
}

/** None before a first try and the look after it; then longer each time, and not the same for two signers. */
async function pause(world: SignerWorld, round: number): Promise<void> {
  if (round > 0) {
    const ms = Math.min(PAUSE_MS.least * 1.5 ** (round - 1), PAUSE_MS.most);
    await world.sleep(ms * (0.5 + (world.random(1)[0] ?? 0) / 256));
  }
}

function notKept(): RemoteError {
  return new RemoteError(
    'SIGNATURE_NOT_KEPT',
    `the registry took the signature ${limits.mergeRounds} times and does not show it`,
  );
}
