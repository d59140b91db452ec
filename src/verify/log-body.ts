/** Whether what a log took is this very signature: it, its signer and what it covers. An entry about something else proves
 *  nothing, however well it is logged (CVE-2022-23649, CVE-2022-36056, CVE-2026-22703). */

import { hexOf, isSameBytes } from '../base/bytes.ts';
import { CountersignError, isErrorWithCode } from '../base/errors.ts';
import { hashOf, sha256HexOf } from '../crypto/hash.ts';
import type { HashName } from '../crypto/hash.ts';
import { parseEntryBody } from '../formats/rekor/entry-body.ts';
import type { EntryBody, LoggedDigest, LoggedSigner } from '../formats/rekor/entry-body.ts';
import type { LogEntry } from '../formats/tlog/log-entry.ts';
import type { Proof, SignedBytes } from './proof.ts';
import { failed, passed } from './shared-steps.ts';
import type { Check } from './verdict.ts';

/** A hash of the bytes that the signature covers; undefined when it is not known. */
export type SignedHash = (name: HashName) => Uint8Array | undefined;

const TITLE = 'The log entry is about this signature';

/** Remembers the hashes: many entries may ask for them. */
export function signedHashOf(signed: SignedBytes): SignedHash {
  if (signed.kind === 'hashes') {
    return (name) => signed.hashes[name];
  }
  const known = new Map<HashName, Uint8Array>();
  return (name) => {
    const value = known.get(name) ?? hashOf(name, signed.bytes);
    known.set(name, value);
    return value;
  };
}

/** Compares a body with the proof's entity. `log.entry` when it is of a kind that is not read, else `log.body`. */
export function checkLogBody(proof: Proof, entry: LogEntry, signedHash: SignedHash): Check {
  let body: EntryBody;
  try {
    body = parseEntryBody(entry);
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error;
    const step = isErrorWithCode(error, 'LOG_ENTRY_UNSUPPORTED') ? 'log.entry' : 'log.body';
    return failed(step, TITLE, { expected: 'a body that can be read', seen: error.message });
  }
  const mismatch =
    signatureMismatch(proof, body) ??
    body.digests.map((digest) => digestMismatch(proof, digest, signedHash)).find((each) => each !== undefined);
  return mismatch ?? passed('log.body', TITLE, { seen: `${entry.kind} ${entry.version}` });
}

/** One of the logged signatures must be this one, and by this signer. */
function signatureMismatch({ entity, certificate, signedBy }: Proof, { signatures }: EntryBody): Check | undefined {
  const isWhole = entity.content.kind === 'dsse' && entity.content.envelope !== undefined;
  const same = signatures.filter(({ signature }) =>
    // Without a signature (intoto 0.0.1) only the hash of the whole envelope says which one it was.
    signature === undefined ? isWhole : isSameBytes(signature, entity.signature),
  );
  if (same.length === 0) {
    const seen = signatures.map(({ signature }) => (signature === undefined ? 'none' : signatureNameOf(signature)));
    return mismatchOf(signatureNameOf(entity.signature), listOf(seen));
  }
  // Who signed is unknown only where an earlier step failed, or where nobody asked.
  const signer: LoggedSigner | undefined =
    certificate !== undefined
      ? { kind: 'certificate', der: certificate.der }
      : signedBy && { kind: 'public-key', der: signedBy.key.spki };
  const isBySigner = same.some(
    (logged) =>
      signer === undefined || (logged.signer.kind === signer.kind && isSameBytes(logged.signer.der, signer.der)),
  );
  return isBySigner || signer === undefined
    ? undefined
    : mismatchOf(signerNameOf(signer), listOf(same.map((logged) => signerNameOf(logged.signer))));
}

function digestMismatch({ entity, signed }: Proof, logged: LoggedDigest, signedHash: SignedHash): Check | undefined {
  const { content } = entity;
  if (logged.of === 'payload' || logged.of === 'envelope') {
    if (content.kind !== 'dsse') {
      return mismatchOf('an entry about a signed message', 'an entry about an envelope');
    }
    // A bundle keeps the envelope's parts, not its bytes; the parts are compared one by one.
    const bytes = logged.of === 'payload' ? content.payload : content.envelope;
    return bytes && compare(hashOf(logged.hash, bytes), logged);
  }
  if (logged.of === 'message' && content.kind === 'dsse') {
    return mismatchOf('an entry about an envelope', 'an entry about a signed message');
  }
  const actual = signedHash(logged.hash);
  return actual === undefined ? needsHash(logged.hash, signed) : compare(actual, logged);
}

function compare(actual: Uint8Array, { hash, value, of }: LoggedDigest): Check | undefined {
  return isSameBytes(actual, value)
    ? undefined
    : mismatchOf(`${of} ${hash}:${hexOf(actual)}`, `${of} ${hash}:${hexOf(value)}`);
}

function mismatchOf(expected: string, seen: string): Check {
  return failed('log.body', TITLE, {
    expected,
    seen,
    next: 'The entry belongs to another signature: ask the signer to sign again.',
  });
}

function needsHash(hash: HashName, signed: SignedBytes): Check {
  const known = signed.kind === 'hashes' ? Object.keys(signed.hashes) : [];
  return {
    step: 'log.body',
    title: TITLE,
    status: 'unknown',
    note: `the log entry holds a ${hash} of the file, which is not known${known.length === 0 ? '' : `, only ${known.join(', ')}`}`,
    next: 'Give the file instead of its digest.',
  };
}

function signatureNameOf(signature: Uint8Array): string {
  return `signature sha256:${sha256HexOf(signature)}`;
}

function signerNameOf({ kind, der }: LoggedSigner): string {
  return `${kind === 'certificate' ? 'certificate' : 'key'} sha256:${sha256HexOf(der)}`;
}

function listOf(names: readonly string[]): string {
  return names.slice(0, 3).join(', ');
}
