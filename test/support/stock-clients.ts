/** The stock tools that sign and verify images with a key pair, each behind the same two calls and without a log. */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runPeer } from './peers.ts';
import type { PeerRun } from './peers.ts';
import type { RegistryAddress } from './registry-request.ts';
import { createScratchFolder } from './scratch.ts';

export interface KeyFiles {
  /** Encrypted private key in cosign's form. */
  readonly privateFile: string;
  /** PEM public key. */
  readonly publicFile: string;
  readonly password: string;
}

export interface ImagePlace {
  readonly registry: RegistryAddress;
  readonly repository: string;
  readonly digest: string;
}

export interface StockClient {
  /** Signs with the private key and stores the signature beside the image. */
  readonly sign: (image: ImagePlace, keys: KeyFiles, extraArgs?: readonly string[]) => Promise<PeerRun>;
  /** Status 0 says the image has a signature by this public key. */
  readonly verify: (image: ImagePlace, publicFile: string, extraArgs?: readonly string[]) => Promise<PeerRun>;
}

export type StockClientName = 'cosign-2' | 'cosign-3' | 'skopeo';

export const stockClients: Readonly<Record<StockClientName, StockClient>> = {
  'cosign-2': {
    sign: (image, keys, extraArgs = []) =>
      runPeer(
        'cosign-2',
        ['sign', '--key', keys.privateFile, '--tlog-upload=false', '--yes', ...cosignPlace(image), ...extraArgs],
        { env: { COSIGN_PASSWORD: keys.password } },
      ),
    verify: (image, publicFile, extraArgs = []) =>
      runPeer('cosign-2', [
        'verify',
        '--key',
        publicFile,
        '--insecure-ignore-tlog',
        ...cosignPlace(image),
        ...extraArgs,
      ]),
  },
  'cosign-3': {
    sign: (image, keys, extraArgs = []) => {
      const configArgs = ['--signing-config', emptySigningConfig()];
      const args = ['sign', '--key', keys.privateFile, ...configArgs, '--yes', ...cosignPlace(image), ...extraArgs];
      return runPeer('cosign-3', args, { env: { COSIGN_PASSWORD: keys.password } });
    },
    verify: (image, publicFile, extraArgs = []) => {
      const offlineArgs = ['--insecure-ignore-tlog', '--trusted-root', emptyTrustedRoot()];
      return runPeer('cosign-3', ['verify', '--key', publicFile, ...offlineArgs, ...cosignPlace(image), ...extraArgs]);
    },
  },
  skopeo: {
    // Signing is part of a copy; the copy onto itself moves nothing.
    sign: (image, keys, extraArgs = []) => {
      const folder = skopeoFolder(image.registry, [{ type: 'insecureAcceptAnything' }]);
      const passwordFile = join(folder, 'password');
      writeFileSync(passwordFile, keys.password, { mode: 0o600 });
      const signArgs = ['--sign-by-sigstore-private-key', keys.privateFile, '--sign-passphrase-file', passwordFile];
      const access = [...skopeoAccess('src', image.registry, folder), ...skopeoAccess('dest', image.registry, folder)];
      const place = `docker://${addressOf(image)}`;
      return skopeoCopy(folder, ['--preserve-digests', ...signArgs, ...access, ...extraArgs, place, place]);
    },
    verify: (image, publicFile, extraArgs = []) => {
      const signedIdentity = { type: 'matchRepository' };
      const folder = skopeoFolder(image.registry, [{ type: 'sigstoreSigned', keyPath: publicFile, signedIdentity }]);
      const access = skopeoAccess('src', image.registry, folder);
      return skopeoCopy(folder, [
        ...access,
        ...extraArgs,
        `docker://${addressOf(image)}`,
        `dir:${join(folder, 'copy')}`,
      ]);
    },
  },
};

/** Makes an ECDSA P-256 key pair with cosign. */
export async function createStockKeys(password = 'correct horse'): Promise<KeyFiles> {
  const prefix = join(createScratchFolder('keys'), 'stock');
  const made = await runPeer('cosign-2', ['generate-key-pair', '--output-key-prefix', prefix], {
    env: { COSIGN_PASSWORD: password },
  });
  if (made.status !== 0) throw new Error(`cosign-2 generate-key-pair: ${made.stderr}`);
  return { privateFile: `${prefix}.key`, publicFile: `${prefix}.pub`, password };
}

/** How the tools are told of an image: by digest, so that nothing depends on a tag. */
function addressOf({ registry, repository, digest }: ImagePlace): string {
  return `${registry.host}/${repository}@${digest}`;
}

function cosignPlace(image: ImagePlace): string[] {
  const { caFile, username, password } = image.registry;
  return [
    ...(caFile === undefined ? [] : ['--registry-cacert', caFile]),
    ...(username === undefined ? [] : ['--registry-username', username, '--registry-password', password ?? '']),
    addressOf(image),
  ];
}

/** A signing configuration that names no service, so that nothing is asked for one. */
function emptySigningConfig(): string {
  return jsonFile('signing-config', {
    mediaType: 'application/vnd.dev.sigstore.signingconfig.v0.2+json',
    caUrls: [],
    oidcUrls: [],
    rekorTlogUrls: [],
    rekorTlogConfig: {},
    tsaUrls: [],
    tsaConfig: {},
  });
}

/** A trusted root without logs; without the flag cosign 3 asks the public repository for one. */
function emptyTrustedRoot(): string {
  return jsonFile('trusted-root', { mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1' });
}

function jsonFile(name: string, value: unknown): string {
  const file = join(createScratchFolder(name), `${name}.json`);
  writeFileSync(file, JSON.stringify(value));
  return file;
}

/** A policy for this registry alone, registries.d that looks for `.sig` tags, and its certificates. */
function skopeoFolder(registry: RegistryAddress, requirements: readonly object[]): string {
  const folder = createScratchFolder('skopeo');
  const transports = { docker: { [registry.host]: requirements } };
  writeFileSync(join(folder, 'policy.json'), JSON.stringify({ default: [{ type: 'reject' }], transports }));
  mkdirSync(join(folder, 'registries.d'));
  const attachments = { docker: { [registry.host]: { 'use-sigstore-attachments': true } } };
  writeFileSync(join(folder, 'registries.d', 'local.yaml'), JSON.stringify(attachments));
  mkdirSync(join(folder, 'certs'));
  if (registry.caFile !== undefined) copyFileSync(registry.caFile, join(folder, 'certs', 'ca.crt'));
  return folder;
}

function skopeoAccess(side: 'src' | 'dest', registry: RegistryAddress, folder: string): string[] {
  const { caFile, username, password } = registry;
  return [
    ...(caFile === undefined ? [`--${side}-tls-verify=false`] : [`--${side}-cert-dir`, join(folder, 'certs')]),
    ...(username === undefined ? [] : [`--${side}-creds`, `${username}:${password ?? ''}`]),
  ];
}

function skopeoCopy(folder: string, args: readonly string[]): Promise<PeerRun> {
  const settings = ['--policy', join(folder, 'policy.json'), '--registries.d', join(folder, 'registries.d')];
  return runPeer('skopeo', [...settings, 'copy', ...args]);
}
