/** A virtual Sigstore beside a scene: files signed by an identity, images with its signatures, and all that trusts it. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PeerRun } from '../support/peers.ts';
import { blobBundleOf, layerAnnotationsOf } from '../support/virtual-sigstore/legacy-forms.ts';
import { virtualIdentity } from '../support/virtual-sigstore/virtual-authority.ts';
import { pemOf } from '../support/virtual-sigstore/virtual-key.ts';
import { createVirtualSigstore } from '../support/virtual-sigstore/virtual-sigstore.ts';
import type { VirtualSignature, VirtualSigstore } from '../support/virtual-sigstore/virtual-sigstore.ts';
import { openScene } from './scene.ts';
import type { Scene } from './scene.ts';

/** Flags that name the one identity that signs here. */
export const who = [
  '--certificate-identity',
  virtualIdentity.email,
  '--certificate-oidc-issuer',
  virtualIdentity.issuer,
];
export const artifact = Buffer.from('an application\n');

export interface KeylessScene extends Scene {
  readonly sigstore: VirtualSigstore;
  readonly write: (name: string, value: string | Uint8Array) => void;
  /** Stores a signature of the image under its `.sig` tag. */
  readonly attachLayer: (image: string, digest: string) => Promise<void>;
  /** Stores a bundle with a statement about the image as a referrer; an image signature unless another type is given. */
  readonly attachBundle: (image: string, digest: string, predicateType?: string) => Promise<void>;
}

/** The scene's folder holds app.txt, its bundles of both generations, trusted_root.json, and the parts of it as PEM. */
export async function openKeylessScene(): Promise<KeylessScene> {
  const scene = await openScene();
  const sigstore = createVirtualSigstore();
  const write = (name: string, value: string | Uint8Array): void => writeFileSync(join(scene.folder, name), value);
  const signed = sigstore.sign({ content: { artifact } });
  const [intermediate = '', root = ''] = (
    sigstore.trustedRoot().certificateAuthorities[0]?.certChain.certificates ?? []
  ).map(({ rawBytes }) => pemOf('CERTIFICATE', Buffer.from(rawBytes, 'base64')));
  write('app.txt', artifact);
  write('trusted_root.json', JSON.stringify(sigstore.trustedRoot()));
  write('app.sigstore.json', JSON.stringify(signed.bundle()));
  write('app.legacy.json', JSON.stringify(blobBundleOf(signed)));
  write('ca.pem', root);
  write('intermediate.pem', intermediate);
  write('chain.pem', `${intermediate}${root}`);
  write('rekor.pub', pemOf('PUBLIC KEY', sigstore.rekorV1.key.spki));
  write('ctfe.pub', pemOf('PUBLIC KEY', sigstore.ctLog.key.spki));
  return {
    ...scene,
    sigstore,
    write,
    attachLayer: async (image, digest) => attachLayer(scene, sigstore, write, image, digest),
    attachBundle: async (image, digest, predicateType = 'https://sigstore.dev/cosign/sign/v1') => {
      const subject = [{ digest: { sha256: digest.slice(7) }, annotations: {} }];
      const statement = { _type: 'https://in-toto.io/Statement/v1', subject, predicateType, predicate: {} };
      const bundle = sigstore.sign({ content: { payload: Buffer.from(JSON.stringify(statement)) } });
      const name = `bundle-${bundle.signature.toString('hex').slice(0, 16)}.json`;
      write(name, JSON.stringify(bundle.bundle()));
      requireDone(await scene.run(['attach', 'signature', '--bundle', name, image]));
    },
  };
}

async function attachLayer(
  scene: Scene,
  sigstore: VirtualSigstore,
  write: KeylessScene['write'],
  image: string,
  digest: string,
): Promise<void> {
  const payload = JSON.stringify({
    critical: {
      identity: { 'docker-reference': image.replace(/:[^:/]*$/, '') },
      image: { 'docker-manifest-digest': digest },
      type: 'cosign container image signature',
    },
    optional: null,
  });
  const signed: VirtualSignature = sigstore.sign({ content: { artifact: Buffer.from(payload) } });
  const annotations = layerAnnotationsOf(signed);
  const folder = `layer-${digest.slice(7, 15)}`;
  mkdirSync(join(scene.folder, folder), { recursive: true });
  const file = (name: string, text = ''): string => {
    write(join(folder, name), text);
    return join(folder, name);
  };
  requireDone(
    await scene.run([
      'attach',
      'signature',
      image,
      `--signature=${file('sig', annotations['dev.cosignproject.cosign/signature'])}`,
      `--payload=${file('payload', payload)}`,
      `--certificate=${file('cert.pem', annotations['dev.sigstore.cosign/certificate'])}`,
      `--rekor-response=${file('rekor.json', annotations['dev.sigstore.cosign/bundle'])}`,
    ]),
  );
}

function requireDone(run: PeerRun): void {
  assert.equal(run.status, 0, run.stderr);
}
