/** An image in the embedded registry, a client that reads it over real HTTP, and signatures put there by hand: what the
 *  reading flows are tested with, without the signing flow. */
import type { TestContext } from 'node:test';

import { parseUtf8, utf8Of } from '../../src/base/bytes.ts';
import type { HttpRequest, Request } from '../../src/base/runtime.ts';
import { mapPool } from '../../src/base/pool.ts';
import { fallbackTagOf } from '../../src/clients/registry/referrers.ts';
import { openRegistryClient } from '../../src/clients/registry/open-registry-client.ts';
import type { RegistryClient } from '../../src/clients/registry/registry-client.ts';
import { createKeyPair } from '../../src/crypto/private-key.ts';
import type { KeyAlgorithm } from '../../src/crypto/key-algorithm.ts';
import { signerOf } from '../../src/crypto/signer.ts';
import type { Signer } from '../../src/crypto/signer.ts';
import type { ImageContext } from '../../src/flows/image-context.ts';
import { encodeBundle } from '../../src/formats/bundle/bundle.ts';
import { encodeReferrer } from '../../src/formats/bundle/referrer-manifest.ts';
import { attachmentTagOf } from '../../src/formats/cosign/attachment-tag.ts';
import type { AttachmentKind } from '../../src/formats/cosign/attachment-tag.ts';
import { signatureLayerOf } from '../../src/formats/cosign/signature-layer.ts';
import { keyMaterialOf } from '../../src/formats/signature-material.ts';
import { encodeSignatureManifest } from '../../src/formats/cosign/signature-manifest.ts';
import { encodeSimpleSigning } from '../../src/formats/cosign/simple-signing.ts';
import { preAuthEncodingOf } from '../../src/formats/dsse/envelope.ts';
import {
  COSIGN_SIGN_PREDICATE,
  encodeSignStatement,
  IN_TOTO_PAYLOAD_TYPE,
} from '../../src/formats/intoto/statement.ts';
import { parseDigest } from '../../src/formats/oci/digest.ts';
import type { Digest } from '../../src/formats/oci/digest.ts';
import type { Descriptor } from '../../src/formats/oci/manifest.ts';
import { mediaTypes } from '../../src/formats/oci/media-type.ts';
import { parseReference, parseRepository, repositoryNameOf } from '../../src/formats/oci/reference.ts';
import type { Reference, Repository } from '../../src/formats/oci/reference.ts';
import { encodeReferrersIndex } from '../../src/formats/oci/referrers-index.ts';
import { startEmbedded } from './embedded-registry.ts';
import { buildImage, pushImage } from './image.ts';
import type { TestRegistry } from './registries.ts';
import { createTestRuntime } from './test-runtime.ts';

export interface ImageLab {
  readonly registry: TestRegistry;
  readonly client: RegistryClient;
  readonly context: ImageContext;
  readonly repository: Repository;
  /** Methods and paths of all requests so far. */
  readonly asked: string[];
  /** "HOST/app/web:v1". */
  readonly named: (text: string) => Reference;
  /** Pushes another image under a tag of `app/web`. */
  readonly push: (text: string, tag: string) => Promise<Digest>;
}

export interface LabOptions {
  readonly hasReferrers?: boolean;
  /** Stands between the client and the registry. */
  readonly bend?: (request: HttpRequest, direct: Request) => ReturnType<Request>;
  readonly context?: Partial<ImageContext>;
}

export interface SignatureOptions {
  readonly annotations?: Readonly<Record<string, string>>;
  /** What the payload says instead of the truth. */
  readonly claimedDigest?: Digest;
  readonly dockerReference?: string;
  readonly predicateType?: string;
  readonly repository?: Repository;
}

export function createSigner(algorithm: KeyAlgorithm = 'ecdsa-p256'): Signer {
  return signerOf(createKeyPair(algorithm));
}

export async function openImageLab(t: TestContext, options: LabOptions = {}): Promise<ImageLab> {
  const registry = await startEmbedded({ hasReferrers: options.hasReferrers ?? true });
  const asked: string[] = [];
  const direct = createTestRuntime(t).request;
  const request: Request = (wanted) => {
    asked.push(`${wanted.method} ${wanted.url.pathname}`);
    return options.bend === undefined ? direct(wanted) : options.bend(wanted, direct);
  };
  const runtime = createTestRuntime(t, { request });
  const client = openRegistryClient(
    { credentials: { credentialsFor: async () => undefined }, userAgent: 'countersign/test', idleTimeoutMs: 2000 },
    runtime,
  );
  t.after(() => registry.close());
  return {
    registry,
    client,
    asked,
    context: { runtime, registry: client, ...options.context },
    repository: parseRepository(`${registry.host}/app/web`),
    named: (text) => parseReference(`${registry.host}/${text}`),
    push: async (text, tag) => parseDigest(await pushImage(registry, 'app/web', tag, buildImage(text))),
  };
}

