/** The keys of an issuer, from the issuer itself. A token names its issuer, so whoever sends one says where the authority
 *  goes: only to configured hosts, over TLS, without following anything elsewhere.
 *  @source OpenID Connect Discovery section 4 */

import { concatBytes } from '../../../base/bytes.ts';
import { decodeDocument, decodeObject, decodeString } from '../../../base/decode.ts';
import { messageOf, RemoteError } from '../../../base/errors.ts';
import { parseJson } from '../../../base/json.ts';
import type { JsonValue } from '../../../base/json.ts';
import { limits } from '../../../base/limits.ts';
import type { HttpResponse, Request } from '../../../base/runtime.ts';
import { redactedUrlOf } from '../../../clients/http/failure.ts';
import { hostNameOf, isLoopback } from '../../../clients/http/host.ts';
import type { Issuer } from './issuer.ts';
import { parseKeySet } from './key-set.ts';
import type { KeySet } from './key-set.ts';
import { shownOf } from './token.ts';

/** The Kubernetes cluster in which the authority runs: its API server is the issuer, and wants to know who asks. */
export interface ClusterAccess {
  /** "https://kubernetes.default.svc" */
  readonly issuerUrl: string;
  readonly caPem: string;
  /** The service account's token; it is renewed, so it is read for each question. */
  readonly bearerToken: () => Promise<string>;
}

export interface DiscoveryContext {
  readonly request: Request;
  readonly cluster?: ClusterAccess;
  /** For tests. */
  readonly documentMs?: number;
}

/** A place from which documents of one issuer come. */
interface Source extends DiscoveryContext {
  /** Of the one token at hand; for a meta-issuer, one that matches its pattern. */
  readonly issuerUrl: string;
  readonly issuer: Issuer;
}

const decodeDiscovery = decodeObject({ issuer: decodeString, jwks_uri: decodeString });

/** Asks for the issuer's discovery document, then for the keys that it names. Throws TOKEN_ISSUER_UNREACHABLE. */
export async function fetchIssuerKeys(issuerUrl: string, issuer: Issuer, context: DiscoveryContext): Promise<KeySet> {
  const source: Source = { ...context, issuerUrl, issuer };
  try {
    // 1. What the issuer says of itself, from below its own URL.
    const at = new URL(`${issuerUrl.replace(/\/$/, '')}/.well-known/openid-configuration`);
    const discovery = decodeDocument(await fetchDocument(at, source), decodeDiscovery, 'discovery document');
    // 2. Another issuer's document would let that one's keys speak for this one.
    if (discovery.issuer !== issuerUrl) {
      throw new Error(`its discovery document is that of ${shownOf(discovery.issuer)}`);
    }
    // 3. The keys.
    return parseKeySet(await fetchDocument(keysAddressOf(discovery.jwks_uri, source), source));
  } catch (cause) {
    throw unreachable(issuerUrl, messageOf(cause), cause);
  }
}

/** Throws nothing: the error that says why an issuer could not be asked. */
export function unreachable(issuerUrl: string, why: string, cause?: unknown): RemoteError {
  return new RemoteError('TOKEN_ISSUER_UNREACHABLE', `the issuer ${shownOf(issuerUrl)} cannot be asked: ${why}`, {
    cause,
    url: issuerUrl,
    retryable: true,
  });
}

function keysAddressOf(text: string, { issuerUrl, issuer }: Source): URL {
  const url = URL.parse(text);
  const own = new URL(issuerUrl);
  if (url === null || url.username !== '' || url.password !== '') throw new Error('its jwks_uri is not a URL');
  if (url.protocol !== 'https:' && (url.origin !== own.origin || !isLoopback(hostNameOf(url)))) {
    throw new Error(`its jwks_uri is not https: ${shownOf(redactedUrlOf(url))}`);
  }
  // Strangers may have made the document of an issuer that only matches a pattern.
  if (issuer.pattern !== undefined && url.origin !== own.origin) {
    throw new Error(`its jwks_uri is on another host: ${shownOf(redactedUrlOf(url))}`);
  }
  return url;
}

async function fetchDocument(url: URL, source: Source): Promise<JsonValue> {
  const { request, cluster, issuerUrl, issuer, documentMs = limits.issuerDocumentMs } = source;
  const isCluster = cluster?.issuerUrl === issuerUrl;
  const caPem = [issuer.caPem, isCluster ? cluster.caPem : undefined].filter((pem) => pem !== undefined).join('\n');
  // The service account's token opens the API server and is for nobody else.
  const isOwn = isCluster && url.origin === new URL(issuerUrl).origin;
  const response = await request({
    method: 'GET',
    url,
    headers: {
      accept: 'application/json',
      ...(isOwn && { authorization: `Bearer ${await cluster.bearerToken()}` }),
    },
    ...(caPem !== '' && { tls: { caPem } }),
    ...(issuer.pattern !== undefined && { isPublicOnly: true }),
    signal: AbortSignal.timeout(documentMs),
  });
  const bytes = await readBody(response, url);
  return parseJson(bytes, { what: redactedUrlOf(url), maxBytes: limits.issuerDocumentBytes });
}

async function readBody({ status, body }: HttpResponse, url: URL): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    // Breaking off frees the connection.
    if (status !== 200) break;
    size += chunk.length;
    if (size > limits.issuerDocumentBytes) {
      throw new Error(`${redactedUrlOf(url)} is larger than ${limits.issuerDocumentBytes} bytes`);
    }
    chunks.push(chunk);
  }
  if (status >= 300 && status < 400) throw new Error(`${redactedUrlOf(url)} redirects, which is not followed`);
  if (status !== 200) throw new Error(`${redactedUrlOf(url)} answered ${status}`);
  return concatBytes(chunks);
}
