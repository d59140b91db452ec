/** Canonical bodies of log entries, as Rekor writes them. @source sigstore/rekor pkg/types, sigstore/rekor-tiles */

import { digestOf, pemOf } from './virtual-key.ts';
import type { HashName } from './virtual-key.ts';

export type EntryKind =
  | 'hashedrekord/0.0.1'
  | 'hashedrekord/0.0.2'
  | 'dsse/0.0.1'
  | 'dsse/0.0.2'
  | 'intoto/0.0.1'
  | 'intoto/0.0.2'
  | 'rekord/0.0.1';

/** What a client sends to a log. */
export interface Logged {
  readonly signature: Buffer;
  readonly verifier: { readonly kind: 'certificate' | 'public-key'; readonly der: Buffer };
  /** "PKIX_ECDSA_P256_SHA_256" */
  readonly keyDetails: string;
  /** What the signature hashes with. */
  readonly hash: HashName;
  /** What the signature covers: the artifact, or the envelope's pre-authentication encoding. */
  readonly message: Buffer;
  readonly envelope?: { readonly payloadType: string; readonly payload: Buffer };
}

/** The body as a value: an attack may change it before it is logged. */
export type EntryBody = Record<string, unknown>;

export function entryBodyOf(entryKind: EntryKind, logged: Logged): EntryBody {
  const [kind = '', apiVersion = ''] = entryKind.split('/');
  return { apiVersion, kind, spec: specs[entryKind](logged) };
}

/** JSON with sorted members and no spaces. @source RFC 8785 */
export function canonicalJsonOf(value: unknown): string {
  return JSON.stringify(value, (_name, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}

/** The envelope's JSON as a client sends it to a log and stores it in legacy attestations. */
export function envelopeTextOf({ signature, envelope }: Pick<Logged, 'signature' | 'envelope'>): string {
  const { payloadType, payload } = requireEnvelope(envelope);
  const signatures = [{ keyid: '', sig: base64(signature) }];
  return JSON.stringify({ payloadType, payload: base64(payload), signatures });
}

const specs: Readonly<Record<EntryKind, (logged: Logged) => unknown>> = {
  'hashedrekord/0.0.1': (logged) => ({
    data: { hash: { algorithm: logged.hash, value: digestOf(logged.hash, logged.message).toString('hex') } },
    signature: { content: base64(logged.signature), publicKey: { content: verifierPemOf(logged) } },
  }),
  'hashedrekord/0.0.2': (logged) => ({
    hashedRekordV002: {
      data: { algorithm: protoHashOf(logged.hash), digest: base64(digestOf(logged.hash, logged.message)) },
      signature: { content: base64(logged.signature), verifier: verifierOf(logged) },
    },
  }),
  'dsse/0.0.1': (logged) => ({
    envelopeHash: sha256Of(Buffer.from(envelopeTextOf(logged))),
    payloadHash: sha256Of(requireEnvelope(logged.envelope).payload),
    signatures: [{ signature: base64(logged.signature), verifier: verifierPemOf(logged) }],
  }),
  'dsse/0.0.2': (logged) => ({
    dsseV002: {
      payloadHash: {
        algorithm: 'SHA2_256',
        digest: base64(digestOf('sha256', requireEnvelope(logged.envelope).payload)),
      },
      signatures: [{ content: base64(logged.signature), verifier: verifierOf(logged) }],
    },
  }),
  'intoto/0.0.1': (logged) => ({
    content: {
      hash: sha256Of(Buffer.from(envelopeTextOf(logged))),
      payloadHash: sha256Of(requireEnvelope(logged.envelope).payload),
    },
    publicKey: verifierPemOf(logged),
  }),
  'intoto/0.0.2': (logged) => ({
    content: {
      envelope: {
        payloadType: requireEnvelope(logged.envelope).payloadType,
        // Base64 of base64: so Rekor stores it.
        signatures: [{ publicKey: verifierPemOf(logged), sig: base64(Buffer.from(base64(logged.signature))) }],
      },
      hash: sha256Of(Buffer.from(envelopeTextOf(logged))),
      payloadHash: sha256Of(requireEnvelope(logged.envelope).payload),
    },
  }),
  'rekord/0.0.1': (logged) => ({
    data: { hash: sha256Of(logged.message) },
    signature: { content: base64(logged.signature), format: 'x509', publicKey: { content: verifierPemOf(logged) } },
  }),
};

function sha256Of(bytes: Buffer): { readonly algorithm: 'sha256'; readonly value: string } {
  return { algorithm: 'sha256', value: digestOf('sha256', bytes).toString('hex') };
}

function verifierPemOf({ verifier }: Logged): string {
  return base64(Buffer.from(pemOf(verifier.kind === 'certificate' ? 'CERTIFICATE' : 'PUBLIC KEY', verifier.der)));
}

function verifierOf({ verifier, keyDetails }: Logged): unknown {
  const rawBytes = base64(verifier.der);
  return verifier.kind === 'certificate'
    ? { keyDetails, x509Certificate: { rawBytes } }
    : { keyDetails, publicKey: { rawBytes } };
}

function protoHashOf(hash: HashName): string {
  return `SHA2_${hash.slice(3)}`;
}

function requireEnvelope(envelope: Logged['envelope']): NonNullable<Logged['envelope']> {
  if (envelope === undefined) {
    throw new Error('entries of this kind are about envelopes');
  }
  return envelope;
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64');
}
