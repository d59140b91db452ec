/** Which methods each address answers. */

import type { IncomingMessage, ServerResponse } from 'node:http';

import { sendJson } from '../../serve/exchange.ts';
import { deleteBlob, getBlob } from './blob-endpoint.ts';
import { listReferrers, listRepositories, listTags } from './listing-endpoint.ts';
import { deleteManifest, getManifest, putManifest } from './manifest-endpoint.ts';
import type { Registry } from './registry.ts';
import type { Route, RouteOf } from './route.ts';
import { appendUpload, beginUpload, cancelUpload, finishUpload, getUpload } from './upload-endpoint.ts';

type Endpoint<R extends Route> = (
  registry: Registry,
  route: R,
  request: IncomingMessage,
  response: ServerResponse,
  query: URLSearchParams,
) => Promise<void>;
type Methods<R extends Route> = Readonly<Record<string, Endpoint<R>>>;

const table: { readonly [K in Route['kind']]: Methods<RouteOf<K>> } = {
  ping: { GET: ping, HEAD: ping },
  catalog: { GET: listRepositories },
  tags: { GET: listTags },
  referrers: { GET: listReferrers },
  blob: { GET: getBlob, HEAD: getBlob, DELETE: deleteBlob },
  manifest: { GET: getManifest, HEAD: getManifest, PUT: putManifest, DELETE: deleteManifest },
  uploads: { POST: beginUpload },
  upload: { GET: getUpload, PATCH: appendUpload, PUT: finishUpload, DELETE: cancelUpload },
};

/** The methods of a route; undefined when this registry does not have it at all. */
export function methodsOf<R extends Route>(registry: Registry, route: R): Methods<R> | undefined {
  if (route.kind === 'referrers' && !registry.isReferrersApiEnabled) {
    return undefined;
  }
  const methods = table[route.kind] as unknown as Methods<R>;
  const isContent = route.kind === 'blob' || route.kind === 'manifest';
  if (isContent && !registry.isDeleteAllowed) {
    const { DELETE: _, ...rest } = methods;
    return rest;
  }
  return methods;
}

async function ping(
  _registry: Registry,
  _route: RouteOf<'ping'>,
  _request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  sendJson(response, 200, { 'Docker-Distribution-API-Version': 'registry/2.0' }, {});
}
