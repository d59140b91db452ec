/** What is stored about an image: `.sig`, `.att` and `.sbom` tags, referrers, and markers of signers under way. */

import type { AttachmentKind } from '../formats/cosign/attachment-tag.ts';
import type { Digest } from '../formats/oci/digest.ts';
import type { Manifest } from '../formats/oci/manifest.ts';
import { repositoryNameOf } from '../formats/oci/reference.ts';
import type { Reference } from '../formats/oci/reference.ts';
import { subjectOf } from './image-context.ts';
import type { ImageContext } from './image-context.ts';
import { readAttachments, readMarkerTags, readReferrers } from './stored-artifacts.ts';

export interface TreeBranch {
  readonly kind: 'signatures' | 'attestations' | 'sboms' | 'referrer' | 'marker';
  /** Full name with tag or digest. */
  readonly name: string;
  /** Of a referrer: its predicate type when it names one, else its artifact type. Unsigned. */
  readonly artifactType?: string;
  /** Layers; of a referrer that is an index, its manifests; of a marker, none. */
  readonly layers: readonly Digest[];
}

export interface ImageTree {
  readonly reference: Reference;
  /** "registry/repository@sha256:…". */
  readonly resolved: string;
  /** Signatures, attestations, SBOMs, referrers, markers; each only when it is there. */
  readonly branches: readonly TreeBranch[];
}

const BRANCH_OF: Readonly<Record<AttachmentKind, TreeBranch['kind']>> = {
  sig: 'signatures',
  att: 'attestations',
  sbom: 'sboms',
};

/** Throws IMAGE_NOT_FOUND, SIGNATURES_OVER_CAP and what RegistryClient throws. */
export async function treeOf(context: ImageContext, reference: Reference): Promise<ImageTree> {
  const { digest } = await context.registry.fetchImage(reference);
  const subject = subjectOf(context, reference.repository, digest);
  const [attachments, { referrers }, markers] = await Promise.all([
    readAttachments(context, subject),
    readReferrers(context, subject),
    readMarkerTags(context, subject),
  ]);
  const place = repositoryNameOf(subject.repository);
  const branches: TreeBranch[] = [
    ...attachments.map(({ kind, tag, manifest }) => ({
      kind: BRANCH_OF[kind],
      name: `${place}:${tag}`,
      layers: partsOf(manifest),
    })),
    ...referrers.map((each) => ({
      kind: 'referrer' as const,
      name: `${place}@${each.digest}`,
      artifactType: each.label,
      layers: partsOf(each.manifest),
    })),
    ...markers.map((tag) => ({ kind: 'marker' as const, name: `${place}:${tag}`, layers: [] })),
  ];
  return { reference, resolved: `${repositoryNameOf(reference.repository)}@${digest}`, branches };
}

function partsOf(manifest: Manifest): readonly Digest[] {
  return (manifest.kind === 'image' ? manifest.layers : manifest.manifests).map((part) => part.digest);
}
