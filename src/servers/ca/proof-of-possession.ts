/** Whether whoever asks for a certificate holds the key that it names. */

import { utf8Of } from '../../base/bytes.ts';
import { InputError } from '../../base/errors.ts';
import { verifyingSchemesOf } from '../../crypto/key-algorithm.ts';
import { parsePublicKey, parsePublicKeyDer } from '../../crypto/public-key.ts';
import type { PublicKey } from '../../crypto/public-key.ts';
import { schemeOfAlgorithmIdentifier } from '../../crypto/scheme-identifier.ts';
import { verifyAtOnce } from '../../crypto/signature.ts';
import type { RequestedKey } from '../../formats/fulcio/signing-request.ts';
import { parseCertificateRequest } from '../../formats/x509/certificate-request.ts';

/** The key that was asked for, once its holder has proven to have it. `subjects` are the names of which any may have been
 *  signed: clients cannot know by which one the issuer's tokens are judged.
 *  Throws PROOF_INVALID, CSR_MALFORMED, KEY_MALFORMED, KEY_UNSUPPORTED, KEY_WEAK, KEY_IS_PRIVATE, PEM_MALFORMED,
 *  DER_MALFORMED. @source github.com/sigstore/fulcio, pkg/challenges */
export function requirePossession(requested: RequestedKey, subjects: readonly string[]): PublicKey {
  return requested.kind === 'request'
    ? requireSignedRequest(requested.request)
    : requireSignedSubject(requested, subjects);
}

/** What the request says about its subject is not looked at: the token says who it is. */
function requireSignedRequest(file: Uint8Array): PublicKey {
  const { info, spki, signatureAlgorithm, signature } = parseCertificateRequest(file);
  const key = parsePublicKeyDer(spki, 'spki');
  const scheme = schemeOfAlgorithmIdentifier(signatureAlgorithm, key);
  if (!verifyAtOnce(scheme, key, info, signature)) {
    throw new InputError('PROOF_INVALID', 'the certificate signing request is not signed by its own key');
  }
  return key;
}

function requireSignedSubject(
  { publicKey, proof }: Extract<RequestedKey, { readonly kind: 'public-key' }>,
  subjects: readonly string[],
): PublicKey {
  const key = parsePublicKey(publicKey);
  const schemes = verifyingSchemesOf(key.algorithm);
  const isProven = [...new Set(subjects)].some((subject) =>
    schemes.some((scheme) => verifyAtOnce(scheme, key, utf8Of(subject), proof)),
  );
  if (!isProven) {
    const names = subjects.map((subject) => JSON.stringify(subject)).join(' or ');
    throw new InputError('PROOF_INVALID', `the proof of possession is not the key's signature over ${names}`);
  }
  return key;
}
