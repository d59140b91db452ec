/** A transparency log: Rekor of version 1 (promises and proofs) or 2 (proofs only). */

import { randomBytes } from 'node:crypto';

import { canonicalJsonOf, entryBodyOf } from './entry-body.ts';
import type { EntryBody, EntryKind, Logged } from './entry-body.ts';
import { inclusionHashesOf, leafHashOf, rootHashOf } from './merkle-tree.ts';
import { createVirtualKey, digestOf, signBytes } from './virtual-key.ts';
import type { KeyKind, VirtualKey } from './virtual-key.ts';

/** As in a bundle; tests change it as they like. */
export interface EntryJson {
  logIndex: string;
  logId: { keyId: string };
  kindVersion: { kind: string; version: string };
  integratedTime?: string;
  inclusionPromise?: { signedEntryTimestamp: string };
  inclusionProof?: {
    logIndex: string;
    rootHash: string;
    treeSize: string;
    hashes: string[];
    checkpoint?: { envelope: string };
  };
  canonicalizedBody: string;
}

export interface VirtualLog {
  readonly version: 'v1' | 'v2';
  readonly baseUrl: string;
  readonly key: VirtualKey;
  readonly logId: Buffer;
  /** Logs a body and gives its entry. Others log theirs before and after. */
  readonly append: (kind: EntryKind, body: EntryBody, integratedTime: Date, changes?: EntryChanges) => EntryJson;
}

/** One entry of a signature; what differs from a good one is an attack. */
export interface EntryRequest extends EntryChanges {
  readonly log: VirtualLog;
  readonly kind?: EntryKind;
  readonly integratedTime?: Date;
  /** What the log is told instead of what the bundle says. */
  readonly logged?: (logged: Logged) => Partial<Logged>;
  readonly body?: (body: EntryBody) => EntryBody;
}

export interface EntryChanges {
  /** Left out where false: by default a log of version 1 gives both. */
  readonly hasPromise?: boolean;
  readonly hasProof?: boolean;
  readonly hasCheckpoint?: boolean;
  /** What the promise signs for, instead of the entry. */
  readonly promised?: (payload: PromisePayload) => PromisePayload;
  readonly promiseKey?: VirtualKey;
  /** Text of the checkpoint before it is signed. */
  readonly checkpoint?: (text: string) => string;
  readonly checkpointKey?: VirtualKey;
  /** The name that the checkpoint's signature line says. */
  readonly checkpointSigner?: string;
  /** More signature lines. */
  readonly witnesses?: readonly VirtualKey[];
}

/** In the order in which the promise signs them. */
export interface PromisePayload {
  readonly body: string;
  readonly integratedTime: number;
  readonly logID: string;
  readonly logIndex: number;
}

export interface LogOptions {
  readonly version: 'v1' | 'v2';
  readonly host: string;
  readonly keyKind?: KeyKind;
}

/** Entries of earlier shards: the index in the log is not the index in the tree. */
const EARLIER_ENTRIES = 1_000_000;
const TREE_ID = '1193050959916656506';

export function createVirtualLog(options: LogOptions): VirtualLog {
  const { version, host } = options;
  const key = createVirtualKey(options.keyKind ?? (version === 'v1' ? 'p256' : 'ed25519'));
  const logId = logIdOf(key, host);
  const leaves = [1, 2, 3, 4, 5].map(() => leafHashOf(randomBytes(32)));
  const append: VirtualLog['append'] = (kind, value, integratedTime, changes = {}) => {
    const body = Buffer.from(canonicalJsonOf(value));
    const treeIndex = leaves.length;
    leaves.push(leafHashOf(body), leafHashOf(randomBytes(32)));
    const logIndex = version === 'v1' ? EARLIER_ENTRIES + treeIndex : treeIndex;
    const [name = '', kindVersion = ''] = kind.split('/');
    const entry: EntryJson = {
      logIndex: `${logIndex}`,
      logId: { keyId: logId.toString('base64') },
      kindVersion: { kind: name, version: kindVersion },
      canonicalizedBody: body.toString('base64'),
    };
    if (version === 'v1') {
      entry.integratedTime = `${secondsOf(integratedTime)}`;
    }
    if (changes.hasPromise ?? version === 'v1') {
      entry.inclusionPromise = { signedEntryTimestamp: promiseOf(key, entry, integratedTime, changes) };
    }
    if (changes.hasProof !== false) {
      entry.inclusionProof = proofOf(leaves, treeIndex);
    }
    if (entry.inclusionProof !== undefined && changes.hasCheckpoint !== false) {
      const origin = version === 'v1' ? `${host} - ${TREE_ID}` : host;
      const text = `${origin}\n${entry.inclusionProof.treeSize}\n${entry.inclusionProof.rootHash}\n`;
      entry.inclusionProof.checkpoint = { envelope: signedNoteOf(text, key, host, changes) };
    }
    return entry;
  };
  return { version, baseUrl: `https://${host}`, key, logId, append };
}

