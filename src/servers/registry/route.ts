/** The registry's addresses. Names are taken from the right, because a repository may itself be called "a/blobs".
 *  Nothing becomes part of a path on disk that did not pass a grammar here.
 *  @source OCI distribution-spec, section Endpoints */

import { isDigest } from '../../formats/oci/digest.ts';
import type { Digest } from '../../formats/oci/digest.ts';
import { isRepositoryPath, isTag } from '../../formats/oci/reference.ts';
import { RegistryProblem } from './problem.ts';

export type Route =
  | { readonly kind: 'ping' }
  | { readonly kind: 'catalog' }
  | { readonly kind: 'tags'; readonly name: string }
  | { readonly kind: 'blob'; readonly name: string; readonly digest: Digest }
  | { readonly kind: 'uploads'; readonly name: string }
  | { readonly kind: 'upload'; readonly name: string; readonly id: string }
  | { readonly kind: 'manifest'; readonly name: string; readonly reference: ManifestReference }
  | { readonly kind: 'referrers'; readonly name: string; readonly digest: Digest };

export type RouteOf<K extends Route['kind']> = Extract<Route, { kind: K }>;

/** What stands after "/manifests/". */
export type ManifestReference =
  | { readonly kind: 'tag'; readonly tag: string }
  | { readonly kind: 'digest'; readonly digest: Digest };

export interface Target {
  readonly route: Route;
  readonly query: URLSearchParams;
}

const NAMED = /^\/v2\/(.+)\/(?:(tags\/list|blobs\/uploads\/?)|(blobs\/uploads|blobs|manifests|referrers)\/([^/]+))$/;
const UPLOAD_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Reads a request's target; undefined when nothing is served there. Throws RegistryProblem NAME_INVALID,
 *  DIGEST_INVALID, MANIFEST_INVALID, BLOB_UPLOAD_UNKNOWN. */
export function parseTarget(url: string): Target | undefined {
  const mark = url.indexOf('?');
  const route = parseRoute(decodedPathOf(mark === -1 ? url : url.slice(0, mark)));
  return route === undefined
    ? undefined
    : { route, query: new URLSearchParams(mark === -1 ? '' : url.slice(mark + 1)) };
}

/** Reads a digest from the wire. Throws RegistryProblem DIGEST_INVALID. */
export function requireDigest(text: string): Digest {
  if (!isDigest(text)) {
    throw new RegistryProblem('DIGEST_INVALID', 'expected sha256: or sha512: and lower-case hex digits');
  }
  return text;
}

function parseRoute(path: string): Route | undefined {
  if (path === '/v2/' || path === '/v2') {
    return { kind: 'ping' };
  }
  if (path === '/v2/_catalog') {
    return { kind: 'catalog' };
  }
  const match = NAMED.exec(path);
  if (match === null) {
    return undefined;
  }
  const [, name = '', collection, kind, item = ''] = match;
  if (!isRepositoryPath(name)) {
    throw new RegistryProblem(
      'NAME_INVALID',
      'a repository is lower-case letters and digits, joined by "/", ".", "_" or "-"',
    );
  }
  if (collection !== undefined) {
    return { kind: collection === 'tags/list' ? 'tags' : 'uploads', name };
  }
  switch (kind) {
    case 'blobs':
      return { kind: 'blob', name, digest: requireDigest(item) };
    case 'referrers':
      return { kind: 'referrers', name, digest: requireDigest(item) };
    case 'manifests':
      return { kind: 'manifest', name, reference: parseManifestReference(item) };
    default:
      return { kind: 'upload', name, id: requireUploadId(item) };
  }
}

function parseManifestReference(text: string): ManifestReference {
  if (text.includes(':')) {
    return { kind: 'digest', digest: requireDigest(text) };
  }
  if (!isTag(text)) {
    throw new RegistryProblem('MANIFEST_INVALID', 'a tag is at most 128 letters, digits, "_", "." and "-"');
  }
  return { kind: 'tag', tag: text };
}

function requireUploadId(text: string): string {
  if (!UPLOAD_ID.test(text)) {
    throw new RegistryProblem('BLOB_UPLOAD_UNKNOWN', 'no such upload');
  }
  return text;
}

function decodedPathOf(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new RegistryProblem('NAME_INVALID', 'the path is not valid percent-encoded UTF-8');
  }
}
