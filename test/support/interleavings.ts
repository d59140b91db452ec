/** Runs asynchronous actors in every order in which their steps can happen. An actor is real code whose every effect is a
 *  step: a promise that settles when the explorer lets the step happen. The order is replayed from the start for each
 *  branch; two ways that lead to the same state are followed once. */

export interface Steps {
  /** A step of the actor: `happen` runs, undivided, when the explorer chooses it, and settles the promise. */
  readonly step: <T>(name: string, happen: () => T, options?: StepOptions) => Promise<T>;
}

export interface StepOptions {
  /** Holds the step back. */
  readonly isReady?: () => boolean;
  /** After a jump of the clock it can no longer arrive: it rejects with LostStep. */
  readonly isLostByJump?: boolean;
}

/** One fresh world with its actors. */
export interface Model {
  /** Each is started once; resolves or rejects when it is through. */
  readonly actors: readonly ((steps: Steps) => Promise<unknown>)[];
  /** Everything shared, as text: two states with equal text and equal histories are the same. */
  readonly state: () => string;
  /** Throws when an invariant is broken. `ended` tells which actors are through and with what. */
  readonly check: (ended: readonly (Outcome | undefined)[]) => void;
  /** Checked when nothing can happen any more. */
  readonly checkEnd: (ended: readonly (Outcome | undefined)[], happened: Happened) => void;
  /** Moves the clock so far that steps under way are lost. */
  readonly jump: () => void;
}

export type Outcome =
  | { readonly kind: 'resolved'; readonly value: unknown }
  | { readonly kind: 'rejected'; readonly error: unknown }
  | { readonly kind: 'crashed' };

export interface Happened {
  readonly crashes: number;
  readonly jumps: number;
}

export interface Freedom {
  /** Actors that may crash, at any step. */
  readonly crashes: number;
  /** Jumps of the clock, at any step. */
  readonly jumps: number;
}

interface PendingStep {
  readonly actor: number;
  readonly name: string;
  readonly options: StepOptions;
  readonly happen: () => void;
  readonly fail: () => void;
}

type Choice =
  | { readonly kind: 'step'; readonly actor: number; readonly at: number }
  | { readonly kind: 'crash'; readonly actor: number }
  | { readonly kind: 'jump' };

/** Follows every branch. Returns the number of distinct states; throws the first broken invariant with the way to it. */
export async function exploreAll(create: () => Model, freedom: Freedom): Promise<number> {
  const seen = new Set<string>();
  const ways: (readonly Choice[])[] = [[]];
  for (let way = ways.pop(); way !== undefined; way = ways.pop()) {
    const run = await replay(create(), way);
    for (;;) {
      const key = run.key();
      if (seen.has(key)) {
        break;
      }
      seen.add(key);
      const [first, ...others] = run.choices(freedom);
      if (first === undefined) {
        break;
      }
      ways.push(...others.map((choice) => [...run.way, choice]));
      await run.take(first);
    }
  }
  return seen.size;
}

/** Follows `count` random ways to their ends. */
export async function exploreRandomly(
  create: () => Model,
  freedom: Freedom,
  count: number,
  random: () => number,
): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const run = await replay(create(), []);
    // Crashes and jumps are rare among the choices, or no way would get far.
    for (let choices = run.choices(freedom); choices.length > 0; choices = run.choices(freedom)) {
      const steps = choices.filter((choice) => choice.kind === 'step');
      const from = steps.length > 0 && random() < 0.95 ? steps : choices;
      await run.take(from[Math.floor(random() * from.length)] as Choice);
    }
  }
}

interface Run {
  readonly way: readonly Choice[];
  readonly key: () => string;
  readonly choices: (freedom: Freedom) => readonly Choice[];
  readonly take: (choice: Choice) => Promise<void>;
}

async function replay(model: Model, way: readonly Choice[]): Promise<Run> {
  const run = await openRun(model);
  for (const choice of way) {
    await run.take(choice);
  }
  return run;
}

