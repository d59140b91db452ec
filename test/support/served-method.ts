/** A signing method against a served Sigstore, as the command line makes it. */

import type { TestContext } from 'node:test';

import { utf8Of } from '../../src/base/bytes.ts';
import { keylessSourceOf } from '../../src/flows/keyless-credential.ts';
import { openSigningMethod } from '../../src/flows/signing-method.ts';
import type { Credential, SigningMethod, SigningServices } from '../../src/flows/signing-method.ts';
import { parseIdentityToken } from '../../src/formats/jwt/identity-token.ts';
import { parseTrustedRoot } from '../../src/formats/trust/trusted-root.ts';
import { exactly } from '../../src/verify/policy.ts';
import type { SignaturePolicy } from '../../src/verify/policy.ts';
import { trustMaterialOf } from '../../src/verify/root-material.ts';
import type { TrustMaterial } from '../../src/verify/trust-material.ts';
import { servedIdentity } from './served-sigstore.ts';
import type { Claims, ServedSigstore } from './served-sigstore.ts';
import { createTestRuntime } from './test-runtime.ts';

export function trustIn(served: ServedSigstore): TrustMaterial {
  return trustMaterialOf(parseTrustedRoot(utf8Of(JSON.stringify(served.trustedRoot()))));
}

/** With the log, and with the timestamp authority where that is asked for. */
export function servicesOf(served: ServedSigstore, isStamped = false): SigningServices {
  return {
    logs: [new URL(served.origin)],
    timestampAuthorities: isStamped ? [new URL(served.stampUrl)] : [],
    trust: trustIn(served),
  };
}

export function credentialSourceOf(
  t: TestContext,
  served: ServedSigstore,
  claims: Claims = {},
): () => Promise<Credential> {
  const token = parseIdentityToken(served.token(claims));
  return keylessSourceOf(createTestRuntime(t), { authority: new URL(served.origin), token, trust: trustIn(served) });
}

export async function openKeylessMethod(
  t: TestContext,
  served: ServedSigstore,
  services: SigningServices = servicesOf(served),
): Promise<SigningMethod> {
  return openSigningMethod(createTestRuntime(t), credentialSourceOf(t, served), services);
}

/** Of somebody who knows nothing but the trusted root and whom to expect. */
export function readerPolicyOf(served: ServedSigstore, email: string = servedIdentity.email): SignaturePolicy {
  const identity = { subject: exactly(email), issuer: exactly(served.issuer), extensions: {} };
  return {
    signer: { kind: 'identities', identities: [identity], sct: { kind: 'required' } },
    trust: trustIn(served),
    log: { kind: 'required', threshold: 1 },
    timestamps: { kind: 'if-present' },
    now: new Date(),
  };
}
