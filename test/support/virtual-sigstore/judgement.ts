/** Judges what a virtual Sigstore signed, as a caller would who trusts its root and expects its usual identity. */

import { blobBundleOf } from './legacy-forms.ts';
import type { BlobBundleJson } from './legacy-forms.ts';
import { virtualIdentity } from './virtual-authority.ts';
import { digestOf } from './virtual-key.ts';
import { USUAL_PREDICATE_TYPE } from './virtual-sigstore.ts';
import type { BundleJson, SignRequest, VirtualSigstore } from './virtual-sigstore.ts';
import type { TrustedRootJson } from './virtual-trusted-root.ts';
import { utf8Of } from '../../../src/base/bytes.ts';
import type { ErrorCode } from '../../../src/base/catalogue.ts';
import { CountersignError } from '../../../src/base/errors.ts';
import { parseBundle } from '../../../src/formats/bundle/bundle.ts';
import { parseBlobBundle } from '../../../src/formats/cosign/blob-bundle.ts';
import type { SignedEntity } from '../../../src/formats/signed-entity.ts';
import { parseTrustedRoot } from '../../../src/formats/trust/trusted-root.ts';
import { verifyAttestation } from '../../../src/verify/attestation-signature.ts';
import { verifyBlobSignature } from '../../../src/verify/blob-signature.ts';
import type { Artifact } from '../../../src/verify/blob-signature.ts';
import { exactly } from '../../../src/verify/policy.ts';
import type { Identity, SignaturePolicy } from '../../../src/verify/policy.ts';
import { trustMaterialOf } from '../../../src/verify/root-material.ts';
import type { StepName, Verdict } from '../../../src/verify/verdict.ts';

/** `verified`, the step that rejected, or the code of the error for what cannot be read. */
export type Outcome = 'verified' | StepName | ErrorCode;

export interface Attack {
  readonly sigstore: VirtualSigstore;
  /** The file that the signature, or the attestation, is about. */
  readonly artifact: Uint8Array;
  /** What is verified first, to show that only the attack makes the difference. */
  readonly good: SignRequest;
  /** What the attacker has signed otherwise. */
  readonly bad?: Partial<SignRequest>;
  /** What the attacker changes afterwards. */
  readonly bundle?: (bundle: BundleJson) => void;
  /** Judges cosign's first form of bundle, with what the attacker changes about that. */
  readonly blobBundle?: (bundle: BlobBundleJson) => void;
  /** What is trusted besides, or instead; in both cases. */
  readonly trust?: (root: TrustedRootJson) => void;
  /** What is different about the trust when the attack comes. */
  readonly attackedTrust?: (root: TrustedRootJson) => void;
  readonly policy?: Partial<SignaturePolicy>;
}

export const usualIdentity: Identity = {
  subject: exactly(virtualIdentity.email),
  issuer: exactly(virtualIdentity.issuer),
  extensions: {},
};

/** How the good signature and the attacked one are judged. */
export async function outcomesOf(attack: Attack): Promise<{ readonly good: Outcome; readonly bad: Outcome }> {
  const plain = { ...attack, ...(attack.blobBundle && { blobBundle: () => undefined }) };
  return {
    good: await outcomeOf(plain, attack.good, () => undefined),
    bad: await outcomeOf(
      attack,
      { ...attack.good, ...attack.bad },
      attack.bundle ?? (() => undefined),
      attack.attackedTrust,
    ),
  };
}

/** A policy that trusts this root, a minute after it signed. */
export function policyOf(
  sigstore: VirtualSigstore,
  root: TrustedRootJson,
  parts: Partial<SignaturePolicy> = {},
): SignaturePolicy {
  return {
    signer: { kind: 'identities', identities: [usualIdentity], sct: { kind: 'required' } },
    trust: trustMaterialOf(parseTrustedRoot(utf8Of(JSON.stringify(root)))),
    log: { kind: 'required', threshold: 1 },
    timestamps: { kind: 'if-present' },
    now: new Date(sigstore.now.getTime() + 60_000),
    ...parts,
  };
}

/** Judges a file's signature or an attestation about it. */
export async function judge(
  entity: SignedEntity,
  policy: SignaturePolicy,
  artifact: Artifact,
  sha256: string,
): Promise<Verdict> {
  return entity.content.kind === 'dsse'
    ? verifyAttestation(entity, {
        ...policy,
        predicateType: { kind: 'exactly', uri: USUAL_PREDICATE_TYPE },
        subject: { kind: 'digests', digests: [{ hash: 'sha256', hex: sha256 }] },
      })
    : verifyBlobSignature(entity, { ...policy, artifact });
}

async function outcomeOf(
  attack: Attack,
  request: SignRequest,
  change: (bundle: BundleJson) => void,
  changeTrust?: (root: TrustedRootJson) => void,
): Promise<Outcome> {
  const { sigstore, artifact } = attack;
  const root = sigstore.trustedRoot();
  attack.trust?.(root);
  changeTrust?.(root);
  try {
    const entity = entityOf(attack, request, change);
    const policy = policyOf(sigstore, root, attack.policy);
    const sha256 = digestOf('sha256', artifact).toString('hex');
    const verdict = await judge(entity, policy, { kind: 'bytes', bytes: artifact }, sha256);
    return verdict.status === 'verified' ? 'verified' : verdict.failed.step;
  } catch (error) {
    if (error instanceof CountersignError) return error.code;
    throw error;
  }
}

function entityOf(
  { sigstore, blobBundle }: Attack,
  request: SignRequest,
  change: (bundle: BundleJson) => void,
): SignedEntity {
  const signed = sigstore.sign(request);
  if (blobBundle !== undefined) {
    const bundle = blobBundleOf(signed);
    blobBundle(bundle);
    return parseBlobBundle(utf8Of(JSON.stringify(bundle)), 'test');
  }
  const bundle = signed.bundle();
  change(bundle);
  return parseBundle(utf8Of(JSON.stringify(bundle)), 'test');
}
