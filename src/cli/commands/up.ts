/** countersign up */

import { resolve } from 'node:path';

import { limits } from '../../base/limits.ts';
import type { Runtime } from '../../base/runtime.ts';
import { openRegistryClient } from '../../clients/registry/open-registry-client.ts';
import { parseReference } from '../../formats/oci/reference.ts';
import { placesIn } from '../../servers/stack/data-directory.ts';
import { openStackLog } from '../../servers/stack/stack-log.ts';
import type { StackLog } from '../../servers/stack/stack-log.ts';
import { startStack } from '../../servers/stack/start-stack.ts';
import type { RunningStack } from '../../servers/stack/start-stack.ts';
import { declareCommand, noArguments } from '../command.ts';
import { pushDemoImage } from '../demo-image.ts';
import { stackDataFlags } from '../flags/stack.ts';
import { readInputFile } from '../input-file.ts';
import { interruptionOf } from '../interruption.ts';
import { parseListenAddress, tlsFlags, tlsIdentityOf } from '../listening.ts';
import { userAgent } from '../registry-access.ts';
import { openSessionRuntime } from '../runtime.ts';
import type { Session } from '../session.ts';
import { readStackPassword, stackPasswordFlags } from '../stack-password.ts';

const upFlags = {
  ...stackDataFlags,
  dev: {
    type: 'bool',
    default: false,
    help: 'make a stack for development: with an issuer that signs anybody in, and a registry; on loopback only',
  },
  listen: {
    type: 'string',
    placeholder: 'ADDRESS:PORT',
    help: 'where to listen; port 0 takes a free one (default: as before, at first 127.0.0.1:8080)',
  },
  url: {
    type: 'string',
    placeholder: 'URL',
    help: 'origin by which clients reach the stack, fixed when it is made (default: http://localhost with the port)',
  },
  name: {
    type: 'string',
    placeholder: 'NAME',
    help: 'organisation in its certificates, fixed when it is made (default: the host name of the URL)',
  },
  'oidc-config': {
    type: 'string',
    placeholder: 'FILE',
    completes: 'file',
    help: "whom the certificate authority believes: Fulcio's issuer configuration, YAML or JSON (default: issuers.yaml in the data directory)",
  },
  witness: {
    type: 'stringArray',
    placeholder: 'KEY=URL',
    help: 'ask this witness to cosign checkpoints: its verifier key and address (may repeat)',
  },
  ...tlsFlags,
  'tls-self-made': {
    type: 'bool',
    default: false,
    help: 'serve HTTPS with a certificate made for the URL and kept in the data directory; clients must be told to trust it',
  },
  'log-format': {
    type: 'enum',
    values: ['text', 'json'],
    default: 'text',
    help: 'how the log on stderr is written',
  },
  ...stackPasswordFlags,
} as const;

export const upCommand = declareCommand({
  path: ['up'],
  summary: 'Run a private Sigstore',
  description:
    'Runs a whole Sigstore in one process on one port: certificate authority, transparency log, certificate transparency log, timestamp authority and ' +
    'trust repository, until it is interrupted. Unmodified clients use it, and nothing leaves it. The first start makes its keys and everything else in ' +
    'the data directory; later ones resume.\n\n' +
    'With --dev it also proves identities (to anybody who asks, from this machine) and keeps images: for trying out and for tests. Without it, say with ' +
    '--oidc-config whose identity tokens count. Which of the two a stack is, and its URL, are fixed when it is made.',
  examples: [
    { what: 'Everything that signing keyless needs, on this machine', command: 'countersign up --dev' },
    {
      what: 'A stack for an organisation, behind a proxy that does TLS',
      command:
        'countersign up --data /var/lib/countersign --url https://sigstore.example.com --oidc-config issuers.yaml --password-file /run/secrets/stack',
    },
  ],
  positional: noArguments,
  flags: upFlags,
  isInCosign: false,
  run: async ({ values, session, isGiven }) => {
    const dataDir = resolve(values.data);
    const tls = values['tls-self-made']
      ? 'self-made'
      : await tlsIdentityOf(session, values['tls-cert'], values['tls-key']);
    const issuers = await issuersOf(session, values['oidc-config']);
    const log = await logOf(session, values['log-format']);
    const { runtime, close } = openSessionRuntime(session);
    const fatal = Promise.withResolvers<never>();
    fatal.promise.catch(() => undefined);
    const stack = await startStack({
      dataDir,
      wanted: {
        mode: values.dev ? 'development' : 'production',
        ...(values.url === undefined ? {} : { url: values.url }),
        ...(values.name === undefined ? {} : { name: values.name }),
        ...(values.listen === undefined ? {} : { listen: parseListenAddress(values.listen) }),
      },
      password: ({ isNew, isDevelopment }) =>
        readStackPassword(session, {
          file: values['password-file'],
          keptIn: placesIn(dataDir).password,
          isNew,
          isDevelopment,
        }),
      ...(tls === undefined ? {} : { tls }),
      ...(issuers === undefined ? {} : { issuers }),
      witnesses: isGiven('witness') ? values.witness : [],
      runtime,
      log,
      onFatal: fatal.reject,
    });
    const image = await pushFirstImage(stack, runtime);
    return {
      text: `${stack.settings.url}\n`,
      report: {
        url: stack.settings.url,
        listen: stack.host,
        data: dataDir,
        mode: stack.settings.mode,
        pid: process.pid,
      },
      afterwards: async () => {
        sayWhatNext(session, stack, values.data, image);
        try {
          await Promise.race([interruptionOf(session), fatal.promise]);
        } finally {
          await stack.close();
          close();
        }
      },
    };
  },
});

async function issuersOf(session: Session, file: string | undefined): Promise<Uint8Array | undefined> {
  return file === undefined ? undefined : readInputFile(session, file, limits.issuerConfigurationCharacters);
}

function logOf(session: Session, format: 'text' | 'json'): Promise<StackLog> {
  return openStackLog({
    format,
    isVerbose: session.isVerbose,
    now: () => new Date(),
    write: (text) => session.stderr.write(text),
  });
}

/** Something to sign, in the registry of a stack for development that was just made; its name. Plain HTTP only: the client
 *  does not trust a certificate that was just made. */
async function pushFirstImage({ isNew, settings, host }: RunningStack, runtime: Runtime): Promise<string | undefined> {
  if (!isNew || settings.mode !== 'development' || !settings.url.startsWith('http:')) return undefined;
  const { repository } = parseReference(`${host}/hello`);
  const registry = openRegistryClient(
    { credentials: { credentialsFor: () => Promise.resolve(undefined) }, userAgent: userAgent() },
    runtime,
  );
  try {
    await pushDemoImage(registry, repository, 'v1', 'Hello. Sign me.\n');
    return `${new URL(settings.url).host}/hello:v1`;
  } finally {
    registry.close();
  }
}

function sayWhatNext(
  session: Session,
  { settings: { url, mode } }: RunningStack,
  data: string,
  image: string | undefined,
): void {
  const lines =
    mode === 'development'
      ? [
          `DEVELOPMENT: whoever uses this machine can sign as anybody here.`,
          ...(image === undefined ? [] : [`An image to try it on: ${image}`]),
          `  countersign initialize --mirror ${url}/tuf --root ${url}/tuf/root.json`,
          `  countersign stack token --data ${data} --identity dev@example.com`,
        ]
      : [`  countersign stack export-config --data ${data} --output DIR    what clients need`];
  for (const line of [...lines, `  countersign stack status --data ${data}`, 'Ctrl-C stops.']) session.log.note(line);
}
