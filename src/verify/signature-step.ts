/** Step 2: the signature fits what it covers, by one of the caller's keys or by the key in the certificate. */

import { CountersignError } from '../base/errors.ts';
import type { Hashes } from '../crypto/hash.ts';
import { verifyingSchemesOf } from '../crypto/key-algorithm.ts';
import { parsePublicKey } from '../crypto/public-key.ts';
import type { PublicKey } from '../crypto/public-key.ts';
import { verifyHashSignature, verifySignature } from '../crypto/signature.ts';
import type { Proof, SignedBytes } from './proof.ts';
import { failed, fingerprintsOf, passed } from './shared-steps.ts';
import type { Check } from './verdict.ts';

/** Gives the key that signed, and how. Proves nothing about whose key it is. */
export async function checkSignature(proof: Proof): Promise<Proof> {
  const { policy, certificate, checks } = proof;
  if (policy.signer.kind === 'keys') {
    return withSignature(proof, policy.signer.keys, 'The signature is by a trusted key');
  }
  if (certificate === undefined) {
    return proof;
  }
  const title = "The signature is by the certificate's key";
  try {
    return await withSignature(proof, [parsePublicKey(certificate.spki)], title);
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error;
    const facts = { expected: 'a public key of an accepted kind', seen: error.message };
    return { ...proof, checks: [...checks, failed('signature', title, facts)] };
  }
}

async function withSignature(proof: Proof, keys: readonly PublicKey[], title: string): Promise<Proof> {
  const { entity, signed, checks } = proof;
  for (const key of keys) {
    const scheme = await schemeOf(key, signed, entity.signature);
    if (scheme !== undefined) {
      const check = passed('signature', title, { seen: `${scheme}, key sha256:${key.fingerprint}` });
      return { ...proof, signedBy: { key, scheme }, checks: [...checks, check] };
    }
  }
  const unseen = signed.kind === 'hashes' ? keys.find((key) => !isCoveredBy(signed.hashes, key)) : undefined;
  return { ...proof, checks: [...checks, unseen === undefined ? misfit(title, keys) : needsWholeFile(title, unseen)] };
}

async function schemeOf(key: PublicKey, signed: SignedBytes, signature: Uint8Array): Promise<string | undefined> {
  return signed.kind === 'bytes'
    ? verifySignature(key, signed.bytes, signature)
    : verifyHashSignature(key, signed.hashes, signature);
}

/** Whether these hashes are all by which the key may have signed; Ed25519 signs without one. */
function isCoveredBy(hashes: Partial<Hashes>, { algorithm }: PublicKey): boolean {
  return verifyingSchemesOf(algorithm).every(({ hash }) => hash !== undefined && hashes[hash] !== undefined);
}

function misfit(title: string, keys: readonly PublicKey[]): Check {
  return failed('signature', title, {
    expected: fingerprintsOf(keys),
    seen: 'a signature that does not verify',
    next: "Check that the key is the signer's. If it is, the signature or what it covers was changed.",
  });
}

function needsWholeFile(title: string, { algorithm }: PublicKey): Check {
  return {
    step: 'signature',
    title,
    status: 'unknown',
    note:
      algorithm === 'ed25519'
        ? 'Ed25519 signatures cover the file itself: a digest is not enough to check them'
        : `a key ${algorithm} may have signed a hash of the file that is not known`,
    next: 'Give the file instead of its digest.',
  };
}
