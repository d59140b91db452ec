/** Requests as clients send them, each of them another: made before the measuring, so that sending them is cheap. */

import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import { sha256HexOf } from '../../src/crypto/hash.ts';
import { createKeyPair } from '../../src/crypto/private-key.ts';
import { signerOf } from '../../src/crypto/signer.ts';
import { encodeSigningRequest } from '../../src/formats/fulcio/signing-request.ts';
import { encodeTimestampRequest } from '../../src/formats/tsp/timestamp-request.ts';
import { encodeCertificatePem } from '../../src/formats/x509/certificate-pem.ts';
import { parseCertificate } from '../../src/formats/x509/certificate.ts';
import { signCertificate } from '../../src/formats/x509/tbs-certificate.ts';
import { createCaChain } from '../../src/servers/ca/authority.ts';
import { leafWriterOf } from '../../src/servers/ca/leaf-certificate.ts';
import { createSerialNumber } from '../../src/servers/ca/serial-number.ts';
import type { PlainRequest } from './load-run.ts';

export const signerEmail = 'bench@example.com';

const JSON_TYPE = 'application/json';

/** Entries of the kind hashedrekord, as keyless signing logs them: each of a key of its own, in a certificate of its own. */
export async function createEntryRequests(count: number): Promise<readonly PlainRequest[]> {
  const certify = await openCertifier();
  const requests: PlainRequest[] = [];
  for (let at = 0; at < count; at += 1) {
    const { privateKey, spki } = createKey();
    const artifact = randomBytes(32);
    const certificate = Buffer.from(await certify(spki)).toString('base64');
    const signature = sign('sha256', artifact, privateKey).toString('base64');
    requests.push({
      method: 'POST',
      path: '/api/v1/log/entries',
      contentType: JSON_TYPE,
      body: JSON.stringify({
        apiVersion: '0.0.1',
        kind: 'hashedrekord',
        spec: {
          signature: { content: signature, publicKey: { content: certificate } },
          data: { hash: { algorithm: 'sha256', value: sha256HexOf(artifact) } },
        },
      }),
    });
  }
  return requests;
}

/** Each for a key of its own, with the proof of possession. */
export function createCertificateRequests(count: number, token: string): readonly PlainRequest[] {
  return Array.from({ length: count }, () => {
    const { privateKey, publicKey } = createKey();
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const proof = sign('sha256', Buffer.from(signerEmail), privateKey);
    const { publicKeyRequest } = JSON.parse(Buffer.from(encodeSigningRequest(pem, proof)).toString()) as {
      readonly publicKeyRequest: object;
    };
    return {
      method: 'POST',
      path: '/api/v2/signingCert',
      contentType: JSON_TYPE,
      body: JSON.stringify({ credentials: { oidcIdentityToken: token }, publicKeyRequest }),
    };
  });
}

export function createTimestampRequests(count: number): readonly PlainRequest[] {
  return Array.from({ length: count }, () => ({
    method: 'POST',
    path: '/api/v1/timestamp',
    contentType: 'application/timestamp-query',
    body: encodeTimestampRequest(randomBytes(32)),
  }));
}

/** Certificates as a certificate authority of ours gives them, but for the log's timestamp. */
async function openCertifier(): Promise<(spki: Uint8Array) => Promise<string>> {
  const now = new Date();
  const signer = signerOf(createKeyPair('ecdsa-p256'));
  const [issuing] = await createCaChain({
    organization: 'bench',
    isDevelopment: true,
    now: () => now,
    random: randomBytes,
    root: signerOf(createKeyPair('ecdsa-p256')),
    intermediate: signer,
  });
  const leafOf = leafWriterOf(parseCertificate(issuing));
  const extensions = new Map([
    [1, 'https://issuer.example.com'],
    [8, 'https://issuer.example.com'],
  ]);
  const principal = { name: { kind: 'email', value: signerEmail }, extensions } as const;
  const notAfter = new Date(now.getTime() + 600_000);
  return async (spki) => {
    const serialNumber = createSerialNumber(randomBytes);
    return encodeCertificatePem(
      await signCertificate(leafOf({ principal, spki, serialNumber, notBefore: now, notAfter }), signer),
    );
  };
}

interface BenchKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly spki: Uint8Array;
}

function createKey(): BenchKey {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...pair, spki: pair.publicKey.export({ type: 'spki', format: 'der' }) };
}
