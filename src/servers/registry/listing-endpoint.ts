/** Listings: tags, repositories, referrers; a page at a time with a Link to the next.
 *  @source OCI distribution-spec, section Content Discovery */

import type { IncomingMessage, ServerResponse } from 'node:http';

import { limits } from '../../base/limits.ts';
import type { Descriptor } from '../../formats/oci/manifest.ts';
import { mediaTypes } from '../../formats/oci/media-type.ts';
import { sendJson } from '../../serve/exchange.ts';
import type { Headers } from '../../serve/exchange.ts';
import { RegistryProblem } from './problem.ts';
import type { Registry } from './registry.ts';
import type { RouteOf } from './route.ts';

export async function listTags(
  registry: Registry,
  { name }: RouteOf<'tags'>,
  _request: IncomingMessage,
  response: ServerResponse,
  query: URLSearchParams,
): Promise<void> {
  if (!registry.repositories.hasRepository(name)) {
    throw new RegistryProblem('NAME_UNKNOWN', `there is no repository ${name}`);
  }
  const { rows, headers } = pageOf(await registry.repositories.listTags(name), `/v2/${name}/tags/list`, query);
  sendJson(response, 200, headers, { name, tags: rows });
}

export async function listRepositories(
  registry: Registry,
  _route: RouteOf<'catalog'>,
  _request: IncomingMessage,
  response: ServerResponse,
  query: URLSearchParams,
): Promise<void> {
  const { rows, headers } = pageOf(await registry.repositories.listRepositories(), '/v2/_catalog', query);
  sendJson(response, 200, headers, { repositories: rows });
}

/** Pages end at a number of rows or of bytes, because annotations make descriptors of any size. */
export async function listReferrers(
  registry: Registry,
  { name, digest: subject }: RouteOf<'referrers'>,
  _request: IncomingMessage,
  response: ServerResponse,
  query: URLSearchParams,
): Promise<void> {
  const artifactType = query.get('artifactType');
  const last = query.get('last') ?? '';
  const manifests: Descriptor[] = [];
  let bytes = 0;
  let next: string | undefined;
  for (const digest of await registry.repositories.listReferrers(name, subject)) {
    const descriptor = digest > last ? registry.repositories.referrerOf(name, subject, digest) : undefined;
    if (descriptor === undefined || (artifactType !== null && descriptor.artifactType !== artifactType)) {
      continue;
    }
    bytes += JSON.stringify(descriptor).length;
    if (manifests.length > 0 && (bytes > limits.servedPageBytes || manifests.length === limits.servedReferrers)) {
      next = manifests.at(-1)?.digest;
      break;
    }
    manifests.push(descriptor);
  }
  const path = `/v2/${name}/referrers/${subject}`;
  const filter = artifactType === null ? undefined : { artifactType };
  const headers = {
    'Content-Type': mediaTypes.ociIndex,
    ...(filter === undefined ? {} : { 'OCI-Filters-Applied': 'artifactType' }),
    ...(next === undefined ? {} : linkTo(path, { ...filter, last: next })),
  };
  sendJson(response, 200, headers, { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests });
}

/** The rows after `last`, at most `n`. */
function pageOf(
  sorted: readonly string[],
  path: string,
  query: URLSearchParams,
): { readonly rows: readonly string[]; readonly headers: Headers } {
  const asked = query.get('n') ?? String(limits.servedRows);
  if (!/^\d{1,9}$/.test(asked)) {
    throw new RegistryProblem('UNSUPPORTED', 'n must be a number', {}, 400);
  }
  const last = query.get('last');
  const rest = last === null ? sorted : sorted.filter((row) => row > last);
  const rows = rest.slice(0, Math.min(Number(asked), limits.servedRows));
  const end = rows.at(-1);
  const hasMore = end !== undefined && rows.length < rest.length;
  return { rows, headers: hasMore ? linkTo(path, { n: asked, last: end }) : {} };
}

function linkTo(path: string, query: Readonly<Record<string, string>>): Headers {
  return { Link: `<${path}?${new URLSearchParams(query).toString()}>; rel="next"` };
}
