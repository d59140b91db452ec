/** Accepted attestations as cosign's `verify-attestation` prints them. */

import { parseUtf8 } from '../base/bytes.ts';
import { sha256HexOf } from '../crypto/hash.ts';
import { envelopeJsonOf } from '../formats/dsse/envelope.ts';
import type { SignedEntity } from '../formats/signed-entity.ts';
import { signerIdOf } from '../verify/threshold.ts';
import { oneLineOf } from './download-signatures.ts';
import type { ImageReport } from './verify-report.ts';

/** The envelopes as JSON, one line each, without line feeds: a legacy one byte for byte as it is stored, that of a bundle
 *  as cosign 3 writes it. What one signer attested in both forms is there once, as the legacy one. */
export function envelopeLinesOf({ signatures }: ImageReport): readonly string[] {
  const accepted = signatures.flatMap(({ form, verdict, entity }) =>
    verdict.status === 'verified' && entity?.content.kind === 'dsse'
      ? [{ form, entity, id: `${signerIdOf(verdict.evidence.signer)} ${sha256HexOf(entity.content.payload)}` }]
      : [],
  );
  const legacy = new Set(accepted.filter(({ form }) => form === 'legacy').map(({ id }) => id));
  return accepted
    .filter(({ form, id }) => form === 'legacy' || !legacy.has(id))
    .map(({ entity }) => envelopeLineOf(entity));
}

function envelopeLineOf({ content, signature }: SignedEntity): string {
  if (content.kind !== 'dsse') {
    throw new TypeError('an accepted attestation without an envelope');
  }
  return content.envelope === undefined
    ? JSON.stringify(envelopeJsonOf({ ...content, signatures: [signature] }))
    : oneLineOf(parseUtf8(content.envelope));
}
