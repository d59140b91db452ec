/** The set of TUF documents that are believed so far, and the only way into it: signatures, versions and hashes are
 *  checked by tuf-js, here wrapped. Of that library only this part is used: its updater writes files that a crash leaves
 *  half, loses the kind of its errors, follows the names of targets into the file system, takes a target without any
 *  hash, and knows no clock but its own. This part touches neither files nor network. */

import { BadVersionError, EqualVersionError } from 'tuf-js/dist/error.js';
import { TrustedMetadataStore } from 'tuf-js/dist/store.js';

import { CountersignError, messageOf, VerificationError } from '../../base/errors.ts';
import { rfc3339Of } from '../../base/time.ts';
import { malformed, parseTufDocument } from '../../formats/tuf/document.ts';
import type { TufDocuments, TufHead } from '../../formats/tuf/document.ts';

export interface TrustedMetadata {
  /** What is believed of each top-level role. */
  readonly root: () => TufDocuments['root'];
  readonly timestamp: () => TufDocuments['timestamp'] | undefined;
  readonly snapshot: () => TufDocuments['snapshot'] | undefined;
  /** Of the top-level role or a delegated one. */
  readonly targets: (role: string) => TufDocuments['targets'] | undefined;
  /** Each takes a document in, or throws TUF_METADATA_MALFORMED, TUF_SIGNATURES_INSUFFICIENT or TUF_ROLLBACK; after
   *  a throw, only documents that were kept before are believed. Expiry is for `requireUnexpired`. */
  readonly updateRoot: (bytes: Uint8Array) => void;
  /** False when the document has the version that is believed already, which stays. */
  readonly updateTimestamp: (bytes: Uint8Array) => boolean;
  /** A cached one may be older than the timestamp says: then TUF_ROLLBACK is thrown, and it stays known so that no
   *  newer one goes back behind it. */
  readonly updateSnapshot: (bytes: Uint8Array, isCached: boolean) => void;
  readonly updateTargets: (bytes: Uint8Array, role: string, parent: string) => void;
  /** The roles to which `role` delegates the target, in their order of trust. */
  readonly delegates: (role: string, target: string) => readonly Delegate[];
}

export interface Delegate {
  readonly role: string;
  /** Roles after this one are not asked. */
  readonly terminating: boolean;
}

/** Believes this root, which must be signed by itself. Throws TUF_METADATA_MALFORMED, TUF_SIGNATURES_INSUFFICIENT. */
export function openTrustedMetadata(rootBytes: Uint8Array): TrustedMetadata {
  let root = parseTufDocument('root', 'root.json', rootBytes);
  const store = guarded('root', root.version, () => openStore(rootBytes));
  let timestamp: TufDocuments['timestamp'] | undefined;
  let snapshot: TufDocuments['snapshot'] | undefined;
  const targets = new Map<string, TufDocuments['targets']>();
  return {
    root: () => root,
    timestamp: () => timestamp,
    snapshot: () => snapshot,
    targets: (role) => targets.get(role),
    updateRoot: (bytes) => {
      const next = parseTufDocument('root', 'root.json', bytes);
      guarded('root', next.version, () => store.updateRoot(bufferOf(bytes)));
      root = next;
    },
    updateTimestamp: (bytes) => {
      const next = parseTufDocument('timestamp', 'timestamp.json', bytes);
      const isNewer = guarded('timestamp', next.version, () => takeTimestamp(store, bytes));
      if (isNewer) timestamp = next;
      return isNewer;
    },
    updateSnapshot: (bytes, isCached) => {
      const next = parseTufDocument('snapshot', 'snapshot.json', bytes);
      guarded('snapshot', next.version, () => store.updateSnapshot(bufferOf(bytes), isCached));
      snapshot = next;
    },
    updateTargets: (bytes, role, parent) => {
      const next = parseTufDocument('targets', `${role}.json`, bytes);
      guarded(role, next.version, () => store.updateDelegatedTargets(bufferOf(bytes), role, parent));
      targets.set(role, next);
    },
    delegates: (role, target) => [...(store.getRole(role)?.signed.delegations?.rolesForTarget(target) ?? [])],
  };
}

/** Throws TUF_EXPIRED. The very second counts as expired. @source TUF specification 1.0.34 sections 5.3.10, 5.4.4, 5.5.6, 5.6.5 */
export function requireUnexpired(role: string, head: TufHead, now: Date): void {
  if (now.getTime() < head.expires.getTime()) return;
  const [expired, clock] = [rfc3339Of(head.expires), rfc3339Of(now)];
  throw new VerificationError(
    'TUF_EXPIRED',
    `${role}.json version ${head.version} expired on ${expired}; it is ${clock} here`,
    {
      details: { role, version: head.version, expires: expired },
    },
  );
}

function openStore(rootBytes: Uint8Array): TrustedMetadataStore {
  const store = new TrustedMetadataStore(bufferOf(rootBytes));
  // The library would ask the system's clock. Before its epoch nothing has expired: `requireUnexpired` judges instead.
  store['referenceTime'] = new Date(0);
  return store;
}

function takeTimestamp(store: TrustedMetadataStore, bytes: Uint8Array): boolean {
  try {
    store.updateTimestamp(bufferOf(bytes));
    return true;
  } catch (error) {
    if (error instanceof EqualVersionError) return false;
    throw error;
  }
}

/** Runs a step of the library and names what it throws. */
function guarded<T>(role: string, version: number, step: () => T): T {
  try {
    return step();
  } catch (cause) {
    if (cause instanceof CountersignError) throw cause;
    const message = messageOf(cause);
    const what = `${role}.json version ${version}`;
    const signed = /was signed by (\d+)\/(\d+) keys/.exec(message);
    const options = { cause, details: { role, version } };
    if (signed !== null) {
      const counts = `good signatures from ${signed[1]} of the ${signed[2]} keys that it needs`;
      throw new VerificationError('TUF_SIGNATURES_INSUFFICIENT', `${what} has ${counts}`, options);
    }
    if (cause instanceof BadVersionError || /^Missing file|^Expected (?:hash|length)/.test(message)) {
      throw new VerificationError('TUF_ROLLBACK', `${what}: ${message}`, options);
    }
    throw malformed(`${what}: ${message}`, cause);
  }
}

/** The same bytes as the library wants them. */
function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
