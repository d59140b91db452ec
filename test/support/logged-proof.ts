/** Proofs as they stand before the log step: a signature of a virtual key, with entries of virtual logs. */

import type { HashName } from '../../src/crypto/hash.ts';
import { verifyingSchemesOf } from '../../src/crypto/key-algorithm.ts';
import { parsePublicKey } from '../../src/crypto/public-key.ts';
import { preAuthEncodingOf } from '../../src/formats/dsse/envelope.ts';
import type { SignedContent } from '../../src/formats/signed-entity.ts';
import { decodeLogEntry } from '../../src/formats/tlog/log-entry.ts';
import type { SignaturePolicy } from '../../src/verify/policy.ts';
import type { Proof } from '../../src/verify/proof.ts';
import type { TrustedLogKey } from '../../src/verify/trust-material.ts';
import { envelopeTextOf } from './virtual-sigstore/entry-body.ts';
import type { Logged } from './virtual-sigstore/entry-body.ts';
import { createVirtualKey, signBytes } from './virtual-sigstore/virtual-key.ts';
import { logSignature } from './virtual-sigstore/virtual-log.ts';
import type { EntryJson, EntryRequest, VirtualLog } from './virtual-sigstore/virtual-log.ts';

export const signedAt: Date = new Date('2026-03-01T12:00:00Z');

const signer = createVirtualKey();

/** What a client would log for a signature over a file, or over an envelope with this payload. */
export function createLogged(kind: 'message' | 'dsse', text = 'signed', hash: HashName = 'sha256'): Logged {
  const payload = Buffer.from(text);
  const message = kind === 'message' ? payload : Buffer.from(preAuthEncodingOf('text/plain', payload));
  return {
    signature: signBytes(signer, message),
    verifier: { kind: 'public-key', der: signer.spki },
    keyDetails: 'PKIX_ECDSA_P256_SHA_256',
    hash,
    message,
    ...(kind === 'dsse' && { envelope: { payloadType: 'text/plain', payload } }),
  };
}

/** Has the signature logged; what the request changes is an attack. */
export function entryOf(logged: Logged, request: EntryRequest): EntryJson {
  return logSignature(request, logged, signedAt);
}

export function trustedLogOf(log: VirtualLog, parts: Partial<TrustedLogKey> = {}): TrustedLogKey {
  const key = parsePublicKey(log.key.spki);
  const [scheme] = verifyingSchemesOf(key.algorithm);
  if (scheme === undefined) {
    throw new Error('a key that signs by no scheme');
  }
  return {
    baseUrl: log.baseUrl,
    logId: log.logId,
    logIdHex: log.logId.toString('hex'),
    keyHint: log.logId.subarray(0, 4),
    key,
    scheme,
    validFor: { start: new Date('2026-01-01T00:00:00Z') },
    ...parts,
  };
}

export interface ProofParts {
  readonly logged: Logged;
  readonly entries: readonly EntryJson[];
  readonly logs: readonly TrustedLogKey[];
  readonly policy?: Partial<SignaturePolicy>;
  readonly logEvidence?: 'promise' | 'proof';
  /** The envelope's bytes are at hand, as in a legacy attestation. */
  readonly hasEnvelope?: boolean;
}

/** The proof after the signature step, with the evidence of new bundles unless told otherwise. */
export function proofOf(parts: ProofParts): Proof {
  const { logged, entries, logs, policy = {}, logEvidence = 'proof' } = parts;
  const key = parsePublicKey(signer.spki);
  return {
    entity: {
      form: 'bundle',
      origin: 'test',
      content: contentOf(logged, parts.hasEnvelope === true),
      signature: logged.signature,
      signer: { kind: 'public-key', hint: '' },
      logEntries: entries.map((entry) => decodeLogEntry(entry, '$')),
      logEvidence,
      timestamps: [],
    },
    policy: {
      signer: { kind: 'keys', keys: [key] },
      trust: { authorities: [], logs, ctLogs: [], timestampAuthorities: [] },
      log: { kind: 'required', threshold: 1 },
      timestamps: { kind: 'if-present' },
      now: new Date('2026-03-01T13:00:00Z'),
      ...policy,
    },
    signed: { kind: 'bytes', bytes: logged.message },
    checks: [],
    signedBy: { key, scheme: 'ECDSA P-256 with SHA-256' },
    entries: [],
    times: [],
  };
}

function contentOf(logged: Logged, hasEnvelope: boolean): SignedContent {
  return logged.envelope === undefined
    ? { kind: 'message' }
    : { kind: 'dsse', ...logged.envelope, ...(hasEnvelope && { envelope: Buffer.from(envelopeTextOf(logged)) }) };
}
