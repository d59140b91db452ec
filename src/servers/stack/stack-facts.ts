/** What everybody may know of a stack: enough to trust it, to sign with it and to configure clients for it. */

import type { PublicKey } from '../../crypto/public-key.ts';
import type { Certificate } from '../../formats/x509/certificate.ts';
import { publicSignerOf } from './public-signer.ts';
import type { StackChains } from './stack-chains.ts';
import type { StackSettings } from './stack-settings.ts';

export interface StackFacts {
  /** Origin, without a slash at the end. */
  readonly url: string;
  readonly name: string;
  readonly isDevelopment: boolean;
  /** Before anything was certified, logged or stamped. */
  readonly validFrom: Date;
  /** Intermediate first, root last. */
  readonly caChain: readonly Certificate[];
  readonly rekorKey: PublicKey;
  readonly ctlogKey: PublicKey;
  /** The certificate that signs first, root last. */
  readonly timestampChain: readonly Certificate[];
  /** Where people log in. */
  readonly oidcIssuers: readonly string[];
}

/** Throws STACK_DATA_INVALID. */
export function stackFactsOf(settings: StackSettings, chains: StackChains, oidcIssuers: readonly string[]): StackFacts {
  const { url, name, mode, created } = settings;
  return {
    url,
    name,
    oidcIssuers,
    isDevelopment: mode === 'development',
    // The chain is dated back, so that a clock may be set right once the stack has started.
    validFrom: chains.ca.at(-1)?.notBefore ?? created,
    caChain: chains.ca,
    rekorKey: publicSignerOf(settings, 'rekor').publicKey,
    ctlogKey: publicSignerOf(settings, 'ctlog').publicKey,
    timestampChain: chains.timestamps,
  };
}

/** What people should call the stack: nobody should take one for development for the real one. */
export function operatorOf({ name, isDevelopment }: Pick<StackFacts, 'name' | 'isDevelopment'>): string {
  return isDevelopment ? `DEVELOPMENT ${name}` : name;
}

/** Where each service is. */
export function serviceUrlsOf({ url }: Pick<StackFacts, 'url'>): ServiceUrls {
  return { ca: url, rekor: url, ctlog: `${url}/ctlog`, timestamps: `${url}/api/v1/timestamp`, tuf: `${url}/tuf` };
}

export interface ServiceUrls {
  readonly ca: string;
  readonly rekor: string;
  readonly ctlog: string;
  /** Requests for timestamps go to this very address. */
  readonly timestamps: string;
  readonly tuf: string;
}
