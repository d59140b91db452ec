/** Everything that reads what a stranger wrote, each with documents to begin with. They are the same in every run, so that
 *  a seed finds again what it found. */

import { readFileSync } from 'node:fs';

import { bitString, boolean, integer, oid, sequence, setOf, tagged, utf8String } from '../support/der-writer.ts';
import { readVector } from '../support/vectors.ts';
import { entryBodyOf } from '../support/virtual-sigstore/entry-body.ts';
import type { EntryKind, Logged } from '../support/virtual-sigstore/entry-body.ts';
import { vectorDer, vectorNames } from '../support/x509-vectors.ts';
import { base64Of, parseBase64, utf8Of } from '../../src/base/bytes.ts';
import { decodeDocument } from '../../src/base/decode.ts';
import { parseJson } from '../../src/base/json.ts';
import { bitStringOf, countOf, instantOf, integerBytesOf, oidOf, textOf } from '../../src/crypto/der-values.ts';
import { childrenOf, derTags, parseDer } from '../../src/crypto/der.ts';
import type { DerElement } from '../../src/crypto/der.ts';
import { parsePemBlocks } from '../../src/crypto/pem.ts';
import { parsePublicKey } from '../../src/crypto/public-key.ts';
import { parseBundle } from '../../src/formats/bundle/bundle.ts';
import { parseBlobAttestation } from '../../src/formats/cosign/attestation-layer.ts';
import { parseBlobBundle } from '../../src/formats/cosign/blob-bundle.ts';
import { layerAnnotations } from '../../src/formats/cosign/layer-annotation.ts';
import { signedEntityOfLayer } from '../../src/formats/cosign/signature-layer.ts';
import { parseSimpleSigning } from '../../src/formats/cosign/simple-signing.ts';
import { parseSctList, sctsOf } from '../../src/formats/ct/sct-list.ts';
import { parseSubmission } from '../../src/formats/ct/submission.ts';
import { cutTileLeaves, encodeTileLeaf } from '../../src/formats/ct/tile-leaf.ts';
import { encodeTimestampedEntry } from '../../src/formats/ct/timestamped-entry.ts';
import { vectorOf } from '../../src/formats/ct/tls-writer.ts';
import { decodeEnvelope } from '../../src/formats/dsse/envelope.ts';
import { parseLegacySigningRequest, parseSigningRequest } from '../../src/formats/fulcio/signing-request.ts';
import { parseStatement } from '../../src/formats/intoto/statement.ts';
import { digestOf } from '../../src/formats/oci/digest.ts';
import { parseManifest } from '../../src/formats/oci/manifest.ts';
import { mediaTypes } from '../../src/formats/oci/media-type.ts';
import { parseReference } from '../../src/formats/oci/reference.ts';
import { parseEntryBody, parseEntryKind } from '../../src/formats/rekor/entry-body.ts';
import type { SignedEntity } from '../../src/formats/signed-entity.ts';
import { parseCheckpoint } from '../../src/formats/tlog/checkpoint.ts';
import { parseTrustedRoot } from '../../src/formats/trust/trusted-root.ts';
import {
  encodeImprint,
  parseTimestampRequest,
  parseTimestampRequestJson,
} from '../../src/formats/tsp/timestamp-request.ts';
import { parseTimestampResponse } from '../../src/formats/tsp/timestamp.ts';
import { parseCertificate } from '../../src/formats/x509/certificate.ts';
import { parseCertificateRequest } from '../../src/formats/x509/certificate-request.ts';
import { nameTextOf } from '../../src/formats/x509/distinguished-name.ts';
import { basicConstraintsOf, extendedKeyUsageOf, keyUsageOf } from '../../src/formats/x509/extensions.ts';
import { fulcioExtensionsOf } from '../../src/formats/x509/fulcio-extensions.ts';
import { constrainedNamesOf, nameConstraintsOf } from '../../src/formats/x509/name-constraints.ts';
import { subjectAlternativeNamesOf } from '../../src/formats/x509/subject-alternative-names.ts';
import { verifyAttestation } from '../../src/verify/attestation-signature.ts';
import { verifyBlobSignature } from '../../src/verify/blob-signature.ts';
import type { SignaturePolicy } from '../../src/verify/policy.ts';
import { requireUsable, trustMaterialOf } from '../../src/verify/root-material.ts';
import type { Verdict } from '../../src/verify/verdict.ts';