async function openRun(model: Model): Promise<Run> {
  const pending: PendingStep[] = [];
  const ended: (Outcome | undefined)[] = model.actors.map(() => undefined);
  /** What each actor was told, by the name of the step and how often that was taken. In whichever order parallel steps of
   *  one actor were answered, it is in the same state; what one that is through was told no longer matters. */
  const histories = model.actors.map(() => new Map<string, string>());
  const told: string[] = [];
  const way: Choice[] = [];
  const happened = { crashes: 0, jumps: 0 };
  const remember = (actor: number, name: string, answer: string): void => {
    const history = histories[actor];
    let nth = 0;
    while (history?.has(`${name}#${nth}`) === true) nth += 1;
    history?.set(`${name}#${nth}`, answer);
    told.push(`${actor}: ${name} = ${answer}`);
  };
  const historyOf = (actor: number): string =>
    ended[actor] === undefined
      ? [...(histories[actor] ?? [])]
          .map(([name, answer]) => `${name}=${answer}`)
          .sort()
          .join(';')
      : '';
  const stepsOf = (actor: number): Steps => ({
    step: (name, happen, options = {}) => {
      const { promise, resolve, reject } = Promise.withResolvers<ReturnType<typeof happen>>();
      pending.push({
        actor,
        name,
        options,
        happen: () => {
          const value = happen();
          remember(actor, name, JSON.stringify(value) ?? '');
          resolve(value);
        },
        fail: () => {
          remember(actor, name, 'lost');
          reject(new LostStep(name));
        },
      });
      return promise;
    },
  });
  model.actors.forEach((start, actor) => {
    start(stepsOf(actor)).then(
      (value) => (ended[actor] ??= { kind: 'resolved', value }),
      (error: unknown) => (ended[actor] ??= { kind: 'rejected', error }),
    );
  });
  await settle();

  const choices = (freedom: Freedom): readonly Choice[] => {
    const counters = new Map<number, number>();
    const steps = pending.flatMap((each): Choice[] => {
      const at = counters.get(each.actor) ?? 0;
      counters.set(each.actor, at + 1);
      return each.options.isReady?.() === false ? [] : [{ kind: 'step', actor: each.actor, at }];
    });
    const running = model.actors.flatMap((_, actor) => (ended[actor] === undefined ? [actor] : []));
    const crashes =
      happened.crashes < freedom.crashes ? running.map((actor): Choice => ({ kind: 'crash', actor })) : [];
    const jumps: readonly Choice[] = happened.jumps < freedom.jumps && running.length > 0 ? [{ kind: 'jump' }] : [];
    // Time passes by itself when everybody left is waiting for it.
    return steps.length === 0 && running.length > 0 ? [{ kind: 'jump' }, ...crashes] : [...steps, ...crashes, ...jumps];
  };

  const apply = (choice: Choice): void => {
    if (choice.kind === 'step') {
      const step = pending.filter((each) => each.actor === choice.actor)[choice.at];
      if (step === undefined) throw new Error('the model is not deterministic');
      pending.splice(pending.indexOf(step), 1);
      step.happen();
    } else if (choice.kind === 'crash') {
      happened.crashes += 1;
      remember(choice.actor, 'crash', '');
      ended[choice.actor] = { kind: 'crashed' };
      pending.splice(0, pending.length, ...pending.filter((each) => each.actor !== choice.actor));
    } else {
      happened.jumps += 1;
      told.push('the clock jumps');
      model.jump();
      const lost = pending.filter((each) => each.options.isLostByJump === true);
      pending.splice(0, pending.length, ...pending.filter((each) => each.options.isLostByJump !== true));
      lost.forEach((each) => each.fail());
    }
  };

  return {
    way,
    choices,
    key: () =>
      [
        model.state(),
        ...histories.map((_, actor) => historyOf(actor)),
        happened.crashes,
        happened.jumps,
        ended.map((each) => each?.kind),
      ].join('\n'),
    take: async (choice) => {
      way.push(choice);
      apply(choice);
      await settle();
      try {
        model.check(ended);
        if (ended.every((each) => each !== undefined)) model.checkEnd(ended, happened);
        if (way.length > MOST_STEPS) throw new Error(`not through after ${MOST_STEPS} steps`);
      } catch (cause) {
        throw new BrokenInvariant(`${(cause as Error).message}\n${told.join('\n')}`, { cause });
      }
    },
  };
}

/** A way to a state that must not be. */
export class BrokenInvariant extends Error {}
/** The step was under way when the clock jumped. */
export class LostStep extends Error {}

const MOST_STEPS = 400;

/** Lets everything run that does not wait for a step. */
async function settle(): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
}
