/** Patterns of meta-issuers: URLs in which "*" stands for one piece of a host name or path. */

import { invalidConfiguration } from './configuration-file.ts';

const PIECE = '[-_a-zA-Z0-9]+';
/** Labels at the end of the host that a pattern must spell out. */
const FIXED_LABELS = 2;

/** A test of whole issuer URLs. Throws ISSUER_CONFIGURATION_INVALID for a pattern that would let a token choose the host,
 *  or that takes long to match.
 *  @source GitHub advisory GHSA-59jp-pj84-45mr: an unanchored match let "https://evil/#.amazonaws.com/id/x" through */
export function parseIssuerPattern(pattern: string): RegExp {
  const url = URL.parse(pattern.replaceAll('*', 'x'));
  if (url?.protocol !== 'https:') throw refused(pattern, 'it must begin with https://');
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw refused(pattern, 'only a host and a path are allowed');
  }
  const literals = pattern.split('*');
  if (literals.length === 1) throw refused(pattern, 'it has no "*"; an issuer with one URL belongs under oidc-issuers');
  // With these, how a text divides among the stars is settled at once, and a host is not made up from two of them.
  if (literals.slice(1, -1).some((literal) => !/[^-_a-zA-Z0-9]/.test(literal))) {
    throw refused(pattern, 'between two "*" there must be a "/" or "."');
  }
  requireOwnedHost(pattern, url);
  return new RegExp(`^${literals.map((literal) => literal.replace(/[^A-Za-z0-9]/g, '\\$&')).join(PIECE)}$`);
}

function requireOwnedHost(pattern: string, url: URL): void {
  const host = /^https:\/\/([^/:]*)/.exec(pattern)?.[1] ?? '';
  const end = host.split('.').slice(-FIXED_LABELS);
  if (end.length < FIXED_LABELS || end.some((label) => label.includes('*') || label === '')) {
    throw refused(pattern, `the last ${FIXED_LABELS} labels of the host must be spelled out`);
  }
  if (/^[\d.]+$/.test(url.hostname)) throw refused(pattern, 'the host must be a name');
}

function refused(pattern: string, why: string): Error {
  return invalidConfiguration(`meta issuer ${JSON.stringify(pattern.slice(0, 200))}: ${why}`);
}
