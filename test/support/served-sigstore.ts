/** A virtual Sigstore behind a real HTTP server: Fulcio v2, Rekor v1, a timestamp authority and an OIDC issuer, as their
 *  clients see them. Attacks are functions that change what it answers. It signs now, by this machine's clock. */

import { createHash, createPublicKey, generateKeyPairSync, randomUUID, sign, verify } from 'node:crypto';
import type { KeyPairKeyObjectResult } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { TestContext } from 'node:test';

import { reply, startScriptedServer } from './scripted-server.ts';
import type { ScriptedServer, SeenRequest } from './scripted-server.ts';
import { issueLeaf } from './virtual-sigstore/virtual-authority.ts';
import type { LeafRequest, VirtualAuthority } from './virtual-sigstore/virtual-authority.ts';
import { generalName } from './virtual-sigstore/virtual-certificate.ts';
import { pemOf } from './virtual-sigstore/virtual-key.ts';
import type { EntryBody, EntryKind } from './virtual-sigstore/entry-body.ts';
import type { EntryChanges, EntryJson } from './virtual-sigstore/virtual-log.ts';
import { createVirtualSigstore } from './virtual-sigstore/virtual-sigstore.ts';
import type { VirtualSigstore } from './virtual-sigstore/virtual-sigstore.ts';
import type { TrustedRootJson } from './virtual-sigstore/virtual-trusted-root.ts';
import { stampSignature } from './virtual-sigstore/virtual-timestamp-authority.ts';

export type Claims = Readonly<Record<string, unknown>>;
type Json = Record<string, unknown>;

/** What an attacker, or a broken service, does otherwise. Tests set and clear them. */
export interface Misdeeds {
  /** By path: answers instead of the service; undefined lets the service answer. */
  instead?: ((request: SeenRequest, response: ServerResponse) => boolean) | undefined;
  leaf?: Partial<LeafRequest>;
  /** Issues instead of the one that is trusted. */
  authority?: VirtualAuthority;
  chain?: (pems: readonly string[]) => readonly string[];
  body?: (body: EntryBody) => EntryBody;
  entry?: EntryChanges;
  /** Of the answer that says that an entry is there already. */
  location?: (path: string) => string;
  /** Instead of what is to be stamped. */
  imprint?: Buffer;
  discovery?: (document: Json) => Json;
  claims?: (claims: Claims) => Claims;
  /** What the browser brings back. */
  callback?: (query: URLSearchParams) => void;
  /** Answers to questions whether somebody has logged in on another device, before the good one. */
  device?: string[];
}

export interface ServedSigstore {
  readonly sigstore: VirtualSigstore;
  readonly server: ScriptedServer;
  /** "http://127.0.0.1:PORT". */
  readonly origin: string;
  readonly issuer: string;
  readonly stampUrl: string;
  readonly misdeeds: Misdeeds;
  /** JSON; the services have their real addresses in it. */
  readonly trustedRoot: () => TrustedRootJson;
  /** A signed identity token. */
  readonly token: (claims?: Claims) => string;
  /** Follows a login link as a browser whose owner is logged in would; the status of the last answer. */
  readonly browse: (url: string | URL) => Promise<number>;
}

export const servedIdentity = { email: 'dev@example.test', clientId: 'sigstore' } as const;

/** Serves until the test ends. */
export async function serveSigstore(t: TestContext): Promise<ServedSigstore> {
  const misdeeds: Misdeeds = {};
  const sigstore = createVirtualSigstore({ name: 'served', now: new Date() });
  const state: State = {
    sigstore,
    misdeeds,
    origin: '',
    codes: new Map(),
    entries: new Map(),
    tokenKey: tokenKeyPair(),
  };
  const server = await startScriptedServer(t, (request, response) => {
    if (misdeeds.instead?.(request, response) === true) return;
    const path = request.path.split('?')[0] ?? '';
    const route = routes.find(([method, start]) => request.method === method && path.startsWith(start));
    if (route === undefined) return answer(response, 404, { message: `no ${path}` });
    return route[2](state, request, response);
  });
  state.origin = `http://${server.host}`;
  return {
    sigstore,
    server,
    origin: state.origin,
    issuer: issuerOf(state),
    stampUrl: `${state.origin}/api/v1/timestamp`,
    misdeeds,
    trustedRoot: () => sigstore.trustedRoot(),
    token: (claims = {}) => tokenOf(state, claims),
    browse: async (url) => {
      const first = await fetch(url, { redirect: 'manual' });
      const place = first.headers.get('location');
      return place === null ? first.status : (await fetch(place)).status;
    },
  };
}

interface State {
  readonly sigstore: VirtualSigstore;
  readonly misdeeds: Misdeeds;
  origin: string;
  /** Logins under way, by code. */
  readonly codes: Map<string, URLSearchParams>;
  /** Log entries by UUID. */
  readonly entries: Map<string, Json>;
  readonly tokenKey: KeyPairKeyObjectResult;
}

