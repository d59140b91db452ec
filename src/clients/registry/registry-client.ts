/** What the rest of the product asks of a registry. Absence is an answer (`undefined`, an empty list); everything else
 *  that is not the thing asked for is thrown, so that "not there" and "could not look" never mix.
 *
 *  Thrown by every call: REGISTRY_DENIED (401, 403), REGISTRY_THROTTLED (429), REGISTRY_FAILED (other 4xx and 5xx),
 *  REGISTRY_TIMEOUT, HTTP_UNREACHABLE, HTTP_STALLED, HTTP_CUT, TLS_UNTRUSTED, AUTH_HOST_REFUSED, REGISTRY_ANSWER_INVALID
 *  (wrong digest, wrong type, over a cap, not parsable), all of them RemoteError, exit status 20.
 *  @source OCI distribution-spec */

import type { Descriptor, Manifest } from '../../formats/oci/manifest.ts';
import type { Digest } from '../../formats/oci/digest.ts';
import type { Reference, Repository } from '../../formats/oci/reference.ts';
import type { ResolvedImage } from '../../formats/oci/resolved-image.ts';

export interface FetchedManifest {
  readonly digest: Digest;
  readonly manifest: Manifest;
  /** Hashes to `digest`. */
  readonly bytes: Uint8Array;
}

export interface Referrers {
  /** Whether the registry answered the referrers API. When not, the fallback tag decided. */
  readonly hasApi: boolean;
  /** De-duplicated, at most `limits.referrers`, never filtered by artifact type. A hint only: each manifest's
   *  `subject.digest` must be compared by whoever reads it. */
  readonly descriptors: readonly Descriptor[];
  /** There were more than the cap. */
  readonly isCapped: boolean;
  /** The fallback index as stored (no API), for merging into; undefined when the tag does not exist. */
  readonly fallbackIndex?: FetchedManifest;
}

export interface TransferProgress {
  /** Bytes done since the last call. */
  readonly onBytes: (count: number) => void;
}

export interface RegistryClient {
  /** GET of tag or digest, hashed before it is parsed. Throws IMAGE_NOT_FOUND (exit status 11) when it is not there. */
  readonly fetchImage: (reference: Reference) => Promise<ResolvedImage>;
  /** The same for attachments: `undefined` when the registry says 404. */
  readonly fetchManifest: (repository: Repository, tagOrDigest: string) => Promise<FetchedManifest | undefined>;
  /** All referrers of a digest: pages followed. The API and the fallback tag are asked at the same time until this run
   *  has learnt whether the registry has the API, so it costs one round trip either way. */
  readonly fetchReferrers: (repository: Repository, subject: Digest) => Promise<Referrers>;
  /** A whole blob of at most `maxBytes`, hashed. Throws BLOB_NOT_FOUND (RemoteError, exit status 20: a manifest promised it). */
  readonly fetchBlob: (
    repository: Repository,
    blob: Pick<Descriptor, 'digest' | 'size'>,
    maxBytes: number,
  ) => Promise<Uint8Array>;
  /** Uploads bytes unless they are there. */
  readonly putBlob: (repository: Repository, bytes: Uint8Array) => Promise<Pick<Descriptor, 'digest' | 'size'>>;
  /** Streams a blob from one repository to another with constant memory; mounts it when both are on one registry;
   *  does nothing when it is there. */
  readonly copyBlob: (
    from: Repository,
    to: Repository,
    blob: Pick<Descriptor, 'digest' | 'size'>,
    progress: TransferProgress,
  ) => Promise<void>;
  /** PUT under a tag, or under its digest when `tag` is undefined. */
  readonly putManifest: (
    repository: Repository,
    tag: string | undefined,
    bytes: Uint8Array,
    mediaType: string,
  ) => Promise<Digest>;
  /** Removes a tag together with the manifest `digest` that it names; the digest must not be what other tags name.
   *  False when the registry does not allow deletion; true also when it was gone already. */
  readonly deleteTag: (repository: Repository, tag: string, digest: Digest) => Promise<boolean>;
  /** Removes a manifest by digest, and so every tag that names it. False when the registry does not allow it. */
  readonly deleteManifest: (repository: Repository, digest: Digest) => Promise<boolean>;
  /** Tags that start with `prefix`, in order; `undefined` when the registry forbids or lacks listing (401, 403, 404 of
   *  the endpoint with an existing repository, 405). */
  readonly listTags: (repository: Repository, prefix: string) => Promise<readonly string[] | undefined>;
  /** Frees the connections. */
  readonly close: () => void;
}
