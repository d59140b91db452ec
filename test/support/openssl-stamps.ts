/** Timestamps that OpenSSL made: see test/vectors/openssl-ts/make.sh. */

import { readFileSync } from 'node:fs';

import type { TimestampAuthority } from '../../src/verify/trust-material.ts';
import { timestampAuthorityOf } from '../../src/verify/authority.ts';

/** `signature.bin`, `p256.tsr`, `root.der`. */
export function readOpenSslFile(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`../vectors/openssl-ts/${name}`, import.meta.url)));
}

/** The one authority there is; its leaf (`p256`, `p384`, `rsa`) is in the trusted root, or has to come with the stamp. */
export function openSslAuthority(leaf?: string): TimestampAuthority {
  const root = readOpenSslFile('root.der');
  return timestampAuthorityOf({
    uri: 'https://tsa.openssl.test',
    chain: leaf === undefined ? [root] : [readOpenSslFile(`${leaf}.der`), root],
    validFor: { start: new Date('2020-01-01T00:00:00Z') },
  });
}
