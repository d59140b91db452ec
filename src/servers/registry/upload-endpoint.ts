/** Blob uploads: in one request, in two, in chunks, or by mounting what another repository holds.
 *  @source OCI distribution-spec, section Pushing blobs */

import type { IncomingMessage, ServerResponse } from 'node:http';

import { limits } from '../../base/limits.ts';
import { digestAlgorithmOf } from '../../formats/oci/digest.ts';
import type { Digest } from '../../formats/oci/digest.ts';
import { isRepositoryPath } from '../../formats/oci/reference.ts';
import { readChunks, sendEmpty } from '../../serve/exchange.ts';
import type { Headers } from '../../serve/exchange.ts';
import { RegistryProblem } from './problem.ts';
import type { Registry } from './registry.ts';
import { requireDigest } from './route.ts';
import type { RouteOf } from './route.ts';
import type { Upload } from './upload.ts';

/** POST: begins an upload; with `digest` the body is the whole blob, with `mount` nothing need be uploaded. */
export async function beginUpload(
  registry: Registry,
  { name }: RouteOf<'uploads'>,
  request: IncomingMessage,
  response: ServerResponse,
  query: URLSearchParams,
): Promise<void> {
  const mount = query.get('mount');
  if (mount !== null && (await isMounted(registry, name, requireDigest(mount), query.get('from')))) {
    sendCreated(response, name, requireDigest(mount));
    return;
  }
  const whole = query.get('digest');
  if (whole === null) {
    const algorithm = query.get('digest-algorithm') === 'sha512' ? 'sha512' : 'sha256';
    const upload = await registry.uploads.begin(name, algorithm);
    sendEmpty(response, 202, progressOf(name, upload));
    return;
  }
  const digest = requireDigest(whole);
  const { id } = await registry.uploads.begin(name, digestAlgorithmOf(digest));
  await registry.uploads.use(name, id, async (upload) => {
    try {
      await receive(request, upload);
    } catch (error) {
      // Nobody was told the address of this upload, so nobody can resume it.
      await upload.cancel();
      throw error;
    }
    await store(registry, name, upload, digest);
  });
  sendCreated(response, name, digest);
}

/** PATCH: adds a chunk. */
export async function appendUpload(
  registry: Registry,
  { name, id }: RouteOf<'upload'>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  await registry.uploads.use(name, id, async (upload) => {
    requireNextRange(request, name, upload);
    await receive(request, upload);
    sendEmpty(response, 202, progressOf(name, upload));
  });
}

/** PUT: adds the last chunk, if there is a body, and closes the upload. */
export async function finishUpload(
  registry: Registry,
  { name, id }: RouteOf<'upload'>,
  request: IncomingMessage,
  response: ServerResponse,
  query: URLSearchParams,
): Promise<void> {
  const digest = requireDigest(query.get('digest') ?? '');
  await registry.uploads.use(name, id, async (upload) => {
    requireNextRange(request, name, upload);
    await receive(request, upload);
    await store(registry, name, upload, digest);
  });
  sendCreated(response, name, digest);
}

/** GET: how far the upload is. */
export async function getUpload(
  registry: Registry,
  { name, id }: RouteOf<'upload'>,
  _request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  await registry.uploads.use(name, id, async (upload) => {
    sendEmpty(response, 204, progressOf(name, upload));
  });
}

/** DELETE: gives the upload up. */
export async function cancelUpload(
  registry: Registry,
  { name, id }: RouteOf<'upload'>,
  _request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  await registry.uploads.use(name, id, (upload) => upload.cancel());
  sendEmpty(response, 204, {});
}

async function isMounted(registry: Registry, name: string, digest: Digest, from: string | null): Promise<boolean> {
  const sources = from === null ? await registry.repositories.listRepositories() : [from];
  if (!sources.some((source) => isRepositoryPath(source) && registry.repositories.hasBlob(source, digest))) {
    return false;
  }
  await registry.exclusive(name, () => registry.write([registry.repositories.blobFile(name, digest)]));
  return true;
}

/** Bytes received before the client broke off stay: it may go on from there. */
async function receive(request: IncomingMessage, upload: Upload): Promise<void> {
  await readChunks(request, 'blob', limits.blobBytes - upload.size(), upload.append);
}

async function store(registry: Registry, name: string, upload: Upload, digest: Digest): Promise<void> {
  const from = await upload.finish(digest);
  const files = [{ path: registry.content.pathOf(digest), from }, registry.repositories.blobFile(name, digest)];
  await registry.exclusive(name, () => registry.write(files));
}

function requireNextRange(request: IncomingMessage, name: string, upload: Upload): void {
  const header = request.headers['content-range'];
  if (header === undefined) {
    return;
  }
  const [, first, last] = /^(\d{1,15})-(\d{1,15})$/.exec(header) ?? [];
  const length = request.headers['content-length'];
  if (first === undefined || Number(first) !== upload.size() || Number(last) - Number(first) + 1 !== Number(length)) {
    const message = `the next byte of this upload is ${upload.size()}; the chunk says ${JSON.stringify(header)} and holds ${length ?? 'an unknown number of'} bytes`;
    throw new RegistryProblem('BLOB_UPLOAD_INVALID', message, progressOf(name, upload), 416);
  }
}

/** An upload without bytes says "0-0" like one with a single byte: the specification has no way to write "none". */
function progressOf(name: string, upload: Upload): Headers {
  return {
    Location: `/v2/${name}/blobs/uploads/${upload.id}`,
    Range: `0-${Math.max(0, upload.size() - 1)}`,
    'Docker-Upload-UUID': upload.id,
  };
}

function sendCreated(response: ServerResponse, name: string, digest: Digest): void {
  sendEmpty(response, 201, { Location: `/v2/${name}/blobs/${digest}`, 'Docker-Content-Digest': digest });
}
