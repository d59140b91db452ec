/** A scene with a served Sigstore: whoever signs here has a token, and whoever verifies has the trusted root. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

import { servedIdentity, serveSigstore } from '../support/served-sigstore.ts';
import type { ServedSigstore } from '../support/served-sigstore.ts';
import { openScene } from './scene.ts';
import type { Scene } from './scene.ts';

export interface SigningScene extends Scene {
  readonly served: ServedSigstore;
  readonly write: (name: string, value: string | Uint8Array) => void;
  /** Flags that name the services, without the issuer. */
  readonly services: readonly string[];
  /** Flags that name who signs here. */
  readonly who: readonly string[];
}

/** The folder holds root.json (whom to trust), token (of dev@example.test) and app.txt. Closed when the test ends. */
export async function openSigningScene(t: TestContext): Promise<SigningScene> {
  const [served, scene] = await Promise.all([serveSigstore(t), openScene()]);
  t.after(scene.close);
  const write = (name: string, value: string | Uint8Array): void => writeFileSync(join(scene.folder, name), value);
  write('root.json', JSON.stringify(served.trustedRoot()));
  write('token', `${served.token()}\n`);
  write('app.txt', 'an application\n');
  return {
    ...scene,
    served,
    write,
    services: ['--fulcio-url', served.origin, '--rekor-url', served.origin, '--trusted-root', 'root.json'],
    who: ['--certificate-identity', servedIdentity.email, '--certificate-oidc-issuer', served.issuer],
  };
}
