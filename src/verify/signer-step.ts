/** Step 1: what the entity says about its signer fits what the caller trusts. It is compared and never used instead. */

import { utf8Of } from '../base/bytes.ts';
import { CountersignError } from '../base/errors.ts';
import { parsePublicKey } from '../crypto/public-key.ts';
import type { SignerClaim } from '../formats/signed-entity.ts';
import { parseCertificate } from '../formats/x509/certificate.ts';
import type { TrustedKeys } from './policy.ts';
import type { Proof } from './proof.ts';
import { failed, fingerprintsOf, passed } from './shared-steps.ts';
import type { Check } from './verdict.ts';

/** Gives the certificate, read and not yet trusted. */
export function checkSigner(proof: Proof): Proof {
  const { entity, policy, checks } = proof;
  if (policy.signer.kind === 'keys') {
    return { ...proof, checks: [...checks, checkKeySigner(entity.signer, policy.signer.keys)] };
  }
  if (entity.signer.kind === 'certificate') {
    return withCertificate(proof, entity.signer.chain[0] ?? new Uint8Array());
  }
  const title = 'The signature was made with a certificate';
  const check: Check =
    policy.signer.kind === 'identities'
      ? failed('signer', title, {
          expected: 'a signature by a certificate, which names who signed',
          seen: 'signed by a key',
          next: "Get the signer's public key from the signer and verify with it.",
        })
      : {
          step: 'signer',
          title,
          status: 'unknown',
          note: `${describeKeySigner(entity.signer)}, which is not at hand`,
          next: "Give the signer's public key: nothing else tells whether it made the signature.",
        };
  return { ...proof, checks: [...checks, check] };
}

function withCertificate(proof: Proof, der: Uint8Array): Proof {
  const title = 'The signature was made with a certificate';
  try {
    const certificate = parseCertificate(der);
    return { ...proof, certificate, checks: [...proof.checks, passed('signer', title)] };
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error;
    const facts = { expected: 'an X.509 certificate', seen: error.message };
    return { ...proof, checks: [...proof.checks, failed('certificate.parse', title, facts)] };
  }
}

function checkKeySigner(signer: SignerClaim, keys: TrustedKeys): Check {
  const title = 'The signature was made with a key';
  if (signer.kind === 'certificate') {
    return failed('signer', title, {
      expected: 'a signature by a key',
      seen: 'signed by a certificate, not by a key',
      next: 'Verify signatures of certificates by the identity they name, not with --key.',
    });
  }
  if (signer.kind === 'embedded-key' && !isTrustedKey(signer.pem, keys)) {
    return failed('signer', title, {
      expected: fingerprintsOf(keys),
      seen: 'another key is stored beside the signature',
      next: 'Ask the signer which key is theirs; a key that comes with the signature proves nothing.',
    });
  }
  return passed('signer', title);
}

function describeKeySigner(signer: SignerClaim): string {
  return signer.kind === 'public-key' && signer.hint !== ''
    ? `signed by a key, which its signer calls ${JSON.stringify(signer.hint.slice(0, 100))}`
    : 'signed by a key';
}

function isTrustedKey(pem: string, keys: TrustedKeys): boolean {
  try {
    const { fingerprint } = parsePublicKey(utf8Of(pem));
    return keys.some((key) => key.fingerprint === fingerprint);
  } catch (error) {
    if (error instanceof CountersignError) {
      return false;
    }
    throw error;
  }
}
