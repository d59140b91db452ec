/** Flags of the commands that verify, besides those of services. */

import { mapped } from '../flag.ts';
import type { Flags } from '../flag.ts';
import { identityFlags } from './identity.ts';
import { verificationModeFlags, verificationServiceFlags } from './services.ts';
import { trustFlags } from './trust.ts';

export const verificationFlags = {
  ...identityFlags,
  ...verificationServiceFlags,
  ...trustFlags,
  ...verificationModeFlags,
  explain: {
    type: 'bool',
    default: false,
    help: 'show on stderr every check that was made, and what to do about the one that failed',
  },
  key: {
    type: 'stringArray',
    placeholder: 'KEY',
    completes: 'file',
    help: 'public key to trust: a file, env://VARIABLE or https://… (or give an identity; several only with --threshold)',
    cosign: mapped(
      'Several only with --threshold; of several, cosign silently uses the last. Key management services are refused in this version.',
    ),
  },
} as const satisfies Flags;