/** The body that a log would write for this signature, logged. */
export function logSignature(request: EntryRequest, signed: Logged, at: Date): EntryJson {
  const { log } = request;
  const kind = request.kind ?? usualKindOf(log, signed);
  const body = entryBodyOf(kind, { ...signed, ...request.logged?.(signed) });
  return log.append(kind, request.body?.(body) ?? body, request.integratedTime ?? at, request);
}

function usualKindOf(log: VirtualLog, signed: Logged): EntryKind {
  if (log.version === 'v2') {
    return 'hashedrekord/0.0.2';
  }
  return signed.envelope === undefined ? 'hashedrekord/0.0.1' : 'dsse/0.0.1';
}

function promiseOf(logKey: VirtualKey, entry: EntryJson, integratedTime: Date, changes: EntryChanges): string {
  const payload: PromisePayload = {
    body: entry.canonicalizedBody,
    integratedTime: secondsOf(integratedTime),
    logID: Buffer.from(entry.logId.keyId, 'base64').toString('hex'),
    logIndex: Number(entry.logIndex),
  };
  const text = JSON.stringify(changes.promised?.(payload) ?? payload);
  return signBytes(changes.promiseKey ?? logKey, Buffer.from(text)).toString('base64');
}

function proofOf(leaves: readonly Buffer[], treeIndex: number): NonNullable<EntryJson['inclusionProof']> {
  return {
    logIndex: `${treeIndex}`,
    rootHash: rootHashOf(leaves).toString('base64'),
    treeSize: `${leaves.length}`,
    hashes: inclusionHashesOf(leaves, treeIndex).map((hash) => hash.toString('base64')),
  };
}

/** @source c2sp.org/signed-note, c2sp.org/tlog-cosignature */
function signedNoteOf(checkpoint: string, logKey: VirtualKey, host: string, changes: EntryChanges): string {
  const text = changes.checkpoint?.(checkpoint) ?? checkpoint;
  const key = changes.checkpointKey ?? logKey;
  const hint = logIdOf(key, host).subarray(0, 4);
  const own = noteLine(changes.checkpointSigner ?? host, hint, signBytes(key, Buffer.from(text)));
  const others = (changes.witnesses ?? []).map((witness, index) =>
    cosignatureLine(witness, `witness-${index}.test`, text),
  );
  return `${text}\n${[own, ...others].join('')}`;
}

function cosignatureLine(witness: VirtualKey, name: string, text: string): string {
  const instant = 1_700_000_000;
  const signature = signBytes(witness, Buffer.from(`cosignature/v1\ntime ${instant}\n${text}`));
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(instant));
  const hint = noteKeyIdOf(witness, name, 4).subarray(0, 4);
  return noteLine(name, hint, Buffer.concat([time, signature]));
}

function noteLine(name: string, hint: Buffer, signature: Buffer): string {
  return `\u2014 ${name} ${Buffer.concat([hint, signature]).toString('base64')}\n`;
}

/** ECDSA: hash of the SPKI; Ed25519: the note key's id, with its name. */
function logIdOf(key: VirtualKey, host: string): Buffer {
  return key.kind === 'ed25519' ? noteKeyIdOf(key, host, 1) : digestOf('sha256', key.spki);
}

function noteKeyIdOf(key: VirtualKey, name: string, algorithm: number): Buffer {
  return digestOf('sha256', Buffer.from(name), Buffer.from([0x0a, algorithm]), key.spki.subarray(-32));
}

function secondsOf(instant: Date): number {
  return Math.floor(instant.getTime() / 1000);
}
