/** What a registry client is opened with. */

import type { TlsSettings } from '../../base/runtime.ts';
import type { CredentialSource } from '../credentials/credentials.ts';

export interface RegistrySettings {
  readonly credentials: CredentialSource;
  /** For the registries' own hosts. Other hosts that they send us to get the CA only. */
  readonly tls?: TlsSettings;
  /** Speaks plain HTTP to any registry that does not answer over TLS (`--allow-http-registry`). Loopback needs no leave. */
  readonly unsafePlainHttp?: boolean;
  /** Hosts besides the registry's own domain that credentials may be sent to (`--registry-auth-host`). */
  readonly authHosts?: readonly string[];
  readonly userAgent: string;
  /** Without a byte; 60 s when left out. */
  readonly idleTimeoutMs?: number;
}
