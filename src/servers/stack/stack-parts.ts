/** The parts of a stack, opened in the order in which they need each other, and put together on one port. */

import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';

import { parseUtf8 } from '../../base/bytes.ts';
import { ConfigError, isErrorWithCode, messageOf } from '../../base/errors.ts';
import type { JsonValue } from '../../base/json.ts';
import type { KeyRing } from '../../crypto/key-ring.ts';
import type { Signer } from '../../crypto/signer.ts';
import { encodeSct } from '../../formats/ct/issued-sct.ts';
import { sendJson } from '../../serve/exchange.ts';
import { openRouter } from '../../serve/router.ts';
import type { Served } from '../../serve/router.ts';
import type { Service } from '../../serve/service.ts';
import { openDirectoryStore } from '../../storage/directory-store.ts';
import { isAbsence } from '../../storage/durable-file.ts';
import type { ObjectStore } from '../../storage/object-store.ts';
import { openSqliteIndex } from '../../storage/sqlite-index.ts';
import { caService } from '../ca/ca-service.ts';
import { openCertificateAuthority } from '../ca/certificate-authority.ts';
import { openIdentities } from '../ca/identity/identify-token.ts';
import type { Identities } from '../ca/identity/identify-token.ts';
import { parseIssuerConfiguration } from '../ca/identity/issuer-configuration.ts';
import type { IssuerConfiguration } from '../ca/identity/issuer-configuration.ts';
import { openCtLog } from '../ct/ct-log.ts';
import { ctLogService } from '../ct/ct-service.ts';
import { rekorServiceOf } from '../rekor/rekor-service.ts';
import { tileEndpointsOf } from '../tiles/tile-endpoints.ts';
import { openTimestampAuthority, SIGSTORE_POLICY } from '../tsa/timestamp-authority.ts';
import { timestampService } from '../tsa/tsa-service.ts';
import { sigstoreTargetsOf } from '../tuf/sigstore-targets.ts';
import { openTufRepository } from '../tuf/tuf-repository.ts';
import type { TufRepository } from '../tuf/tuf-repository.ts';
import { tufService } from '../tuf/tuf-service.ts';
import { findClusterAccess } from './cluster-access.ts';
import { keyNamesIn } from './data-directory.ts';
import type { DataDirectory } from './data-directory.ts';
import { openDevelopment } from './development.ts';
import type { Development } from './development.ts';
import { healthService } from './health-service.ts';
import { openStackChains } from './stack-chains.ts';
import type { StackChains } from './stack-chains.ts';
import { conditionOf } from './stack-condition.ts';
import type { Condition, Expiry } from './stack-condition.ts';
import { operatorOf, stackFactsOf } from './stack-facts.ts';
import type { StackFacts } from './stack-facts.ts';
import { findSigner, requireSigner } from './stack-keys.ts';
import type { StackLog } from './stack-log.ts';
import { openStackLogs } from './stack-logs.ts';
import type { StackLogs } from './stack-logs.ts';
import { openStackMetrics } from './stack-metrics.ts';
import type { StackMetrics } from './stack-metrics.ts';
import type { StackOptions } from './stack-options.ts';
import type { SelfMadeTls } from './self-made-tls.ts';
import type { StackSettings } from './stack-settings.ts';

export interface StackParts {
  readonly handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  readonly condition: () => Condition;
  /** Re-signs what is about to expire. */
  readonly refresh: () => Promise<void>;
  /** Throws STACK_FIXED in production. */
  readonly mintToken: (argument: JsonValue) => Promise<{ readonly token: string }>;
  readonly close: () => Promise<void>;
}

export interface PartsContext {
  readonly directory: DataDirectory;
  readonly settings: StackSettings;
  readonly keys: KeyRing;
  readonly options: StackOptions;
  readonly selfMade?: SelfMadeTls;
}

