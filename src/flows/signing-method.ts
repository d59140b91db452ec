/** How something is signed: by a key or with a certificate, entered into logs, stamped by authorities. Whatever it is that
 *  is signed, and in whichever form it is stored, its proofs come from here, and they are checked before they are given
 *  away: a signature that our own verifier would refuse is never stored. */

import { InputError, VerificationError } from '../base/errors.ts';
import { printableOf } from '../base/printable.ts';
import type { Runtime } from '../base/runtime.ts';
import { fetchLogEntry } from '../clients/rekor/entry.ts';
import { fetchTimestamp } from '../clients/timestamp/stamp.ts';
import { hashAlongside, hashOf } from '../crypto/hash.ts';
import { publicKeyPemOf } from '../crypto/public-key.ts';
import type { PublicKey } from '../crypto/public-key.ts';
import type { Message, Signer } from '../crypto/signer.ts';
import { encodeEnvelope, preAuthEncodingOf } from '../formats/dsse/envelope.ts';
import { keyMaterialOf } from '../formats/signature-material.ts';
import type { MaterialSigner, SignatureMaterial } from '../formats/signature-material.ts';
import type { SignedContent, SignedEntity } from '../formats/signed-entity.ts';
import type { LogEntry } from '../formats/tlog/log-entry.ts';
import { encodeCertificatePem } from '../formats/x509/certificate-pem.ts';
import { exactly, keyPolicyOf } from '../verify/policy.ts';
import type { SignaturePolicy } from '../verify/policy.ts';
import type { SignedBytes } from '../verify/proof.ts';
import { isDecisive } from '../verify/shared-steps.ts';
import { proveSignature } from '../verify/steps.ts';
import type { TrustMaterial } from '../verify/trust-material.ts';
import type { Check } from '../verify/verdict.ts';

/** What a signature is made with. */
export interface Credential {
  readonly signer: Signer;
  readonly holder: MaterialSigner;
  /** Whom the certificate names. */
  readonly names?: SignerName;
}

export interface SignerName {
  readonly subject: string;
  readonly issuer: string;
}

/** Who else takes part, and whose word on it is believed. */
export interface SigningServices {
  /** Each gets an entry of every signature. */
  readonly logs: readonly URL[];
  /** Each stamps every signature. Whole addresses. */
  readonly timestampAuthorities: readonly URL[];
  readonly trust: TrustMaterial;
}

/** What is signed: bytes of which a log sees the hash, or a typed payload in an envelope. */
export type Signable =
  | { readonly kind: 'message'; readonly message: Message }
  | { readonly kind: 'dsse'; readonly payloadType: string; readonly payload: Uint8Array };

/** A signature with its proofs, each of them checked. */
export interface ProvenSignature {
  readonly signature: Uint8Array;
  /** Of a message. */
  readonly sha256?: Uint8Array;
  /** The envelope as the logs took it. */
  readonly envelope?: Uint8Array;
  readonly material: SignatureMaterial;
}

export interface SigningMethod {
  /** The key, or the certificate's key. */
  readonly publicKey: PublicKey;
  readonly names?: SignerName;
  readonly services: SigningServices | undefined;
  /** Throws SIGNATURE_UNPROVEN, KEY_UNSUPPORTED, INPUT_TOO_LARGE and what the services' clients throw. */
  readonly sign: (content: Signable) => Promise<ProvenSignature>;
  /** Timestamps over other bytes. */
  readonly stamp: (bytes: Uint8Array) => Promise<readonly Uint8Array[]>;
  /** By which readers recognise what this method signs, at this instant. */
  readonly policy: (now: Date) => SignaturePolicy;
}

/** Signs with a key that nobody vouches for. */
export function keyMethodOf(signer: Signer): SigningMethod {
  const { publicKey } = signer;
  return {
    publicKey,
    services: undefined,
    sign: async (content) => {
      const { signature, sha256, envelope } = await signWith(signer, content);
      return {
        signature,
        material: keyMaterialOf(publicKey),
        ...(sha256 && { sha256 }),
        ...(envelope && { envelope }),
      };
    },
    stamp: async () => [],
    policy: () => keyPolicyOf([publicKey]),
  };
}

/** Signs with what `source` gives each time: a key, or a certificate while it lasts. Throws what `source` throws. */
export async function openSigningMethod(
  runtime: Runtime,
  source: () => Promise<Credential>,
  services: SigningServices,
): Promise<SigningMethod> {
  const first = await source();
  const { names } = first;
  const stamp = (bytes: Uint8Array): Promise<readonly Uint8Array[]> =>
    Promise.all(services.timestampAuthorities.map((authority) => fetchTimestamp(runtime, authority, bytes)));
  return {
    publicKey: first.signer.publicKey,
    ...(names === undefined ? {} : { names }),
    services,
    policy: (now) => policyOf(first, services, now),
    stamp,
    sign: async (content) => {
      const credential = await source();
      requireLoggable(credential.signer.publicKey, content, services);

      // 1. The signature.
      const signed = await signWith(credential.signer, content);

      // 2. Who says when: authorities and logs at the same time. One that fails, fails all.
      const [timestamps, logEntries] = await Promise.all([
        stamp(signed.signature),
        Promise.all(services.logs.map((log) => enter(runtime, log, credential.holder, signed))),
      ]);
      const material = { signer: credential.holder, timestamps, logEntries };

      // 3. All of it must convince us first: no proof of something else, no promise that does not hold.
      const fault = await faultOf(content, signed, material, policyOf(credential, services, runtime.now()));
      if (fault !== undefined) throw unproven(fault);
      const { signature, sha256, envelope } = signed;
      return { signature, material, ...(sha256 && { sha256 }), ...(envelope && { envelope }) };
    },
  };
}

