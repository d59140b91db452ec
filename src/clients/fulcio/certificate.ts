/** Asks a certificate authority for a certificate. @source github.com/sigstore/fulcio, fulcio.proto (v2) */

import { messageOf, InputError } from '../../base/errors.ts';
import type { Runtime } from '../../base/runtime.ts';
import { publicKeyPemOf } from '../../crypto/public-key.ts';
import type { Signer } from '../../crypto/signer.ts';
import { utf8Of } from '../../base/bytes.ts';
import { parseSigningAnswer } from '../../formats/fulcio/signing-answer.ts';
import { encodeSigningRequest } from '../../formats/fulcio/signing-request.ts';
import { proofSubjectOf } from '../../formats/jwt/identity-token.ts';
import type { IdentityToken } from '../../formats/jwt/identity-token.ts';
import { callService, invalidAnswer, serviceAddressOf } from '../http/service-call.ts';

/** The chain that the authority gives for the signer's key, leaf first, DER. Nothing of it is checked yet. The token goes
 *  to this address and nowhere else. Throws SERVICE_FAILED, SERVICE_ANSWER_INVALID, SERVICE_URL_INVALID and what `request`
 *  throws. */
export async function fetchCertificate(
  runtime: Runtime,
  authority: URL,
  token: IdentityToken,
  signer: Signer,
): Promise<readonly [Uint8Array, ...Uint8Array[]]> {
  const proof = await signer.sign(utf8Of(proofSubjectOf(token)));
  const call = {
    service: 'the certificate authority',
    method: 'POST',
    url: serviceAddressOf(authority, '/api/v2/signingCert'),
    headers: { authorization: `Bearer ${token.text}`, 'content-type': 'application/json', accept: 'application/json' },
    body: encodeSigningRequest(publicKeyPemOf(signer.publicKey), proof),
    expected: [200, 201],
  } as const;
  const { body } = await callService(runtime, call);
  try {
    return parseSigningAnswer(body);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw invalidAnswer(call, messageOf(error));
  }
}
