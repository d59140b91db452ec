/** Certificates by an independent writer: see test/vectors/x509/make.py. */

import { readFileSync } from 'node:fs';

import { parseBase64 } from '../../src/base/bytes.ts';
import { parseCertificate } from '../../src/formats/x509/certificate.ts';
import type { Certificate } from '../../src/formats/x509/certificate.ts';

const file = new URL('../vectors/x509/certificates.json', import.meta.url);
const vectors = JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, string>>;

/** The names that begin so: "named/inside-". */
export function vectorNames(prefix: string): readonly string[] {
  return Object.keys(vectors).filter((name) => name.startsWith(prefix));
}

export function vectorDer(name: string): Uint8Array {
  const text = vectors[name];
  if (text === undefined) {
    throw new Error(`no certificate vector ${name}`);
  }
  return parseBase64(text);
}

export function vectorCertificate(name: string): Certificate {
  return parseCertificate(vectorDer(name));
}
