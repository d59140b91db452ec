/** A scene with a whole development stack: its registry, its issuer, and people who sign with our command line. */
import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { runCountersign } from '../support/countersign.ts';
import { buildImage, pushImage } from '../support/image.ts';
import type { AttendedRunOptions, PeerRun } from '../support/peers.ts';
import { registryRequest } from '../support/registry-request.ts';
import type { RegistryAddress } from '../support/registry-request.ts';
import { createScratchFolder } from '../support/scratch.ts';
import { startStack } from '../support/stack.ts';
import type { TestStack, TestStackOptions } from '../support/stack.ts';

export type Json = Record<string, unknown>;

export interface StackScene {
  readonly stack: TestStack;
  readonly folder: string;
  readonly registry: RegistryAddress;
  readonly write: (name: string, value: string | Uint8Array) => void;
  /** Pushes an image that no other call pushes. */
  readonly push: () => Promise<PushedImage>;
  /** Runs in the scene's folder, which holds app.txt, predicate.json and clients/ (the exported configurations). */
  readonly run: (args: readonly string[], options?: AttendedRunOptions) => Promise<PeerRun>;
  /** The environment after `initialize`. Other runs trust nobody beforehand. */
  readonly initialized: Readonly<Record<string, string>>;
  /** Flags that name the services and whom to trust. */
  readonly services: readonly string[];
  /** Flags that name who signed. */
  readonly who: readonly string[];
  /** How many entries the log has. */
  readonly logSize: () => Promise<number>;
  readonly logKey: KeyObject;
}

export interface PushedImage {
  readonly repository: string;
  readonly digest: string;
  /** As references write it. */
  readonly byDigest: string;
}

export const identity = 'dev@example.com';

/** The caller closes the stack. */
export async function openStackScene(options: TestStackOptions = {}): Promise<StackScene> {
  const stack = await startStack(options);
  const folder = createScratchFolder('stack-keyless');
  const registry: RegistryAddress = { scheme: 'http', host: stack.host };
  const run: StackScene['run'] = (args, options = {}) => runCountersign(args, { cwd: folder, ...options });
  const write = (name: string, value: string | Uint8Array): void => writeFileSync(join(folder, name), value);
  const initialized = { TUF_ROOT: join(folder, 'tuf') };
  write('app.txt', 'an application\n');
  write('predicate.json', '{"passed":true}');
  const [exported, chosen, key] = await Promise.all([
    run(['stack', 'export-config', '--data', stack.dataDir, '--output', 'clients']),
    run(['initialize', '--mirror', `${stack.url}/tuf`, '--root', stack.rootFile], { env: initialized }),
    fetch(`${stack.url}/api/v1/log/publicKey`),
  ]);
  requireOk(exported);
  requireOk(chosen);
  let count = 0;
  return {
    stack,
    folder,
    registry,
    write,
    run,
    initialized,
    push: async () => {
      count += 1;
      const repository = `app/web-${count}`;
      const digest = await pushImage(registry, repository, 'v1', buildImage(`image ${count}`));
      return { repository, digest, byDigest: `${stack.host}/${repository}@${digest}` };
    },
    services: ['--fulcio-url', stack.url, '--rekor-url', stack.url, '--trusted-root', 'clients/trusted_root.json'],
    who: ['--certificate-identity', identity, '--certificate-oidc-issuer', `${stack.url}/oidc`],
    logSize: async () => {
      const { treeSize } = (await (await fetch(`${stack.url}/api/v1/log`)).json()) as { readonly treeSize: number };
      return treeSize;
    },
    logKey: createPublicKey(await key.text()),
  };
}

export function requireOk(run: PeerRun): PeerRun {
  assert.equal(run.status, 0, `${run.stdout}${run.stderr}`);
  return run;
}

/** What a registry holds for an image in one form, with the log's word on it. */
export interface StoredProof {
  /** Base64, in the order in which readers meet them: the signature. */
  readonly signature: string;
  /** Decoded: what the log says it took. */
  readonly entry: Json;
  readonly logIndex: number;
  /** What was signed: a .sig payload, or the statement. */
  readonly payload: Buffer;
  /** Of a bundle. */
  readonly inclusion?: Json;
}

