/** The protocol itself, run in every order in which the steps of concurrent signers can happen. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import { RemoteError } from '../base/errors.ts';
import { BrokenInvariant, exploreAll, exploreRandomly, LostStep } from '../../test/support/interleavings.ts';
import type { Model, Steps } from '../../test/support/interleavings.ts';
import { storeAlone, storeTogether } from './concurrent-store.ts';
import type { StoreOutcome } from './concurrent-store.ts';
import type { Marker, Shelf, SignerWorld } from './shared-shelf.ts';

type Store = (shelf: Shelf<string>, world: SignerWorld) => Promise<StoreOutcome>;

interface Variant {
  readonly signers: number;
  readonly lists?: number;
  readonly store?: Store;
  readonly isDeletionForbidden?: boolean;
  readonly isListingForbidden?: boolean;
}

/** A registry in memory, whose every request is atomic, and signers of one image. */
function modelOf(variant: Variant): Model {
  const { signers, lists: listCount = 1, store = storeTogether } = variant;
  const lists: (readonly string[])[] = Array.from({ length: listCount }, () => []);
  const markers = new Map<string, Marker<string>>();
  const clock = { nowMs: 0 };
  const ownOf = (signer: number, list: number): readonly string[] => [`signature ${signer}.${list}`];
  const isLost = (signer: number): boolean =>
    lists.some((items, list) => ownOf(signer, list).some((own) => !items.includes(own)));

  const actorOf = (signer: number) => async (steps: Steps) => {
    const step: typeof steps.step = async (name, happen, options) =>
      steps.step(name, happen, options).catch(asRemoteError);
    const asShelf = shelfOf(signer, step, { ...variant, lists, markers, ownOf });
    return store(
      asShelf,
      worldOf(signer, step, clock, () => JSON.stringify([lists, [...markers]])),
    );
  };

  return {
    actors: Array.from({ length: signers }, (_, signer) => actorOf(signer)),
    state: () => JSON.stringify([lists, [...markers].toSorted(([a], [b]) => (a < b ? -1 : 1)), clock.nowMs]),
    jump: () => {
      clock.nowMs += 110_000;
    },
    check: (ended) => {
      const lost = ended.findIndex((outcome, signer) => isAcknowledged(outcome) && isLost(signer));
      assert.equal(lost, -1, `signer ${lost} was told that its signature is stored, and it is not`);
    },
    checkEnd: (ended, happened) => {
      if (happened.crashes + happened.jumps === 0) {
        assert.ok(ended.every(isAcknowledged), 'a signer did not store its signature');
        assert.ok(variant.isDeletionForbidden === true || markers.size === 0, 'a marker is left');
      }
    },
  };
}

function isAcknowledged(outcome: { readonly kind: string; readonly value?: unknown } | undefined): boolean {
  return outcome?.kind === 'resolved' && (outcome.value as StoreOutcome).every((failure) => failure === undefined);
}

function asRemoteError(error: unknown): never {
  throw error instanceof LostStep ? new RemoteError('HTTP_STALLED', error.message) : error;
}

interface ModelRegistry extends Omit<Variant, 'lists'> {
  readonly lists: (readonly string[])[];
  readonly markers: Map<string, Marker<string>>;
  readonly ownOf: (signer: number, list: number) => readonly string[];
}

function shelfOf(signer: number, step: Steps['step'], registry: ModelRegistry): Shelf<string> {
  const { lists, markers, ownOf } = registry;
  return {
    lists: lists.map((_, index) => ({
      own: ownOf(signer, index),
      keyOf: (item) => item,
      read: () => step(`read ${index}`, () => lists[index] ?? []),
      prepare: async (items) => () =>
        step(
          `write ${index} ${items.join()}`,
          () => {
            lists[index] = items;
            return undefined;
          },
          { isLostByJump: true },
        ),
    })),
    markers: {
      list: () => step('list', () => (registry.isListingForbidden === true ? undefined : [...markers.keys()].sort())),
      read: (name) => step(`read marker ${name}`, () => markers.get(name)),
      write: (name, state, deadline) =>
        step(`${state} ${name}`, () => {
          markers.set(name, {
            name,
            state,
            version: state,
            deadline,
            items: lists.map((_, index) => ownOf(signer, index)),
          });
          return undefined;
        }),
      remove: (name) =>
        step(`remove ${name}`, () => registry.isDeletionForbidden !== true && (markers.delete(name) || true)),
    },
  };
}

/** A sleeper wakes when something has changed since it last looked, or when nobody else can go on: then time passes. */
function worldOf(
  signer: number,
  step: Steps['step'],
  clock: { readonly nowMs: number },
  seen: () => string,
): SignerWorld {
  let names = 0;
  return {
    now: () => new Date(clock.nowMs),
    sleep: async () => {
      const before = seen();
      const beforeMs = clock.nowMs;
      await step('sleep', () => undefined, { isReady: () => seen() !== before || clock.nowMs !== beforeMs });
    },
    random: (count) => (count === 1 ? new Uint8Array(1) : new Uint8Array(count).fill(signer * 16 + (names += 1))),
    log: { note: () => {}, warn: () => {}, noteOnce: () => {}, debug: () => {} },
  };
}

