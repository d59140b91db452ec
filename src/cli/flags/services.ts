/** Flags of what this version does not have: certificates, logs and timestamps when signing, look-ups in logs, hardware keys.
 *  They parse, so that the answer is a reason and not "unknown flag". */

import { mapped, noted, refused, same } from '../flag.ts';
import type { CosignVersion, Flags, TextFlag } from '../flag.ts';

const group = 'Flags of services that this version does not have';
const KEYS_ONLY = 'This version signs with keys: give --key and leave this flag out.';
const NO_LOG = 'This version signs without a transparency log: leave this flag out.';
const NO_LOOK_UP =
  'Log entries are not looked up online: the one stored with the signature is verified, by --trusted-root. Leave this flag out.';
const NO_TIMESTAMPS = 'This version signs without timestamps: leave this flag out.';
const NO_HARDWARE = 'This version reads keys from files, env:// and https://.';

function missing(help: string, hint: string, ...versions: readonly CosignVersion[]): TextFlag {
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

/** Of the commands that sign. */
export const signingServiceFlags = {
  'rekor-url': missing('address of a transparency log', NO_LOG),
  ...hardwareFlags,
  'fulcio-url': missing('address of a certificate authority', KEYS_ONLY),
  'fulcio-auth-flow': missing('how to log in for a certificate', KEYS_ONLY),
  'identity-token': missing('identity token for a certificate', KEYS_ONLY),
  'insecure-skip-verify': {
    type: 'bool',
    default: false,
    group,
    deprecated: 'it has no effect',
    help: 'had to do with certificates',
    cosign: noted('Has no effect, as in cosign.'),
  },
  'issue-certificate': {
    type: 'bool',
    default: false,
    group,
    deprecated: 'this version does not have it',
    help: 'ask for a certificate besides the key',
    cosign: refused(KEYS_ONLY),
  },
  'oidc-issuer': missing('who proves the identity', KEYS_ONLY),
  'oidc-client-id': missing('client of the issuer', KEYS_ONLY),
  'oidc-client-secret-file': missing('secret of the client', KEYS_ONLY),
  'oidc-redirect-url': missing('where the issuer sends the browser', KEYS_ONLY),
  'oidc-provider': missing('where identity tokens come from', KEYS_ONLY),
  'oidc-disable-ambient-providers': {
    type: 'bool',
    default: false,
    group,
    deprecated: 'it has no effect',
    help: 'ignore identity tokens of the environment',
    cosign: noted('Has no effect: identity tokens are not used.'),
  },
  'timestamp-client-cacert': missing('trust for the timestamp authority', NO_TIMESTAMPS),
  'timestamp-client-cert': missing('certificate for the timestamp authority', NO_TIMESTAMPS),
  'timestamp-client-key': missing('key for the timestamp authority', NO_TIMESTAMPS),
  'timestamp-server-name': missing('name of the timestamp authority', NO_TIMESTAMPS),
  'timestamp-server-url': missing('address of the timestamp authority', NO_TIMESTAMPS),
  certificate: missing(
    'certificate to store with the signature',
    'Attach the certificate with "countersign attach signature --certificate FILE", or leave this flag out.',
  ),
  'certificate-chain': missing(
    'chain of the certificate',
    'Attach the chain with "countersign attach signature --certificate-chain FILE", or leave this flag out.',
  ),
  'signing-config': missing(
    'file that names the services to use',
    'This version uses no services: leave this flag out.',
    '2.6',
    '3.1',
  ),
  'use-signing-config': {
    type: 'bool',
    default: false,
    group,
    deprecated: 'no services are used',
    accepts: ['false'],
    help: 'use the public services',
    cosign: refused('This version uses no services: leave this flag out or set it to false.', '2.6', '3.1'),
  },
  'trusted-root': missing(
    'file that says which services to trust',
    'This version uses no services: leave this flag out.',
    '2.6',
    '3.1',
  ),
  'tlog-upload': {
    type: 'bool',
    default: false,
    group,
    deprecated: 'nothing is uploaded to a log',
    accepts: ['false'],
    help: 'write to a transparency log',
    cosign: refused(
      'This version signs without a transparency log: leave this flag out or set it to false, which is what happens.',
    ),
  },
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
