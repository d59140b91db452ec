/** Explains what a virtual Sigstore signed, as somebody would who trusts its root. */

import { utf8Of } from '../../src/base/bytes.ts';
import { explainBundle } from '../../src/flows/explain.ts';
import type { ExplainTerms, Explanation } from '../../src/flows/explain.ts';
import type { BlobArtifact } from '../../src/flows/verify-blob.ts';
import { digestOf } from '../../src/formats/oci/digest.ts';
import { parseTrustedRoot } from '../../src/formats/trust/trusted-root.ts';
import { trustMaterialOf } from '../../src/verify/root-material.ts';
import type { TrustMaterial } from '../../src/verify/trust-material.ts';
import { createVirtualSigstore } from './virtual-sigstore/virtual-sigstore.ts';
import type { BundleJson, SignRequest, VirtualSigstore } from './virtual-sigstore/virtual-sigstore.ts';
import type { TrustedRootJson } from './virtual-sigstore/virtual-trusted-root.ts';

export const sigstore: VirtualSigstore = createVirtualSigstore();
export const artifact: Buffer = Buffer.from('something that is signed\n');
/** When everything is explained. */
export const now: Date = new Date(sigstore.now.getTime() + 60_000);

export interface ExplainRequest {
  /** By default a file's signature, in Rekor v1. */
  readonly sign?: Partial<SignRequest>;
  readonly bundle?: (bundle: BundleJson) => void;
  /** Changes the trusted root; `none`: there is none. */
  readonly trust?: ((root: TrustedRootJson) => void) | 'none';
  readonly signer?: ExplainTerms['signer'];
  readonly hasArtifact?: boolean;
  readonly now?: Date;
}

export async function explained(request: ExplainRequest = {}): Promise<Explanation> {
  const bundle = sigstore.sign({ content: { artifact }, ...request.sign }).bundle();
  request.bundle?.(bundle);
  const given: BlobArtifact = { kind: 'digest', digest: digestOf(artifact) };
  return explainBundle(
    utf8Of(JSON.stringify(bundle)),
    'app.sigstore.json',
    request.hasArtifact === false ? undefined : given,
    {
      trust: request.trust === 'none' ? undefined : trustedMaterial(request.trust),
      isLogAskedOfKeys: true,
      now: request.now ?? now,
      ...(request.signer === undefined ? {} : { signer: request.signer }),
    },
  );
}

export function trustedMaterial(change: (root: TrustedRootJson) => void = () => {}): TrustMaterial {
  const root = sigstore.trustedRoot();
  change(root);
  return trustMaterialOf(parseTrustedRoot(utf8Of(JSON.stringify(root))));
}
