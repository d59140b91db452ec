/** Everything that a client needs of a Sigstore in one file: whom to believe and whom to sign with.
 *  @source sigstore/protobuf-specs protos/sigstore_trustroot.proto, ClientTrustConfig */

import { utf8Of } from '../../base/bytes.ts';
import { signingConfigJsonOf } from './signing-config.ts';
import type { SigningConfig } from './signing-config.ts';
import { trustedRootJsonOf } from './trusted-root.ts';
import type { TrustedRoot } from './trusted-root.ts';

const MEDIA_TYPE = 'application/vnd.dev.sigstore.clienttrustconfig.v0.1+json';

/** JSON, indented, as sigstore-python reads it. */
export function encodeClientTrustConfig(trustedRoot: TrustedRoot, signingConfig: SigningConfig): Uint8Array {
  const document = {
    mediaType: MEDIA_TYPE,
    trustedRoot: trustedRootJsonOf(trustedRoot),
    signingConfig: signingConfigJsonOf(signingConfig),
  };
  return utf8Of(`${JSON.stringify(document, undefined, 2)}\n`);
}
