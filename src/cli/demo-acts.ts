/** What happens in the demo, for real: two acts on one stack for development and its registry. */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { utf8Of } from '../base/bytes.ts';
import type { Runtime } from '../base/runtime.ts';
import { writeFileAtomic } from '../clients/files/atomic-file.ts';
import { openRegistryClient } from '../clients/registry/open-registry-client.ts';
import type { RegistryClient } from '../clients/registry/registry-client.ts';
import { createKeyPair, encodePrivateKey } from '../crypto/private-key.ts';
import type { PrivateKey } from '../crypto/private-key.ts';
import { publicKeyPemOf } from '../crypto/public-key.ts';
import { signerOf } from '../crypto/signer.ts';
import { keylessSourceOf } from '../flows/keyless-credential.ts';
import { signImage } from '../flows/sign-image.ts';
import { keyMethodOf, openSigningMethod } from '../flows/signing-method.ts';
import type { SigningMethod } from '../flows/signing-method.ts';
import { verifyImage } from '../flows/verify-image.ts';
import type { ImageReport } from '../flows/verify-report.ts';
import { parseIdentityToken } from '../formats/jwt/identity-token.ts';
import type { Digest } from '../formats/oci/digest.ts';
import { parseReference } from '../formats/oci/reference.ts';
import type { Reference } from '../formats/oci/reference.ts';
import { parseTrustedRoot } from '../formats/trust/trusted-root.ts';
import { askStack } from '../servers/stack/control-socket.ts';
import { exportConfigurations } from '../servers/stack/exported-configuration.ts';
import { exactly, keyPolicyOf } from '../verify/policy.ts';
import type { SignaturePolicy } from '../verify/policy.ts';
import { trustMaterialOf } from '../verify/root-material.ts';
import type { TrustMaterial } from '../verify/trust-material.ts';
import { pushDemoImage } from './demo-image.ts';
import { userAgent } from './registry-access.ts';

/** Where it happens. */
export interface Stage {
  readonly runtime: Runtime;
  /** Of the stack: "http://localhost:40123". */
  readonly url: string;
  /** For keys and what clients need. */
  readonly folder: string;
  /** Of the stack. */
  readonly dataDir: string;
}

export interface DemoFacts {
  /** "localhost:40123/demo/app:v1". */
  readonly tag: string;
  /** "localhost:40123/demo/app@sha256:…", the image that was meant. */
  readonly image: string;
  readonly oldDigest: Digest;
  readonly newDigest: Digest;
  /** With the key: before the attack, and after it. */
  readonly before: ImageReport;
  readonly after: ImageReport;
  /** By identity: the one that signed, and another. */
  readonly ours: ImageReport;
  readonly others: ImageReport;
}

export const KEY_PASSWORD = 'demo';
export const SIGNER = 'dev@example.com';
export const STRANGER = 'eve@example.com';

/** Both acts. Throws what their flows throw. */
export async function playDemo(stage: Stage): Promise<DemoFacts> {
  const { runtime, url } = stage;
  const repository = `${new URL(url).host}/demo/app`;
  const tag = `${repository}:v1`;
  const registry = openRegistryClient(
    { credentials: { credentialsFor: async () => undefined }, userAgent: userAgent() },
    runtime,
  );
  try {
    const overwritten = await playOverwriting(stage, registry, parseReference(tag));
    const image = `${repository}@${overwritten.oldDigest}`;
    const keyless = await playKeyless(stage, registry, parseReference(image));
    return { tag, image, ...overwritten, ...keyless };
  } finally {
    registry.close();
  }
}

