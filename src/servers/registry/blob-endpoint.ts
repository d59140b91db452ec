/** Blobs: read and delete. @source OCI distribution-spec, sections Pulling blobs, Deleting Blobs */

import type { IncomingMessage, ServerResponse } from 'node:http';

import { parseByteRange } from '../../serve/byte-range.ts';
import { sendBytes, sendEmpty, sendFile } from '../../serve/exchange.ts';
import { smallContentBytes } from './content-store.ts';
import { RegistryProblem } from './problem.ts';
import type { Registry } from './registry.ts';
import type { RouteOf } from './route.ts';

/** GET and HEAD. Always octet-stream: a browser must never run what somebody pushed. */
export async function getBlob(
  registry: Registry,
  route: RouteOf<'blob'>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { name, digest } = route;
  requireBlob(registry, route);
  const size = registry.content.sizeOf(digest);
  const headers = {
    'Content-Type': 'application/octet-stream',
    'Docker-Content-Digest': digest,
    'Accept-Ranges': 'bytes',
  };
  const range = parseByteRange(request.headers.range, size);
  if (range === 'unsatisfiable') {
    const message = `${name} has ${size} bytes under ${digest}`;
    throw new RegistryProblem('SIZE_INVALID', message, { 'Content-Range': `bytes */${size}` }, 416);
  }
  const status = range === undefined ? 200 : 206;
  const { first, last } = range ?? { first: 0, last: size - 1 };
  const all = range === undefined ? headers : { ...headers, 'Content-Range': `bytes ${first}-${last}/${size}` };
  if (size <= smallContentBytes) {
    sendBytes(response, status, all, (await registry.content.read(digest)).subarray(first, last + 1));
  } else if (request.method === 'HEAD') {
    response.writeHead(status, { ...all, 'Content-Length': last - first + 1 }).end();
  } else {
    await sendFile(response, status, all, registry.content.pathOf(digest), { first, last });
  }
}

export async function deleteBlob(
  registry: Registry,
  route: RouteOf<'blob'>,
  _request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  await registry.exclusive(route.name, async () => {
    requireBlob(registry, route);
    await registry.repositories.unlinkBlob(route.name, route.digest);
  });
  sendEmpty(response, 202, {});
}

function requireBlob(registry: Registry, { name, digest }: RouteOf<'blob'>): void {
  if (!registry.repositories.hasBlob(name, digest)) {
    throw new RegistryProblem('BLOB_UNKNOWN', `${name} holds no blob ${digest}`);
  }
}
