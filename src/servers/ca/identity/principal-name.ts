/** The one name of a certificate, for each type of issuer. What a token says is taken over only where it fits the grammar
 *  of that kind of name as a whole: a reader must not see another name in it. */

import { InputError } from '../../../base/errors.ts';
import type { JsonObject, JsonValue } from '../../../base/json.ts';
import { printableOf } from '../../../base/printable.ts';
import type { PrincipalName } from '../principal.ts';
import { requireClaim, requireText, unusable } from './claim-text.ts';
import { webAddressOf } from './web-address.ts';

/** An address alone: no name before it, no quotes, no comments, and ASCII as the certificate's string type wants.
 *  @source RFC 5321 section 4.1.2, the dot-string form */
const EMAIL = /^[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*@[a-z0-9-]+(?:\.[a-z0-9-]+)*$/i;
const EMAIL_LENGTH = 254;
/** @source RFC 1123 section 2.1, as Kubernetes names things */
const KUBERNETES_NAME = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/;
/** Segments of a path, none of them "." or "..". */
const PLAIN_PATH = /^(?!.*(?:^|\/)\.{1,2}(?:\/|$))[\w.-]+(?:\/[\w.-]+)*$/;

/** Throws TOKEN_CLAIMS. */
export function emailNameOf(claims: JsonObject, isVerificationSkipped: boolean): PrincipalName {
  const email = requireClaim(claims, 'email');
  if (!isEmailVerified(claims) && !isVerificationSkipped) throw unusable('email_verified', 'is not true');
  if (!EMAIL.test(email) || email.length > EMAIL_LENGTH) throw unusable('email', 'is not a plain e-mail address');
  return { kind: 'email', value: email };
}

/** Some issuers write the truth value as a text. */
export function isEmailVerified(claims: JsonObject): boolean {
  return [true, 'true', 'True'].includes(claims['email_verified'] as never);
}

/** A subject below the one origin. Throws TOKEN_CLAIMS. */
export function uriNameOf(subject: string, origin: string): PrincipalName {
  // Compared as text: what two URL parsers would make of it does not matter.
  const rest = subject.startsWith(origin) ? subject.slice(origin.length) : undefined;
  if (rest === undefined || !/^(?:[/?#]|$)/.test(rest)) throw unusable('sub', `is not a URI below ${origin}`);
  if (!/^[\x21-\x7e]+$/.test(subject)) throw unusable('sub', 'is not a URI: it has characters that must be escaped');
  return pageNameOf(subject);
}

/** "user!domain". Throws TOKEN_CLAIMS. */
export function usernameOf(subject: string, domain: string): PrincipalName {
  if (subject.includes('!') || subject.includes('@')) throw unusable('sub', 'is not a user name: it has a "!" or "@"');
  if (printableOf(subject) !== subject) throw unusable('sub', 'is not a user name: it has characters that do not show');
  return { kind: 'username', value: `${subject}!${domain}` };
}

/** Throws TOKEN_CLAIMS. @source SPIFFE-ID section 2 */
export function spiffeNameOf(subject: string, trustDomain: string): PrincipalName {
  const prefix = `spiffe://${trustDomain}`;
  const path = subject.startsWith(`${prefix}/`) ? subject.slice(prefix.length + 1) : undefined;
  if (subject !== prefix && (path === undefined || !PLAIN_PATH.test(path))) {
    throw unusable('sub', `is not a SPIFFE ID of the trust domain ${trustDomain}`);
  }
  return { kind: 'uri', value: subject };
}

/** Throws TOKEN_CLAIMS. */
export function kubernetesNameOf(claims: JsonObject): PrincipalName {
  const kubernetes = membersOf(claims['kubernetes.io']);
  const namespace = kubernetes['namespace'];
  const account = membersOf(kubernetes['serviceaccount'])['name'];
  if (!isKubernetesName(namespace) || !isKubernetesName(account)) {
    throw unusable('kubernetes.io', 'does not name a namespace and a service account');
  }
  return { kind: 'uri', value: `https://kubernetes.io/namespaces/${namespace}/serviceaccounts/${account}` };
}

/** Throws TOKEN_CLAIMS. */
export function chainguardNameOf(issuerUrl: string, subject: string): PrincipalName {
  if (!PLAIN_PATH.test(subject)) throw unusable('sub', 'is not a path of plain names');
  return { kind: 'uri', value: `${issuerUrl.replace(/\/$/, '')}/${subject}` };
}

/** The name that a CI provider's template gives. Throws TOKEN_CLAIMS. */
export function pageNameOf(text: string): PrincipalName {
  const value = webAddressOf(requireText(text, 'name'));
  if (value === undefined) {
    throw new InputError('TOKEN_CLAIMS', 'what the claims of the token name is not the address of a web page');
  }
  return { kind: 'uri', value };
}

function isKubernetesName(value: JsonValue | undefined): value is string {
  return typeof value === 'string' && KUBERNETES_NAME.test(value);
}

function membersOf(value: JsonValue | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}
