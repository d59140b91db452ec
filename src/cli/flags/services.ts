/** Flags of what this version does not have: look-ups in logs, hardware keys. They parse, so that the answer is a reason
 *  and not "unknown flag". And how verification goes about its work. */

import { mapped, noted, refused, same } from '../flag.ts';
import type { CosignVersion, Flags, TextFlag } from '../flag.ts';

const group = 'Flags of services that this version does not have';
const NO_LOOK_UP =
  'Log entries are not looked up online: the one stored with the signature is verified, by --trusted-root. Leave this flag out.';
const NO_HARDWARE = 'This version reads keys from files, env:// and https://.';

/** A text flag that is refused, with what to do instead. */
export function missing(help: string, hint: string, ...versions: readonly CosignVersion[]): TextFlag {
  return {
    type: 'string',
    group,
    deprecated: 'this version does not have it',
    help,
    cosign: refused(hint, ...versions),
  };
}

export const hardwareFlags = {
  sk: {
    type: 'bool',
    default: false,
    group,
    deprecated: 'this version does not have it',
    help: 'use a PIV hardware key',
    cosign: refused(NO_HARDWARE),
  },
  slot: missing('slot of the hardware key', NO_HARDWARE),
} as const satisfies Flags;

/** Of the commands that verify. */
export const verificationServiceFlags = {
  ...hardwareFlags,
  certificate: missing(
    'certificate to verify with',
    'Give the certificate beside a signature that is given with --signature.',
  ),
  'rekor-url': missing('address of a transparency log', NO_LOOK_UP),
  sct: missing(
    'proof that the certificate was logged',
    'Certificates that carry the proof inside are read, as every Fulcio issues them: leave this flag out.',
  ),
  'signature-digest-algorithm': {
    type: 'enum',
    values: ['sha224', 'sha256', 'sha384', 'sha512'],
    accepts: ['sha256', 'sha384', 'sha512'],
    group,
    deprecated: 'the hash follows from the key',
    help: 'hash of the signature',
    cosign: refused(
      'Leave it out: the natural hash of the key and then SHA-256 are tried. sha256, sha384 and sha512 are accepted without effect.',
    ),
  },
} as const satisfies Flags;

/** Of the commands that verify: how, rather than against what. */
export const verificationModeFlags = {
  'experimental-oci11': {
    type: 'bool',
    default: false,
    deprecated: 'referrers are always looked at',
    help: 'look at referrers',
    cosign: noted('Has no effect: referrers are always looked at.'),
  },
  'insecure-ignore-tlog': {
    type: 'bool',
    default: false,
    weakens: true,
    help: 'verify without a transparency log even where one is configured',
    cosign: same(),
  },
  'max-workers': {
    type: 'int',
    default: 10,
    placeholder: 'N',
    help: 'images under way at once',
    cosign: same(),
  },
  'new-bundle-format': {
    type: 'bool',
    default: true,
    deprecated: 'both forms are always read',
    help: 'read sigstore bundles',
    cosign: noted('Has no effect: both forms are always read.'),
  },
  offline: {
    type: 'bool',
    default: false,
    help: 'open no socket but to the registry; says how old a trusted root of "initialize" is',
    cosign: same(),
  },
  'private-infrastructure': {
    type: 'bool',
    default: false,
    weakens: true,
    deprecated: 'it is another word for --insecure-ignore-tlog',
    help: 'the same as --insecure-ignore-tlog',
    cosign: mapped('The same as --insecure-ignore-tlog.'),
  },
} as const satisfies Flags;
