/** Entries that a log of Rekor v1 is asked to add. Each kind has its own file; here they become one shape: what has to
 *  be verified, and the canonical entry that follows. @source sigstore/rekor pkg/types */

import { decodeDocument, decodeObject, decodeString } from '../../base/decode.ts';
import type { Decoder } from '../../base/decode.ts';
import { InputError } from '../../base/errors.ts';
import type { JsonValue } from '../../base/json.ts';
import { decodeProposedDsse } from './dsse.ts';
import { decodeProposedHashedRekord } from './hashedrekord.ts';
import { decodeProposedIntotoV1 } from './intoto-v1.ts';
import { decodeProposedIntotoV2 } from './intoto-v2.ts';
import type { ProposedSpec } from './proposed-spec.ts';
import { decodeProposedRekord } from './rekord.ts';

export interface ProposedEntry extends ProposedSpec {
  /** "hashedrekord" */
  readonly kind: string;
}

const WHAT = 'proposed entry';

const decoders: ReadonlyMap<string, Decoder<ProposedSpec>> = new Map([
  ['hashedrekord 0.0.1', decodeProposedHashedRekord],
  ['dsse 0.0.1', decodeProposedDsse],
  ['intoto 0.0.1', decodeProposedIntotoV1],
  ['intoto 0.0.2', decodeProposedIntotoV2],
  ['rekord 0.0.1', decodeProposedRekord],
]);

const decodeMembers = decodeObject({ kind: decodeString, apiVersion: decodeString, spec: (value) => value });

/** Reads a request. Verifies nothing. Throws LOG_ENTRY_UNSUPPORTED, LOG_ENTRY_MALFORMED, JSON_SHAPE, BASE64_MALFORMED,
 *  HEX_MALFORMED, what `parseEntrySigner` throws, and for the envelope inside what `parseJson` throws. */
export function parseProposedEntry(document: JsonValue): ProposedEntry {
  const { kind, apiVersion, spec } = decodeDocument(document, decodeMembers, WHAT);
  const name = `${kind} ${apiVersion}`;
  const decode = decoders.get(name);
  if (decode === undefined) {
    const supported = [...decoders.keys()].join(', ');
    throw new InputError(
      'LOG_ENTRY_UNSUPPORTED',
      `unsupported kind ${JSON.stringify(name.slice(0, 100))}, supported are ${supported}`,
    );
  }
  return { kind, ...decode(spec, `${WHAT}: $.spec`) };
}