export interface FuzzTarget {
  readonly seeds: () => readonly Uint8Array[];
  /** Returns, or throws an error of the catalogue; whatever else it does is a fault. */
  readonly run: (bytes: Uint8Array) => unknown;
}

const decoder = new TextDecoder();
const stampVector = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../vectors/openssl-ts/${name}`, import.meta.url)));
const stamps = (): readonly Uint8Array[] => ['p256.tsr', 'rsa-embedded.tsr', 'p384-talkative.tsr'].map(stampVector);
const certificates = (): readonly Uint8Array[] => {
  const file = new URL('../vectors/fulcio/certificates.json', import.meta.url);
  const fulcio = JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, { readonly der: string }>>;
  return [...Object.values(fulcio).map(({ der }) => parseBase64(der)), ...vectorNames('').map(vectorDer)];
};

export const fuzzTargets: Readonly<Record<string, FuzzTarget>> = {
  der: { seeds: () => [...stamps(), ...certificates().slice(0, 6)], run: (bytes) => readElements(parseDer(bytes)) },
  pem: { seeds: () => ['keys/p384.pub', 'keys/cosign-3.key'].map(readVector), run: (bytes) => parsePemBlocks(bytes) },
  json: {
    seeds: () => [utf8Of('{"a":[1,-2.5e3,true,null,"\\u00e9\\"\\\\"],"b":{}}'), readVector('images/bundle.json')],
    run: (bytes) => parseJson(bytes, { what: 'document', maxBytes: bytes.length }),
  },
  dsse: {
    seeds: () => ['attestations/blob.2.envelope.json', 'attestations/legacy-3.envelope-0.json'].map(readVector),
    run: (bytes) => decodeDocument(parseJson(bytes, { what: 'envelope', maxBytes: bytes.length }), decodeEnvelope, ''),
  },
  checkpoint: { seeds: () => [utf8Of(checkpoint)], run: (bytes) => parseCheckpoint(decoder.decode(bytes)) },
  timestamp: { seeds: stamps, run: parseTimestampResponse },
  'timestamp-request': { seeds: () => [timestampRequest], run: parseTimestampRequest },
  'timestamp-request-json': { seeds: () => [utf8Of(timestampRequestJson)], run: parseTimestampRequestJson },
  reference: {
    seeds: () =>
      ['alpine', 'localhost:5000/a/b:v1', `ghcr.io/o/r:t@sha256:${'0a'.repeat(32)}`, '[::1]:80/x'].map(utf8Of),
    run: (bytes) => parseReference(decoder.decode(bytes)),
  },
  'entry-body': {
    seeds: () => entryKinds.map(bodyOf),
    run: (bytes) => parseEntryBody({ body: bytes, ...parseEntryKind(bytes) }),
  },
  'trusted-root': { seeds: () => [trustedRoot], run: (bytes) => requireUsable(parseTrustedRoot(bytes)) },
  'sct-list': { seeds: () => [sctList], run: parseSctList },
  'ct-tile': { seeds: () => [tile], run: cutTileLeaves },
  'ct-submission': { seeds: () => [utf8Of('{"chain":["MAA=","MAA="]}')], run: parseSubmission },
  certificate: { seeds: certificates, run: readCertificate },
  'certificate-request': { seeds: () => [certificateRequest], run: parseCertificateRequest },
  'signing-request': {
    seeds: () => [utf8Of(JSON.stringify(signingRequest)), utf8Of(JSON.stringify(legacySigningRequest))],
    run: (bytes) => [parseSigningRequest(bytes), parseLegacySigningRequest(bytes)],
  },
  'public-key': {
    seeds: () => ['p384', 'rsa2048', 'ed25519'].map((name) => readVector(`keys/${name}.pub`)),
    run: parsePublicKey,
  },
  bundle: { seeds: bundles, run: (bytes) => parseBundle(bytes, '') },
  'blob-bundle': {
    seeds: () => ['blobs/cosign-2.2.legacy.json', 'attestations/blob.2.legacy.json'].map(readVector),
    run: (bytes) => [parseBlobBundle(bytes, ''), parseBlobAttestation(bytes, '')],
  },
  layer: { seeds: () => [utf8Of(JSON.stringify(rekorBundle)), ...stamps()], run: readLayer },
  statement: { seeds: () => [utf8Of(statement)], run: parseStatement },
  'simple-signing': { seeds: () => [readVector('images/legacy-annotated.payload-0.json')], run: parseSimpleSigning },
  manifest: {
    seeds: () => ['images/legacy.manifest.json', 'images/bundle.manifest.json'].map(readVector),
    run: (bytes) => parseManifest(bytes, undefined),
  },
  /** Every step, whatever the ones before it said. A forgery that verifies is a fault like any other. */
  verify: { seeds: bundles, run: verifyForgery },
};

// Documents with everything in them that has a reader. Nothing in them fits together.

const signature = Buffer.from('3006020101020101', 'hex');
const spki = parsePublicKey(readVector('keys/cosign-3.pub')).spki;
const certificateRequest = sequence(
  sequence(integer(0), sequence(setOf(sequence(oid('2.5.4.3'), utf8String('a')))), spki, tagged(0, sequence())),
  sequence(oid('1.2.840.10045.4.3.2')),
  bitString(signature),
);
const timestampRequest = sequence(
  integer(1),
  encodeImprint('sha256', new Uint8Array(32)),
  oid('1.3.6.1.4.1.57264.2'),
  integer(5),
  boolean(true),
);
const timestampRequestJson = JSON.stringify({
  artifactHash: base64Of(new Uint8Array(32)),
  hashAlgorithm: 'sha256',
  certificates: true,
  nonce: 5,
  tsaPolicyOID: '1.3.6.1.4.1.57264.2',
});
const tile = Buffer.concat(
  (['x509', 'precert'] as const).map((kind, at) => {
    const certificate = vectorOf(3, Uint8Array.of(0x30, 0));
    const signedEntry = kind === 'x509' ? certificate : Buffer.concat([new Uint8Array(32), certificate]);
    const entry = encodeTimestampedEntry({ kind, signedEntry, timestamp: new Date(at), index: BigInt(at) });
    return encodeTileLeaf(entry, kind === 'precert' ? Uint8Array.of(0x30, 0) : undefined, [new Uint8Array(32)]);
  }),
);
const signingRequest = {
  credentials: { oidcIdentityToken: 'a.b.c' },
  publicKeyRequest: { publicKey: { content: 'AAAA' }, proofOfPossession: 'AAAA' },
};
const legacySigningRequest = {
  publicKey: { content: 'AAAA' },
  signedEmailAddress: 'AA',
  certificateSigningRequest: '',
};
const logId = digestOf(spki).slice('sha256:'.length);
const statement = JSON.stringify({
  _type: 'https://in-toto.io/Statement/v1',
  subject: [{ name: 'a', digest: { sha256: '0a'.repeat(32) } }],
  predicateType: 'https://example.test/predicate',
  predicate: { a: [1] },
});
const checkpoint = [
  'rekor.example.test - 12',
  '7',
  Buffer.alloc(32).toString('base64'),
  'Timestamp: 1',
  '',
  `\u2014 rekor.example.test ${Buffer.concat([Buffer.from(logId.slice(0, 8), 'hex'), signature]).toString('base64')}`,
  `\u2014 witness.test ${Buffer.alloc(76).toString('base64')}`,
  '',
].join('\n');
const entryKinds: readonly EntryKind[] = [
  'hashedrekord/0.0.1',
  'hashedrekord/0.0.2',
  'dsse/0.0.1',
  'dsse/0.0.2',
  'intoto/0.0.1',
  'intoto/0.0.2',
  'rekord/0.0.1',
];
const sctList = ((): Uint8Array => {
  const sct = Buffer.concat([
    Buffer.alloc(1),
    Buffer.from(logId, 'hex'),
    Buffer.from('0000018bcfe56800', 'hex'),
    Buffer.from('000800050000000001', 'hex').subarray(0, 2 + 8),
    Buffer.from('00', 'hex'),
    Buffer.from('0403', 'hex'),
    Buffer.from([0, signature.length]),
    signature,
  ]);
  const item = Buffer.concat([Buffer.from([0, sct.length]), sct]);
  return Buffer.concat([Buffer.from([0, item.length]), item]);
})();
const period = { start: '2020-01-01T00:00:00Z', end: '2040-01-01T00:00:00.5Z' };
const logJson = {
  baseUrl: 'https://rekor.example.test',
  hashAlgorithm: 'SHA2_256',
  publicKey: { rawBytes: base64Of(spki), keyDetails: 'PKIX_ECDSA_P256_SHA_256', validFor: period },
  logId: { keyId: Buffer.from(logId, 'hex').toString('base64') },
};
const authorityJson = {
  subject: { organization: 'o', commonName: 'c' },
  uri: 'https://ca.example.test',
  certChain: { certificates: [{ rawBytes: base64Of(vectorDer('root')) }] },
  validFor: period,
};
const trustedRoot = utf8Of(
  JSON.stringify({
    mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    tlogs: [logJson],
    certificateAuthorities: [authorityJson],
    ctlogs: [],
    timestampAuthorities: [],
  }),
);
const rekorBundle = {
  SignedEntryTimestamp: base64Of(signature),
  Payload: { body: base64Of(bodyOf('hashedrekord/0.0.1')), integratedTime: 1_700_000_000, logIndex: 5, logID: logId },
};
const policy: SignaturePolicy = {
  signer: { kind: 'unsafe-anyone' },
  trust: trustMaterialOf(parseTrustedRoot(trustedRoot)),
  log: { kind: 'required', threshold: 1 },
  timestamps: { kind: 'if-present' },
  now: new Date('2026-01-01T00:00:00Z'),
  isExhaustive: true,
};

function bodyOf(kind: EntryKind): Uint8Array {
  const logged: Logged = {
    signature,
    verifier: kind.endsWith('2')
      ? { kind: 'certificate', der: Buffer.from(vectorDer('root')) }
      : { kind: 'public-key', der: Buffer.from(spki) },
    keyDetails: 'PKIX_ECDSA_P256_SHA_256',
    hash: 'sha256',
    message: Buffer.from('message'),
    envelope: { payloadType: 'application/vnd.in-toto+json', payload: Buffer.from(statement) },
  };
  return utf8Of(JSON.stringify(entryBodyOf(kind, logged)));
}

function bundles(): readonly Uint8Array[] {
  const entryOf = (kind: EntryKind): unknown => {
    const [name, version] = kind.split('/');
    return {
      logIndex: '5',
      logId: logJson.logId,
      kindVersion: { kind: name, version },
      integratedTime: '1700000000',
      inclusionPromise: { signedEntryTimestamp: base64Of(signature) },
      inclusionProof: {
        logIndex: '1',
        rootHash: Buffer.alloc(32).toString('base64'),
        treeSize: '7',
        hashes: [1, 2, 3].map((each) => Buffer.alloc(32, each).toString('base64')),
        checkpoint: { envelope: checkpoint },
      },
      canonicalizedBody: base64Of(bodyOf(kind)),
    };
  };
  const material = (kind: EntryKind, stamp: Uint8Array, certificate: Uint8Array): unknown => ({
    certificate: { rawBytes: base64Of(certificate) },
    tlogEntries: [entryOf(kind)],
    timestampVerificationData: { rfc3161Timestamps: [{ signedTimestamp: base64Of(stamp) }] },
  });
  const [leaf = new Uint8Array()] = certificates();
  const [stamp = new Uint8Array(), other = new Uint8Array()] = stamps();
  const mediaType = mediaTypes.bundleV03;
  const message = {
    messageDigest: { algorithm: 'SHA2_256', digest: Buffer.alloc(32).toString('base64') },
    signature: base64Of(signature),
  };
  const envelope = {
    payload: Buffer.from(statement).toString('base64'),
    payloadType: 'application/vnd.in-toto+json',
    signatures: [{ sig: base64Of(signature) }],
  };
  return [
    readVector('images/bundle.json'),
    ...[
      { mediaType, verificationMaterial: material('hashedrekord/0.0.1', stamp, leaf), messageSignature: message },
      { mediaType, verificationMaterial: material('dsse/0.0.1', other, vectorDer('root')), dsseEnvelope: envelope },
      { mediaType, verificationMaterial: material('hashedrekord/0.0.2', stamp, leaf), dsseEnvelope: envelope },
    ].map((each) => utf8Of(JSON.stringify(each))),
  ];
}

/** Without recursion, as the parsers go: how deep a stranger nests is no matter. */
function readElements(root: DerElement): void {
  const readers: Readonly<Record<number, (value: DerElement) => unknown>> = {
    [derTags.integer]: (value) => [integerBytesOf(value), countOf(value)],
    [derTags.bitString]: bitStringOf,
    [derTags.oid]: oidOf,
    [derTags.utf8String]: textOf,
    [derTags.printableString]: textOf,
    [derTags.utcTime]: instantOf,
    [derTags.generalizedTime]: instantOf,
  };
  const open = [root];
  for (let element = open.pop(); element !== undefined; element = open.pop()) {
    readers[element.tag]?.(element);
    const isConstructed = (element.tag & 0x20) !== 0;
    for (const child of isConstructed ? childrenOf(element) : []) open.push(child);
  }
}

function readCertificate(bytes: Uint8Array): void {
  const certificate = parseCertificate(bytes);
  nameTextOf(certificate.subject);
  for (const read of [
    subjectAlternativeNamesOf,
    fulcioExtensionsOf,
    basicConstraintsOf,
    keyUsageOf,
    extendedKeyUsageOf,
  ]) {
    read(certificate);
  }
  nameConstraintsOf(certificate);
  constrainedNamesOf(certificate);
  sctsOf(certificate);
}

/** The text stands in the annotation that the first byte chooses. */
function readLayer(bytes: Uint8Array): SignedEntity {
  const names = Object.values(layerAnnotations);
  const annotations = {
    [layerAnnotations.signature]: base64Of(signature),
    [names[(bytes[0] ?? 0) % names.length] ?? '']: decoder.decode(bytes),
  };
  return signedEntityOfLayer(
    { mediaType: mediaTypes.simpleSigning, digest: digestOf(bytes), size: bytes.length, annotations },
    bytes,
    '',
  );
}

async function verifyForgery(bytes: Uint8Array): Promise<void> {
  const entity = parseBundle(bytes, '');
  const verdict: Verdict =
    entity.content.kind === 'dsse'
      ? await verifyAttestation(entity, {
          ...policy,
          predicateType: { kind: 'any' },
          subject: { kind: 'digests', digests: [{ hash: 'sha256', hex: '0a'.repeat(32) }] },
        })
      : await verifyBlobSignature(entity, { ...policy, artifact: { kind: 'bytes', bytes: utf8Of('message') } });
  if (verdict.status === 'verified') throw new Error('a forgery is verified');
}
