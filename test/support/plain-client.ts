/** A client of a stack that uses nothing of ours: the built-in fetch and the built-in crypto. */

import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

export interface CertifiedKey {
  readonly privateKey: KeyObject;
  /** PEM: the leaf first, the root last. */
  readonly chain: readonly string[];
}

/** A new key and a certificate for it, by the second version of the authority's API. */
export async function certify(url: string, token: string): Promise<CertifiedKey> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const [, claims = ''] = token.split('.');
  const { email } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { readonly email: string };
  const answer = await postJson(`${url}/api/v2/signingCert`, {
    credentials: { oidcIdentityToken: token },
    publicKeyRequest: {
      publicKey: { algorithm: 'ECDSA', content: publicKey.export({ type: 'spki', format: 'pem' }) },
      proofOfPossession: sign('sha256', Buffer.from(email), privateKey).toString('base64'),
    },
  });
  if (answer.status !== 200) throw new Error(`${answer.status}: ${await answer.text()}`);
  const { signedCertificateEmbeddedSct: embedded } = (await answer.json()) as {
    readonly signedCertificateEmbeddedSct: { readonly chain: { readonly certificates: readonly string[] } };
  };
  // The authority's answer has no line break at the end of a certificate, what is logged has.
  return { privateKey, chain: embedded.chain.certificates.map((pem) => `${pem.trimEnd()}\n`) };
}

/** The entry that says: this key signed this artifact. The verifier is PEM, of the key or of its certificate. */
export function hashedRekordOf(artifact: Uint8Array, privateKey: KeyObject, verifier: string): object {
  return {
    apiVersion: '0.0.1',
    kind: 'hashedrekord',
    spec: {
      data: { hash: { algorithm: 'sha256', value: createHash('sha256').update(artifact).digest('hex') } },
      signature: {
        content: sign('sha256', artifact, privateKey).toString('base64'),
        publicKey: { content: Buffer.from(verifier).toString('base64') },
      },
    },
  };
}

export function postJson(url: string, value: unknown): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(value),
    signal: AbortSignal.timeout(20_000),
  });
}
