/** Flags of the commands about a stack. */

import type { Flags } from '../flag.ts';

export const stackDataFlags = {
  data: {
    type: 'string',
    default: './countersign-stack',
    placeholder: 'DIRECTORY',
    completes: 'directory',
    help: 'data directory of the stack',
  },
} as const satisfies Flags;
