/** The public keys of an issuer, and whether one of them signed a token. The only file that knows `jose`.
 *  @source RFC 7517; RFC 7518 section 3.1; RFC 8037 */

import { compactVerify, errors } from 'jose';
import type { JWK } from 'jose';

import { decodeArray, decodeDocument, decodeObject, decodeString, optional } from '../../../base/decode.ts';
import { InputError } from '../../../base/errors.ts';
import type { JsonValue } from '../../../base/json.ts';
import { limits } from '../../../base/limits.ts';
import { shownOf } from './token.ts';
import type { Token } from './token.ts';

/** Never empty. */
export type KeySet = readonly IssuerKey[];

interface IssuerKey {
  readonly keyId: string | undefined;
  readonly algorithms: readonly string[];
  /** Public members alone, and always the same object: jose remembers by it what it imported. */
  readonly jwk: JWK;
}

/** By type and curve. No symmetric algorithm is here, so a public key is never used as a shared secret. */
const ALGORITHMS: Readonly<Record<string, readonly string[]>> = {
  RSA: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  'EC P-256': ['ES256'],
  'EC P-384': ['ES384'],
  'EC P-521': ['ES512'],
  'OKP Ed25519': ['EdDSA', 'Ed25519'],
};
const KNOWN = Object.values(ALGORITHMS).flat();

const decodeKeySet = decodeObject({
  keys: decodeArray(
    decodeObject({
      kty: decodeString,
      crv: optional(decodeString),
      kid: optional(decodeString),
      use: optional(decodeString),
      alg: optional(decodeString),
      key_ops: optional(decodeArray(decodeString)),
      n: optional(decodeString),
      e: optional(decodeString),
      x: optional(decodeString),
      y: optional(decodeString),
    }),
  ),
});
type Jwk = ReturnType<typeof decodeKeySet>['keys'][number];

/** Keys for other purposes, and of kinds that are not known, are passed over. Throws JSON_SHAPE, KEY_UNSUPPORTED. */
export function parseKeySet(value: JsonValue): KeySet {
  const { keys } = decodeDocument(value, decodeKeySet, 'key set');
  if (keys.length > limits.issuerKeys) {
    throw new InputError('KEY_UNSUPPORTED', `key set: ${keys.length} keys, at most ${limits.issuerKeys} are read`);
  }
  const usable = keys.map(issuerKeyOf).filter((key) => key.algorithms.length > 0);
  if (usable.length === 0) throw new InputError('KEY_UNSUPPORTED', 'key set: it has no key that signs tokens');
  return usable;
}

/** Throws TOKEN_SIGNATURE for an algorithm by which no token may be signed: "none", and those of shared secrets. */
export function requireAlgorithm({ algorithm }: Token): void {
  if (!KNOWN.includes(algorithm)) {
    throw new InputError(
      'TOKEN_SIGNATURE',
      `the token is signed by the algorithm ${shownOf(algorithm)}; accepted are ${KNOWN.join(', ')}`,
    );
  }
}

/** Whether a key of the issuer signed the token: the one that the token names, or any where it names none. Addresses and
 *  keys in the token's own header count for nothing. */
export async function isSignedBy(token: Token, keys: KeySet): Promise<boolean> {
  const { algorithm, keyId } = token;
  const candidates = keys.filter(
    (key) => key.algorithms.includes(algorithm) && (keyId === undefined || key.keyId === keyId),
  );
  for (const { jwk } of candidates) {
    if (await isSignedByKey(token, jwk)) return true;
  }
  return false;
}

async function isSignedByKey({ text, algorithm }: Token, jwk: JWK): Promise<boolean> {
  try {
    await compactVerify(text, jwk, { algorithms: [algorithm] });
    return true;
  } catch (error) {
    // A key that cannot be imported or is too short (TypeError, DOMException) has signed nothing.
    if (error instanceof errors.JOSEError || error instanceof TypeError || error instanceof DOMException) return false;
    throw error;
  }
}

function issuerKeyOf({ kty, crv, kid, use = 'sig', alg, key_ops: uses, n, e, x, y }: Jwk): IssuerKey {
  const isForSignatures = use === 'sig' && (uses === undefined || uses.includes('verify'));
  const possible = isForSignatures ? (ALGORITHMS[kty === 'RSA' ? kty : `${kty} ${crv}`] ?? []) : [];
  const members = { crv, n, e, x, y };
  return {
    keyId: kid,
    algorithms: possible.filter((each) => alg === undefined || alg === each),
    jwk: { kty, ...Object.fromEntries(Object.entries(members).filter(([, member]) => member !== undefined)) },
  };
}
