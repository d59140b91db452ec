/** Flags that say which TUF repository to trust. */

import { mapped } from '../flag.ts';
import type { Flags } from '../flag.ts';

export const tufFlags = {
  mirror: {
    type: 'string',
    placeholder: 'URL',
    help: 'address of the TUF repository; without it the public instance is asked, after a question',
    cosign: mapped(
      'Without it countersign asks before it turns to the public instance. A folder (file:///) is read too, which cosign 3 no longer does.',
    ),
  },
  root: {
    type: 'string',
    placeholder: 'FILE|URL',
    completes: 'file',
    help: "root of the repository to begin with; without it, the public instance's, which countersign carries",
    cosign: mapped(
      'An address without --root-checksum is trusted on first use, and that is said. Redirects are not followed.',
    ),
  },
  'root-checksum': {
    type: 'string',
    placeholder: 'HEX',
    help: 'SHA-256 that the first root must have, or sha512: and its SHA-512',
    cosign: mapped('Checked for files too. Without --root it is refused.'),
  },
  staging: {
    type: 'bool',
    default: false,
    help: "the public instance's testing ground; goes with --root, for countersign does not carry its root",
    cosign: mapped('Needs --root.', '3.1'),
  },
  yes: { type: 'bool', short: 'y', default: false, help: 'do not ask before turning to the public instance' },
} as const satisfies Flags;
