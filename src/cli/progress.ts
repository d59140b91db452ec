/** How far long work is: one line that is written over on a terminal, a new line every few seconds elsewhere. */

import type { TransferProgress } from '../clients/registry/registry-client.ts';
import type { Session } from './session.ts';

export interface Progress {
  /** Shows what `line` says, when it is time to show anything; it is given the seconds since the start. */
  readonly show: (line: (seconds: number) => string) => void;
  /** Ends the line. */
  readonly close: () => void;
}

/** Work shorter than this shows nothing. */
const QUIET_MS = 2000;
const TERMINAL_INTERVAL_MS = 100;
const LINE_INTERVAL_MS = 5000;
const MIB = 1024 * 1024;

export function openProgress({ stderr }: Pick<Session, 'stderr'>): Progress {
  const start = performance.now();
  const isTerminal = stderr.isTTY;
  let next = QUIET_MS;
  let isShown = false;
  return {
    show: (line) => {
      const elapsed = performance.now() - start;
      if (elapsed < next) return;
      next = elapsed + (isTerminal ? TERMINAL_INTERVAL_MS : LINE_INTERVAL_MS);
      isShown = true;
      const text = line(elapsed / 1000);
      stderr.write(isTerminal ? `\r${text}\u001b[K` : `${text}\n`);
    },
    close: () => {
      if (isShown && isTerminal) stderr.write('\n');
    },
  };
}

/** Counts the bytes of a transfer. */
export function openTransferProgress(session: Pick<Session, 'stderr'>): TransferProgress & Pick<Progress, 'close'> {
  const { show, close } = openProgress(session);
  let total = 0;
  return {
    onBytes: (count) => {
      total += count;
      show((seconds) => `${(total / MIB).toFixed(1)} MiB, ${(total / MIB / seconds).toFixed(1)} MiB/s`);
    },
    close,
  };
}
