/** Bodies of Rekor's log entries. Every kind becomes one shape: which signatures were logged, by whom, over what.
 *  @source sigstore/rekor pkg/types; sigstore/rekor-tiles api/proto/rekor/v2/entry.proto */

import { decodeArray, decodeDocument, decodeLiteral, decodeObject, decodeString, optional } from '../../base/decode.ts';
import type { Decoded, Decoder } from '../../base/decode.ts';
import { InputError } from '../../base/errors.ts';
import { parseJson } from '../../base/json.ts';
import type { JsonValue } from '../../base/json.ts';
import { limits } from '../../base/limits.ts';
import { parsePemBlocks } from '../../crypto/pem.ts';
import { decodeHashOutput } from '../hash-output.ts';
import type { HashOutput } from '../hash-output.ts';
import { decodeBytes, decodeMessage } from '../proto-json.ts';
import type { LogEntry } from '../tlog/log-entry.ts';
import { decodeHexHash, decodeTwice } from './entry-field.ts';

/** Who is said to have signed. */
export interface LoggedSigner {
  readonly kind: 'certificate' | 'public-key';
  /** Certificate, or SubjectPublicKeyInfo. */
  readonly der: Uint8Array;
}

export interface LoggedSignature {
  readonly signer: LoggedSigner;
  /** Undefined in intoto 0.0.1, which keeps none. */
  readonly signature: Uint8Array | undefined;
}

export interface LoggedDigest extends HashOutput {
  /** `message`: of a message that is signed as it is. `signed-bytes`: of the bytes that the signature covers, which are
   *  an envelope's pre-authentication encoding where there is one. `payload` and `envelope`: of an envelope's payload,
   *  and of the envelope as it was sent to the log. */
  readonly of: 'message' | 'signed-bytes' | 'payload' | 'envelope';
}

export interface EntryBody {
  /** At least one. */
  readonly signatures: readonly LoggedSignature[];
  /** At least one. */
  readonly digests: readonly LoggedDigest[];
}

const WHAT = 'body of the log entry';
const PUBLIC_KEY = 'PUBLIC KEY';
const CERTIFICATE = 'CERTIFICATE';

/** Reads the body of an entry, whose kind and version must be the body's own.
 *  Throws LOG_ENTRY_UNSUPPORTED, LOG_ENTRY_MALFORMED, JSON_MALFORMED, JSON_SHAPE, BASE64_MALFORMED, PEM_MALFORMED and what
 *  else the parts of a document throw. */
export function parseEntryBody({ body, kind, version }: Pick<LogEntry, 'body' | 'kind' | 'version'>): EntryBody {
  const name = `${kind}/${version}`;
  const decode = bodyDecoders.get(name);
  if (decode === undefined) {
    throw new InputError('LOG_ENTRY_UNSUPPORTED', `log entry of the kind ${JSON.stringify(name.slice(0, 100))}`);
  }
  return decodeDocument(parseBodyJson(body), decode, WHAT).spec;
}

/** What kind of entry a body says it is. Throws as `parseEntryBody`. */
export function parseEntryKind(body: Uint8Array): { readonly kind: string; readonly version: string } {
  const { kind, apiVersion } = decodeDocument(parseBodyJson(body), decodeKind, WHAT);
  return { kind, version: apiVersion };
}

const decodeKind = decodeObject({ kind: decodeString, apiVersion: decodeString });

function parseBodyJson(body: Uint8Array): JsonValue {
  return parseJson(body, { what: WHAT, maxBytes: limits.bundleBytes });
}

// Rekor v1: hashes in hexadecimal, keys and certificates as base64 of PEM.

const decodePemSigner: Decoder<LoggedSigner> = (value, path) => {
  const blocks = parsePemBlocks(decodeBytes(value, path));
  const [first, ...others] = blocks;
  // A certificate may come with those that issued it; a key comes alone.
  const isChain = blocks.length <= limits.chainCertificates && blocks.every(({ label }) => label === CERTIFICATE);
  if (first === undefined || !(isChain || (first.label === PUBLIC_KEY && others.length === 0))) {
    throw malformed('the signer is neither a public key nor a certificate');
  }
  return { kind: isChain ? 'certificate' : 'public-key', der: first.bytes };
};

const decodeHashedRekordV1 = decodeObject({
  data: decodeObject({ hash: decodeHexHash }),
  signature: decodeObject({ content: decodeBytes, publicKey: decodeObject({ content: decodePemSigner }) }),
});

const decodeRekord = decodeObject({
  data: decodeObject({ hash: decodeHexHash }),
  signature: decodeObject({
    // The other formats (PGP, minisign, SSH) sign in their own ways.
    format: decodeLiteral('x509'),
    content: decodeBytes,
    publicKey: decodeObject({ content: decodePemSigner }),
  }),
});

const decodeDsseV1 = decodeObject({
  envelopeHash: decodeHexHash,
  payloadHash: decodeHexHash,
  signatures: decodeArray(decodeObject({ signature: decodeBytes, verifier: decodePemSigner })),
});

