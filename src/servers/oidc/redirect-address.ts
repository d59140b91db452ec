/** Where a sign-in may end. */

/** Shows the code on a page, for clients on another machine. */
export const OUT_OF_BAND = 'urn:ietf:wg:oauth:2.0:oob';

/** Only this machine: a code sent to any other would give a token to whoever runs it. Ports change with each run.
 *  @source RFC 8252 section 7.3 */
export function isRedirectAllowed(address: string): boolean {
  if (address === OUT_OF_BAND) return true;
  const url = URL.parse(address);
  return (
    url !== null &&
    url.protocol === 'http:' &&
    ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname) &&
    url.username === '' &&
    url.password === '' &&
    // Even an empty one would make what follows the address no part of the query.
    !address.includes('#')
  );
}
