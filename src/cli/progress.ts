/** How far a long transfer is: one line that is written over on a terminal, a new line every few seconds elsewhere. */

import type { TransferProgress } from '../clients/registry/registry-client.ts';
import type { Session } from './session.ts';

export interface Progress extends TransferProgress {
  /** Ends the line. */
  readonly close: () => void;
}

/** Transfers shorter than this show nothing. */
const QUIET_MS = 2000;
const TERMINAL_INTERVAL_MS = 100;
const LINE_INTERVAL_MS = 5000;
const MIB = 1024 * 1024;

export function openProgress({ stderr }: Pick<Session, 'stderr'>): Progress {
  const start = performance.now();
  const isTerminal = stderr.isTTY;
  let total = 0;
  let next = QUIET_MS;
  let isShown = false;
  return {
    onBytes: (count) => {
      total += count;
      const elapsed = performance.now() - start;
      if (elapsed < next) return;
      next = elapsed + (isTerminal ? TERMINAL_INTERVAL_MS : LINE_INTERVAL_MS);
      isShown = true;
      const line = `${(total / MIB).toFixed(1)} MiB, ${((total / MIB / elapsed) * 1000).toFixed(1)} MiB/s`;
      stderr.write(isTerminal ? `\r${line}\u001b[K` : `${line}\n`);
    },
    close: () => {
      if (isShown && isTerminal) stderr.write('\n');
    },
  };
}
