/** Certificates with the names that Fulcio writes: see test/vectors/fulcio/make.go. Their signatures prove nothing. */

import { readFileSync } from 'node:fs';

import { parseBase64 } from '../../src/base/bytes.ts';
import { parseCertificate } from '../../src/formats/x509/certificate.ts';
import type { Certificate } from '../../src/formats/x509/certificate.ts';

/** A certificate, and what Go reads in it. */
export interface NamedVector {
  readonly der: string;
  readonly emails: readonly string[] | null;
  readonly uris: readonly string[] | null;
  readonly dns: readonly string[] | null;
  readonly ips: readonly string[] | null;
}

export const namedVectors: Readonly<Record<string, NamedVector>> = JSON.parse(
  readFileSync(new URL('../vectors/fulcio/certificates.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, NamedVector>>;

export function namedCertificate(name: string): Certificate {
  const vector = namedVectors[name];
  if (vector === undefined) throw new Error(`there is no certificate ${name}`);
  return parseCertificate(parseBase64(vector.der));
}

/** The certificate as if it had been issued with this extension. */
export function withExtension(certificate: Certificate, oid: string, value: Uint8Array): Certificate {
  const others = certificate.extensions.filter((extension) => extension.oid !== oid);
  return { ...certificate, extensions: [...others, { oid, isCritical: false, value }] };
}

/** One DER element with a short or two-byte length. */
export function derElement(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const content = contents.flatMap((each) => [...each]);
  const { length } = content;
  const header =
    length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, Math.floor(length / 256), length % 256];
  return Uint8Array.from([tag, ...header, ...content]);
}
