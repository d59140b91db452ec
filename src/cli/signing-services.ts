/** Which services take part in signing, as flags, a signing configuration or the repository of `initialize` name them. */

import { InputError, UsageError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { Runtime } from '../base/runtime.ts';
import { hostNameOf } from '../clients/http/host.ts';
import { parseServiceUrl } from '../clients/http/service-call.ts';
import { parseSigningConfig, selectServices } from '../formats/trust/signing-config.ts';
import type { SigningService } from '../formats/trust/signing-config.ts';
import { requireConfirmation } from './confirmation.ts';
import type { ValuesOf } from './flag.ts';
import type { signingServiceFlags } from './flags/keyless.ts';
import { readInputFile } from './input-file.ts';
import type { Session } from './session.ts';

export interface ServiceChoice {
  readonly values: ValuesOf<typeof signingServiceFlags> & { readonly key: string | undefined; readonly yes: boolean };
  readonly isGiven: (name: keyof typeof signingServiceFlags) => boolean;
  readonly session: Session;
}

export interface ChosenServices {
  /** Undefined with a key. */
  readonly authority: URL | undefined;
  /** Where to log in, when there is no token. */
  readonly issuer: URL | undefined;
  readonly logs: readonly URL[];
  readonly timestampAuthorities: readonly URL[];
}

const URL_FLAGS = ['fulcio-url', 'rekor-url', 'oidc-issuer', 'timestamp-server-url'] as const;

/** Undefined: a key alone. Throws SIGNING_SERVICE_MISSING, FLAGS_CONFLICT, SERVICE_URL_INVALID, SIGNING_CONFIG_MALFORMED,
 *  SIGNING_CONFIG_UNUSABLE, CONFIRMATION_DECLINED, and what reading files and TUF throw. */
export async function chooseServices(choice: ServiceChoice, runtime: Runtime): Promise<ChosenServices | undefined> {
  const { values, isGiven } = choice;
  const named = await namedServices(choice, runtime);
  const services = named && { ...named, logs: values['tlog-upload'] ? named.logs : [] };
  const isWitnessed = services !== undefined && services.logs.length + services.timestampAuthorities.length > 0;
  if (values.key !== undefined) {
    if (isGiven('tlog-upload') && values['tlog-upload'] && !services?.logs.length) {
      throw missing('a log entry is asked for, and no log is named');
    }
    if (!isWitnessed) return undefined;
    return consented(choice, { ...services, authority: undefined, issuer: undefined });
  }
  if (services?.authority === undefined) {
    throw missing('neither a key nor a certificate authority to sign with');
  }
  if (!isWitnessed) {
    throw missing(
      'a certificate lasts for minutes: a log or a timestamp authority must say when it signed, and none is named',
    );
  }
  return consented(choice, services);
}

async function namedServices(choice: ServiceChoice, runtime: Runtime): Promise<ChosenServices | undefined> {
  const { values, isGiven, session } = choice;
  const config = values['signing-config'];
  const first = URL_FLAGS.find((name) => values[name] !== undefined);
  if (first !== undefined) {
    if (config !== undefined || (isGiven('use-signing-config') && values['use-signing-config'])) {
      throw new UsageError('FLAGS_CONFLICT', `--${first} and a signing configuration: both name the services`);
    }
    return flagServices(values);
  }
  if (config !== undefined) {
    return configServices(await readInputFile(session, config, limits.signingConfigBytes), config, runtime.now());
  }
  if (!isConfigWanted(choice)) return undefined;
  // Loaded here: who signs with a key alone needs none of it.
  const { fetchSigningConfig } = await import('./tuf-root.ts');
  const fetched = await fetchSigningConfig(session, runtime);
  return fetched && configServices(fetched, 'the signing configuration of "initialize"', runtime.now());
}

/** With a key, services are used only where they are asked for. */
function isConfigWanted({ values, isGiven }: ServiceChoice): boolean {
  if (values.key === undefined) return values['use-signing-config'];
  return (
    (isGiven('use-signing-config') && values['use-signing-config']) || (isGiven('tlog-upload') && values['tlog-upload'])
  );
}

function flagServices(values: ServiceChoice['values']): ChosenServices {
  const urlOf = (name: (typeof URL_FLAGS)[number]): URL | undefined => {
    const text = values[name];
    return text === undefined ? undefined : parseServiceUrl(text, `--${name}`);
  };
  const log = urlOf('rekor-url');
  const timestampAuthority = urlOf('timestamp-server-url');
  return {
    authority: urlOf('fulcio-url'),
    issuer: urlOf('oidc-issuer'),
    logs: log === undefined ? [] : [log],
    timestampAuthorities: timestampAuthority === undefined ? [] : [timestampAuthority],
  };
}

function configServices(bytes: Uint8Array, name: string, now: Date): ChosenServices {
  const config = parseSigningConfig(bytes);
  const urlsOf = (services: readonly SigningService[]): readonly URL[] =>
    services.map(({ url }) => parseServiceUrl(url, name));
  const [authority] = urlsOf(selectServices(config.authorities, { selector: 'ANY' }, now));
  const [issuer] = urlsOf(selectServices(config.issuers, { selector: 'ANY' }, now));
  return {
    authority,
    issuer,
    logs: urlsOf(selectServices(config.logs, config.logSelection, now)),
    timestampAuthorities: urlsOf(selectServices(config.timestampAuthorities, config.timestampSelection, now)),
  };
}

const PUBLIC_HOST = /(?:^|\.)(?:sigstore\.dev|sigstage\.dev)$/;

/** What goes into a public ledger cannot be taken back: said once, and asked. */
async function consented({ values, session }: ServiceChoice, services: ChosenServices): Promise<ChosenServices> {
  const { authority, logs } = services;
  const ledgers = authority === undefined ? logs : [authority, ...logs];
  const hosts = new Set(ledgers.map(hostNameOf).filter((host) => PUBLIC_HOST.test(host)));
  if (hosts.size === 0) return services;
  const who = authority === undefined ? 'the public key' : 'the name in the certificate, such as your e-mail address';
  const statement =
    `Public services take part: ${[...hosts].join(', ')}. They publish for everybody and for good ${who}, ` +
    'the hash of what is signed, and when. Nobody can delete it.';
  if (values.yes) session.log.warn(statement);
  else await requireConfirmation(session, statement);
  return services;
}

function missing(message: string): InputError {
  return new InputError('SIGNING_SERVICE_MISSING', message);
}
