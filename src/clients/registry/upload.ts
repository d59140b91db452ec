/** Upload sessions. @source OCI distribution-spec, sections Pushing blobs, Mounting a blob from another repository */

import type { Digest } from '../../formats/oci/digest.ts';
import type { Repository } from '../../formats/oci/reference.ts';
import { discard, refusalOf, requireStatus } from './answer.ts';
import type { Answer } from './answer.ts';
import type { Exchange } from './exchange.ts';
import { locationOf } from './host-rules.ts';

export interface MountWish {
  readonly digest: Digest;
  /** A repository of the same registry. */
  readonly mountFrom: Repository;
}

/** Where to upload to; undefined when the registry mounted the blob and there is nothing left to do. */
export async function openUpload(
  exchange: Exchange,
  repository: Repository,
  wish?: MountWish,
): Promise<URL | undefined> {
  const query = wish === undefined ? '' : `?mount=${wish.digest}&from=${encodeURIComponent(wish.mountFrom.path)}`;
  const request = {
    method: 'POST',
    repository,
    target: `blobs/uploads/${query}`,
    action: 'push',
    headers: { 'content-length': '0' },
  } as const;
  return exchange.ask({ ...request, ...(wish && { alsoPull: wish.mountFrom }) }, async (answer) => {
    await requireStatus(answer, 201, 202);
    await discard(answer);
    return answer.status === 201 ? undefined : locationOf(answer.headers['location'], answer.url);
  });
}

/** The URL that ends an upload. */
export function withDigest(upload: URL, digest: Digest): URL {
  const url = new URL(upload);
  url.search = `${url.search === '' ? '?' : `${url.search}&`}digest=${encodeURIComponent(digest)}`;
  return url;
}

/** Gives an upload up. Nobody is harmed when the registry does not listen: it forgets uploads by itself. */
export async function cancelUpload(exchange: Exchange, repository: Repository, upload: URL): Promise<void> {
  await exchange.ask({ method: 'DELETE', repository, target: upload, action: 'push' }, discard).catch(() => undefined);
}

/** Whether the repository holds the blob. */
export async function isUploaded(exchange: Exchange, repository: Repository, digest: Digest): Promise<boolean> {
  return exchange.askRepeatedly(
    { method: 'HEAD', repository, target: `blobs/${digest}`, action: 'push' },
    async (answer: Answer) => {
      if (answer.status !== 200 && answer.status !== 404) {
        throw await refusalOf(answer);
      }
      await discard(answer);
      return answer.status === 200;
    },
  );
}
