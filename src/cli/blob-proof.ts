/** What the commands that verify a file are given to judge: a bundle, or a signature with what goes with it. */

import { UsageError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { readCertificateFile, readTimestampFile } from './evidence-file.ts';
import { mapped, same } from './flag.ts';
import type { Flags, ValuesOf } from './flag.ts';
import { readInputFile } from './input-file.ts';
import type { Session } from './session.ts';

export const blobProofFlags = {
  bundle: {
    type: 'string',
    placeholder: 'FILE',
    completes: 'file',
    help: 'what was made of the file, as a bundle, of cosign 2 or 3',
    cosign: same(),
  },
  certificate: {
    type: 'string',
    placeholder: 'FILE',
    completes: 'file',
    help: 'the certificate of what is given with --signature',
    cosign: mapped('Goes with --signature and identity flags; it is never trusted by being given.'),
  },
  'rfc3161-timestamp': {
    type: 'string',
    placeholder: 'FILE',
    completes: 'file',
    help: 'an RFC 3161 timestamp of what is given with --signature',
    cosign: mapped('DER, or the JSON that cosign writes. Goes with --signature only.'),
  },
} as const satisfies Flags;

export type GivenProof =
  | { readonly kind: 'bundle'; readonly bytes: Uint8Array; readonly name: string }
  | { readonly kind: 'signature'; readonly text: string; readonly companions: Companions };

/** DER. */
export interface Companions {
  /** Leaf first. */
  readonly certificates?: readonly Uint8Array[];
  readonly timestamps?: readonly Uint8Array[];
}

/** Throws FLAGS_CONFLICT, and what reading the files throws. The value of `--signature` is passed on as it was given. */
export async function givenProofOf(
  values: ValuesOf<typeof blobProofFlags> & { readonly signature: string | undefined },
  session: Session,
): Promise<GivenProof> {
  const { bundle, signature, certificate, 'rfc3161-timestamp': timestamp } = values;
  if (signature !== undefined && bundle === undefined) {
    return {
      kind: 'signature',
      text: signature,
      companions: {
        ...(certificate === undefined ? {} : { certificates: await readCertificateFile(session, certificate) }),
        ...(timestamp === undefined ? {} : { timestamps: [await readTimestampFile(session, timestamp)] }),
      },
    };
  }
  if (bundle === undefined || signature !== undefined) {
    throw new UsageError('FLAGS_CONFLICT', 'either --bundle or --signature says what to verify');
  }
  const extra = certificate === undefined ? timestamp && 'rfc3161-timestamp' : 'certificate';
  if (extra !== undefined) {
    throw new UsageError('FLAGS_CONFLICT', `--bundle and --${extra}: a bundle holds all that goes with its signature`);
  }
  return { kind: 'bundle', bytes: await readInputFile(session, bundle, limits.bundleBytes), name: bundle };
}
