/** Remarks on stderr. Each is one line, whatever a registry put into it. */

import { printableOf } from '../base/printable.ts';
import type { Log } from '../base/runtime.ts';

export function openLog(write: (text: string) => void, isVerbose: boolean): Log {
  const said = new Set<string>();
  const say = (message: string): void => {
    write(`${printableOf(message)}\n`);
  };
  return {
    note: say,
    warn: (message) => say(`WARNING: ${message}`),
    noteOnce: (message) => {
      if (said.has(message)) return;
      said.add(message);
      say(message);
    },
    debug: (message) => {
      if (isVerbose) say(message);
    },
  };
}