/** The one signature under the image's `.sig` or `.att` tag. Fails unless the log signed for its entry. */
export async function storedLayerOf(
  scene: StackScene,
  { repository, digest }: PushedImage,
  suffix: 'sig' | 'att',
): Promise<StoredProof> {
  const tag = `${digest.replace(':', '-')}.${suffix}`;
  const { layers } = (await documentAt(scene, `/v2/${repository}/manifests/${tag}`)) as { readonly layers: Layer[] };
  assert.equal(layers.length, 1);
  const [{ digest: blob, annotations }] = layers as [Layer];
  const { Payload: promised, SignedEntryTimestamp: promise } = JSON.parse(
    annotations['dev.sigstore.cosign/bundle'] ?? '{}',
  ) as { readonly Payload: PromisedEntry; readonly SignedEntryTimestamp: string };
  requirePromise(scene, promised, promise);
  const content = await bytesAt(scene, `/v2/${repository}/blobs/${blob}`);
  const envelope = suffix === 'att' ? (JSON.parse(content.toString()) as Envelope) : undefined;
  return {
    signature: envelope?.signatures[0]?.sig ?? annotations['dev.cosignproject.cosign/signature'] ?? '',
    entry: JSON.parse(Buffer.from(promised.body, 'base64').toString()) as Json,
    logIndex: promised.logIndex,
    payload: envelope === undefined ? content : Buffer.from(envelope.payload, 'base64'),
  };
}

/** The image's one bundle. Fails unless the log signed for its entry. */
export async function storedBundleOf(scene: StackScene, { repository, digest }: PushedImage): Promise<StoredProof> {
  const { manifests } = (await documentAt(scene, `/v2/${repository}/referrers/${digest}`)) as {
    readonly manifests: readonly { readonly digest: string }[];
  };
  assert.equal(manifests.length, 1);
  const { layers } = (await documentAt(scene, `/v2/${repository}/manifests/${manifests[0]?.digest}`)) as {
    readonly layers: readonly Layer[];
  };
  const { verificationMaterial, dsseEnvelope } = (await documentAt(
    scene,
    `/v2/${repository}/blobs/${layers[0]?.digest}`,
  )) as { readonly verificationMaterial: { readonly tlogEntries: BundleEntry[] }; readonly dsseEnvelope: Envelope };
  assert.equal(verificationMaterial.tlogEntries.length, 1);
  const [{ canonicalizedBody: body, inclusionPromise, inclusionProof, ...told }] = verificationMaterial.tlogEntries as [
    BundleEntry,
  ];
  const promised = {
    body,
    integratedTime: Number(told.integratedTime),
    logID: Buffer.from(told.logId.keyId, 'base64').toString('hex'),
    logIndex: Number(told.logIndex),
  };
  requirePromise(scene, promised, inclusionPromise.signedEntryTimestamp);
  return {
    signature: dsseEnvelope.signatures[0]?.sig ?? '',
    entry: JSON.parse(Buffer.from(body, 'base64').toString()) as Json,
    logIndex: promised.logIndex,
    payload: Buffer.from(dsseEnvelope.payload, 'base64'),
    inclusion: inclusionProof,
  };
}

/** What the registry holds besides the image itself: tags, and referrers. */
export async function storedBesides(
  scene: StackScene,
  { repository, digest }: PushedImage,
): Promise<readonly unknown[]> {
  const { tags } = (await documentAt(scene, `/v2/${repository}/tags/list`)) as { readonly tags: readonly string[] };
  const { manifests } = (await documentAt(scene, `/v2/${repository}/referrers/${digest}`)) as {
    readonly manifests: readonly unknown[];
  };
  return [...tags.filter((tag) => tag !== 'v1'), ...manifests];
}

interface Layer {
  readonly digest: string;
  readonly annotations: Readonly<Record<string, string>>;
}

interface Envelope {
  readonly payload: string;
  readonly signatures: readonly { readonly sig: string }[];
}

interface PromisedEntry {
  readonly body: string;
  readonly integratedTime: number;
  readonly logID: string;
  readonly logIndex: number;
}

interface BundleEntry {
  readonly canonicalizedBody: string;
  readonly integratedTime: string;
  readonly logIndex: string;
  readonly logId: { readonly keyId: string };
  readonly inclusionPromise: { readonly signedEntryTimestamp: string };
  readonly inclusionProof: Json;
}

/** By the log's own key, over the one order of members that all clients write. */
function requirePromise(
  { logKey }: StackScene,
  { body, integratedTime, logID, logIndex }: PromisedEntry,
  promise: string,
): void {
  const promised = Buffer.from(JSON.stringify({ body, integratedTime, logID, logIndex }));
  assert.ok(verify('sha256', promised, logKey, Buffer.from(promise, 'base64')), 'the log signed for the entry');
}

async function documentAt(scene: StackScene, path: string): Promise<unknown> {
  return JSON.parse((await bytesAt(scene, path)).toString());
}

async function bytesAt({ registry }: StackScene, path: string): Promise<Buffer> {
  const accept = 'application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, */*';
  const { status, body } = await registryRequest(registry, 'GET', path, { headers: { accept } });
  assert.equal(status, 200, path);
  return body;
}
