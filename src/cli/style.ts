/** Colours, where a person looks. */

import type { Environment } from './environment.ts';

export interface Style {
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly faint: (text: string) => string;
  readonly strong: (text: string) => string;
}

/** Plain text off a terminal, on a dumb one, and when NO_COLOR is set to anything. @source no-color.org */
export function createStyle(stream: { readonly isTTY?: boolean }, environment: Environment): Style {
  const isPlain = stream.isTTY !== true || (environment['NO_COLOR'] ?? '') !== '' || environment['TERM'] === 'dumb';
  const paint =
    (code: number) =>
    (text: string): string =>
      isPlain ? text : `\u001b[${code}m${text}\u001b[0m`;
  return { good: paint(32), bad: paint(31), faint: paint(2), strong: paint(1) };
}