/** First act: signed with a key, verified, overwritten, caught. */
async function playOverwriting(
  { runtime, folder }: Stage,
  registry: RegistryClient,
  reference: Reference,
): Promise<Pick<DemoFacts, 'oldDigest' | 'newDigest' | 'before' | 'after'>> {
  const key = createKeyPair('ecdsa-p256');
  const push = (text: string): Promise<Digest> => pushDemoImage(registry, reference.repository, 'v1', text);
  const verify = (): Promise<ImageReport> =>
    verifyImage({ runtime, registry }, termsOf(reference, keyPolicyOf([key.publicKey])));
  // 1. Push, make a key, sign by digest, verify by tag.
  const oldDigest = await push('Hello. I am the image that was meant.\n');
  await writeKeys(folder, key);
  await sign(runtime, registry, { ...reference, digest: oldDigest }, keyMethodOf(signerOf(key)));
  const before = await verify();
  // 2. The attack: another image under the same tag. The same question again.
  const newDigest = await push('Hello. I am somebody else.\n');
  return { oldDigest, newDigest, before, after: await verify() };
}

/** Second act: signed by an identity, verified by that and by another. */
async function playKeyless(
  stage: Stage,
  registry: RegistryClient,
  reference: Reference,
): Promise<Pick<DemoFacts, 'ours' | 'others'>> {
  const { runtime, url, dataDir } = stage;
  // 1. Whom to trust, and a token that says who signs.
  const trust = await exportTrust(stage);
  const { token } = (await askStack(dataDir, 'token', { email: SIGNER, audience: 'sigstore' })) as {
    readonly token: string;
  };
  // 2. A certificate for a key that is forgotten at once; the log and the timestamp authority say when.
  const services = {
    trust,
    logs: [new URL(url)],
    timestampAuthorities: [new URL(`${url}/api/v1/timestamp`)],
  };
  const source = keylessSourceOf(runtime, { authority: new URL(url), token: parseIdentityToken(token), trust });
  await sign(runtime, registry, reference, await openSigningMethod(runtime, source, services));
  // 3. The same signatures, asked for two names.
  const verify = (email: string): Promise<ImageReport> =>
    verifyImage({ runtime, registry }, termsOf(reference, identityPolicyOf(stage, trust, email)));
  return { ours: await verify(SIGNER), others: await verify(STRANGER) };
}

/** Writes what clients need into the folder `clients`. */
async function exportTrust({ folder, dataDir }: Stage): Promise<TrustMaterial> {
  const clients = join(folder, 'clients');
  const files = await exportConfigurations(dataDir, clients);
  await mkdir(clients);
  for (const name of ['trusted_root.json', 'signing_config.json']) {
    await writeFileAtomic(join(clients, name), files.get(name) ?? new Uint8Array(), { mode: 0o644, overwrite: false });
  }
  return trustMaterialOf(parseTrustedRoot(files.get('trusted_root.json') ?? new Uint8Array()));
}

async function sign(
  runtime: Runtime,
  registry: RegistryClient,
  reference: Reference,
  method: SigningMethod,
): Promise<void> {
  await signImage(
    { runtime, registry },
    { reference, method: Promise.resolve(method), annotations: {}, forms: ['legacy', 'bundle'] },
  );
}

function termsOf(reference: Reference, signature: SignaturePolicy): Parameters<typeof verifyImage>[1] {
  return {
    reference,
    signature,
    claims: { kind: 'check', annotations: {}, isReferenceMatched: false, threshold: 1 },
    isRecursive: false,
  };
}

function identityPolicyOf({ runtime, url }: Stage, trust: TrustMaterial, email: string): SignaturePolicy {
  const identity = { subject: exactly(email), issuer: exactly(`${url}/oidc`), extensions: {} };
  return {
    signer: { kind: 'identities', identities: [identity], sct: { kind: 'required' } },
    trust,
    log: { kind: 'required', threshold: 1 },
    timestamps: { kind: 'if-present' },
    now: runtime.now(),
  };
}

async function writeKeys(folder: string, key: PrivateKey): Promise<void> {
  await writeFileAtomic(join(folder, 'cosign.key'), await encodePrivateKey(key, utf8Of(KEY_PASSWORD)), {
    mode: 0o600,
    overwrite: false,
  });
  await writeFileAtomic(join(folder, 'cosign.pub'), utf8Of(publicKeyPemOf(key.publicKey)), {
    mode: 0o644,
    overwrite: false,
  });
}
