/** Hosts that anyone can reach, as against this machine and the networks around it. */

import { lookup } from 'node:dns';
import { BlockList, isIP } from 'node:net';
import type { LookupFunction } from 'node:net';

import { RemoteError } from '../../base/errors.ts';

/** @source IANA IPv4 Special-Purpose Address Registry, and multicast */
const SPECIAL_IPV4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];
/** All that is handed out to the public, and in it what is not: some carry an IPv4 address, which may be a private one.
 *  @source IANA IPv6 Global Unicast Address Assignments */
const PUBLIC_IPV6 = '2000::/3';
const SPECIAL_IPV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

const special4 = blockListOf(SPECIAL_IPV4, 'ipv4');
const special6 = blockListOf(SPECIAL_IPV6, 'ipv6');
const public6 = blockListOf([PUBLIC_IPV6], 'ipv6');

/** Throws HTTP_ADDRESS_PRIVATE for a host written as an address that is not public; names pass. */
export function requirePublicLiteral(host: string): void {
  if (isIP(host) !== 0 && !isPublicAddress(host)) throw notPublic(host);
}

/** Resolves a name for a connection that is made at once, so what is checked is what is connected to. One address that is
 *  not public is enough to refuse: HTTP_ADDRESS_PRIVATE. */
export const lookupPublic: LookupFunction = (host, options, callback) => {
  lookup(host, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return callback(error, []);
    const [first] = addresses;
    if (first === undefined || !addresses.every(({ address }) => isPublicAddress(address))) {
      return callback(notPublic(host), []);
    }
    return options.all === true ? callback(null, addresses) : callback(null, first.address, first.family);
  });
};

/** Whether an IP address is one of the public Internet. */
function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !special4.check(address, 'ipv4');
    case 6:
      return public6.check(address, 'ipv6') && !special6.check(address, 'ipv6');
    default:
      return false;
  }
}

function notPublic(host: string): RemoteError {
  return new RemoteError(
    'HTTP_ADDRESS_PRIVATE',
    `${host} is not a public host: its address is that of a private network`,
  );
}

function blockListOf(networks: readonly string[], family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [base = '', bits] = network.split('/');
    list.addSubnet(base, Number(bits), family);
  }
  return list;
}