/** A layer of a `.sig` manifest with its payload. */
export async function legacyLayer(
  lab: ImageLab,
  digest: Digest,
  signer: Signer,
  options: SignatureOptions = {},
): Promise<{ readonly layer: Descriptor; readonly payload: Uint8Array }> {
  const payload = encodeSimpleSigning({
    dockerReference: options.dockerReference ?? repositoryNameOf(lab.repository),
    imageDigest: options.claimedDigest ?? digest,
    annotations: options.annotations ?? {},
  });
  return { payload, layer: signatureLayerOf(payload, await signer.sign(payload)) };
}

/** Puts a manifest of these layers under the image's `.sig` (or `.att`) tag; returns the tag. */
export async function putLayers(
  lab: ImageLab,
  digest: Digest,
  layers: readonly { readonly layer: Descriptor; readonly payload: Uint8Array }[],
  kind: AttachmentKind = 'sig',
  repository = lab.repository,
): Promise<string> {
  const encoded = encodeSignatureManifest(
    layers.map(({ layer }) => layer),
    { mediaTypes: 'oci' },
  );
  const blobs = new Map(layers.map(({ layer, payload }) => [layer.digest, payload])).values();
  await mapPool([encoded.config, ...blobs], 8, (blob) => lab.client.putBlob(repository, blob));
  const tag = attachmentTagOf(digest, kind, lab.context.tagPrefix);
  await lab.client.putManifest(repository, tag, encoded.manifest, encoded.mediaType);
  return tag;
}

/** Signs in the legacy form; the `.sig` tag then holds these signatures alone. */
export async function signLegacy(
  lab: ImageLab,
  digest: Digest,
  signers: readonly Signer[],
  options: SignatureOptions = {},
): Promise<string> {
  return putLayers(
    lab,
    digest,
    await Promise.all(signers.map((signer) => legacyLayer(lab, digest, signer, options))),
    'sig',
    options.repository,
  );
}

/** Signs with a bundle; without the referrers API the fallback index is added to. Returns the referrer's digest. */
export async function signBundle(
  lab: ImageLab,
  digest: Digest,
  signer: Signer,
  options: SignatureOptions = {},
): Promise<Digest> {
  return putReferrer(lab, digest, await bundleFor(digest, signer, options), options.predicateType, options.repository);
}

/** A bundle about the image, not stored anywhere. */
export async function bundleFor(digest: Digest, signer: Signer, options: SignatureOptions = {}): Promise<Uint8Array> {
  const { claimedDigest = digest, annotations = {}, predicateType = COSIGN_SIGN_PREDICATE } = options;
  const statement = parseUtf8(encodeSignStatement({ imageDigest: claimedDigest, annotations }));
  const payload = utf8Of(statement.replace(COSIGN_SIGN_PREDICATE, predicateType));
  const signature = await signer.sign(preAuthEncodingOf(IN_TOTO_PAYLOAD_TYPE, payload));
  return encodeBundle(
    keyMaterialOf(signer.publicKey),
    { kind: 'dsse', payloadType: IN_TOTO_PAYLOAD_TYPE, payload },
    signature,
  );
}

/** Puts a bundle that refers to the image, whatever its bytes are. */
export async function putReferrer(
  lab: ImageLab,
  digest: Digest,
  bundle: Uint8Array,
  predicateType = COSIGN_SIGN_PREDICATE,
  repository = lab.repository,
): Promise<Digest> {
  const subject = { mediaType: mediaTypes.ociManifest, digest, size: 1 };
  const referrer = encodeReferrer({ bundle, predicateType, subject, created: new Date(0) });
  await Promise.all([referrer.config, bundle].map((blob) => lab.client.putBlob(repository, blob)));
  await lab.client.putManifest(repository, undefined, referrer.manifest, referrer.mediaType);
  await listReferrer(lab, digest, referrer.descriptor, repository);
  return referrer.digest;
}

/** Adds to the fallback index, where the registry keeps no list of its own. */
export async function listReferrer(
  lab: ImageLab,
  digest: Digest,
  descriptor: Descriptor,
  repository = lab.repository,
): Promise<void> {
  if (!lab.registry.hasReferrers) {
    const { descriptors } = await lab.client.fetchReferrers(repository, digest);
    await lab.client.putManifest(
      repository,
      fallbackTagOf(digest),
      encodeReferrersIndex([...descriptors, descriptor]),
      mediaTypes.ociIndex,
    );
  }
}
