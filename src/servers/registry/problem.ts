/** What the registry answers instead of the thing asked for. @source OCI distribution-spec, section Error Codes */

import type { IncomingMessage, ServerResponse } from 'node:http';

import { CountersignError, InputError, messageOf } from '../../base/errors.ts';
import { printableOf } from '../../base/printable.ts';
import type { Log } from '../../base/runtime.ts';
import { sendJson } from '../../serve/exchange.ts';
import type { Headers } from '../../serve/exchange.ts';

const statuses = {
  BLOB_UNKNOWN: 404,
  BLOB_UPLOAD_INVALID: 400,
  BLOB_UPLOAD_UNKNOWN: 404,
  DENIED: 403,
  DIGEST_INVALID: 400,
  MANIFEST_BLOB_UNKNOWN: 404,
  MANIFEST_INVALID: 400,
  MANIFEST_UNKNOWN: 404,
  NAME_INVALID: 400,
  NAME_UNKNOWN: 404,
  SIZE_INVALID: 400,
  TOOMANYREQUESTS: 429,
  UNSUPPORTED: 405,
} as const;

export type ProblemCode = keyof typeof statuses;

/** An answer of the wire protocol: its codes are the specification's, not the catalogue's. */
export class RegistryProblem extends Error {
  readonly code: ProblemCode;
  readonly status: number;
  readonly headers: Headers;

  constructor(code: ProblemCode, message: string, headers: Headers = {}, status: number = statuses[code]) {
    super(message);
    this.name = 'RegistryProblem';
    this.code = code;
    this.status = status;
    this.headers = headers;
  }
}

/** Writes the answer for anything thrown. What was not foreseen is logged and not told to the client. */
export function sendProblem(error: unknown, request: IncomingMessage, response: ServerResponse, log: Log): void {
  const { status, code, message, headers } = problemOf(error);
  if (status === 500) {
    log.warn(`${printableOf(`${request.method} ${request.url}`)}: ${printableOf(messageOf(error))}`);
  }
  // A body that is too large will not be read to its end: the connection cannot serve another request.
  const closing = status === 413 ? { Connection: 'close' } : {};
  sendJson(response, status, { ...headers, ...closing }, { errors: [{ code, message }] });
}

function problemOf(error: unknown): { status: number; code: string; message: string; headers: Headers } {
  if (error instanceof RegistryProblem) {
    return error;
  }
  if (error instanceof InputError) {
    const code = error.code === 'INPUT_TOO_LARGE' ? 'SIZE_INVALID' : 'MANIFEST_INVALID';
    return { status: error.entry.http, code, message: error.message, headers: {} };
  }
  if (error instanceof CountersignError) {
    return { status: error.entry.http, code: 'DENIED', message: error.message, headers: {} };
  }
  return { status: 500, code: 'UNKNOWN', message: 'the registry failed; its log says why', headers: {} };
}
