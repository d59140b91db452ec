/** The target files by which a Sigstore's clients learn whom to trust, in both generations: single files with their use
 *  beside them, and one trusted root.
 *  @source github.com/sigstore/sigstore, pkg/tuf/usage_type.go; sigstore/protobuf-specs protos/sigstore_trustroot.proto */

import { utf8Of } from '../../base/bytes.ts';
import type { JsonObject } from '../../base/json.ts';
import { publicKeyPemOf } from '../../crypto/public-key.ts';
import { encodeSigningConfig, encodeSigningConfigV01 } from '../../formats/trust/signing-config.ts';
import { encodeTrustedRoot } from '../../formats/trust/trusted-root.ts';
import type { Target, Targets } from '../../formats/tuf/document-content.ts';
import { encodeCertificatePem } from '../../formats/x509/certificate-pem.ts';
import type { Certificate } from '../../formats/x509/certificate.ts';
import { serviceUrlsOf } from '../stack/stack-facts.ts';
import type { StackFacts } from '../stack/stack-facts.ts';
import { stackSigningConfigOf, stackTrustedRootOf } from './trust-material.ts';

type Usage = 'Fulcio' | 'Rekor' | 'CTFE' | 'TSA';

/** All of them, by name. Throws KEY_UNSUPPORTED. */
export function sigstoreTargetsOf(facts: StackFacts): Targets {
  const urls = serviceUrlsOf(facts);
  const single = (usage: Usage, uri: string, text: string): Target => ({
    bytes: utf8Of(text),
    custom: { sigstore: { usage, status: 'Active', uri } } satisfies JsonObject,
  });
  const pemsOf = (chain: readonly Certificate[]): readonly string[] =>
    chain.map(({ der }) => encodeCertificatePem(der));
  const ca = pemsOf(facts.caChain);
  const stamps = pemsOf(facts.timestampChain);
  const caFile = (pems: readonly string[]): Target => single('Fulcio', urls.ca, pems.join(''));
  const stampFile = (pems: readonly string[]): Target => single('TSA', urls.timestamps, pems.join(''));
  const stampIntermediates = stamps.slice(1, -1);
  return new Map<string, Target>([
    // cosign 2, Kyverno, gitsign and policy-controller look for these by their use, and some by name.
    ['fulcio_v1.crt.pem', caFile(ca.slice(-1))],
    ['fulcio_intermediate_v1.crt.pem', caFile(ca.slice(0, -1))],
    // An Ed25519 key of the use Rekor would make cosign 2 refuse every entry: Rekor v2's belongs in the trusted root alone.
    ['rekor.pub', single('Rekor', urls.rekor, publicKeyPemOf(facts.rekorKey))],
    ['ctfe.pub', single('CTFE', urls.ctlog, publicKeyPemOf(facts.ctlogKey))],
    ['tsa_leaf.crt.pem', stampFile(stamps.slice(0, 1))],
    ...stampIntermediates.map((pem, index) => [`tsa_intermediate_${index}.crt.pem`, stampFile([pem])] as const),
    ['tsa_root.crt.pem', stampFile(stamps.slice(-1))],
    // All others read these.
    ['trusted_root.json', { bytes: encodeTrustedRoot(stackTrustedRootOf(facts)) }],
    ['signing_config.v0.2.json', { bytes: encodeSigningConfig(stackSigningConfigOf(facts)) }],
    ['signing_config.json', { bytes: encodeSigningConfigV01(stackSigningConfigOf(facts)) }],
  ]);
}
