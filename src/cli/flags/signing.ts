/** Flags of the commands that make signatures. */

import { mapped, refused, same } from '../flag.ts';
import type { Flags } from '../flag.ts';

export const signingFlags = {
  bundle: {
    type: 'string',
    placeholder: 'FILE',
    completes: 'file',
    help: 'write the signature as a sigstore bundle to FILE',
    cosign: same(),
  },
  key: {
    type: 'string',
    placeholder: 'KEY',
    completes: 'file',
    help: 'private key: a file, env://VARIABLE or https://…; without it, you sign by your identity',
    cosign: mapped(
      'Plain and encrypted PKCS#8 keys are read too; key management services are refused in this version.',
    ),
  },
  'output-certificate': {
    type: 'string',
    placeholder: 'FILE',
    completes: 'file',
    help: 'write the certificate to FILE',
    cosign: same(),
  },
  'output-signature': {
    type: 'string',
    placeholder: 'FILE',
    completes: 'file',
    help: 'write the signature as base64 to FILE',
    cosign: mapped('Works with bundles too; cosign 3 ignores it there.'),
  },
  yes: {
    type: 'bool',
    short: 'y',
    default: false,
    help: 'answer questions with yes',
    cosign: same(),
  },
} as const satisfies Flags;

export const signImageFlags = {
  'expect-digest': { type: 'string', placeholder: 'DIGEST', help: 'sign only if the image has this digest' },
  'force-new': {
    type: 'bool',
    default: false,
    help: 'sign again although this key or identity has signed the same already',
  },
  format: {
    type: 'enum',
    values: ['both', 'legacy', 'bundle'],
    default: 'both',
    help: 'which forms to write: the .sig tag that everybody reads, the bundle of cosign 3, or both',
  },
  'new-bundle-format': {
    type: 'bool',
    default: true,
    deprecated: 'use --format',
    help: 'the same as --format=bundle; false is the same as --format=legacy',
    cosign: mapped(
      'Given as true: the same as --format=bundle; as false: --format=legacy. Not given: both forms are written.',
      '2.6',
      '3.1',
    ),
  },
  'output-payload': {
    type: 'string',
    placeholder: 'FILE',
    completes: 'file',
    help: 'write what was signed to FILE',
    cosign: mapped('Works with bundles too; cosign 3 ignores it there.'),
  },
  'record-creation-timestamp': {
    type: 'bool',
    default: false,
    help: 'write the time into the .sig image instead of zero (or SOURCE_DATE_EPOCH)',
    cosign: same(),
  },
  recursive: { type: 'bool', short: 'r', default: false, help: 'sign an index and every image in it', cosign: same() },
  'sign-container-identity': {
    type: 'strings',
    placeholder: 'NAME',
    help: 'write NAME as docker-reference instead of the repository (may repeat: one signature each)',
    cosign: same(),
  },
  'single-signer': {
    type: 'bool',
    default: false,
    weakens: true,
    help: 'nobody else signs this image now: skip the markers that keep concurrent signers from losing signatures',
  },
  upload: {
    type: 'bool',
    default: true,
    weakens: true,
    help: 'store the signature in the registry',
    cosign: same(),
  },
  attachment: {
    type: 'string',
    deprecated: 'this version does not have it',
    help: 'sign an attachment instead of the image',
    cosign: refused('Sign the attachment by its own name: "countersign triangulate --type sbom IMAGE" prints it.'),
  },
  payload: {
    type: 'string',
    deprecated: 'this version does not have it',
    help: 'sign this payload instead of making one',
    cosign: refused(
      'Sign the payload with "countersign sign-blob" and attach both with "countersign attach signature".',
    ),
  },
} as const satisfies Flags;
