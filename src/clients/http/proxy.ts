/** Which proxy a request goes through, by Go's rules, so that what works for other container tools works here.
 *  @source Go package golang.org/x/net/http/httpproxy */

import { BlockList, isIP } from 'node:net';

import { ConfigError } from '../../base/errors.ts';
import { hostNameOf, isLoopback } from './host.ts';

/** Environment variables, handed in as data. */
export type Environment = Readonly<Record<string, string | undefined>>;

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/** The proxy for a URL (with its user and password, so never to be printed), or undefined for a direct connection.
 *  Loopback is never proxied. HTTP_PROXY is ignored where REQUEST_METHOD is set: under CGI a client's `Proxy:` header
 *  sets it. Throws PROXY_INVALID. */
export function proxyFor(url: URL, environment: Environment): URL | undefined {
  const isHttps = url.protocol === 'https:';
  const name = isHttps ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const value = environment[name] || environment[name.toLowerCase()];
  if (!value || (!isHttps && environment['REQUEST_METHOD'])) {
    return undefined;
  }
  const host = hostNameOf(url);
  const port = url.port || (DEFAULT_PORTS[url.protocol] ?? '');
  if (isLoopback(host) || isExcluded(host, port, environment['NO_PROXY'] || environment['no_proxy'] || '')) {
    return undefined;
  }
  return parseProxy(value, name);
}

function parseProxy(value: string, name: string): URL {
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`);
  // The value may hold a password: the message names the variable only.
  if (url === null || url.hostname === '') {
    throw new ConfigError('PROXY_INVALID', `${name} is not a proxy address: expected http://host:port`);
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new ConfigError(
      'PROXY_INVALID',
      `${name} names a proxy of the kind ${url.protocol.slice(0, -1)}: only http and https proxies are spoken to`,
    );
  }
  return url;
}

function isExcluded(host: string, port: string, list: string): boolean {
  const entries = list.split(',').map((entry) => entry.trim().toLowerCase());
  return entries.includes('*') || entries.some((entry) => entry !== '' && isMatch(entry, host, port));
}

/** One entry: an address, a network, or a domain, the first and last with an optional port. What cannot be read
 *  matches nothing, as in Go. */
function isMatch(entry: string, host: string, port: string): boolean {
  if (/^[0-9a-f.:]+\/\d+$/.test(entry)) {
    return isInNetwork(entry, host);
  }
  const [, name = '', entryPort = ''] = isIP(entry) ? ['', entry] : (/^\[?(.*?)\]?(?::(\d+))?$/.exec(entry) ?? []);
  if (name === '' || (entryPort !== '' && entryPort !== port)) {
    return false;
  }
  if (isIP(name)) {
    return isIP(host) === isIP(name) && isInNetwork(`${name}/${isIP(name) === 4 ? 32 : 128}`, host);
  }
  const suffix = name.startsWith('*.') ? name.slice(1) : name;
  return suffix.startsWith('.') ? host.endsWith(suffix) : host === suffix || host.endsWith(`.${suffix}`);
}

function isInNetwork(network: string, host: string): boolean {
  const [base = '', bits = ''] = network.split('/');
  const family = isIP(base) === 4 ? 'ipv4' : 'ipv6';
  if (!isIP(base) || Number(bits) > (family === 'ipv4' ? 32 : 128) || isIP(host) !== isIP(base)) {
    return false;
  }
  const block = new BlockList();
  block.addSubnet(base, Number(bits), family);
  return block.check(host, family);
}
