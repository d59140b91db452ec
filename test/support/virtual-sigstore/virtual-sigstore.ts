/** A whole Sigstore in memory: authorities and logs that sign what they are asked to, and what was asked wrongly too. An
 *  attack is one changed member of a request. Made with node:crypto and a DER writer of its own. */

import { createAuthority, issueLeaf } from './virtual-authority.ts';
import type { LeafRequest, VirtualAuthority } from './virtual-authority.ts';
import { createCtLog } from './virtual-ct-log.ts';
import type { SctRequest, VirtualCtLog } from './virtual-ct-log.ts';
import type { Logged } from './entry-body.ts';
import { createVirtualKey, digestOf, hashNameOf, keyDetailsOf, naturalSchemeOf, signBytes } from './virtual-key.ts';
import type { HashName, KeyKind, SchemeName, VirtualKey } from './virtual-key.ts';
import { createVirtualLog, logSignature } from './virtual-log.ts';
import type { EntryJson, EntryRequest, VirtualLog } from './virtual-log.ts';
import { createTimestampAuthority, stampSignature } from './virtual-timestamp-authority.ts';
import type { TimestampRequest, VirtualTimestampAuthority } from './virtual-timestamp-authority.ts';
import { trustedRootOf } from './virtual-trusted-root.ts';
import type { TrustedRootJson } from './virtual-trusted-root.ts';

export interface VirtualSigstoreOptions {
  /** Part of each host name: give two of them different ones. */
  readonly name?: string;
  readonly now?: Date;
  readonly caKey?: KeyKind;
  readonly ctLogKey?: KeyKind;
  readonly isCtLogStatic?: boolean;
  readonly rekorV2Key?: KeyKind;
  readonly timestampKey?: KeyKind;
}

export interface VirtualSigstore {
  readonly now: Date;
  readonly authority: VirtualAuthority;
  readonly ctLog: VirtualCtLog;
  readonly rekorV1: VirtualLog;
  readonly rekorV2: VirtualLog;
  readonly timestampAuthority: VirtualTimestampAuthority;
  /** Fresh each time: tests change it. */
  readonly trustedRoot: () => TrustedRootJson;
  readonly sign: (request: SignRequest) => VirtualSignature;
}

export type Content =
  /** The signature covers these bytes: a file, or a simple-signing payload. */
  | { readonly artifact: Uint8Array }
  /** The signature covers an envelope. */
  | { readonly payload: Uint8Array; readonly payloadType?: string };

export interface SignRequest {
  readonly content: Content;
  /** By default a new P-256 key. */
  readonly key?: VirtualKey;
  readonly scheme?: SchemeName;
  /** By default the Sigstore's own instant. */
  readonly at?: Date;
  /** `key`: a bundle without a certificate. */
  readonly signer?: 'certificate' | 'key';
  readonly certificate?: Partial<Omit<LeafRequest, 'spki'>> & {
    readonly authority?: VirtualAuthority;
    /** One that another authority issued for the key, DER. */
    readonly issued?: Uint8Array;
  };
  /** By default one entry in the log of version 1. */
  readonly entries?: readonly EntryRequest[];
  /** By default none. */
  readonly timestamps?: readonly TimestampRequest[];
  readonly bundleVersion?: '0.1' | '0.2' | '0.3';
  /** Makes the signature instead of the key that the bundle names. */
  readonly signingKey?: VirtualKey;
}

export interface VirtualSignature {
  readonly key: VirtualKey;
  readonly signature: Buffer;
  /** Leaf, DER; undefined for a signature by key. */
  readonly certificate: Buffer | undefined;
  readonly logged: Logged;
  /** Each time a fresh value: tests change it. */
  readonly bundle: () => BundleJson;
}

export interface BundleJson {
  mediaType: string;
  verificationMaterial: {
    certificate?: { rawBytes: string };
    x509CertificateChain?: { certificates: { rawBytes: string }[] };
    publicKey?: { hint: string };
    tlogEntries: EntryJson[];
    timestampVerificationData?: { rfc3161Timestamps: { signedTimestamp: string }[] };
  };
  messageSignature?: { messageDigest?: { algorithm: string; digest: string }; signature: string };
  dsseEnvelope?: { payload: string; payloadType: string; signatures: { sig: string; keyid?: string }[] };
}

const IN_TOTO_TYPE = 'application/vnd.in-toto+json';

export const USUAL_PREDICATE_TYPE = 'https://example.test/predicate';

export function createVirtualSigstore(options: VirtualSigstoreOptions = {}): VirtualSigstore {
  const { name = 'virtual', now = new Date('2026-03-01T12:00:00Z') } = options;
  const organization = `${name} sigstore`;
  const parts = {
    now,
    authority: createAuthority({
      uri: `https://ca.${name}.test`,
      organization,
      purpose: 'codeSigning',
      now,
      ...(options.caKey === undefined ? {} : { keyKind: options.caKey }),
    }),
    ctLog: createCtLog(`https://ct.${name}.test`, options.ctLogKey, options.isCtLogStatic),
    rekorV1: createVirtualLog({ version: 'v1', host: `rekor.${name}.test` }),
    rekorV2: createVirtualLog({
      version: 'v2',
      host: `log2026.${name}.test`,
      keyKind: options.rekorV2Key ?? 'ed25519',
    }),
    timestampAuthority: createTimestampAuthority({
      uri: `https://tsa.${name}.test/api/v1/timestamp`,
      organization,
      now,
      ...(options.timestampKey === undefined ? {} : { keyKind: options.timestampKey }),
    }),
  };
  return { ...parts, trustedRoot: () => trustedRootOf(parts), sign: (request) => signWith(parts, request) };
}