/** Throws what its parts throw; what was opened until then is closed. */
export async function openStackParts(context: PartsContext): Promise<StackParts> {
  const closers: (() => Promise<void> | void)[] = [];
  const closeAll = async (): Promise<void> => {
    for (const close of closers.toReversed()) await close();
  };
  try {
    return { ...(await openParts(context, closers)), close: closeAll };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

async function openParts(
  { directory, settings, keys, options, selfMade }: PartsContext,
  closers: (() => Promise<void> | void)[],
): Promise<Omit<StackParts, 'close'>> {
  const { runtime, log, witnesses, onFatal, onStep } = options;
  const { now, random, request } = runtime;

  // 1. Where everything is kept.
  const objects = await openDirectoryStore(directory.objects);
  const index = await openSqliteIndex(directory.index, {
    now,
    onMovedAside: (path) => log.warn(`the index could not be read, was moved to ${path}, and is made anew`),
  });
  closers.push(index.close);

  // 2. Logs and authorities.
  const chains = await openStackChains({ objects, settings, keys, now, random });
  const signers = { rekor: requireSigner(keys, 'rekor'), ctlog: requireSigner(keys, 'ctlog') };
  const logs = await openStackLogs({
    ...{ objects, index, settings, signers, witnesses, runtime, log, onFatal },
    ...(onStep === undefined ? {} : { onStep }),
  });
  closers.push(logs.rekor.close, logs.ctlog.close);

  // 3. Who may be certified, and what development adds.
  const development =
    settings.mode === 'development' ? await openDevelopment(directory, settings, keys, options) : undefined;
  if (development !== undefined) closers.push(development.close);
  const configuration = await configurationOf(directory, options, development);
  const cluster = findClusterAccess();
  const identities = openIdentities({
    ...{ configuration, now, request },
    ...(cluster === undefined ? {} : { cluster }),
    ...(development === undefined ? {} : { localKeys: development.localKeys }),
  });

  // 4. Trust, as clients are told of it.
  const facts = stackFactsOf(settings, chains, signInIssuersOf(configuration));
  const tuf = await openTrust({ objects, settings, keys, facts, now, log });

  // 5. All of it on one port.
  let metrics: Promise<StackMetrics> | undefined;
  const expiries = (): readonly Expiry[] => [...tuf.expiries(), ...expiriesOf(chains, selfMade)];
  const condition = (): Condition =>
    conditionOf(
      {
        logs: [logs.rekor, logs.ctlog],
        expiries: expiries(),
        keyNames: keyNamesIn(directory.path),
        isDevelopment: development !== undefined,
      },
      now(),
    );
  const openMetrics = (): Promise<StackMetrics> =>
    (metrics ??= openStackMetrics({
      logSizes: () => ({ rekor: logs.rekor.head().size, ctlog: logs.ctlog.head().size }),
      checkpointAges: () => ({
        rekor: secondsSince(logs.rekor.head().time, now()),
        ctlog: secondsSince(logs.ctlog.head().time, now()),
      }),
      expiries: () => Object.fromEntries(expiries().map(({ what, expires }) => [what, -secondsSince(expires, now())])),
      isReady: () => condition().isReady,
    }));
  // Loading the library must not hold up the start.
  setImmediate(
    () => void openMetrics().catch((error: unknown) => log.warn(`metrics cannot be kept: ${messageOf(error)}`)),
  );
  const services = await openServices({
    ...{ objects, signers, chains, logs, tuf, settings, keys, options, identities, condition, openMetrics },
  });
  const route = openRouter(services, (served) => void observe(served, options, openMetrics));
  return {
    condition,
    refresh: async () => {
      await tuf.refresh();
    },
    mintToken: development?.mintToken ?? refuseToken,
    handle: async (request_, response) => {
      if (await route(request_, response)) return;
      if (development !== undefined && (await development.handle(request_, response))) return;
      sendJson(response, 404, {}, { code: 404, message: 'nothing is served here' });
    },
  };
}

interface ServicesContext {
  readonly objects: ObjectStore;
  readonly signers: Readonly<Record<keyof StackLogs, Signer>>;
  readonly chains: StackChains;
  readonly logs: StackLogs;
  readonly tuf: TufRepository;
  readonly settings: StackSettings;
  readonly keys: KeyRing;
  readonly options: StackOptions;
  readonly identities: Identities;
  readonly condition: () => Condition;
  readonly openMetrics: () => Promise<StackMetrics>;
}

async function openServices(context: ServicesContext): Promise<readonly Service[]> {
  const { objects, signers, chains, logs, settings, keys, identities, condition, openMetrics } = context;
  const { now, random } = context.options.runtime;
  const caChain = chains.ca.map(({ der }) => der);
  const ct = openCtLog({ log: logs.ctlog, signer: signers.ctlog, objects, roots: caChain.slice(-1) });
  const authority = openCertificateAuthority({
    chain: caChain,
    signer: requireSigner(keys, 'ca-intermediate'),
    identify: identities.identify,
    logPrecertificate: async (precertificate, issuers) => encodeSct(await ct.add('precert', precertificate, issuers)),
    now,
    random,
    onIssued: ({ issuer, outcome }) =>
      void openMetrics().then(
        (metrics) => metrics.issued({ issuer, outcome }),
        () => undefined,
      ),
  });
  const timestamps = await openTimestampAuthority({
    chain: chains.timestamps.map(({ der }) => der),
    signer: requireSigner(keys, 'tsa-leaf'),
    policy: SIGSTORE_POLICY,
    now,
    random,
  });
  const rekor = rekorServiceOf({ log: logs.rekor, objects, signer: signers.rekor, treeId: settings.treeId });
  return [
    healthService({ settings, condition, metrics: openMetrics }),
    caService({ authority, configurationDocument: identities.configurationDocument }),
    // Beside its API the log of Rekor v1 is served as files; those of v2 have the root of the host.
    {
      ...rekor,
      endpoints: [...rekor.endpoints, ...tileEndpointsOf({ prefix: '/api/v1/log', log: logs.rekor, objects })],
    },
    ctLogService(ct, objects),
    timestampService(timestamps),
    tufService(context.tuf),
  ];
}

interface TrustContext {
  readonly objects: ObjectStore;
  readonly settings: StackSettings;
  readonly keys: KeyRing;
  readonly facts: StackFacts;
  readonly now: () => Date;
  readonly log: StackLog;
}

/** The repository that tells clients whom to trust, brought up to date. Throws TUF_REPOSITORY_DAMAGED. */
async function openTrust({ objects, settings, keys, facts, now, log }: TrustContext): Promise<TufRepository> {
  const targets = sigstoreTargetsOf(facts);
  const [root, targetsKey] = [findSigner(keys, 'tuf-root'), findSigner(keys, 'tuf-targets')];
  const tuf = await openTufRepository({
    objects,
    name: operatorOf(facts),
    keys: {
      ...(root === undefined ? {} : { root }),
      ...(targetsKey === undefined ? {} : { targets: targetsKey }),
      snapshot: requireSigner(keys, 'tuf-snapshot'),
      timestamp: requireSigner(keys, 'tuf-timestamp'),
    },
    now,
    ...(settings.isMade ? {} : { firstTargets: targets }),
  });
  try {
    await tuf.publish(targets);
  } catch (error) {
    // What clients were told stays true: they are not told what is new.
    if (!isErrorWithCode(error, 'TUF_KEY_ABSENT')) throw error;
    log.warn(`clients are not told of what has changed: ${error.message}`);
    // After a long stop what they are told may have expired.
    await tuf.refresh();
  }
  return tuf;
}

/** One line for each request, with `--verbose`; failures always. */
async function observe(served: Served, { log }: StackOptions, openMetrics: () => Promise<StackMetrics>): Promise<void> {
  const { error, durationMs, ...facts } = served;
  const level = error === undefined ? 'debug' : 'warn';
  log.event(level, 'request', {
    ...facts,
    ms: Math.round(durationMs * 10) / 10,
    ...(error === undefined ? {} : { error: messageOf(error) }),
  });
  const metrics = await openMetrics().catch(() => undefined);
  metrics?.served(served);
}

/** Whom the certificate authority believes: what the command line named, else the file in the data directory, else nobody
 *  but the issuer of a development stack. Throws ISSUER_CONFIGURATION_INVALID. */
async function configurationOf(
  directory: DataDirectory,
  { issuers, log }: StackOptions,
  development: Development | undefined,
): Promise<IssuerConfiguration> {
  const bytes = issuers ?? (await readIfThere(directory.issuers));
  const given = bytes === undefined ? undefined : parseIssuerConfiguration(parseUtf8(bytes));
  if (given === undefined && development === undefined) {
    log.warn(
      `no issuer of identities is configured, so nobody gets a certificate: write ${directory.issuers} or give --oidc-config`,
    );
  }
  return {
    issuers: new Map([...(given?.issuers ?? []), ...(development?.issuers ?? [])]),
    metaIssuers: given?.metaIssuers ?? [],
  };
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}

/** Where people log in: issuers that are known by one address and vouch for e-mail addresses. */
function signInIssuersOf({ issuers }: IssuerConfiguration): readonly string[] {
  return [...issuers.values()].filter(({ naming }) => naming.kind === 'email').map(({ url }) => url);
}

const DAY_MS = 86_400_000;

/** Certificates that nothing here can renew by itself: warned of half a year before, and at the end there is nothing left
 *  to hand out. */
function expiriesOf({ ca, timestamps }: StackChains, selfMade: SelfMadeTls | undefined): readonly Expiry[] {
  const named = [
    ...ca.map(({ notAfter }, at) => [at === ca.length - 1 ? 'CA root' : 'CA intermediate', notAfter] as const),
    ...timestamps.map(({ notAfter }, at) => [at === 0 ? 'timestamp certificate' : 'timestamp root', notAfter] as const),
    ...(selfMade === undefined ? [] : [['TLS certificate', selfMade.expires] as const]),
  ];
  return named.map(([what, expires]) => ({
    what,
    expires,
    warnFrom: new Date(expires.getTime() - 180 * DAY_MS),
    failFrom: expires,
  }));
}

function refuseToken(): Promise<never> {
  return Promise.reject(
    new ConfigError('STACK_FIXED', 'a production stack proves no identities: only one made with --dev gives tokens'),
  );
}

function secondsSince(then: Date, now: Date): number {
  return (now.getTime() - then.getTime()) / 1000;
}