/** SIGNATURE_UNPROVEN, to be thrown. */
export function unproven({ title, expected, seen, note }: Check): VerificationError {
  const facts = [expected && `expected ${expected}`, seen && `seen ${seen}`, note].filter((fact) => fact);
  const message = `the signature was made and does not verify: ${[title, ...facts].join(', ')}`;
  return new VerificationError('SIGNATURE_UNPROVEN', printableOf(message));
}

interface Signed {
  readonly signature: Uint8Array;
  readonly sha256?: Uint8Array;
  readonly envelope?: Uint8Array;
}

async function signWith(signer: Signer, content: Signable): Promise<Signed> {
  if (content.kind === 'dsse') {
    const { payloadType, payload } = content;
    const signature = await signer.sign(preAuthEncodingOf(payloadType, payload));
    return { signature, envelope: encodeEnvelope({ payloadType, payload, signatures: [signature] }) };
  }
  if (content.message instanceof Uint8Array) {
    return { signature: await signer.sign(content.message), sha256: hashOf('sha256', content.message) };
  }
  const { chunks, sha256 } = hashAlongside(content.message);
  const signature = await signer.sign(chunks);
  return { signature, sha256: sha256() };
}

async function enter(runtime: Runtime, log: URL, holder: MaterialSigner, signed: Signed): Promise<LogEntry> {
  const { signature, sha256, envelope } = signed;
  const signerPem = holder.kind === 'key' ? publicKeyPemOf(holder.key) : encodeCertificatePem(holder.chain[0]);
  const content =
    envelope === undefined
      ? ({ kind: 'hashedrekord', signature, sha256: sha256 ?? new Uint8Array() } as const)
      : ({ kind: 'dsse', envelope } as const);
  return fetchLogEntry(runtime, log, content, signerPem);
}

/** Logs and readers of hashes cannot check a signature over the bytes themselves. */
function requireLoggable({ algorithm }: PublicKey, content: Signable, { logs }: SigningServices): void {
  if (algorithm === 'ed25519' && content.kind === 'message' && logs.length > 0) {
    throw new InputError(
      'KEY_UNSUPPORTED',
      'Ed25519 signatures of files and .sig payloads cannot be entered into a log, which sees only a hash of what is signed',
      { hint: 'Use an ECDSA key, or sign without a log.' },
    );
  }
}

async function faultOf(
  content: Signable,
  { signature, sha256, envelope }: Signed,
  material: SignatureMaterial,
  policy: SignaturePolicy,
): Promise<Check | undefined> {
  const { signer } = material;
  const entity: SignedEntity = {
    form: 'bundle',
    origin: 'the signature just made',
    content: signedContentOf(content, envelope),
    signature,
    signer: signer.kind === 'key' ? { kind: 'none' } : signer,
    logEntries: material.logEntries,
    logEvidence: 'proof',
    timestamps: material.timestamps,
  };
  const { checks } = await proveSignature(entity, signedBytesOf(content, sha256), policy);
  return checks.find(isDecisive);
}

function signedContentOf(content: Signable, envelope: Uint8Array | undefined): SignedContent {
  if (content.kind === 'message') return { kind: 'message' };
  const { payloadType, payload } = content;
  return { kind: 'dsse', payloadType, payload, ...(envelope && { envelope }) };
}

function signedBytesOf(content: Signable, sha256: Uint8Array | undefined): SignedBytes {
  if (content.kind === 'dsse') return { kind: 'bytes', bytes: preAuthEncodingOf(content.payloadType, content.payload) };
  return content.message instanceof Uint8Array
    ? { kind: 'bytes', bytes: content.message }
    : { kind: 'hashes', hashes: sha256 === undefined ? {} : { sha256 } };
}

/** Every log and every authority that was asked must count. */
function policyOf(
  { signer: { publicKey }, names }: Credential,
  { logs, timestampAuthorities, trust }: SigningServices,
  now: Date,
): SignaturePolicy {
  const signer =
    names === undefined
      ? ({ kind: 'keys', keys: [publicKey] } as const)
      : ({
          kind: 'identities',
          identities: [{ subject: exactly(names.subject), issuer: exactly(names.issuer), extensions: {} }],
          sct: { kind: 'required' },
        } as const);
  return {
    signer,
    trust,
    log: logs.length === 0 ? { kind: 'ignored', by: 'no log is used' } : { kind: 'required', threshold: logs.length },
    timestamps:
      timestampAuthorities.length === 0
        ? { kind: 'if-present' }
        : { kind: 'required', threshold: timestampAuthorities.length },
    now,
  };
}
