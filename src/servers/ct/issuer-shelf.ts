/** The issuers' certificates of all entries: each is kept once, by the hash that the entries name it by.
 *  @source c2sp.org/static-ct-api, Issuers */

import { hexOf, isSameBytes } from '../../base/bytes.ts';
import { CountersignError, NotFoundError, isErrorWithCode } from '../../base/errors.ts';
import { hashOf } from '../../crypto/hash.ts';
import { keepObjects } from '../../storage/kept-objects.ts';
import type { ObjectStore } from '../../storage/object-store.ts';

export interface IssuerShelf {
  /** Durable when it resolves, so that no entry names what is not there. Returns the hashes, in their order. */
  readonly keep: (issuers: readonly Uint8Array[]) => Promise<readonly Uint8Array[]>;
  /** DER. Throws LOG_ENTRY_ABSENT, STORE_FAILED when it is not what it should be. */
  readonly read: (sha256: Uint8Array) => Promise<Uint8Array>;
  /** As `read`, of one that an entry names: throws LOG_DAMAGED when it is not there. */
  readonly readNamed: (sha256: Uint8Array) => Promise<Uint8Array>;
}

const FOLDER = 'ctlog/issuer';
/** Certificates held in memory. A stack's authorities have a few; more are read from the store each time. */
const HELD = 100;

export function openIssuerShelf(objects: ObjectStore): IssuerShelf {
  const held = new Map<string, Uint8Array>();
  const hold = (hex: string, der: Uint8Array): void => {
    if (held.size < HELD) held.set(hex, der);
  };
  const read = async (sha256: Uint8Array): Promise<Uint8Array> => {
    const hex = hexOf(sha256);
    const der = held.get(hex) ?? (await objects.read(keyOf(hex)))?.bytes;
    if (der === undefined) throw new NotFoundError('LOG_ENTRY_ABSENT', `the log knows no issuer ${hex}`);
    if (!isSameBytes(hashOf('sha256', der), sha256)) {
      throw new CountersignError('STORE_FAILED', `the store gives other bytes for the issuer ${hex}`);
    }
    hold(hex, der);
    return der;
  };
  return {
    keep: async (issuers) => {
      const named = issuers.map((der) => ({ der, sha256: hashOf('sha256', der) }));
      const added = named.filter(({ sha256 }) => !held.has(hexOf(sha256)));
      if (added.length > 0) {
        await keepObjects(
          objects,
          added.map(({ der, sha256 }) => ({ key: keyOf(hexOf(sha256)), bytes: der })),
        );
        for (const { der, sha256 } of added) hold(hexOf(sha256), der);
      }
      return named.map(({ sha256 }) => sha256);
    },
    read,
    readNamed: async (sha256) => {
      try {
        return await read(sha256);
      } catch (cause) {
        if (!isErrorWithCode(cause, 'LOG_ENTRY_ABSENT')) throw cause;
        throw new CountersignError('LOG_DAMAGED', `an issuer is lost: ${cause.message}`, { cause });
      }
    },
  };
}

function keyOf(hex: string): string {
  return `${FOLDER}/${hex}`;
}
