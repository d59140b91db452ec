/** One pool of kept-open connections for each way of connecting: scheme, proxy, trust. */

import http from 'node:http';

import { ConfigError } from '../../base/errors.ts';
import type { TlsSettings } from '../../base/runtime.ts';
import { hostNameOf } from './host.ts';
import { proxyFor } from './proxy.ts';
import type { Environment } from './proxy.ts';
import { lookupPublic, requirePublicLiteral } from './public-address.ts';
import { environmentCertificates, parseCertificates, tlsNameOf } from './trust.ts';

export interface Agents {
  /** The pool for a URL, and the function that sends on it. `node:https` is loaded when the first https URL comes. */
  readonly agentFor: (url: URL, settings: ConnectionSettings) => Promise<Connection>;
  /** From now on, the authorities that this machine trusts count besides Node's. Reading them takes long, so it is done
   *  when a certificate turns up that Node's do not vouch for. False when the connection trusted them already. */
  readonly addSystemTrust: (connection: Connection) => boolean;
  readonly close: () => void;
}

export interface ConnectionSettings {
  readonly tls?: TlsSettings;
  readonly isPublicOnly?: boolean;
}

export interface Connection {
  readonly request: typeof http.request;
  readonly agent: http.Agent;
  /** Host and port of the proxy, for messages. */
  readonly proxyHost: string | undefined;
  readonly hasSystemTrust: boolean;
}

/** Opens no connection yet. */
export function openAgents(environment: Environment): Agents {
  const agents = new Map<string, Promise<http.Agent>>();
  let hasSystemTrust = false;
  return {
    agentFor: async (url, { tls = {}, isPublicOnly = false }) => {
      if (isPublicOnly) requirePublicLiteral(hostNameOf(url));
      const proxy = proxyFor(url, environment);
      const isHttps = url.protocol === 'https:';
      // A connection that was made without looking at the address is not used where it counts.
      const isLookedAt = isPublicOnly && proxy === undefined;
      const trustName = isHttps ? `${tlsNameOf(tls)} ${hasSystemTrust}` : '';
      const key = `${url.protocol} ${proxy?.href ?? ''} ${isLookedAt} ${trustName}`;
      const trust = { environment, hasSystemTrust };
      const agent =
        agents.get(key) ?? createAgent(isHttps ? tls : undefined, sharedOptionsOf(proxy, isLookedAt), trust);
      agents.set(key, agent);
      const { request } = isHttps ? await import('node:https') : http;
      return { request, agent: await agent, proxyHost: proxy?.host, hasSystemTrust: trust.hasSystemTrust };
    },
    addSystemTrust: (connection) => {
      hasSystemTrust = true;
      return !connection.hasSystemTrust;
    },
    close: () => {
      for (const agent of agents.values()) {
        agent.then((each) => each.destroy()).catch(() => undefined);
      }
    },
  };
}

interface Trust {
  readonly environment: Environment;
  readonly hasSystemTrust: boolean;
}

function sharedOptionsOf(proxy: URL | undefined, isLookedAt: boolean): http.AgentOptions {
  return {
    keepAlive: true,
    // Node decides nothing about proxies: it gets the one for this URL or none, and no exceptions.
    ...(proxy && { proxyEnv: { HTTP_PROXY: proxy.href, HTTPS_PROXY: proxy.href } }),
    ...(isLookedAt && { lookup: lookupPublic }),
  };
}

async function createAgent(tls: TlsSettings | undefined, shared: http.AgentOptions, trust: Trust): Promise<http.Agent> {
  if (tls === undefined) {
    return new http.Agent(shared);
  }
  const { Agent } = await import('node:https');
  return new Agent({
    ...shared,
    ...(await contextOf(tls, trust)),
    ...(tls.serverName !== undefined && { servername: tls.serverName }),
    rejectUnauthorized: tls.unsafeSkipVerify !== true,
  });
}

/** Without anything to add, Node's own default context is used: it is made once and costs nothing here. */
async function contextOf(tls: TlsSettings, { environment, hasSystemTrust }: Trust): Promise<object> {
  const given = tls.caPem === undefined ? [] : parseCertificates(tls.caPem, 'the registry CA file (--registry-cacert)');
  const added = [...given, ...environmentCertificates(environment)];
  if (added.length === 0 && !hasSystemTrust && tls.clientCertificatePem === undefined) {
    return {};
  }
  const { createSecureContext, getCACertificates } = await import('node:tls');
  const authorities = [
    ...getCACertificates('default'),
    ...(hasSystemTrust ? getCACertificates('system') : []),
    ...added,
  ];
  try {
    return {
      secureContext: createSecureContext({
        ca: [...new Set(authorities)],
        cert: tls.clientCertificatePem,
        key: tls.clientKeyPem,
      }),
    };
  } catch (cause) {
    throw new ConfigError(
      'TLS_CLIENT_CERTIFICATE_INVALID',
      'the client certificate and its key cannot be used together',
      { cause },
    );
  }
}