const none = { crashes: 0, jumps: 0 };

test('two signers keep both signatures whatever the order of their steps, and leave no marker', async (t) => {
  t.diagnostic(`${await exploreAll(() => modelOf({ signers: 2 }), none)} states`);
});

test('a crash at any step loses no acknowledged signature', async (t) => {
  t.diagnostic(`${await exploreAll(() => modelOf({ signers: 2 }), { crashes: 1, jumps: 0 })} states`);
});

test('a signer that overruns its lease at any step loses no acknowledged signature', async (t) => {
  // All 270,000 states take four minutes; every run takes other ways through them.
  const freedom = { crashes: 0, jumps: 1 };
  if (process.env['COUNTERSIGN_MODEL'] === 'full') {
    t.diagnostic(`${await exploreAll(() => modelOf({ signers: 2 }), freedom)} states`);
  } else {
    await exploreRandomly(() => modelOf({ signers: 2 }), freedom, 1000, seeded(t));
  }
});

test('where markers cannot be deleted, two signers keep both signatures', async () => {
  await exploreAll(() => modelOf({ signers: 2, isDeletionForbidden: true }), none);
});

test('one signer alone stores its signature and leaves no marker, also when it overruns its lease', async () => {
  await exploreAll(() => modelOf({ signers: 1 }), none);
  await exploreAll(() => modelOf({ signers: 1 }), { crashes: 0, jumps: 2 });
});

test('one signer alone stores its signature and leaves no marker where tags are not listed', async () => {
  await exploreAll(() => modelOf({ signers: 1, isListingForbidden: true }), none);
});

test('three signers with two lists keep every signature on random ways', async (t) => {
  await exploreRandomly(() => modelOf({ signers: 3, lists: 2 }), { crashes: 1, jumps: 1 }, 1000, seeded(t));
});

test('the model finds the loss when signers only read back what they wrote', async () => {
  const store: Store = (shelf, world) => storeAlone(shelf.lists, world);
  await assert.rejects(
    exploreAll(() => modelOf({ signers: 2, store }), none),
    BrokenInvariant,
  );
});

test('the model finds the loss when signers at work are not waited for', async () => {
  const store: Store = (shelf, world) =>
    storeTogether(
      withMarkers(shelf, (marker) => ({ ...marker, state: 'done' })),
      world,
    );
  await assert.rejects(
    exploreAll(() => modelOf({ signers: 2, store }), none),
    BrokenInvariant,
  );
});

test('the model finds the loss when a marker is raised only after the first look', async () => {
  const store: Store = async (shelf, world) => {
    const [list] = shelf.lists;
    const old = list?.read();
    await old;
    let reads = 0;
    const stale = shelf.lists.map((each) => ({
      ...each,
      read: async () => ((reads += 1) === 1 ? (old ?? []) : each.read()),
    }));
    return storeTogether({ ...shelf, lists: stale }, world);
  };
  await assert.rejects(
    exploreAll(() => modelOf({ signers: 2, store }), none),
    BrokenInvariant,
  );
});

test('the model finds the loss when a signer counts as dead at once', async () => {
  const store: Store = (shelf, world) =>
    storeTogether(
      withMarkers(shelf, (marker) => ({ ...marker, deadline: new Date(-1e10) })),
      world,
    );
  await assert.rejects(
    exploreAll(() => modelOf({ signers: 2, store }), none),
    BrokenInvariant,
  );
});

test('the model finds the loss when a signer writes after its lease', async () => {
  const store: Store = (shelf, world) => storeTogether(shelf, { ...world, now: () => new Date(0) });
  await assert.rejects(
    exploreAll(() => modelOf({ signers: 2, store }), { crashes: 0, jumps: 1 }),
    BrokenInvariant,
  );
});

function withMarkers(shelf: Shelf<string>, change: (marker: Marker<string>) => Marker<string>): Shelf<string> {
  const read: typeof shelf.markers.read = async (name) => {
    const marker = await shelf.markers.read(name);
    return typeof marker === 'object' ? change(marker) : marker;
  };
  return { ...shelf, markers: { ...shelf.markers, read } };
}

/** Mulberry32. Another seed in every run, told so that a failure can be repeated with COUNTERSIGN_SEED. */
function seeded(t: TestContext): () => number {
  let state = Number(process.env['COUNTERSIGN_SEED'] ?? Date.now() % 1_000_000_007);
  t.diagnostic(`COUNTERSIGN_SEED=${state}`);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
