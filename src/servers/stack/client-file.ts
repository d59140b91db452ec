/** The files by which clients of all kinds are told whom to trust and whom to sign with. */

import { utf8Of } from '../../base/bytes.ts';
import { publicKeyPemOf } from '../../crypto/public-key.ts';
import { encodeClientTrustConfig } from '../../formats/trust/client-trust-config.ts';
import { encodeSigningConfig } from '../../formats/trust/signing-config.ts';
import { encodeTrustedRoot } from '../../formats/trust/trusted-root.ts';
import { encodeCertificatePem } from '../../formats/x509/certificate-pem.ts';
import type { Certificate } from '../../formats/x509/certificate.ts';
import { stackSigningConfigOf, stackTrustedRootOf } from '../tuf/trust-material.ts';
import type { StackFacts } from './stack-facts.ts';

export type ClientFileName =
  | 'root.json'
  | 'trusted_root.json'
  | 'signing_config.json'
  | 'client_trust_config.json'
  | 'fulcio_chain.pem'
  | 'rekor.pub'
  | 'ctfe.pub'
  | 'tsa_chain.pem';

/** Their content. `tufRoot` is the newest root of the stack's repository. Throws KEY_UNSUPPORTED. */
export function clientFilesOf(facts: StackFacts, tufRoot: Uint8Array): Readonly<Record<ClientFileName, Uint8Array>> {
  const trustedRoot = stackTrustedRootOf(facts);
  const signingConfig = stackSigningConfigOf(facts);
  return {
    'root.json': tufRoot,
    'trusted_root.json': encodeTrustedRoot(trustedRoot),
    'signing_config.json': encodeSigningConfig(signingConfig),
    'client_trust_config.json': encodeClientTrustConfig(trustedRoot, signingConfig),
    'fulcio_chain.pem': utf8Of(chainPemOf(facts.caChain)),
    'rekor.pub': utf8Of(publicKeyPemOf(facts.rekorKey)),
    'ctfe.pub': utf8Of(publicKeyPemOf(facts.ctlogKey)),
    'tsa_chain.pem': utf8Of(chainPemOf(facts.timestampChain)),
  };
}

/** PEM, in the order of the chain. */
export function chainPemOf(chain: readonly Certificate[]): string {
  return chain.map(({ der }) => encodeCertificatePem(der)).join('');
}
