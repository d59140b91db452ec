/** How entries of Rekor v1 are named: 16 hexadecimal digits of the tree's id and 64 of the leaf's hash.
 *  @source sigstore/rekor pkg/sharding */

import { hexOf, parseHex } from '../../base/bytes.ts';
import { InputError, NotFoundError } from '../../base/errors.ts';

const UUID = /^(?<tree>[0-9a-f]{16})?(?<leaf>[0-9a-f]{64})$/i;

export function entryUuidOf(treeId: bigint, leafHash: Uint8Array): string {
  return `${treeId.toString(16).padStart(16, '0')}${hexOf(leafHash)}`;
}

/** The leaf's hash that a name stands for, with or without the id of the tree. Throws REQUEST_PARAMETER_MALFORMED, and
 *  LOG_ENTRY_ABSENT for a name that is of another tree. */
export function parseEntryUuid(uuid: string, treeId: bigint): Uint8Array {
  const { tree, leaf } = UUID.exec(uuid)?.groups ?? {};
  if (leaf === undefined) {
    throw new InputError(
      'REQUEST_PARAMETER_MALFORMED',
      `expected the UUID of an entry, 64 or 80 hexadecimal digits, got ${JSON.stringify(uuid.slice(0, 100))}`,
    );
  }
  if (tree !== undefined && BigInt(`0x${tree}`) !== treeId) {
    throw new NotFoundError(
      'LOG_ENTRY_ABSENT',
      `the tree ${BigInt(`0x${tree}`)} is not in this log, which has ${treeId}`,
    );
  }
  return parseHex(leaf);
}
