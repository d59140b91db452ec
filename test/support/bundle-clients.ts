/** Clients that sign a file into a bundle of the newer form, and believe one: each behind the same two calls. All are told by
 *  files whom to trust. */

import { join } from 'node:path';

import type { StackScene } from '../scripts/stack-scene.ts';
import type { PeerRun } from './peers.ts';
import { runClient } from './stack-client.ts';
import type { Environment } from './stack-client.ts';

export const stockBundleClients = ['cosign-2', 'cosign-3', 'sigstore-python'] as const;

export const bundleClients = [...stockBundleClients, 'countersign'] as const;

export type BundleClient = (typeof bundleClients)[number];

/** Signs the scene's app.txt with its services. */
export function signBundle(by: StackScene, client: BundleClient, token: string, bundle: string): Promise<PeerRun> {
  const { url } = by.stack;
  const written = ['--identity-token', token, '--bundle', bundle, 'app.txt'];
  const services = ['--fulcio-url', url, '--rekor-url', url, '--oidc-issuer', `${url}/oidc`];
  const files = ['--signing-config', join('clients', 'signing_config.json'), '--trusted-root', root];
  switch (client) {
    case 'cosign-2':
      return runClient(by.folder, client, ['sign-blob', '--yes', '--new-bundle-format', ...services, ...written], {
        env: ctLogOf(by),
      });
    case 'cosign-3':
      return runClient(by.folder, client, ['sign-blob', '--yes', ...files, ...written]);
    case 'sigstore-python':
      return runClient(by.folder, client, [...python, 'sign', '--overwrite', ...written]);
    case 'countersign':
      return by.run(['sign-blob', ...files, ...written]);
  }
}

/** Verifies that who signs in at `signedAt` signed app.txt, as somebody who trusts the scene's stack. */
export function verifyBundle(
  by: StackScene,
  client: BundleClient,
  bundle: string,
  signedAt: StackScene = by,
): Promise<PeerRun> {
  const [, identity = '', , issuer = ''] = signedAt.who;
  const trusting = ['--trusted-root', root, '--bundle', bundle, ...signedAt.who, 'app.txt'];
  const who = ['--cert-identity', identity, '--cert-oidc-issuer', issuer];
  switch (client) {
    case 'cosign-2':
      return runClient(by.folder, client, ['verify-blob', '--new-bundle-format', ...trusting]);
    case 'cosign-3':
      return runClient(by.folder, client, ['verify-blob', ...trusting]);
    case 'sigstore-python':
      return runClient(by.folder, client, [...python, 'verify', 'identity', '--bundle', bundle, ...who, 'app.txt']);
    case 'countersign':
      return by.run(['verify-blob', ...trusting]);
  }
}

/** What cosign 2 needs to know to sign. */
export function ctLogOf({ folder }: StackScene): Environment {
  return { SIGSTORE_CT_LOG_PUBLIC_KEY_FILE: join(folder, 'clients', 'ctfe.pub') };
}

const root = join('clients', 'trusted_root.json');
const python = ['-m', 'sigstore', '--trust-config', join('clients', 'client_trust_config.json')];
