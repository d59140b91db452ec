/** What kind of host an address names. */

/** A URL's host name as programs compare it: without the brackets of an IPv6 address. */
export function hostNameOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

/** Whether the name or address is this machine: "localhost", 127.0.0.0/8, ::1. Nothing else counts: other names under
 *  `.localhost` go through the resolver, which may answer anything. */
export function isLoopback(hostName: string): boolean {
  return (
    hostName === 'localhost' ||
    hostName === '::1' ||
    /^127(?:\.\d{1,3}){3}$/.test(hostName) ||
    /^::ffff:7f[0-9a-f]{2}:/.test(hostName)
  );
}
