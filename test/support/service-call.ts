/** Calls a service without a socket: what it answers, or what it makes of the error. */

import { CountersignError, InputError } from '../../src/base/errors.ts';
import type { Answer, Service } from '../../src/serve/service.ts';

export interface ServiceRequest {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}

export async function callService(
  service: Service,
  method: 'GET' | 'POST',
  path: string,
  request: ServiceRequest = {},
): Promise<Answer> {
  try {
    return await handleCall(service, method, path, request);
  } catch (error) {
    if (error instanceof CountersignError) return service.problemOf(error);
    throw error;
  }
}

/** As `callService`; errors are thrown. */
export async function handleCall(
  service: Service,
  method: 'GET' | 'POST',
  path: string,
  { headers = {}, body = '' }: ServiceRequest = {},
): Promise<Answer> {
  const url = new URL(path, 'http://stack.test');
  const endpoint = service.endpoints.find((each) => each.method === method && each.path === url.pathname);
  if (endpoint === undefined) throw new Error(`${service.name} has no ${method} ${path}`);
  const bytes = Buffer.from(body);
  return endpoint.handle({
    method,
    url,
    headers,
    params: {},
    body: async (what, maxBytes) => {
      if (bytes.length > maxBytes) throw new InputError('INPUT_TOO_LARGE', `${what}: more than ${maxBytes} bytes`);
      return bytes;
    },
  });
}
