/** One good document of each kind that is verified, each with a twin, and how a changed one is judged. */

import { artifact, attestation, message, sigstore, stamped } from '../support/virtual-sigstore/attack-cases.ts';
import { judge, policyOf } from '../support/virtual-sigstore/judgement.ts';
import type { Outcome } from '../support/virtual-sigstore/judgement.ts';
import { blobBundleOf, layerAnnotationsOf } from '../support/virtual-sigstore/legacy-forms.ts';
import { createVirtualKey, digestOf as hashOf } from '../support/virtual-sigstore/virtual-key.ts';
import { statementOf } from '../support/virtual-sigstore/virtual-sigstore.ts';
import type { SignRequest, VirtualSignature } from '../support/virtual-sigstore/virtual-sigstore.ts';
import { parseUtf8, utf8Of } from '../../src/base/bytes.ts';
import { decodeDocument, decodeMap, decodeObject, decodeString } from '../../src/base/decode.ts';
import { CountersignError } from '../../src/base/errors.ts';
import { parseJson } from '../../src/base/json.ts';
import { parsePublicKey } from '../../src/crypto/public-key.ts';
import { parseBundle } from '../../src/formats/bundle/bundle.ts';
import { parseBlobBundle } from '../../src/formats/cosign/blob-bundle.ts';
import { signedEntityOfLayer } from '../../src/formats/cosign/signature-layer.ts';
import { encodeSimpleSigning } from '../../src/formats/cosign/simple-signing.ts';
import { digestOf } from '../../src/formats/oci/digest.ts';
import { mediaTypes } from '../../src/formats/oci/media-type.ts';
import type { SignedEntity } from '../../src/formats/signed-entity.ts';
import { verifyImageSignature } from '../../src/verify/image-signature.ts';
import type { SignaturePolicy } from '../../src/verify/policy.ts';
import type { Verdict } from '../../src/verify/verdict.ts';

/** What decides which step has to refuse a change. */
export type Trait =
  | 'legacy'
  /** A bundle of version 0.1. */
  | 'early'
  | 'attestation'
  /** No certificate: the caller's key says who signed. */
  | 'by-key'
  | 'promised'
  | 'proven'
  | 'stamped';

export interface GoodDocument {
  readonly name: string;
  readonly traits: readonly Trait[];
  readonly bytes: Buffer;
  /** Another good document of the kind, for members that are swapped. */
  readonly twin?: Buffer;
  readonly outcomeOf: (bytes: Uint8Array) => Promise<Outcome>;
}

const { rekorV1, rekorV2, timestampAuthority } = sigstore;
const rekorV2Stamped = { entries: [{ log: rekorV2 }], timestamps: [{ authority: timestampAuthority }] };
const trust = policyOf(sigstore, sigstore.trustedRoot());
const key = createVirtualKey('p384');
const signedByKey: SignRequest = { ...message, key, signer: 'key' };
const sha256 = hashOf('sha256', artifact).toString('hex');
const image = digestOf(artifact);
const payload = utf8Of(parseUtf8(encodeSimpleSigning({ imageDigest: image, dockerReference: '', annotations: {} })));

/** Bundles in every version, with entries of every kind; then the forms before bundles. */
export const goodDocuments: readonly GoodDocument[] = [
  bundle('0.1, promise alone', { ...message, bundleVersion: '0.1', entries: [{ log: rekorV1, hasProof: false }] }),
  bundle('0.1, promise and proof', { ...message, bundleVersion: '0.1' }),
  bundle('0.2', { ...message, bundleVersion: '0.2' }),
  bundle('0.3, Rekor v1', message),
  bundle('0.3, attestation, dsse 0.0.1', attestation),
  bundle('0.3, attestation, intoto 0.0.2', { ...attestation, entries: [{ log: rekorV1, kind: 'intoto/0.0.2' }] }),
  bundle('0.3, Rekor v2, stamped', stamped),
  bundle('0.3, attestation, Rekor v2, stamped', { ...attestation, ...rekorV2Stamped }),
  bundle('0.3, by key, Rekor v1', signedByKey),
  bundle('0.3, by key, Rekor v2, stamped', { ...signedByKey, ...rekorV2Stamped }),
  {
    name: "cosign's first bundle",
    traits: ['legacy', 'promised'],
    ...signTwins(message, blobBundleOf),
    outcomeOf: outcomeBy((bytes) => judgeArtifact(parseBlobBundle(bytes, 'test'), trust)),
  },
  {
    name: 'layer of a .sig manifest',
    traits: ['legacy', 'promised', 'stamped'],
    ...signTwins({ content: { artifact: payload }, timestamps: [{ authority: timestampAuthority }] }, (signed) => ({
      mediaType: mediaTypes.simpleSigning,
      annotations: layerAnnotationsOf(signed),
      payload: parseUtf8(payload),
    })),
    outcomeOf: outcomeBy(judgeLayer),
  },
];

