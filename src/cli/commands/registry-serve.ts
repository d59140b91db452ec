/** countersign registry serve */

import { isLoopbackHost } from '../../serve/caller.ts';
import { startEmbeddedRegistry } from '../../servers/registry/embedded-registry.ts';
import { declareCommand, noArguments } from '../command.ts';
import { interruptionOf } from '../interruption.ts';
import { parseListenAddress, tlsFlags, tlsIdentityOf } from '../listening.ts';

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
    ...tlsFlags,
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
