/** A certificate transparency log of ours, in memory. */

import { sign } from 'node:crypto';

import { createMemoryIndex } from './memory-index.ts';
import { createMemoryStore } from './memory-store.ts';
import { openTestAuthority, testPrincipal, testToken } from './test-authority.ts';
import type { TestAuthority } from './test-authority.ts';
import { issueLeaf } from './virtual-sigstore/virtual-authority.ts';
import type { VirtualAuthority } from './virtual-sigstore/virtual-authority.ts';
import type { VirtualExtension } from './virtual-sigstore/virtual-certificate.ts';
import { createVirtualKey } from './virtual-sigstore/virtual-key.ts';
import type { VirtualKey } from './virtual-sigstore/virtual-key.ts';
import { createKeyPair } from '../../src/crypto/private-key.ts';
import { signerOf } from '../../src/crypto/signer.ts';
import type { Signer } from '../../src/crypto/signer.ts';
import type { EntryKind } from '../../src/formats/ct/timestamped-entry.ts';
import { ctLogKind } from '../../src/servers/ct/ct-kind.ts';
import { openCtLog } from '../../src/servers/ct/ct-log.ts';
import type { CtLog } from '../../src/servers/ct/ct-log.ts';
import { openTileLog } from '../../src/servers/tiles/open-tile-log.ts';
import type { ObjectStore } from '../../src/storage/object-store.ts';

export interface OwnCtLog {
  readonly ct: CtLog;
  readonly signer: Signer;
  readonly objects: ObjectStore;
  /** What it took, in order. */
  readonly added: readonly { readonly kind: EntryKind; readonly isDuplicate: boolean }[];
}

export const ctOrigin = 'log.test/ctlog';
export const ctNow: Date = new Date('2026-03-01T12:00:00.123Z');

/** Takes what these roots, DER, and their intermediates issued. */
export async function openOwnCtLog(roots: readonly Uint8Array[], now: () => Date = () => ctNow): Promise<OwnCtLog> {
  const signer = signerOf(createKeyPair('ecdsa-p256'));
  const objects = createMemoryStore();
  const kind = ctLogKind({ signer, origin: ctOrigin });
  const log = await openTileLog({ kind, objects, index: createMemoryIndex(), now, gatherMs: 0 });
  const added: OwnCtLog['added'][number][] = [];
  const ct = openCtLog({ log, signer, objects, roots, onAdded: (each) => added.push(each) });
  return { ct, signer, objects, added };
}

/** Our own certificate authority, which has such a log. */
export async function openLoggingAuthority(): Promise<{ readonly own: OwnCtLog; readonly authority: TestAuthority }> {
  const opened = Promise.withResolvers<OwnCtLog>();
  const authority = await openTestAuthority({
    at: ctNow,
    logPrecertificate: async (precertificate, issuers) =>
      (await opened.promise).ct.addPrecertificate(precertificate, issuers),
  });
  const own = await openOwnCtLog(authority.chain.slice(-1));
  opened.resolve(own);
  return { own, authority };
}

/** A certificate for the test's identity and this key, and its issuers: DER. */
export function issueLogged(
  { authority }: TestAuthority,
  { spki, privateKey }: VirtualKey = createVirtualKey('p256'),
): Promise<readonly Uint8Array[]> {
  const proof = sign('sha256', Buffer.from(testPrincipal.proofSubjects[0] ?? ''), privateKey);
  return authority.issue(testToken, { kind: 'public-key', publicKey: spki, proof });
}

export const poison: VirtualExtension = {
  oid: '1.3.6.1.4.1.11129.2.4.3',
  isCritical: true,
  value: Buffer.from([5, 0]),
};

/** A leaf by an independent writer, with these extensions last: DER. */
export function issueWith(authority: VirtualAuthority, ...extensions: readonly VirtualExtension[]): Uint8Array {
  const { spki } = createVirtualKey('p256');
  const changes = { extensions: (usual: readonly VirtualExtension[]) => [...usual, ...extensions] };
  return new Uint8Array(issueLeaf(authority, { spki, at: ctNow, scts: [], changes }));
}