/** A statement about an artifact, for a request's `content`. */
export function statementOf(artifact: Uint8Array, predicateType = USUAL_PREDICATE_TYPE): Buffer {
  return Buffer.from(
    JSON.stringify({
      _type: 'https://in-toto.io/Statement/v1',
      subject: [{ name: 'artifact', digest: { sha256: digestOf('sha256', artifact).toString('hex') } }],
      predicateType,
      predicate: {},
    }),
  );
}

/** DSSE's pre-authentication encoding. */
function paeOf(payloadType: string, payload: Uint8Array): Buffer {
  const head = `DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${payload.length} `;
  return Buffer.concat([Buffer.from(head), payload]);
}

type Parts = Omit<VirtualSigstore, 'trustedRoot' | 'sign'>;

function signWith(sigstore: Parts, request: SignRequest): VirtualSignature {
  const { content, at = sigstore.now, key = createVirtualKey() } = request;
  const scheme = request.scheme ?? naturalSchemeOf(key);
  const envelope =
    'payload' in content
      ? { payload: Buffer.from(content.payload), payloadType: content.payloadType ?? IN_TOTO_TYPE }
      : undefined;
  const message =
    'artifact' in content ? Buffer.from(content.artifact) : paeOf(content.payloadType ?? IN_TOTO_TYPE, content.payload);
  // 1. The signature.
  const signature = signBytes(request.signingKey ?? key, message, scheme);
  // 2. The certificate, logged by the CT log.
  const certificate = request.signer === 'key' ? undefined : certify(sigstore, key, at, request.certificate);
  const logged: Logged = {
    signature,
    verifier:
      certificate === undefined ? { kind: 'public-key', der: key.spki } : { kind: 'certificate', der: certificate },
    keyDetails: keyDetailsOf(key, scheme),
    hash: hashNameOf(scheme),
    message,
    ...(envelope === undefined ? {} : { envelope }),
  };
  // 3. Entries and timestamps.
  const entries = (request.entries ?? [{ log: sigstore.rekorV1 }]).map((each) => logSignature(each, logged, at));
  const stamps = (request.timestamps ?? []).map((each) => stampSignature(each, signature, at));
  const bundle = bundleOf({ version: request.bundleVersion ?? '0.3', logged, entries, stamps, key });
  return { key, signature, certificate, logged, bundle: () => structuredClone(bundle) };
}

function certify(sigstore: Parts, key: VirtualKey, at: Date, request: SignRequest['certificate'] = {}): Buffer {
  const { authority = sigstore.authority, issued, ...leaf } = request;
  if (issued !== undefined) return Buffer.from(issued);
  const scts: readonly SctRequest[] = [{ log: sigstore.ctLog }];
  return issueLeaf(authority, { at, scts, ...leaf, spki: key.spki });
}

interface BundleParts {
  readonly version: '0.1' | '0.2' | '0.3';
  readonly logged: Logged;
  readonly entries: readonly EntryJson[];
  readonly stamps: readonly Buffer[];
  readonly key: VirtualKey;
}

function bundleOf({ version, logged, entries, stamps, key }: BundleParts): BundleJson {
  const { verifier, message, envelope } = logged;
  const rawBytes = verifier.der.toString('base64');
  const byCertificate =
    version === '0.3' ? { certificate: { rawBytes } } : { x509CertificateChain: { certificates: [{ rawBytes }] } };
  const byKey = { publicKey: { hint: digestOf('sha256', key.spki).toString('base64') } };
  const rfc3161Timestamps = stamps.map((stamp) => ({ signedTimestamp: stamp.toString('base64') }));
  const signature = logged.signature.toString('base64');
  return {
    mediaType:
      version === '0.3'
        ? 'application/vnd.dev.sigstore.bundle.v0.3+json'
        : `application/vnd.dev.sigstore.bundle+json;version=${version}`,
    verificationMaterial: {
      ...(verifier.kind === 'certificate' ? byCertificate : byKey),
      tlogEntries: [...entries],
      ...(stamps.length === 0 ? {} : { timestampVerificationData: { rfc3161Timestamps } }),
    },
    ...(envelope === undefined
      ? { messageSignature: { messageDigest: messageDigestOf(logged.hash, message), signature } }
      : {
          dsseEnvelope: {
            payload: envelope.payload.toString('base64'),
            payloadType: envelope.payloadType,
            signatures: [{ sig: signature }],
          },
        }),
  };
}

function messageDigestOf(hash: HashName, message: Buffer): { readonly algorithm: string; readonly digest: string } {
  return { algorithm: `SHA2_${hash.slice(3)}`, digest: digestOf(hash, message).toString('base64') };
}
