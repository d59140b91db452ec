/** Entries of a large log: as a signer without keys would have had them logged, made without a signature for each. */

import { sha256HexOf } from '../../src/crypto/hash.ts';
import { parseProposedEntry } from '../../src/formats/rekor/proposed-entry.ts';
import { leafHashOf } from '../../src/formats/tlog/merkle.ts';
import type { Submission } from '../../src/servers/tiles/tile-log.ts';
import { createEntryRequests } from './requests.ts';

/** Entries of a log that is small, to be compared with a large one. */
export const SMALL_LOG = 10_000;
export const LARGE_LOG = 1_000_000;
/** Entries of each signer. */
const ENTRIES_EACH = 10;

/** Signs everything. */
export const busySigner = 'release@example.com';

/** Hexadecimal SHA-256 of what entry `at` is about. */
export function artifactHashOf(at: number): string {
  return sha256HexOf(Buffer.from(`artifact ${at}`));
}

/** Who signed it, besides the busy one: ten entries each, in a small log as in a large one. */
export function signerOfEntry(at: number): string {
  const [first, count] = at < SMALL_LOG ? [0, SMALL_LOG] : [SMALL_LOG, LARGE_LOG - SMALL_LOG];
  return `signer-${first}-${at % (count / ENTRIES_EACH)}@example.com`;
}

/** A real entry, in which the hash is exchanged. */
export async function openEntryGenerator(): Promise<(at: number) => Submission> {
  const [request] = await createEntryRequests(1);
  const text = String(request?.body);
  const { spec } = JSON.parse(text) as {
    readonly spec: { readonly data: { readonly hash: { readonly value: string } } };
  };
  const hash = spec.data.hash.value;
  const body = Buffer.from(parseProposedEntry(JSON.parse(text)).entryOf([]).body);
  const place = body.indexOf(hash);
  return (at) => {
    const artifactHash = artifactHashOf(at);
    const entry = Uint8Array.from(body);
    entry.set(Buffer.from(artifactHash, 'latin1'), place);
    const keys = [`sha256:${artifactHash}`, sha256HexOf(Buffer.from(`key ${at}`)), signerOfEntry(at), busySigner];
    return { identity: leafHashOf(entry), recordAt: () => ({ leaf: entry, entry, keys }) };
  };
}
