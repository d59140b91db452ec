/** Where servers listen, and with which certificate. */

import { parseUtf8 } from '../base/bytes.ts';
import { UsageError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { ListenAddress, TlsIdentity } from '../serve/server.ts';
import type { Flags } from './flag.ts';
import { readInputFile } from './input-file.ts';
import type { Session } from './session.ts';

export const tlsFlags = {
  'tls-cert': {
    type: 'string',
    placeholder: 'FILE',
    completes: 'file',
    help: 'PEM certificate chain; serves HTTPS together with --tls-key',
  },
  'tls-key': { type: 'string', placeholder: 'FILE', completes: 'file', help: 'PEM key of the certificate' },
} as const satisfies Flags;

/** Reads "127.0.0.1:5000", "[::1]:5000", "localhost:0", ":5000" (loopback). Throws FLAG_VALUE_INVALID. */
export function parseListenAddress(text: string): ListenAddress {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]/\s]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new UsageError(
      'FLAG_VALUE_INVALID',
      `--listen: expected ADDRESS:PORT such as 127.0.0.1:5000, got ${JSON.stringify(text.slice(0, 100))}`,
    );
  }
  const host = match[1] ?? match[2] ?? '';
  return { host: host === '' ? '127.0.0.1' : host, port };
}

/** Undefined without both. Throws FLAGS_CONFLICT, FILE_NOT_READABLE, INPUT_TOO_LARGE. */
export async function tlsIdentityOf(
  session: Session,
  certificate: string | undefined,
  key: string | undefined,
): Promise<TlsIdentity | undefined> {
  if (certificate === undefined && key === undefined) return undefined;
  if (certificate === undefined || key === undefined) {
    throw new UsageError('FLAGS_CONFLICT', '--tls-cert and --tls-key go together');
  }
  const [certificatePem, keyPem] = await Promise.all(
    [certificate, key].map(async (path) => parseUtf8(await readInputFile(session, path, limits.trustFileBytes))),
  );
  return { certificatePem: certificatePem ?? '', keyPem: keyPem ?? '' };
}
