/** countersign registry serve */

import { parseUtf8 } from '../../base/bytes.ts';
import { UsageError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { ListenAddress, TlsIdentity } from '../../serve/server.ts';
import { isLoopbackHost } from '../../serve/caller.ts';
import { startEmbeddedRegistry } from '../../servers/registry/embedded-registry.ts';
import { declareCommand, noArguments } from '../command.ts';
import { readInputFile } from '../input-file.ts';
import { interruptionOf } from '../interruption.ts';
import type { Session } from '../session.ts';

export const registryServeCommand = declareCommand({
  path: ['registry', 'serve'],
  summary: 'Run a small OCI registry',
  description:
    'Serves an OCI registry from a directory, on loopback unless told otherwise, until it is interrupted. There are no accounts: whoever reaches it ' +
    'may read, write and delete.',
  examples: [
    { what: 'A registry for an afternoon', command: 'countersign registry serve --data ./registry' },
    {
      what: 'On a free port, which the first line names',
      command: 'countersign registry serve --data ./registry --listen 127.0.0.1:0',
    },
  ],
  positional: noArguments,
  flags: {
    data: {
      type: 'string',
      default: './countersign-registry',
      placeholder: 'DIRECTORY',
      completes: 'directory',
      help: 'where images are kept; made when it is not there',
    },
    listen: {
      type: 'string',
      default: '127.0.0.1:5000',
      placeholder: 'ADDRESS:PORT',
      help: 'where to listen; port 0 takes a free one',
    },
    'tls-cert': {
      type: 'string',
      placeholder: 'FILE',
      completes: 'file',
      help: 'PEM certificate chain; serves HTTPS together with --tls-key',
    },
    'tls-key': { type: 'string', placeholder: 'FILE', completes: 'file', help: 'PEM key of the certificate' },
  },
  isInCosign: false,
  run: async ({ values, session }) => {
    const tls = await tlsIdentityOf(session, values['tls-cert'], values['tls-key']);
    const listen = parseListenAddress(values.listen);
    if (!isLoopbackHost(listen.host)) {
      session.log.warn(`there are no accounts: whoever reaches ${values.listen} may read, write and delete`);
    }
    const server = await startEmbeddedRegistry({
      dataDir: values.data,
      listen,
      ...(tls === undefined ? {} : { tls }),
      log: session.log,
    });
    return {
      text: `${server.url}\n`,
      report: { url: server.url, host: server.host, data: values.data, pid: process.pid },
      afterwards: async () => {
        session.log.note(`serving ${values.data} at ${server.url}; Ctrl-C stops`);
        await interruptionOf(session);
        await server.close();
      },
    };
  },
});

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

async function tlsIdentityOf(
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
