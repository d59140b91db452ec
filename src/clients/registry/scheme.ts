/** Whether a registry is spoken to over TLS: https always, plain HTTP by itself only on loopback. */

import { isErrorWithCode, RemoteError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { HttpResponse } from '../../base/runtime.ts';
import { hostNameOf, isLoopback } from '../http/host.ts';
import type { RegistrySettings } from './settings.ts';

export type Scheme = 'https:' | 'http:';

/** The schemes to try on a registry, in order. Loopback is mostly plain HTTP, unless somebody gave it certificates. */
export function schemesFor(registry: string, settings: RegistrySettings): readonly Scheme[] {
  const isLocal = isLoopbackRegistry(registry);
  const hasTls = settings.tls?.caPem !== undefined || settings.tls?.clientCertificatePem !== undefined;
  if (isLocal && !hasTls) {
    return ['http:', 'https:'];
  }
  return isLocal || settings.unsafePlainHttp === true ? ['https:', 'http:'] : ['https:'];
}

export function isLoopbackRegistry(registry: string): boolean {
  return isLoopback(hostNameOf(new URL(`https://${registry}`)));
}

/** Whether a failed attempt may mean that the registry speaks the other scheme. A certificate that is not trusted does
 *  not: that registry speaks TLS, and going on without would be what an attacker wants. */
export function isSchemeFailure(error: unknown, scheme: Scheme): boolean {
  return isErrorWithCode(error, scheme === 'https:' ? 'HTTP_UNREACHABLE' : 'HTTP_CUT');
}

/** An answer to plain HTTP by which Go's, nginx's and Apache's servers say that the port wants TLS; any other answer is
 *  given back unread. */
export async function tlsWantedOf(
  response: HttpResponse,
): Promise<{ readonly isTlsWanted: boolean; readonly response: HttpResponse }> {
  if (response.status !== 400) {
    return { isTlsWanted: false, response };
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > limits.errorBodyBytes) {
      break;
    }
  }
  const text = chunks.map((chunk) => new TextDecoder().decode(chunk)).join('');
  const isTlsWanted =
    /HTTP request to an HTTPS server|plain HTTP request was sent to HTTPS port|speaking plain HTTP to an SSL-enabled/i.test(
      text,
    );
  return { isTlsWanted, response: { ...response, body: replay(chunks) } };
}

/** Adds to an unreachable host's error what to do when the host speaks no TLS. */
export function withPlainHttpHint(error: unknown, registry: string): unknown {
  const isUnknownName = error instanceof RemoteError && /^(?:ENOTFOUND|EAI_)/.test(String(error.details['reason']));
  if (!isErrorWithCode(error, 'HTTP_UNREACHABLE') || !(error instanceof RemoteError) || isUnknownName) {
    return error;
  }
  return new RemoteError(error.code, error.message, {
    cause: error.cause,
    details: error.details,
    ...(error.url !== undefined && { url: error.url }),
    hint: `Check the name, the port, the network and the proxy settings. Only if ${registry} is a registry without TLS that you run yourself: --allow-http-registry.`,
  });
}

async function* replay(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}
