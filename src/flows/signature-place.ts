/** Where the signatures of one image are stored, and how single pieces get there. */

import { CountersignError, RemoteError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { Log } from '../base/runtime.ts';
import type { RegistryClient } from '../clients/registry/registry-client.ts';
import { attachmentTagOf } from '../formats/cosign/attachment-tag.ts';
import type { SignatureManifestOptions } from '../formats/cosign/signature-manifest.ts';
import { digestOf } from '../formats/oci/digest.ts';
import type { Descriptor } from '../formats/oci/manifest.ts';
import { descriptorOf } from '../formats/oci/resolved-image.ts';
import type { ResolvedImage } from '../formats/oci/resolved-image.ts';
import type { Repository } from '../formats/oci/reference.ts';
import { subjectOf } from './image-context.ts';
import { patiently, patientRegistryOf } from './patient-registry.ts';
import type { PatientWorld } from './patient-registry.ts';
import type { WriteRefusal } from './shared-shelf.ts';
import type { SignContext } from './sign-context.ts';

/** What is stored there: signatures, or attestations. Their bundles stand in one list, their layers in one each. */
export type SignatureKind = 'sig' | 'att';

export interface SignaturePlace {
  readonly kind: SignatureKind;
  readonly registry: RegistryClient;
  readonly world: PatientWorld;
  readonly log: Log;
  /** Where the signatures go. */
  readonly repository: Repository;
  /** The image, as its own registry names it. */
  readonly subject: Descriptor;
  readonly tagPrefix?: string;
  readonly format: SignatureManifestOptions;
  /** Uploads a blob; the same bytes only once. */
  readonly upload: (bytes: Uint8Array) => Promise<void>;
}

export function openSignaturePlace(
  context: SignContext,
  image: ResolvedImage,
  { kind = 'sig', createdAt }: { readonly kind?: SignatureKind; readonly createdAt?: Date | undefined } = {},
): SignaturePlace {
  const { runtime, tagPrefix } = context;
  const registry = patientRegistryOf(context.registry, runtime);
  const { repository } = subjectOf(context, image.reference.repository, image.digest);
  const uploads = new Map<string, Promise<unknown>>();
  const format = {
    mediaTypes: context.isDockerMediaTypes === true ? 'docker' : 'oci',
    ...(createdAt && { created: createdAt }),
  } as const;
  return {
    kind,
    registry,
    world: runtime,
    log: runtime.log,
    repository,
    subject: descriptorOf(image),
    ...(tagPrefix === undefined ? {} : { tagPrefix }),
    format,
    upload: async (bytes) => {
      const digest = digestOf(bytes);
      const upload = uploads.get(digest) ?? registry.putBlob(repository, bytes);
      uploads.set(digest, upload);
      await upload;
    },
  };
}

export function signatureTagOf({ kind, subject, tagPrefix }: SignaturePlace): string {
  return attachmentTagOf(subject.digest, kind, tagPrefix);
}

/** What the tags of all markers begin with. Signers and attesters share the list of bundles, so they must see each other's:
 *  their markers stand under one name. */
export function markerStemOf({ subject, tagPrefix }: SignaturePlace): string {
  return `${attachmentTagOf(subject.digest, 'sig', tagPrefix)}-`;
}

/** PUTs a manifest under a tag. Returns the error when the registry has ended it without doing it; throws when nobody
 *  knows whether it was, or will be, done. */
export async function putTag(
  { registry, repository, world }: SignaturePlace,
  tag: string,
  manifest: Uint8Array,
  mediaType: string,
): Promise<WriteRefusal> {
  if (manifest.length > limits.manifestBytes) {
    return new RemoteError(
      'SIGNATURES_OVER_CAP',
      `the list of signatures would have ${manifest.length} bytes, more than registries and readers take`,
    );
  }
  return refusalOf(async () => {
    // What an answered request left undone can be sent again within the same lease.
    await patiently(world, () => registry.putManifest(repository, tag, manifest, mediaType));
  });
}

/** Runs a write; an answer that refuses it is returned, everything else that goes wrong is thrown. */
async function refusalOf(write: () => Promise<void>): Promise<WriteRefusal> {
  try {
    await write();
    return undefined;
  } catch (error) {
    // 408 and 502 to 504 may come from something in between while the registry goes on.
    const isRefused =
      error instanceof RemoteError &&
      error.status !== undefined &&
      error.status >= 400 &&
      error.status <= 500 &&
      error.status !== 408;
    if (error instanceof CountersignError && isRefused) {
      return error;
    }
    throw error;
  }
}

/** How registries refuse to move a tag: ECR says 400, Azure 405, Harbor 412, others 403 or 409. */
const IMMUTABLE_STATUSES = [400, 403, 405, 409, 412];

/** A refusal to write a tag that was there already, in plain words. */
export function explainedOf(refusal: WriteRefusal, tag: string): WriteRefusal {
  const status = refusal instanceof RemoteError ? (refusal.status ?? 0) : 0;
  if (refusal === undefined || !IMMUTABLE_STATUSES.includes(status) || refusal.message.includes('DIGEST_INVALID')) {
    return refusal;
  }
  const message = `the tag ${tag} exists and cannot be written again: ${refusal.message}`;
  return new RemoteError('SIGNATURE_IMMUTABLE', message, { status, cause: refusal });
}
