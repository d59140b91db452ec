/** Flags that say whose word is taken: authorities, logs, timestamps. Of the commands that verify. */

import { mapped, same } from '../flag.ts';
import type { Flags } from '../flag.ts';

const file = { type: 'string', group: 'Trust', placeholder: 'FILE', completes: 'file' } as const;
const WITH_BUNDLES =
  'Works with bundles too. Goes with --trusted-root, whose authorities it replaces; without one, nothing that is not given is believed.';

export const trustFlags = {
  'ca-intermediates': {
    ...file,
    help: 'PEM certificates that the roots of --ca-roots may have issued',
    cosign: mapped(WITH_BUNDLES),
  },
  'ca-roots': { ...file, help: 'PEM certificates of your own root authorities', cosign: mapped(WITH_BUNDLES) },
  'certificate-chain': {
    ...file,
    help: 'PEM certificates of your own authority, from the one that issues to the root; instead of --ca-roots',
    cosign: mapped(WITH_BUNDLES),
  },
  'insecure-ignore-sct': {
    type: 'bool',
    group: 'Trust',
    default: false,
    weakens: true,
    help: 'do not ask for proof that certificates were logged',
    cosign: same(),
  },
  'timestamp-certificate-chain': {
    ...file,
    help: 'PEM certificates of your own timestamp authority, with its root',
    cosign: mapped(`${WITH_BUNDLES} Comes before SIGSTORE_TSA_CERTIFICATE_FILE.`),
  },
  'trusted-root': {
    ...file,
    help: 'which authorities and logs to believe, as JSON; otherwise what "countersign initialize" fetched',
    cosign: mapped('Works with signatures of both forms. There is no public one by default.'),
  },
  'use-signed-timestamps': {
    type: 'bool',
    group: 'Trust',
    default: false,
    help: 'require a timestamp by an authority that is believed',
    cosign: same(),
  },
} as const satisfies Flags;
