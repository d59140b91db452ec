/** The certificate authority over HTTP, as Fulcio's clients know it. No header lets web pages of other origins read
 *  answers, as Fulcio's does: on a developer's own machine a page could then be given certificates.
 *  @source github.com/sigstore/fulcio, fulcio.proto and fulcio_legacy.proto */

import type { CountersignError } from '../../base/errors.ts';
import { InputError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { printableOf } from '../../base/printable.ts';
import { encodePemChain, signingAnswerOf, trustBundleOf } from '../../formats/fulcio/signing-answer.ts';
import { parseLegacySigningRequest, parseSigningRequest } from '../../formats/fulcio/signing-request.ts';
import type { SigningRequest } from '../../formats/fulcio/signing-request.ts';
import { bytesAnswer, jsonAnswer } from '../../serve/answer.ts';
import type { Answer, Call, Service } from '../../serve/service.ts';
import type { CertificateAuthority } from './certificate-authority.ts';

export interface CaServiceOptions {
  readonly authority: CertificateAuthority;
  /** What GET /api/v2/configuration answers: the issuers whose tokens are taken. */
  readonly configurationDocument: () => object;
}

const PEM_CHAIN = 'application/pem-certificate-chain';

export function caService({ authority, configurationDocument }: CaServiceOptions): Service {
  const issue = async (call: Call, parse: (body: Uint8Array) => SigningRequest): Promise<readonly Uint8Array[]> => {
    const { token, key } = parse(await call.body('certificate request', limits.certificateRequestBytes));
    return authority.issue(token ?? bearerTokenOf(call), key);
  };
  return {
    name: 'ca',
    endpoints: [
      {
        method: 'POST',
        path: '/api/v2/signingCert',
        handle: async (call) => jsonAnswer(200, signingAnswerOf(await issue(call, parseSigningRequest))),
      },
      {
        method: 'GET',
        path: '/api/v2/trustBundle',
        handle: async () => jsonAnswer(200, trustBundleOf([authority.chain])),
      },
      {
        method: 'GET',
        path: '/api/v2/configuration',
        handle: async () => jsonAnswer(200, configurationDocument()),
      },
      {
        method: 'POST',
        path: '/api/v1/signingCert',
        handle: async (call) =>
          bytesAnswer(201, PEM_CHAIN, encodePemChain(await issue(call, parseLegacySigningRequest))),
      },
      {
        method: 'GET',
        path: '/api/v1/rootCert',
        handle: async () => bytesAnswer(200, PEM_CHAIN, encodePemChain(authority.chain)),
      },
    ],
    problemOf,
  };
}

const BEARER = /^bearer +(\S+)$/i;

/** Throws TOKEN_MISSING. @source RFC 6750 section 2.1 */
function bearerTokenOf({ headers }: Call): string {
  const token = BEARER.exec(headers['authorization'] ?? '')?.[1];
  if (token === undefined) throw new InputError('TOKEN_MISSING', 'a certificate request brings no identity token');
  return token;
}

/** gRPC's codes for HTTP's. @source github.com/grpc-ecosystem/grpc-gateway, runtime/errors.go */
const CODES: Readonly<Record<number, number>> = { 404: 5, 408: 4, 413: 8, 429: 8, 405: 12, 501: 12, 503: 14, 504: 4 };
const INVALID_ARGUMENT = 3;
const INTERNAL = 13;

/** Clients print the message as it is, so it says the reason. */
function problemOf({ entry, message }: CountersignError): Answer {
  const code = CODES[entry.http] ?? (entry.http < 500 ? INVALID_ARGUMENT : INTERNAL);
  const retry = entry.http === 503 ? { 'Retry-After': '1' } : {};
  return jsonAnswer(entry.http, { code, message: printableOf(message), details: [] }, retry);
}
