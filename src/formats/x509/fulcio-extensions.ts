/** What Fulcio writes about the token for which it issued a certificate.
 *  @source github.com/sigstore/fulcio, docs/oid-info.md */

import { parseUtf8, utf8Of } from '../../base/bytes.ts';
import { InputError, isErrorWithCode } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { textOf } from '../../crypto/der-values.ts';
import { utf8String } from '../../crypto/der-writer.ts';
import { derTags, parseDer } from '../../crypto/der.ts';
import { asCertificateError } from './certificate.ts';
import type { Certificate, Extension } from './certificate.ts';
import { encodeExtension } from './extensions.ts';

const PREFIX = '1.3.6.1.4.1.57264.1.';
const FIRST_DER_TEXT = 8;

/** By the last arc of the OID. 7 is a kind of subject alternative name. */
const NAMES = {
  1: 'issuer',
  2: 'githubWorkflowTrigger',
  3: 'githubWorkflowSha',
  4: 'githubWorkflowName',
  5: 'githubWorkflowRepository',
  6: 'githubWorkflowRef',
  8: 'issuerV2',
  9: 'buildSignerUri',
  10: 'buildSignerDigest',
  11: 'runnerEnvironment',
  12: 'sourceRepositoryUri',
  13: 'sourceRepositoryDigest',
  14: 'sourceRepositoryRef',
  15: 'sourceRepositoryIdentifier',
  16: 'sourceRepositoryOwnerUri',
  17: 'sourceRepositoryOwnerIdentifier',
  18: 'buildConfigUri',
  19: 'buildConfigDigest',
  20: 'buildTrigger',
  21: 'runInvocationUri',
  22: 'sourceRepositoryVisibilityAtSigning',
  23: 'deploymentEnvironment',
  24: 'tokenSubject',
} as const;

export type FulcioExtensionName = (typeof NAMES)[keyof typeof NAMES];

/** Values by name, in the certificate's order. */
export type FulcioExtensions = ReadonlyMap<FulcioExtensionName, string>;

const nameByOid: ReadonlyMap<string, FulcioExtensionName> = new Map(
  Object.entries(NAMES).map(([arc, name]) => [`${PREFIX}${arc}`, name]),
);

/** Every name, for help and messages. */
export const fulcioExtensionNames: readonly FulcioExtensionName[] = Object.values(NAMES);

/** The name for a name, an OID or its last arc; undefined for what Fulcio does not write. */
export function fulcioExtensionNameOf(known: string | number): FulcioExtensionName | undefined {
  if (typeof known === 'number') return nameByOid.get(`${PREFIX}${known}`);
  return nameByOid.get(known) ?? fulcioExtensionNames.find((name) => name === known);
}

/** The extensions that the certificate has. Throws CERTIFICATE_MALFORMED, also when the two spellings of the issuer differ:
 *  which of them a reader believes must not matter. */
export function fulcioExtensionsOf(certificate: Certificate): FulcioExtensions {
  const values = new Map<FulcioExtensionName, string>();
  for (const extension of certificate.extensions) {
    const name = nameByOid.get(extension.oid);
    if (name !== undefined) values.set(name, valueOf(extension, name));
  }
  const issuer = values.get('issuer');
  const issuerV2 = values.get('issuerV2');
  if (issuer !== undefined && issuerV2 !== undefined && issuer !== issuerV2) {
    throw malformed('issuer', `${quoted(issuer)} and issuerV2 ${quoted(issuerV2)} differ`);
  }
  return values;
}

/** The OIDC issuer that vouched for the subject; undefined when the certificate names none. */
export function issuerOf(extensions: FulcioExtensions): string | undefined {
  return extensions.get('issuerV2') ?? extensions.get('issuer');
}

/** The extension with this last arc, DER. Throws CERTIFICATE_MALFORMED for an arc that is none, and a text that
 *  `fulcioExtensionsOf` would not give back. */
export function encodeFulcioExtension(arc: number, text: string): Uint8Array {
  const name = fulcioExtensionNameOf(arc);
  if (name === undefined) throw new InputError('CERTIFICATE_MALFORMED', `certificate: no Fulcio extension ${arc}`);
  if (text === '' || !text.isWellFormed()) throw malformed(name, 'not a text');
  const value = arc >= FIRST_DER_TEXT ? utf8String(text) : utf8Of(text);
  if (value.length > limits.certificateTextBytes) throw tooLong(name, value.length);
  return encodeExtension({ oid: `${PREFIX}${arc}`, isCritical: false, value });
}

function valueOf({ oid, value }: Extension, name: FulcioExtensionName): string {
  if (value.length > limits.certificateTextBytes) throw tooLong(name, value.length);
  if (Number(oid.slice(PREFIX.length)) >= FIRST_DER_TEXT) {
    return asCertificateError(() => textOf(parseDer(value, derTags.utf8String)));
  }
  try {
    return parseUtf8(value);
  } catch (cause) {
    throw isErrorWithCode(cause, 'TEXT_NOT_UTF8') ? malformed(name, 'not UTF-8') : cause;
  }
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 200));
}

function tooLong(name: FulcioExtensionName, length: number): InputError {
  return malformed(name, `${length} bytes, at most ${limits.certificateTextBytes} are read`);
}

function malformed(name: FulcioExtensionName, why: string): InputError {
  return new InputError('CERTIFICATE_MALFORMED', `certificate: Fulcio extension ${name}: ${why}`);
}
