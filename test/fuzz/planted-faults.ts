/** Parsers with the faults that the fuzzer is there to find. */

import { utf8Of } from '../../src/base/bytes.ts';
import { parseReference } from '../../src/formats/oci/reference.ts';
import type { FuzzTarget } from './fuzz-targets.ts';

const decoder = new TextDecoder();
const seeds = (): readonly Uint8Array[] => [utf8Of('{"a":"AAAAAAAAAAAA"}')];
const isTwice = (bytes: Uint8Array): boolean => decoder.decode(bytes).includes('}}');

export const fuzzTargets: Readonly<Record<string, FuzzTarget>> = {
  sound: { seeds, run: (bytes) => parseReference(decoder.decode(bytes)) },
  crash: {
    seeds,
    run: (bytes) => {
      if (isTwice(bytes)) throw new RangeError('planted');
    },
  },
  hang: {
    seeds,
    run: (bytes) => {
      while (isTwice(bytes));
    },
  },
  slow: {
    seeds,
    run: (bytes) => {
      const until = performance.now() + (isTwice(bytes) ? 600 : 0);
      while (performance.now() < until);
    },
  },
  memory: {
    seeds,
    run: (bytes) => {
      const held: string[] = [];
      while (isTwice(bytes)) held.push(`${held.length}`.repeat(1000));
    },
  },
};