/** What of an entity decides which step refuses. */
export function traitsOf({ content, signer, logEntries, logEvidence, timestamps }: SignedEntity): readonly Trait[] {
  const traits: Readonly<Record<Exclude<Trait, 'legacy'>, boolean>> = {
    early: logEvidence === 'promise',
    attestation: content.kind === 'dsse',
    'by-key': signer.kind !== 'certificate',
    promised: logEntries.some(({ promise }) => promise !== undefined),
    proven: logEntries.some(({ proof }) => proof !== undefined),
    stamped: timestamps.length > 0,
  };
  return Object.entries(traits).flatMap(([trait, isThere]) => (isThere ? [trait as Trait] : []));
}

/** Reads and judges; an error of the catalogue is its code, and any other is thrown. */
export function outcomeBy(verdictOf: (bytes: Uint8Array) => Promise<Verdict>): GoodDocument['outcomeOf'] {
  return async (bytes) => {
    try {
      const verdict = await verdictOf(bytes);
      return verdict.status === 'verified' ? 'verified' : verdict.failed.step;
    } catch (error) {
      if (error instanceof CountersignError) return error.code;
      throw error;
    }
  };
}

function bundle(name: string, request: SignRequest): GoodDocument {
  const keys = [parsePublicKey(key.spki)] as const;
  const policy: SignaturePolicy = request.signer === 'key' ? { ...trust, signer: { kind: 'keys', keys } } : trust;
  const twins = signTwins(request, (signed) => signed.bundle());
  return {
    name: `bundle ${name}`,
    traits: traitsOf(parseBundle(twins.bytes, 'test')),
    ...twins,
    outcomeOf: outcomeBy((bytes) => judgeArtifact(parseBundle(bytes, 'test'), policy)),
  };
}

/** The twin is of the same artifact, signed a second later; it attests something else about it. */
function signTwins(
  request: SignRequest,
  documentOf: (signed: VirtualSignature) => unknown,
): Pick<GoodDocument, 'bytes' | 'twin'> {
  const { content } = request;
  const isAttestation = 'payload' in content;
  const other = Buffer.from(statementOf(artifact).toString().replace('"predicate":{}', '"predicate":{"is":"other"}'));
  const sign = (each: SignRequest): Buffer => Buffer.from(JSON.stringify(documentOf(sigstore.sign(each))));
  return {
    bytes: sign(request),
    twin: sign({
      ...request,
      at: new Date(sigstore.now.getTime() + 1000),
      content: isAttestation ? { payload: other } : content,
    }),
  };
}

async function judgeArtifact(entity: SignedEntity, policy: SignaturePolicy): Promise<Verdict> {
  return judge(entity, policy, { kind: 'bytes', bytes: artifact }, sha256);
}

const decodeLayer = decodeObject({
  mediaType: decodeString,
  annotations: decodeMap(decodeString),
  payload: decodeString,
});

async function judgeLayer(bytes: Uint8Array): Promise<Verdict> {
  const json = parseJson(bytes, { what: 'layer', maxBytes: bytes.length });
  const { mediaType, annotations, payload: text } = decodeDocument(json, decodeLayer, 'layer');
  const covered = utf8Of(text);
  const layer = { mediaType, annotations, digest: digestOf(covered), size: covered.length };
  const entity = signedEntityOfLayer(layer, covered, 'test');
  return verifyImageSignature(entity, { ...trust, digest: image, claims: { kind: 'check', annotations: {} } });
}
