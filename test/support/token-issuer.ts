/** An issuer of identity tokens on loopback: real keys, real HTTP, and tokens that are as wrong as a test wants. */
import { constants, createHmac, generateKeyPairSync, sign } from 'node:crypto';
import type { JsonWebKey, KeyObject } from 'node:crypto';
import type { ServerOptions } from 'node:https';
import type { TestContext } from 'node:test';

import { reply, startScriptedServer } from './scripted-server.ts';
import type { ScriptedServer, Script } from './scripted-server.ts';

export interface TokenKey {
  readonly algorithm: string;
  readonly keyId: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** As a key set lists it. */
  readonly jwk: JsonWebKey;
}

export interface TokenIssuer {
  readonly url: string;
  readonly server: ScriptedServer;
  /** What the next key set lists. */
  keys: readonly JsonWebKey[];
  /** Takes the place of an answer to this path below the issuer. */
  readonly scripts: Map<string, Script>;
}

export const discoveryPath = '/.well-known/openid-configuration';
export const keysPath = '/keys';

export function createTokenKey(algorithm: string, keyId = 'key-1'): TokenKey {
  const { privateKey, publicKey } = generateFor(algorithm);
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: keyId, use: 'sig' };
  return { algorithm, keyId, privateKey, publicKey, jwk };
}

/** Claims that pass: for the audience "sigstore", of this moment. */
export function claimsOf(issuer: string, more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const now = Math.floor(Date.now() / 1000);
  const own = { iss: issuer, sub: 'subject-1', aud: 'sigstore', iat: now, exp: now + 300 };
  return { ...own, email: 'ada@example.com', email_verified: true, ...more };
}

/** Header and body as given, signed by the key in the key's own algorithm. */
export function signToken(
  key: TokenKey,
  claims: Readonly<Record<string, unknown>> | string,
  header: Readonly<Record<string, unknown>> = { alg: key.algorithm, kid: key.keyId, typ: 'JWT' },
): string {
  const input = `${partOf(header)}.${partOf(claims)}`;
  return `${input}.${signatureOf(key, Buffer.from(input)).toString('base64url')}`;
}

/** A token whose HMAC secret is a text that everybody knows. */
export function signWithSecret(secret: string, claims: Readonly<Record<string, unknown>>, keyId: string): string {
  const input = `${partOf({ alg: 'HS256', kid: keyId })}.${partOf(claims)}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

export function partOf(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
}

/** Listens until the test ends. Over TLS the issuer is "https://localhost:PORT". */
export async function startTokenIssuer(
  t: TestContext,
  keys: readonly TokenKey[],
  tls?: ServerOptions,
): Promise<TokenIssuer> {
  const scripts = new Map<string, Script>();
  const server = await startScriptedServer(
    t,
    (request, response) => {
      const script = scripts.get(request.path);
      if (script !== undefined) return script(request, response);
      if (request.path === discoveryPath) {
        return reply(response, 200, {}, JSON.stringify({ issuer: issuer.url, jwks_uri: `${issuer.url}${keysPath}` }));
      }
      return request.path === keysPath
        ? reply(response, 200, {}, JSON.stringify({ keys: issuer.keys }))
        : reply(response, 404);
    },
    tls,
  );
  const url = tls === undefined ? `http://${server.host}` : `https://localhost:${server.port}`;
  const issuer: TokenIssuer = { url, server, keys: keys.map(({ jwk }) => jwk), scripts };
  return issuer;
}

function generateFor(algorithm: string): { privateKey: KeyObject; publicKey: KeyObject } {
  if (/^[RP]S/.test(algorithm)) return generateKeyPairSync('rsa', { modulusLength: 2048 });
  if (algorithm.startsWith('Ed')) return generateKeyPairSync('ed25519');
  const curves: Readonly<Record<string, string>> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' };
  return generateKeyPairSync('ec', { namedCurve: curves[algorithm] ?? 'P-256' });
}

function signatureOf({ algorithm, privateKey }: TokenKey, input: Uint8Array): Buffer {
  if (algorithm.startsWith('Ed')) return sign(null, input, privateKey);
  const hash = `sha${algorithm.slice(2)}`;
  if (algorithm.startsWith('ES')) return sign(hash, input, { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return algorithm.startsWith('PS')
    ? sign(hash, input, {
        key: privateKey,
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength: Number(algorithm.slice(2)) / 8,
      })
    : sign(hash, input, privateKey);
}