type Handler = (state: State, request: SeenRequest, response: ServerResponse) => void;

const routes: readonly (readonly [string, string, Handler])[] = [
  ['POST', '/api/v2/signingCert', certify],
  ['POST', '/api/v1/log/entries', enter],
  [
    'GET',
    '/api/v1/log/entries/',
    (state, { path }, response) => {
      const uuid = path.split('/').at(-1) ?? '';
      const entry = state.entries.get(uuid);
      return entry === undefined
        ? answer(response, 404, { message: 'no such entry' })
        : answer(response, 200, { [uuid]: entry });
    },
  ],
  ['POST', '/api/v1/timestamp', stamp],
  ['GET', '/oidc/.well-known/openid-configuration', discover],
  ['GET', '/oidc/auth', logIn],
  ['POST', '/oidc/device', startDevice],
  ['POST', '/oidc/token', giveToken],
];

function certify(state: State, { headers, body }: SeenRequest, response: ServerResponse): void {
  const { sigstore, misdeeds, tokenKey } = state;
  const token = (headers.authorization ?? '').replace(/^Bearer /, '');
  const [head = '', payload = '', signature = ''] = token.split('.');
  const signed = Buffer.from(`${head}.${payload}`);
  const key = { key: tokenKey.publicKey, dsaEncoding: 'ieee-p1363' } as const;
  if (!verify('sha256', signed, key, Buffer.from(signature, 'base64url'))) {
    return answer(response, 401, { code: 16, message: `the token ${token} is not signed by its issuer` });
  }
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Json;
  const { publicKeyRequest } = JSON.parse(body.toString()) as {
    publicKeyRequest: { publicKey: { content: string }; proofOfPossession: string };
  };
  const spki = createPublicKey(publicKeyRequest.publicKey.content);
  const name = String(claims['email'] ?? claims['sub']);
  if (!verify('sha256', Buffer.from(name), spki, Buffer.from(publicKeyRequest.proofOfPossession, 'base64'))) {
    return answer(response, 400, { code: 3, message: 'the proof of possession does not verify' });
  }
  const authority = misdeeds.authority ?? sigstore.authority;
  const leaf = issueLeaf(authority, {
    spki: spki.export({ type: 'spki', format: 'der' }),
    at: new Date(Math.floor(Date.now() / 1000) * 1000),
    names: [claims['email'] === undefined ? generalName.uri(name) : generalName.email(name)],
    issuer: String(claims['iss']),
    scts: [{ log: sigstore.ctLog }],
    ...misdeeds.leaf,
  });
  const pems = [leaf, ...authority.chain].map((der) => pemOf('CERTIFICATE', der).trim());
  const certificates = misdeeds.chain?.(pems) ?? pems;
  answer(response, 200, { signedCertificateEmbeddedSct: { chain: { certificates } } });
}

function enter(state: State, { body }: SeenRequest, response: ServerResponse): void {
  const { sigstore, misdeeds, entries } = state;
  const sent = JSON.parse(body.toString()) as EntryBody & { kind: string; apiVersion: string; spec: Json };
  const canonical = canonicalOf(sent);
  const uuid = digestHex(JSON.stringify(canonical));
  if (entries.has(uuid)) {
    const path = `/api/v1/log/entries/${uuid}`;
    return answer(response, 409, { message: 'it is there already' }, { location: misdeeds.location?.(path) ?? path });
  }
  const kind = `${sent.kind}/${sent.apiVersion}` as EntryKind;
  const logged = misdeeds.body?.(canonical) ?? canonical;
  const entry = sigstore.rekorV1.append(kind, logged, new Date(), misdeeds.entry);
  entries.set(uuid, rekorEntryOf(entry));
  answer(response, 201, { [uuid]: rekorEntryOf(entry) }, { location: `/api/v1/log/entries/${uuid}` });
}

/** What Rekor logs of what it is sent. */
function canonicalOf(sent: EntryBody & { kind: string; apiVersion: string; spec: Json }): EntryBody {
  if (sent.kind !== 'dsse') return sent;
  const { envelope, verifiers } = sent.spec['proposedContent'] as { envelope: string; verifiers: string[] };
  const { payload, signatures } = JSON.parse(envelope) as { payload: string; signatures: { sig: string }[] };
  const spec = {
    envelopeHash: { algorithm: 'sha256', value: digestHex(envelope) },
    payloadHash: { algorithm: 'sha256', value: digestHex(Buffer.from(payload, 'base64')) },
    signatures: signatures.map(({ sig }) => ({ signature: sig, verifier: verifiers[0] })),
  };
  return { ...sent, spec };
}

