/** A certificate transparency log: takes what its own authorities issued, and promises nothing before it is in the tree.
 *  @source RFC 6962, c2sp.org/static-ct-api */

import { concatBytes, hexOf } from '../../base/bytes.ts';
import { hashOf } from '../../crypto/hash.ts';
import type { Signer } from '../../crypto/signer.ts';
import { encodeExtraData } from '../../formats/ct/extra-data.ts';
import { digitallySigned, encodeSct } from '../../formats/ct/issued-sct.ts';
import type { IssuedSct } from '../../formats/ct/issued-sct.ts';
import { precertificateEntryOf } from '../../formats/ct/signed-precertificate.ts';
import { encodeTileLeaf, parseTileLeaf } from '../../formats/ct/tile-leaf.ts';
import { encodeTimestampedEntry, entryTypes, merkleTreeLeafOf } from '../../formats/ct/timestamped-entry.ts';
import type { EntryKind } from '../../formats/ct/timestamped-entry.ts';
import { vectorOf } from '../../formats/ct/tls-writer.ts';
import { leafHashOf } from '../../formats/tlog/merkle.ts';
import { parseCertificate } from '../../formats/x509/certificate.ts';
import type { Certificate } from '../../formats/x509/certificate.ts';
import { extensionIds } from '../../formats/x509/extensions.ts';
import type { ObjectStore } from '../../storage/object-store.ts';
import type { Submission, TileLog } from '../tiles/tile-log.ts';
import { ctLogIdOf } from './ct-kind.ts';
import { openIssuerShelf } from './issuer-shelf.ts';
import { chainReaderOf, requireIssuedCertificate, requirePrecertificate } from './submitted-chain.ts';

export interface CtLogOptions {
  /** Of the kind that `ctLogKind` makes, by the same signer. */
  readonly log: TileLog;
  readonly signer: Signer;
  readonly objects: ObjectStore;
  /** DER: what a chain has to end in. */
  readonly roots: readonly Uint8Array[];
  /** Hears of each submission that was taken. */
  readonly onAdded?: (added: { readonly kind: EntryKind; readonly isDuplicate: boolean }) => void;
}

export interface CtLog {
  readonly log: TileLog;
  readonly roots: readonly Uint8Array[];
  /** Takes DER: a certificate, or a precertificate, then its issuers; the root may be left out. The timestamp of one that
   *  was there already is the first one, signed anew. Throws SUBMISSION_REFUSED, CERTIFICATE_MALFORMED, INPUT_TOO_LARGE,
   *  and what `TileLog.add` throws. */
  readonly add: (kind: EntryKind, certificate: Uint8Array, issuers: readonly Uint8Array[]) => Promise<IssuedSct>;
  /** The same of a precertificate, for an authority in the same process; returns a SignedCertificateTimestamp. */
  readonly addPrecertificate: (precertificate: Uint8Array, issuers: readonly Uint8Array[]) => Promise<Uint8Array>;
  readonly entryOf: (stored: Uint8Array) => Promise<CtEntry>;
  readonly readIssuer: (sha256: Uint8Array) => Promise<Uint8Array>;
}

/** An entry in the terms of RFC 6962. */
export interface CtEntry {
  /** MerkleTreeLeaf. */
  readonly leaf: Uint8Array;
  readonly extraData: Uint8Array;
}

/** Throws KEY_UNSUPPORTED, CERTIFICATE_MALFORMED. */
export function openCtLog({ log, signer, objects, roots, onAdded }: CtLogOptions): CtLog {
  const logId = ctLogIdOf(signer);
  const shelf = openIssuerShelf(objects);
  const readChain = chainReaderOf(roots.map(parseCertificate));
  const add: CtLog['add'] = async (kind, certificateDer, issuerDers) => {
    // 1. Somebody below a root issued it.
    const { certificate, issuers } = readChain(certificateDer, issuerDers);
    (kind === 'precert' ? requirePrecertificate : requireIssuedCertificate)(certificate);

    // 2. The issuers, before an entry names them. A crash after this leaves certificates that no entry names.
    const issuerHashes = await shelf.keep(issuers.map(({ der }) => der));

    // 3. Into the tree.
    const entry = { kind, certificate, issuer: issuers[0], issuerHashes };
    const { entry: stored, isDuplicate } = await log.add(submissionOf(entry));

    // 4. The promise, of what is there.
    const { timestamp, extensions, timestampedEntry } = parseTileLeaf(stored);
    const signature = digitallySigned(await signer.sign(merkleTreeLeafOf(timestampedEntry)));
    onAdded?.({ kind, isDuplicate });
    return { logId, timestamp, extensions, signature };
  };
  return {
    log,
    roots,
    add,
    addPrecertificate: async (precertificate, issuers) => encodeSct(await add('precert', precertificate, issuers)),
    entryOf: async (stored) => {
      const { timestampedEntry, precertificate, issuers } = parseTileLeaf(stored);
      const certificates = await Promise.all(issuers.map(shelf.readNamed));
      return { leaf: merkleTreeLeafOf(timestampedEntry), extraData: encodeExtraData(precertificate, certificates) };
    },
    readIssuer: shelf.read,
  };
}

/** What an entry is found by in the index. */
export function leafKeyOf(leafHash: Uint8Array): string {
  return `leaf:${hexOf(leafHash)}`;
}

interface NewLogEntry {
  readonly kind: EntryKind;
  readonly certificate: Certificate;
  readonly issuer: Certificate;
  readonly issuerHashes: readonly Uint8Array[];
}

/** What is signed says which entry it is: a precertificate's own signature could be made again. */
function submissionOf({ kind, certificate, issuer, issuerHashes }: NewLogEntry): Submission {
  const isPrecertificate = kind === 'precert';
  const signedEntry = isPrecertificate
    ? precertificateEntryOf(certificate, issuer, extensionIds.precertificatePoison)
    : vectorOf(3, certificate.der);
  return {
    identity: hashOf('sha256', concatBytes([Uint8Array.of(entryTypes[kind]), signedEntry])),
    recordAt: (index, timestamp) => {
      const timestampedEntry = encodeTimestampedEntry({ kind, signedEntry, timestamp, index });
      const leaf = merkleTreeLeafOf(timestampedEntry);
      const entry = encodeTileLeaf(timestampedEntry, isPrecertificate ? certificate.der : undefined, issuerHashes);
      return { leaf, entry, keys: [leafKeyOf(leafHashOf(leaf))] };
    },
  };
}
