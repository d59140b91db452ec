/** A trusted root made ready. Each kind of service is made when it is first needed, so that a verification pays only for
 *  the chains and keys that it uses. */

import { hexOf, isSameBytes } from '../base/bytes.ts';
import { ConfigError, CountersignError } from '../base/errors.ts';
import { schemeOfKeyDetails } from '../crypto/key-details.ts';
import type { KeyDetails } from '../crypto/key-details.ts';
import { parsePublicKeyDer } from '../crypto/public-key.ts';
import type { PublicKey } from '../crypto/public-key.ts';
import { logIdOf, originsOf } from '../formats/trust/log-id.ts';
import type { TrustedLog, TrustedRoot } from '../formats/trust/trusted-root.ts';
import { certificateAuthorityOf, timestampAuthorityOf } from './authority.ts';
import type { TrustedLogKey, TrustMaterial } from './trust-material.ts';

const KEY_HINT_BYTES = 4;

/** What verification believes of this root. Reading a member throws TRUSTED_ROOT_MALFORMED when a key or chain of its
 *  kind cannot be used; what it gave once, it gives again. */
export function trustMaterialOf(root: TrustedRoot): TrustMaterial {
  const authorities = madeOnce(() => root.certificateAuthorities.map(certificateAuthorityOf));
  const logs = madeOnce(() => root.logs.map(trustedLogKeyOf));
  const ctLogs = madeOnce(() => root.ctLogs.map(trustedLogKeyOf));
  const timestampAuthorities = madeOnce(() => root.timestampAuthorities.map(timestampAuthorityOf));
  return {
    get authorities() {
      return authorities();
    },
    get logs() {
      return logs();
    },
    get ctLogs() {
      return ctLogs();
    },
    get timestampAuthorities() {
      return timestampAuthorities();
    },
  };
}

/** Throws TRUSTED_ROOT_MALFORMED when any key or chain of the root cannot be used. */
export function requireUsable(root: TrustedRoot): void {
  // Reads every member, so everything is made.
  Object.values(trustMaterialOf(root));
}

function madeOnce<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

function trustedLogKeyOf(log: TrustedLog): TrustedLogKey {
  const { baseUrl, logId, validFor } = log;
  const { key, scheme } = keyOf(log);
  const ids = [logIdOf(key), ...originsOf(baseUrl).map((origin) => logIdOf(key, origin))];
  const checkpointId = log.checkpointKeyId ?? logId;
  // An id that is not the key's own would name entries of another log, or none at all.
  if (!ids.some((id) => isSameBytes(id, logId))) {
    throw malformed(log, `its id ${hexOf(logId)} is not that of its key, ${hexOf(logIdOf(key))}`);
  }
  if (!ids.some((id) => isSameBytes(id.subarray(0, checkpointId.length), checkpointId))) {
    throw malformed(log, `its checkpoint key id ${hexOf(checkpointId)} is not that of its key`);
  }
  const keyHint = checkpointId.subarray(0, KEY_HINT_BYTES);
  return { baseUrl, logId, logIdHex: hexOf(logId), keyHint, key, scheme, validFor };
}

function keyOf(log: TrustedLog): Pick<TrustedLogKey, 'key' | 'scheme'> {
  const { key, details } = importedKeyOf(log);
  const hasSize =
    details.rsaBits === undefined || details.rsaBits === key.keyObject.asymmetricKeyDetails?.modulusLength;
  if (key.algorithm !== details.scheme.algorithm || !hasSize) {
    throw malformed(log, `its key is not ${log.keyDetails}`);
  }
  return { key, scheme: details.scheme };
}

function importedKeyOf(log: TrustedLog): { readonly key: PublicKey; readonly details: KeyDetails } {
  try {
    const details = schemeOfKeyDetails(log.keyDetails);
    return { key: parsePublicKeyDer(log.keyBytes, details.encoding), details };
  } catch (cause) {
    throw cause instanceof CountersignError ? malformed(log, cause.message, cause) : cause;
  }
}

function malformed({ baseUrl }: TrustedLog, why: string, cause?: CountersignError): ConfigError {
  const message = `trusted root: the log ${JSON.stringify(baseUrl.slice(0, 200))}: ${why}`;
  return new ConfigError('TRUSTED_ROOT_MALFORMED', message, { cause });
}
