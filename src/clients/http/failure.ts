/** What went wrong on a connection, as one of four answers. */

import { CountersignError, messageOf, RemoteError } from '../../base/errors.ts';

export interface FailureContext {
  readonly url: URL;
  readonly proxyHost: string | undefined;
  /** Whether a connection stood, or was taken from the pool. */
  readonly wasConnected: boolean;
}

const UNTRUSTED =
  /^(?:CERT_|ERR_TLS_CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_CA$|INVALID_PURPOSE$|PATH_LENGTH_|HOSTNAME_MISMATCH$|CRL_|ERROR_IN_CERT_|UNSPECIFIED$)/;
const CUT = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ERR_STREAM_PREMATURE_CLOSE']);

/** A URL without user, password and query, for messages: queries of redirects and uploads carry signatures. */
export function redactedUrlOf(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}

/** Turns what node:http throws into TLS_UNTRUSTED, HTTP_CUT or HTTP_UNREACHABLE; our own errors pass. */
export function failureOf(error: unknown, context: FailureContext): CountersignError {
  if (error instanceof CountersignError) {
    return error;
  }
  const code = systemCodeOf(error);
  const url = redactedUrlOf(context.url);
  const options = { cause: error, url, details: { host: context.url.host, reason: code } };
  if (UNTRUSTED.test(code)) {
    return new RemoteError(
      'TLS_UNTRUSTED',
      // Without Node's advice on its own flags: the system's authorities were tried already.
      `the certificate of ${context.url.host} is not trusted: ${messageOf(error).replace(/; if the root CA .*/s, '')}`,
      options,
    );
  }
  if (code.startsWith('HPE_')) {
    return new RemoteError('HTTP_CUT', `${context.url.host} did not answer in HTTP (${code})`, options);
  }
  if (context.wasConnected && CUT.has(code)) {
    return new RemoteError('HTTP_CUT', `${context.url.host} broke the connection off (${code})`, {
      ...options,
      retryable: true,
    });
  }
  const through = context.proxyHost === undefined ? '' : ` through the proxy ${context.proxyHost}`;
  return new RemoteError(
    'HTTP_UNREACHABLE',
    `${context.url.host} cannot be reached${through}: ${code || messageOf(error)}`,
    options,
  );
}

/** No byte came or went for too long. Only an answer that has not begun may be asked for again. */
export function stalled(url: URL, idleTimeoutMs: number, hasBegun: boolean): RemoteError {
  const seconds = idleTimeoutMs / 1000;
  return new RemoteError(
    'HTTP_STALLED',
    `${url.host} sent nothing for ${seconds} s ${hasBegun ? 'in the middle of an answer' : 'after a request'}`,
    {
      url: redactedUrlOf(url),
      retryable: !hasBegun,
    },
  );
}

function systemCodeOf(error: unknown): string {
  if (error instanceof AggregateError) {
    return systemCodeOf(error.errors[0]);
  }
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : '';
}
