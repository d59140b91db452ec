/** The signatures of an image as cosign's `download signature` prints them. */

import { base64Of, parseUtf8 } from '../base/bytes.ts';
import { NotFoundError } from '../base/errors.ts';
import type { CountersignError } from '../base/errors.ts';
import { rekorBundleOf } from '../formats/cosign/rekor-bundle.ts';
import type { Digest } from '../formats/oci/digest.ts';
import { repositoryNameOf } from '../formats/oci/reference.ts';
import type { Reference } from '../formats/oci/reference.ts';
import type { SignedEntity } from '../formats/signed-entity.ts';
import { subjectOf } from './image-context.ts';
import type { ImageContext } from './image-context.ts';
import { findImageSignatures } from './image-signatures.ts';
import type { FoundSignature, SignatureSource } from './image-signatures.ts';

export interface DownloadedSignature {
  readonly form: 'legacy' | 'bundle';
  /** Layer digest (legacy) or referrer digest. */
  readonly digest: Digest;
  /** The JSON document as cosign prints it: the bundle itself, or the legacy object. One line. */
  readonly line: string;
}

export interface DownloadReport {
  readonly reference: Reference;
  /** "registry/repository@sha256:…". */
  readonly resolved: string;
  /** Every signature in both forms. */
  readonly signatures: readonly DownloadedSignature[];
  /** What cosign prints: the bundles when there are any, else the legacy ones. */
  readonly lines: readonly string[];
}

/** Throws SIGNATURES_NOT_FOUND (exit 10), SIGNATURES_OVER_CAP, IMAGE_NOT_FOUND, what RegistryClient throws, and what a
 *  malformed signature is refused with: a part of the signatures would pass for all of them. */
export async function downloadSignatures(context: ImageContext, reference: Reference): Promise<DownloadReport> {
  const { digest } = await context.registry.fetchImage(reference);
  const resolved = `${repositoryNameOf(reference.repository)}@${digest}`;
  const sources = await findImageSignatures(
    context,
    subjectOf(context, reference.repository, digest),
    async () => false,
  );
  const signatures = sources.flatMap(requireRead).map(downloadedOf);
  if (signatures.length === 0) {
    throw new NotFoundError('SIGNATURES_NOT_FOUND', `no signatures found: nobody has signed ${resolved}`);
  }
  const hasBundle = signatures.some(({ form }) => form === 'bundle');
  const lines = signatures.filter(({ form }) => form === (hasBundle ? 'bundle' : 'legacy')).map(({ line }) => line);
  return { reference, resolved, signatures, lines };
}

type ReadSignature = FoundSignature & { readonly kind: 'read' };

/** All signatures of a source that was looked at wholly. Throws the reason why one was not. */
export function requireRead(source: SignatureSource): readonly ReadSignature[] {
  const failure: CountersignError | undefined =
    source.error ?? source.signatures.flatMap((found) => (found.kind === 'unreadable' ? [found.error] : []))[0];
  if (failure !== undefined) {
    throw failure;
  }
  return source.signatures.filter((found) => found.kind === 'read');
}

function downloadedOf({ form, digest, entity, stored }: ReadSignature): DownloadedSignature {
  const line = stored.kind === 'bundle' ? oneLineOf(parseUtf8(stored.bytes)) : legacyLineOf(entity, stored.payload);
  return { form, digest, line };
}

/** The same document without line breaks. */
export function oneLineOf(json: string): string {
  return /[\r\n]/.test(json) ? JSON.stringify(JSON.parse(json)) : json;
}

/** Go's SignedPayload. Of a certificate only `Raw` is given, which holds all that the other members repeat.
 *  @source sigstore/cosign pkg/cosign/fetch.go */
function legacyLineOf({ signature, signer, logEntries, timestamps }: SignedEntity, payload: Uint8Array): string {
  const [leaf, ...chain] = signer.kind === 'certificate' ? signer.chain.map((der) => ({ Raw: base64Of(der) })) : [];
  const [logEntry] = logEntries;
  const [timestamp] = timestamps;
  return JSON.stringify({
    Base64Signature: base64Of(signature),
    Payload: base64Of(payload),
    Cert: leaf ?? null,
    Chain: chain.length === 0 ? null : chain,
    Bundle: logEntry === undefined ? null : rekorBundleOf(logEntry),
    RFC3161Timestamp: timestamp === undefined ? null : { SignedRFC3161Timestamp: base64Of(timestamp) },
  });
}