const decodeIntotoV1 = decodeObject({
  content: decodeObject({ hash: decodeHexHash, payloadHash: optional(decodeHexHash) }),
  publicKey: decodePemSigner,
});

const decodeIntotoV2 = decodeObject({
  content: decodeObject({
    payloadHash: decodeHexHash,
    envelope: decodeObject({
      signatures: decodeArray(decodeObject({ sig: decodeTwice, publicKey: decodePemSigner })),
    }),
  }),
});

// Rekor v2: protocol buffers as JSON.

const decodeRawBytes = decodeMessage({ rawBytes: decodeBytes });
const decodeVerifierMembers = decodeMessage({
  publicKey: optional(decodeRawBytes),
  x509Certificate: optional(decodeRawBytes),
  keyDetails: decodeString,
});
const decodeVerifier: Decoder<LoggedSigner> = (value, path) => {
  const { publicKey, x509Certificate } = decodeVerifierMembers(value, path);
  if (publicKey !== undefined && x509Certificate === undefined) {
    return { kind: 'public-key', der: publicKey.rawBytes };
  }
  if (x509Certificate !== undefined && publicKey === undefined) {
    return { kind: 'certificate', der: x509Certificate.rawBytes };
  }
  throw malformed('expected either a public key or a certificate');
};
const decodeSignature = decodeMessage({ content: decodeBytes, verifier: decodeVerifier });

const decodeHashedRekordV2 = decodeMessage({
  hashedRekordV002: decodeMessage({ data: decodeHashOutput, signature: decodeSignature }),
});
const decodeDsseV2 = decodeMessage({
  dsseV002: decodeMessage({ payloadHash: decodeHashOutput, signatures: decodeArray(decodeSignature) }),
});

/** By kind and version. */
const specDecoders: Readonly<Record<string, Decoder<EntryBody>>> = {
  'hashedrekord/0.0.1': (spec, path) => {
    const { data, signature } = decodeHashedRekordV1(spec, path);
    return {
      signatures: [{ signer: signature.publicKey.content, signature: signature.content }],
      digests: [{ of: 'message', ...data.hash }],
    };
  },
  'hashedrekord/0.0.2': (spec, path) => {
    const { data, signature } = decodeHashedRekordV2(spec, path).hashedRekordV002;
    return { signatures: [loggedSignatureOf(signature)], digests: [{ of: 'signed-bytes', ...data }] };
  },
  'dsse/0.0.1': (spec, path) => {
    const { envelopeHash, payloadHash, signatures } = decodeDsseV1(spec, path);
    return {
      signatures: requireSome(signatures.map(({ signature, verifier }) => ({ signer: verifier, signature }))),
      digests: [
        { of: 'payload', ...payloadHash },
        { of: 'envelope', ...envelopeHash },
      ],
    };
  },
  'dsse/0.0.2': (spec, path) => {
    const { payloadHash, signatures } = decodeDsseV2(spec, path).dsseV002;
    return {
      signatures: requireSome(signatures.map(loggedSignatureOf)),
      digests: [{ of: 'payload', ...payloadHash }],
    };
  },
  'intoto/0.0.1': (spec, path) => {
    const { content, publicKey } = decodeIntotoV1(spec, path);
    return {
      signatures: [{ signer: publicKey, signature: undefined }],
      digests: [
        { of: 'envelope', ...content.hash },
        ...(content.payloadHash === undefined ? [] : [{ of: 'payload' as const, ...content.payloadHash }]),
      ],
    };
  },
  'intoto/0.0.2': (spec, path) => {
    const { envelope, payloadHash } = decodeIntotoV2(spec, path).content;
    return {
      signatures: requireSome(envelope.signatures.map(({ sig, publicKey }) => ({ signer: publicKey, signature: sig }))),
      digests: [{ of: 'payload', ...payloadHash }],
    };
  },
  'rekord/0.0.1': (spec, path) => {
    const { data, signature } = decodeRekord(spec, path);
    return {
      signatures: [{ signer: signature.publicKey.content, signature: signature.content }],
      digests: [{ of: 'message', ...data.hash }],
    };
  },
};

const bodyDecoders = new Map(
  Object.entries(specDecoders).map(([name, spec]) => {
    const [kind = '', version = ''] = name.split('/');
    return [name, decodeObject({ apiVersion: decodeLiteral(version), kind: decodeLiteral(kind), spec })];
  }),
);

function loggedSignatureOf({ content, verifier }: Decoded<typeof decodeSignature>): LoggedSignature {
  return { signer: verifier, signature: content };
}

function requireSome(signatures: readonly LoggedSignature[]): readonly LoggedSignature[] {
  if (signatures.length === 0) {
    throw malformed('no signature');
  }
  return signatures;
}

function malformed(why: string): InputError {
  return new InputError('LOG_ENTRY_MALFORMED', `${WHAT}: ${why}`);
}
