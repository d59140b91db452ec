/** What a stack's log begins with: the first root of its TUF repository, signed by the root key. It ties the log to those who
 *  tell clients to trust it. And nobody's signature gets index 0: cosign and its kin leave zeroes and empty proofs out of the
 *  bundles that they write, and cosign 2.5 and sigstore-python take such a bundle for a broken one. */

import { base64Of, utf8Of } from '../../base/bytes.ts';
import { sha256HexOf } from '../../crypto/hash.ts';
import { publicKeyPemOf } from '../../crypto/public-key.ts';
import type { Signer } from '../../crypto/signer.ts';
import { parseProposedEntry } from '../../formats/rekor/proposed-entry.ts';
import { requireCanonicalEntry, submissionOf } from '../rekor/add-entry.ts';
import type { TileLog } from '../tiles/tile-log.ts';

/** Throws what the log throws. */
export async function logFirstEntry(log: TileLog, tufRoot: Uint8Array, rootSigner: Signer): Promise<void> {
  const proposed = parseProposedEntry({
    apiVersion: '0.0.1',
    kind: 'hashedrekord',
    spec: {
      data: { hash: { algorithm: 'sha256', value: sha256HexOf(tufRoot) } },
      signature: {
        content: base64Of(await rootSigner.sign(tufRoot)),
        publicKey: { content: base64Of(utf8Of(publicKeyPemOf(rootSigner.publicKey))) },
      },
    },
  });
  await log.add(submissionOf(await requireCanonicalEntry(proposed)));
}
