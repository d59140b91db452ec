/** What a log gives beside a leaf: the certificates that it was submitted with. @source RFC 6962 sections 3.1 and 4.6 */

import { concatBytes } from '../../base/bytes.ts';
import { vectorOf } from './tls-writer.ts';

/** PrecertChainEntry where there is a precertificate, otherwise the chain of an X509ChainEntry. Issuers as DER, the one of
 *  the certificate first. */
export function encodeExtraData(precertificate: Uint8Array | undefined, issuers: readonly Uint8Array[]): Uint8Array {
  const chain = vectorOf(3, ...issuers.map((der) => vectorOf(3, der)));
  return precertificate === undefined ? chain : concatBytes([vectorOf(3, precertificate), chain]);
}
