/** Services that somebody runs, described as a trusted root. */

import { hexOf } from '../base/bytes.ts';
import { InputError, UsageError } from '../base/errors.ts';
import { parsePublicKey } from '../crypto/public-key.ts';
import { trustedAuthorityOf } from '../formats/trust/trusted-authority.ts';
import { trustedLogOf } from '../formats/trust/trusted-log.ts';
import { encodeTrustedRoot, parseTrustedRoot } from '../formats/trust/trusted-root.ts';
import type { TrustedAuthority, TrustedLog, TrustedRoot, ValidityPeriod } from '../formats/trust/trusted-root.ts';
import type { Certificate } from '../formats/x509/certificate.ts';
import { parseCertificatesPem } from '../formats/x509/certificate-pem.ts';
import { basicConstraintsOf } from '../formats/x509/extensions.ts';
import { requireUsable } from '../verify/root-material.ts';
import { reading } from './given-file.ts';
import type { GivenFile } from './given-file.ts';

export interface AuthorityService {
  readonly url: string;
  /** PEM, in order: the issuing certificate first (of a timestamp authority the one that signs), the root last. */
  readonly chain: GivenFile;
  /** Otherwise from when the root (of a timestamp authority: the certificate that signs) is valid. */
  readonly start?: Date;
  readonly end?: Date;
}

export interface LogService {
  readonly url: string;
  readonly key: GivenFile;
  /** The name by which it signs checkpoints. */
  readonly origin?: string;
  readonly validFor: ValidityPeriod;
}

export interface Services {
  /** Other services to believe besides; of two logs with one id the one described here stays. */
  readonly base: TrustedRoot;
  readonly certificateAuthorities: readonly AuthorityService[];
  readonly timestampAuthorities: readonly AuthorityService[];
  readonly logs: readonly LogService[];
  readonly ctLogs: readonly LogService[];
}

/** The trusted root as JSON, the oldest services first. Verification can use all of it. Throws ARGUMENTS_INVALID for no service, TRUSTED_ROOT_MALFORMED,
 *  CERTIFICATE_MALFORMED, PEM_MALFORMED, KEY_UNSUPPORTED and what `parsePublicKey` throws. */
export function createTrustedRoot({ base, ...services }: Services): Uint8Array {
  const logs = services.logs.map(logOf);
  const ctLogs = services.ctLogs.map(logOf);
  const root: TrustedRoot = {
    logs: oldestFirst([...without(base.logs, logs), ...logs]),
    ctLogs: oldestFirst([...without(base.ctLogs, ctLogs), ...ctLogs]),
    certificateAuthorities: oldestFirst([
      ...base.certificateAuthorities,
      ...services.certificateAuthorities.map(certificateAuthorityOf),
    ]),
    timestampAuthorities: oldestFirst([
      ...base.timestampAuthorities,
      ...services.timestampAuthorities.map(timestampAuthorityOf),
    ]),
  };
  if (Object.values(root).every((services: readonly unknown[]) => services.length === 0)) {
    throw new UsageError('ARGUMENTS_INVALID', 'a trusted root without any service trusts nobody', {
      hint: 'Describe at least one service: --fulcio, --rekor, --ctfe or --tsa.',
    });
  }
  const encoded = encodeTrustedRoot(root);
  requireUsable(parseTrustedRoot(encoded));
  return encoded;
}

function logOf({ url, key, origin, validFor }: LogService): TrustedLog {
  const named = origin === undefined ? {} : { origin };
  return reading(key, (bytes) => trustedLogOf({ key: parsePublicKey(bytes), baseUrl: url, ...named, validFor }));
}

function certificateAuthorityOf(service: AuthorityService): TrustedAuthority {
  const chain = reading(service.chain, parseCertificatesPem);
  return authorityOf(service, chain, chain.at(-1));
}

function timestampAuthorityOf(service: AuthorityService): TrustedAuthority {
  const chain = reading(service.chain, parseCertificatesPem);
  const [leaf] = chain;
  if (leaf === undefined || chain.length < 2 || basicConstraintsOf(leaf)?.isCa === true) {
    throw new InputError(
      'TRUSTED_ROOT_MALFORMED',
      `${service.chain.name}: expected the certificate that signs timestamps, then those above it up to the root`,
    );
  }
  return authorityOf(service, chain, leaf);
}

function authorityOf(
  { url, chain: file, start, end }: AuthorityService,
  chain: readonly Certificate[],
  beginning: Certificate | undefined,
): TrustedAuthority {
  if (beginning === undefined) {
    throw new InputError('TRUSTED_ROOT_MALFORMED', `${file.name}: holds no certificate`);
  }
  const validFor = { start: start ?? beginning.notBefore, ...(end === undefined ? {} : { end }) };
  return trustedAuthorityOf({ uri: url, chain, validFor });
}

function without(logs: readonly TrustedLog[], others: readonly TrustedLog[]): readonly TrustedLog[] {
  const ids = new Set(others.map(({ logId }) => hexOf(logId)));
  return logs.filter(({ logId }) => !ids.has(hexOf(logId)));
}

function oldestFirst<T extends { readonly validFor: ValidityPeriod }>(services: readonly T[]): readonly T[] {
  return services.toSorted((a, b) => a.validFor.start.getTime() - b.validFor.start.getTime());
}
