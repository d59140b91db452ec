/** Where a crashing stack dies: see crashing-stack.ts. */

import type { SequencerStep } from '../../src/servers/tiles/sequencer.ts';

/** Before and after bytes or names reach the disk, and before and after a file gets its name. */
export type FileStep = `${'before' | 'after'}-${'fsync' | 'name'}`;

export interface CrashPoint {
  readonly step: SequencerStep | FileStep;
  /** Whose step; steps of files have none. */
  readonly log?: 'rekor' | 'ctlog';
  /** 1 is the first. */
  readonly nth: number;
  /** Whether steps on the way to being ready count. */
  readonly isArmedFromStart?: boolean;
}

const moments = ['before', 'after'] as const;

/** Everything by which a log grows, in order. */
export const sequencerSteps: readonly SequencerStep[] = (
  ['entry', 'commit', 'tiles', 'publish', 'index', 'answer'] as const
).flatMap((step) => moments.map((moment) => `${moment}-${step}` as const));

export const fileSteps: readonly FileStep[] = (['fsync', 'name'] as const).flatMap((step) =>
  moments.map((moment) => `${moment}-${step}` as const),
);
