/** What a development stack has besides: an issuer that signs anybody in, and a registry. Open to this machine only. */

import type { IncomingMessage, ServerResponse } from 'node:http';

import { decodeDocument, decodeObject, decodeString } from '../../base/decode.ts';
import { ConfigError } from '../../base/errors.ts';
import type { JsonValue } from '../../base/json.ts';
import type { KeyRing } from '../../crypto/key-ring.ts';
import { parseIssuerConfiguration } from '../ca/identity/issuer-configuration.ts';
import type { IssuerConfiguration } from '../ca/identity/issuer-configuration.ts';
import { createDevelopmentIssuer } from '../oidc/development-issuer.ts';
import { mountRegistry } from '../registry/embedded-registry.ts';
import type { DataDirectory } from './data-directory.ts';
import type { StackSettings } from './stack-settings.ts';
import type { StackOptions } from './stack-options.ts';

export interface Development {
  readonly issuers: IssuerConfiguration['issuers'];
  /** The issuer's keys, so that nobody has to ask for them over the network. */
  readonly localKeys: ReadonlyMap<string, JsonValue>;
  /** Whether the request was for one of the two. */
  readonly handle: (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;
  readonly mintToken: (argument: JsonValue) => Promise<{ readonly token: string }>;
  readonly close: () => Promise<void>;
}

const decodeTokenRequest = decodeObject({ email: decodeString, audience: decodeString });

/** Throws STACK_DATA_INVALID, DATA_DIR_LOCKED. */
export async function openDevelopment(
  directory: DataDirectory,
  settings: StackSettings,
  keys: KeyRing,
  { runtime, log }: StackOptions,
): Promise<Development> {
  const key = keys.get('oidc');
  if (key === undefined) throw new ConfigError('STACK_DATA_INVALID', 'the key oidc is not in the data directory');
  const url = `${settings.url}/oidc`;
  const issuer = createDevelopmentIssuer({ url, signingKey: key.keyObject, now: runtime.now, log });
  const registry = await mountRegistry({ dataDir: directory.registry, log });
  const configuration = { 'oidc-issuers': { [url]: { 'issuer-url': url, 'client-id': 'sigstore', type: 'email' } } };
  return {
    issuers: parseIssuerConfiguration(JSON.stringify(configuration)).issuers,
    localKeys: new Map([[url, issuer.jwks as unknown as JsonValue]]),
    handle: async (request, response) => {
      const path = request.url ?? '';
      if (/^\/v2(?:[/?]|$)/.test(path)) {
        await registry.handle(request, response).catch((error: unknown) => {
          if (response.headersSent || request.socket.destroyed) throw error;
          registry.answerError(error, request, response);
        });
        return true;
      }
      if (!/^\/oidc(?:[/?]|$)/.test(path)) return false;
      await issuer.handle(request, response);
      return true;
    },
    mintToken: (argument) => {
      const { email, audience } = decodeDocument(argument, decodeTokenRequest, 'token request');
      return Promise.resolve({ token: issuer.mintToken({ email, audience }) });
    },
    close: registry.close,
  };
}
