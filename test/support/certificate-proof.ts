/** A proof as it stands before the certificate step, about certificates of test/vectors/x509. */

import { hexOf } from '../../src/base/bytes.ts';
import { hashOf } from '../../src/crypto/hash.ts';
import { schemes } from '../../src/crypto/key-algorithm.ts';
import type { Scheme } from '../../src/crypto/key-algorithm.ts';
import { parsePublicKey } from '../../src/crypto/public-key.ts';
import type { SignedEntity } from '../../src/formats/signed-entity.ts';
import type { ValidityPeriod } from '../../src/formats/trust/trusted-root.ts';
import type { Certificate } from '../../src/formats/x509/certificate.ts';
import { certificateAuthorityOf } from '../../src/verify/authority.ts';
import { exactly } from '../../src/verify/policy.ts';
import type { SignerPolicy } from '../../src/verify/policy.ts';
import type { Proof } from '../../src/verify/proof.ts';
import { noTrustMaterial } from '../../src/verify/trust-material.ts';
import type { CertificateAuthority, TrustedLogKey, TrustMaterial } from '../../src/verify/trust-material.ts';
import { vectorCertificate, vectorDer } from './x509-vectors.ts';

/** When the leaves there begin to be valid: for ten minutes. */
export const signedAt = new Date('2026-06-01T12:00:00Z');

const always: ValidityPeriod = { start: new Date(0) };

export const anIdentity: SignerPolicy = {
  kind: 'identities',
  identities: [{ subject: exactly('dev@example.com'), issuer: exactly('https://issuer.example'), extensions: {} }],
  sct: { kind: 'required' },
};

export function vectorAuthority(names: readonly string[], validFor: ValidityPeriod = always): CertificateAuthority {
  return certificateAuthorityOf({ uri: `https://${names[0]}.example`, chain: names.map(vectorDer), validFor });
}

/** A certificate transparency log: "log", "static", "rsa", "ed25519". */
export function vectorCtLog(name: string, change: Partial<TrustedLogKey> = {}): TrustedLogKey {
  const key = parsePublicKey(vectorDer(`ct-${name}`));
  const logId = hashOf('sha256', key.spki);
  const scheme: Scheme =
    {
      rsa: schemes['rsa-pkcs1'].sha256,
      ed25519: schemes.ed25519,
    }[name] ?? schemes['ecdsa-p256'].sha256;
  const baseUrl = `https://${name}.ct.example`;
  return {
    baseUrl,
    logId,
    logIdHex: hexOf(logId),
    keyHint: logId.subarray(0, 4),
    key,
    scheme,
    validFor: always,
    ...change,
  };
}

export interface ProofRequest {
  readonly leaf: string | Certificate;
  readonly intermediates?: readonly string[];
  readonly trust: Partial<TrustMaterial>;
  readonly times?: readonly Date[];
  readonly signer?: SignerPolicy;
  readonly form?: SignedEntity['form'];
  readonly issuer?: Certificate;
}

export function certificateProof(request: ProofRequest): Proof {
  const { leaf, intermediates = [], trust, times = [signedAt], signer = anIdentity, form = 'bundle', issuer } = request;
  const certificate = typeof leaf === 'string' ? vectorCertificate(leaf) : leaf;
  return {
    entity: {
      form,
      origin: 'a test',
      content: { kind: 'message' },
      signature: new Uint8Array(),
      signer: { kind: 'certificate', chain: [certificate.der, ...intermediates.map(vectorDer)] },
      logEntries: [],
      logEvidence: 'proof',
      timestamps: [],
    },
    policy: {
      signer,
      trust: { ...noTrustMaterial, ...trust },
      log: { kind: 'required', threshold: 1 },
      timestamps: { kind: 'if-present' },
      now: signedAt,
    },
    signed: { kind: 'bytes', bytes: new Uint8Array() },
    checks: [],
    certificate,
    ...(issuer === undefined ? {} : { issuer }),
    entries: [],
    times: times.map((instant) => ({ instant, source: 'log', by: 'https://log.example' })),
  };
}

/** The steps of the checks that failed. */
export function failedSteps({ checks }: Proof): readonly string[] {
  return checks.filter(({ status }) => status === 'fail').map(({ step }) => step);
}