function rekorEntryOf(entry: EntryJson): Json {
  const hex = (text: string): string => Buffer.from(text, 'base64').toString('hex');
  const proof = entry.inclusionProof;
  return {
    body: entry.canonicalizedBody,
    integratedTime: Number(entry.integratedTime),
    logID: hex(entry.logId.keyId),
    logIndex: Number(entry.logIndex),
    verification: {
      signedEntryTimestamp: entry.inclusionPromise?.signedEntryTimestamp,
      inclusionProof: proof && {
        checkpoint: proof.checkpoint?.envelope,
        hashes: proof.hashes.map(hex),
        logIndex: Number(proof.logIndex),
        rootHash: hex(proof.rootHash),
        treeSize: Number(proof.treeSize),
      },
    },
  };
}

function stamp({ sigstore, misdeeds }: State, { body }: SeenRequest, response: ServerResponse): void {
  // The hash that the request ends with (there is no nonce) takes the place of the one that is stamped.
  const at = body.indexOf(Buffer.from([0x04, 0x20])) + 2;
  const wanted = misdeeds.imprint ?? body.subarray(at, at + 32);
  const placeholder = Buffer.from('placeholder');
  const info = (bytes: Buffer): Buffer => {
    const digest = createHash('sha256').update(placeholder).digest();
    wanted.copy(bytes, bytes.indexOf(digest));
    return bytes;
  };
  const now = new Date();
  const made = stampSignature({ authority: sigstore.timestampAuthority, stamped: placeholder, info }, placeholder, now);
  reply(response, 200, { 'content-type': 'application/timestamp-reply' }, made);
}

function discover(state: State, _request: SeenRequest, response: ServerResponse): void {
  const issuer = issuerOf(state);
  const document = {
    issuer,
    authorization_endpoint: `${issuer}/auth`,
    token_endpoint: `${issuer}/token`,
    device_authorization_endpoint: `${issuer}/device`,
    jwks_uri: `${issuer}/keys`,
    response_types_supported: ['code'],
    code_challenge_methods_supported: ['S256'],
    id_token_signing_alg_values_supported: ['ES256'],
  };
  answer(response, 200, state.misdeeds.discovery?.(document) ?? document);
}

function logIn({ codes, misdeeds }: State, { path }: SeenRequest, response: ServerResponse): void {
  const query = new URLSearchParams(path.split('?')[1]);
  const code = randomUUID();
  codes.set(code, query);
  const redirect = query.get('redirect_uri') ?? '';
  if (redirect.startsWith('urn:')) return answer(response, 200, { code });
  const back = new URLSearchParams({ code, state: query.get('state') ?? '' });
  misdeeds.callback?.(back);
  reply(response, 302, { location: `${redirect}?${back.toString()}` });
}

function startDevice({ codes, origin }: State, { body }: SeenRequest, response: ServerResponse): void {
  const code = randomUUID();
  codes.set(code, new URLSearchParams(body.toString()));
  answer(response, 200, {
    device_code: code,
    user_code: 'ABCD-EFGH',
    verification_uri: `${origin}/oidc/enter`,
    expires_in: 300,
    interval: 1,
  });
}

function giveToken(state: State, { body }: SeenRequest, response: ServerResponse): void {
  const { codes, misdeeds } = state;
  const query = new URLSearchParams(body.toString());
  const waiting = query.has('device_code') ? misdeeds.device?.shift() : undefined;
  if (waiting !== undefined) return answer(response, 400, { error: waiting });
  const code = query.get('code') ?? query.get('device_code') ?? '';
  const login = codes.get(code);
  codes.delete(code);
  const challenge = createHash('sha256')
    .update(query.get('code_verifier') ?? '')
    .digest('base64url');
  if (login === undefined || login.get('code_challenge') !== challenge) {
    return answer(response, 400, { error: 'invalid_grant', error_description: `no such code: ${code}` });
  }
  const nonce = login.get('nonce');
  const token = tokenOf(state, nonce === null ? {} : { nonce });
  answer(response, 200, { access_token: token, id_token: token, token_type: 'Bearer' });
}

function tokenKeyPair(): KeyPairKeyObjectResult {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

function tokenOf(state: State, more: Claims): string {
  const now = Math.floor(Date.now() / 1000);
  const usual = {
    iss: issuerOf(state),
    sub: 'dev',
    aud: servedIdentity.clientId,
    email: servedIdentity.email,
    email_verified: true,
    iat: now,
    exp: now + 300,
    ...more,
  };
  const claims = state.misdeeds.claims?.(usual) ?? usual;
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ alg: 'ES256', typ: 'JWT' })}.${part(claims)}`;
  const key = { key: state.tokenKey.privateKey, dsaEncoding: 'ieee-p1363' } as const;
  return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
}

function issuerOf({ origin }: State): string {
  return `${origin}/oidc`;
}

function digestHex(bytes: string | Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function answer(
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  reply(response, status, { 'content-type': 'application/json', ...headers }, JSON.stringify(value));
}
