/** What a certificate authority answers. Chains are DER, the leaf or issuing certificate first, the root last.
 *  @source github.com/sigstore/fulcio, fulcio.proto, pkg/server/legacy_server.go */

import { utf8Of } from '../../base/bytes.ts';
import { decodeArray, decodeDocument, decodeObject, decodeString } from '../../base/decode.ts';
import { InputError } from '../../base/errors.ts';
import { parseJson } from '../../base/json.ts';
import { limits } from '../../base/limits.ts';
import { encodeCertificatePem, parseCertificatesPem } from '../x509/certificate-pem.ts';

/** Of POST /api/v2/signingCert: the certificate has its timestamp inside. */
export function signingAnswerOf(chain: readonly Uint8Array[]): object {
  return { signedCertificateEmbeddedSct: { chain: { certificates: chain.map(pemOf) } } };
}

/** Reads the answer of POST /api/v2/signingCert: the leaf first. One without a timestamp inside (a detached one) is
 *  refused. Throws JSON_MALFORMED, JSON_SHAPE, CERTIFICATE_MALFORMED, PEM_MALFORMED, INPUT_TOO_LARGE. */
export function parseSigningAnswer(body: Uint8Array): readonly [Uint8Array, ...Uint8Array[]] {
  const what = 'answer of the certificate authority';
  const json = parseJson(body, { what, maxBytes: limits.serviceAnswerBytes });
  const { certificates } = decodeDocument(json, decodeSigningAnswer, what).signedCertificateEmbeddedSct.chain;
  const chain = certificates.slice(0, limits.chainCertificates + 1).flatMap((pem) => parseCertificatesPem(pem));
  const [leaf, ...issuers] = chain.map(({ der }) => der);
  if (leaf === undefined || chain.length > limits.chainCertificates) {
    throw new InputError('CERTIFICATE_MALFORMED', `${what}: ${chain.length} certificates`);
  }
  return [leaf, ...issuers];
}

const decodeSigningAnswer = decodeObject({
  signedCertificateEmbeddedSct: decodeObject({ chain: decodeObject({ certificates: decodeArray(decodeString) }) }),
});

/** Of GET /api/v2/trustBundle. */
export function trustBundleOf(chains: readonly (readonly Uint8Array[])[]): object {
  return { chains: chains.map((chain) => ({ certificates: chain.map(pemOf) })) };
}

/** Of POST /api/v1/signingCert and GET /api/v1/rootCert: PEM blocks, without a line feed at the end. */
export function encodePemChain(chain: readonly Uint8Array[]): Uint8Array {
  return utf8Of(chain.map(pemOf).join('\n'));
}

function pemOf(der: Uint8Array): string {
  return encodeCertificatePem(der).trim();
}
