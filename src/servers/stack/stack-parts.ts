/** The parts of a stack, opened in the order in which they need each other, and put together on one port. */

import type { IncomingMessage, ServerResponse } from 'node:http';

import { ConfigError, messageOf } from '../../base/errors.ts';
import type { JsonValue } from '../../base/json.ts';
import { sendJson } from '../../serve/exchange.ts';
import { openRouter } from '../../serve/router.ts';
import type { Served } from '../../serve/router.ts';
import { keyNamesIn } from './data-directory.ts';
import { openDevelopment } from './development.ts';
import type { SelfMadeTls } from './self-made-tls.ts';
import type { StackChains } from './stack-chains.ts';
import { conditionOf } from './stack-condition.ts';
import type { Condition, Expiry } from './stack-condition.ts';
import { openStackCore } from './stack-core.ts';
import type { Closers, CoreContext } from './stack-core.ts';
import { logFirstEntry } from './first-entry.ts';
import { openStackIdentities } from './stack-identities.ts';
import { requireSigner } from './stack-keys.ts';
import type { StackLog } from './stack-log.ts';
import { createStackMetrics } from './stack-metrics.ts';
import { openStackServices } from './stack-services.ts';
import { openStackTrust } from './stack-trust.ts';

export interface StackParts {
  readonly handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  readonly condition: () => Condition;
  /** Re-signs what is about to expire. */
  readonly refresh: () => Promise<void>;
  /** Throws STACK_FIXED in production. */
  readonly mintToken: (argument: JsonValue) => Promise<{ readonly token: string }>;
  readonly close: () => Promise<void>;
}

export interface PartsContext extends CoreContext {
  readonly selfMade?: SelfMadeTls;
}

/** Throws what its parts throw; what was opened until then is closed. */
export async function openStackParts(context: PartsContext): Promise<StackParts> {
  const closers: Closers = [];
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

async function openParts(context: PartsContext, closers: Closers): Promise<Omit<StackParts, 'close'>> {
  const { directory, settings, keys, options, selfMade } = context;

  // 1. Logs and certificates; what development adds; whom to believe; what clients are told of all that.
  const core = await openStackCore(context, closers);
  const isDevelopment = settings.mode === 'development';
  const development = isDevelopment ? await openDevelopment(directory, settings, keys, options) : undefined;
  if (development !== undefined) closers.push(development.close);
  const identities = await openStackIdentities(context, development);
  const { tuf, untold } = await openStackTrust(core, identities.signInIssuers);
  if (!settings.isMade) await logFirstEntry(core.logs.rekor, tuf.root(), requireSigner(keys, 'tuf-root'));

  // 2. How it is.
  const { rekor, ctlog } = core.logs;
  const expiries = (): readonly Expiry[] => [...tuf.expiries(), ...expiriesOf(core.chains, selfMade)];
  const condition = (): Condition => {
    const keyNames = keyNamesIn(directory.path);
    const facts = { logs: [rekor, ctlog], expiries: expiries(), keyNames, isDevelopment, remarks: untold };
    return conditionOf(facts, options.runtime.now());
  };
  const secondsSince = (then: Date): number => (options.runtime.now().getTime() - then.getTime()) / 1000;
  const metrics = createStackMetrics(
    {
      logSizes: () => ({ rekor: rekor.head().size, ctlog: ctlog.head().size }),
      checkpointAges: () => ({ rekor: secondsSince(rekor.head().time), ctlog: secondsSince(ctlog.head().time) }),
      expiries: () => Object.fromEntries(expiries().map(({ what, expires }) => [what, -secondsSince(expires)])),
      isReady: () => condition().isReady,
    },
    (error) => options.log.warn(`metrics cannot be kept: ${messageOf(error)}`),
  );

  // 3. All of it on one port.
  const route = openRouter(await openStackServices(core, { identities, tuf, condition, metrics }), (served) => {
    logServed(served, options.log);
    metrics.served(served);
  });
  return {
    condition,
    refresh: async () => {
      await tuf.refresh();
    },
    mintToken: development?.mintToken ?? refuseToken,
    handle: async (request, response) => {
      if (await route(request, response)) return;
      if (development !== undefined && (await development.handle(request, response))) return;
      sendJson(response, 404, {}, { code: 404, message: 'nothing is served here' });
    },
  };
}

/** One line for each request, with `--verbose`; failures always. */
function logServed({ error, durationMs, ...facts }: Served, log: StackLog): void {
  log.event(error === undefined ? 'debug' : 'warn', 'request', {
    ...facts,
    ms: Math.round(durationMs * 10) / 10,
    ...(error === undefined ? {} : { error: messageOf(error) }),
  });
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
