/** Registries as flags and environment ask for them. */

import { parseUtf8 } from '../base/bytes.ts';
import { ConfigError, UsageError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { TlsSettings } from '../base/runtime.ts';
import { openCredentialSource } from '../clients/credentials/credential-source.ts';
import type { CredentialSettings } from '../clients/credentials/credential-source.ts';
import type { Credentials } from '../clients/credentials/credentials.ts';
import { openRegistryClient } from '../clients/registry/open-registry-client.ts';
import type { RegistryClient } from '../clients/registry/registry-client.ts';
import type { RegistrySettings } from '../clients/registry/settings.ts';
import type { SignContext } from '../flows/sign-context.ts';
import { parseRepository } from '../formats/oci/reference.ts';
import type { Reference } from '../formats/oci/reference.ts';
import { parseByteCount } from './byte-count.ts';
import type { ValuesOf } from './flag.ts';
import type { ConnectionFlags, RegistryFlags } from './flags/registry.ts';
import { readInputFile } from './input-file.ts';
import type { Session } from './session.ts';
import { productVersion } from './version.ts';
import { withRuntime } from './with-runtime.ts';

export interface ConnectionAccess {
  readonly values: ValuesOf<ConnectionFlags>;
  readonly session: Session;
}

export interface RegistryAccess {
  readonly values: ValuesOf<RegistryFlags>;
  readonly session: Session;
}

/** Opens what flows about images need, for as long as `use` runs. User, password and token of the flags go to the one
 *  registry of the references only. Throws FLAGS_CONFLICT, ENVIRONMENT_INVALID, FILE_NOT_READABLE and what `use` throws. */
export async function withRegistry<T>(
  access: RegistryAccess,
  references: readonly Reference[],
  use: (context: SignContext) => Promise<T>,
): Promise<T> {
  const { values, session } = access;
  const settings = await registrySettingsOf(access, givenCredentialsOf(values, references));
  const place = placeOf(session);
  return withRuntime(session, async (runtime) => {
    const client = openRegistryClient(settings, runtime);
    try {
      return await use({
        runtime,
        registry: withBlobCap(client, session),
        ...place,
        ...(values['attachment-tag-prefix'] === undefined ? {} : { tagPrefix: values['attachment-tag-prefix'] }),
        isDockerMediaTypes: session.environment['COSIGN_DOCKER_MEDIA_TYPES'] === '1',
      });
    } finally {
      client.close();
    }
  });
}

/** How registries are spoken to. `given` credentials are used for their registry instead of what is stored.
 *  Throws FLAGS_CONFLICT, FILE_NOT_READABLE. */
export async function registrySettingsOf(
  access: ConnectionAccess,
  given: CredentialSettings['given'],
): Promise<RegistrySettings> {
  const { values, session } = access;
  const { environment, homeDir } = session;
  return {
    credentials: openCredentialSource({ environment, homeDir, ...(given === undefined ? {} : { given }) }),
    tls: await tlsOf(access),
    unsafePlainHttp: values['allow-http-registry'],
    authHosts: values['registry-auth-host'],
    userAgent: userAgent(),
  };
}

/** "countersign/0.1.0 (linux; x64)". */
export function userAgent(): string {
  return `countersign/${productVersion} (${process.platform}; ${process.arch})`;
}

/** COSIGN_REPOSITORY. Throws ENVIRONMENT_INVALID. */
export function placeOf({ environment }: Pick<Session, 'environment'>): Pick<SignContext, 'signaturePlace'> {
  const text = environment['COSIGN_REPOSITORY'] ?? '';
  if (text === '') return {};
  try {
    return { signaturePlace: parseRepository(text) };
  } catch (cause) {
    throw new ConfigError(
      'ENVIRONMENT_INVALID',
      'COSIGN_REPOSITORY is no repository such as registry.example.com/signatures',
      { cause },
    );
  }
}

function givenCredentialsOf(
  values: RegistryAccess['values'],
  references: readonly Reference[],
): CredentialSettings['given'] {
  const credentials = flagCredentialsOf(values);
  if (credentials === undefined) return undefined;
  const [registry, ...others] = new Set(references.map(({ repository }) => repository.registry));
  if (registry === undefined || others.length > 0) {
    throw new UsageError(
      'FLAGS_CONFLICT',
      `one set of credentials for several registries: ${[registry, ...others].join(', ')}`,
      {
        hint: 'Log in to each with "countersign login", and leave the credentials out of the command.',
      },
    );
  }
  return { registry, credentials };
}

function flagCredentialsOf(values: RegistryAccess['values']): Credentials | undefined {
  const { 'registry-username': username, 'registry-password': password, 'registry-token': token } = values;
  if ((username === undefined) !== (password === undefined)) {
    throw new UsageError('FLAGS_CONFLICT', '--registry-username and --registry-password go together');
  }
  if (username !== undefined && password !== undefined) {
    return { kind: 'password', username, password, foundIn: '--registry-username and --registry-password' };
  }
  return token === undefined ? undefined : { kind: 'registry-token', token, foundIn: '--registry-token' };
}

async function tlsOf({ values, session }: ConnectionAccess): Promise<TlsSettings> {
  const read = async (path: string | undefined): Promise<string | undefined> =>
    path === undefined ? undefined : parseUtf8(await readInputFile(session, path, limits.trustFileBytes));
  const certificate = values['registry-client-cert'];
  const key = values['registry-client-key'];
  if ((certificate === undefined) !== (key === undefined)) {
    throw new UsageError('FLAGS_CONFLICT', '--registry-client-cert and --registry-client-key go together');
  }
  const [caPem, clientCertificatePem, clientKeyPem] = await Promise.all(
    [values['registry-cacert'], certificate, key].map(read),
  );
  const serverName = values['registry-server-name'];
  return {
    ...(caPem === undefined ? {} : { caPem }),
    ...(clientCertificatePem === undefined ? {} : { clientCertificatePem }),
    ...(clientKeyPem === undefined ? {} : { clientKeyPem }),
    ...(serverName === undefined ? {} : { serverName }),
    unsafeSkipVerify: values['allow-insecure-registry'],
  };
}

/** COSIGN_MAX_ATTACHMENT_SIZE can lower the caps on what is fetched; higher ones than ours have no honest use. */
function withBlobCap(client: RegistryClient, { environment }: Session): RegistryClient {
  const text = environment['COSIGN_MAX_ATTACHMENT_SIZE'] ?? '';
  if (text === '') return client;
  const cap = parseByteCount('COSIGN_MAX_ATTACHMENT_SIZE', text);
  return {
    ...client,
    fetchBlob: (repository, blob, maxBytes) => client.fetchBlob(repository, blob, Math.min(maxBytes, cap)),
  };
}
