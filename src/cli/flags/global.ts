/** The flags that every command has. */

import { mapped, same } from '../flag.ts';
import type { Flags } from '../flag.ts';

const group = 'Global flags';

export const globalFlags = {
  json: {
    type: 'bool',
    default: false,
    group,
    help: 'print one JSON report on stdout instead of text',
  },
  'output-file': {
    type: 'string',
    group,
    placeholder: 'FILE',
    completes: 'file',
    isCommandLineOnly: true,
    help: 'write to FILE what would go to stdout',
    cosign: same(),
  },
  timeout: {
    type: 'duration',
    short: 't',
    group,
    help: 'give up after this long, in Go notation: 90s, 3m, 1h30m',
    cosign: mapped(
      'The same 3m by default, but copy, clean and servers have no limit of their own. 0 is refused: in cosign it lets nothing through.',
    ),
  },
  verbose: {
    type: 'bool',
    short: 'd',
    default: false,
    group,
    help: 'show every request on stderr: method, address, status, milliseconds',
    cosign: mapped('One line for each request; cosign prints headers and bodies.'),
  },
} as const satisfies Flags;

export type GlobalFlags = typeof globalFlags;
