/** A certificate for HTTPS that nobody else vouches for: clients are given it as trusted. The key stays the same; the
 *  certificate is made anew when it is about to end. */

import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';

import { isSameBytes, latin1Of, parseHex } from '../../base/bytes.ts';
import { CountersignError } from '../../base/errors.ts';
import { writeFileAtomic } from '../../clients/files/atomic-file.ts';
import { sequence, taggedString } from '../../crypto/der-writer.ts';
import type { PrivateKey } from '../../crypto/private-key.ts';
import { signerOf } from '../../crypto/signer.ts';
import { encodeCertificatePem, parseCertificatesPem } from '../../formats/x509/certificate-pem.ts';
import type { Certificate } from '../../formats/x509/certificate.ts';
import { encodeName } from '../../formats/x509/distinguished-name.ts';
import {
  encodeExtendedKeyUsage,
  encodeExtension,
  encodeKeyUsage,
  extensionIds,
  keyUsages,
} from '../../formats/x509/extensions.ts';
import { signCertificate } from '../../formats/x509/tbs-certificate.ts';
import type { TlsIdentity } from '../../serve/server.ts';
import { TLS_FILE } from './data-directory.ts';

export interface SelfMadeTls {
  readonly identity: TlsIdentity;
  /** PEM certificate for clients to trust (SSL_CERT_FILE). */
  readonly file: string;
  readonly expires: Date;
}

const LIFETIME_MS = 2 * 365 * 86_400_000;
const RENEW_MS = 90 * 86_400_000;
const SERVER_AUTHENTICATION = '1.3.6.1.5.5.7.3.1';
const DNS_NAME = 2;
const IP_ADDRESS = 7;

/** The certificate that is there, or a new one for this host and loopback. Throws FILE_NOT_WRITABLE. */
export async function openSelfMadeTls(
  dataDir: string,
  host: string,
  key: PrivateKey,
  now: () => Date,
): Promise<SelfMadeTls> {
  const file = join(dataDir, TLS_FILE);
  const kept = await keptCertificate(file, key, now());
  const expires = kept?.expires ?? new Date(now().getTime() + LIFETIME_MS);
  const certificatePem = kept?.certificatePem ?? (await makeCertificate(host, key, now(), expires));
  if (kept === undefined) {
    await writeFileAtomic(file, latin1Of(certificatePem), { mode: 0o644, overwrite: true });
  }
  const keyPem = key.keyObject.export({ type: 'pkcs8', format: 'pem' }).toString();
  return { identity: { certificatePem, keyPem }, file, expires };
}

async function keptCertificate(
  file: string,
  { publicKey }: PrivateKey,
  now: Date,
): Promise<{ readonly certificatePem: string; readonly expires: Date } | undefined> {
  const certificatePem = await readFile(file, 'utf8').catch(() => undefined);
  if (certificatePem === undefined) return undefined;
  const certificate = readCertificate(certificatePem);
  const isGood =
    certificate !== undefined &&
    isSameBytes(certificate.spki, publicKey.spki) &&
    certificate.notAfter.getTime() - now.getTime() > RENEW_MS;
  return isGood ? { certificatePem, expires: certificate.notAfter } : undefined;
}

/** Undefined for what was damaged on the disk: its key is what counts, and another certificate is soon made. */
function readCertificate(pem: string): Certificate | undefined {
  try {
    return parseCertificatesPem(pem)[0];
  } catch (error) {
    if (error instanceof CountersignError) return undefined;
    throw error;
  }
}

async function makeCertificate(host: string, key: PrivateKey, now: Date, expires: Date): Promise<string> {
  const name = encodeName('countersign', host.slice(0, 64));
  const names = [...new Set([host, 'localhost', '127.0.0.1', '::1'])].map(generalNameOf);
  const signer = signerOf(key);
  const der = await signCertificate(
    {
      // Positive: its first bit is not set.
      serialNumber: randomBytes(16).map((octet, at) => (at === 0 ? (octet & 0x3f) | 0x40 : octet)),
      issuer: name,
      subject: name,
      notBefore: new Date(now.getTime() - 3_600_000),
      notAfter: expires,
      spki: key.publicKey.spki,
      extensions: [
        encodeKeyUsage(keyUsages.digitalSignature),
        encodeExtendedKeyUsage(SERVER_AUTHENTICATION, false),
        encodeExtension({ oid: extensionIds.subjectAlternativeName, isCritical: false, value: sequence(...names) }),
      ],
    },
    signer,
  );
  return encodeCertificatePem(der);
}

/** @source RFC 5280 section 4.2.1.6 */
function generalNameOf(host: string): Uint8Array {
  const address = host.replace(/^\[|\]$/g, '');
  return isIP(address) === 0
    ? taggedString(DNS_NAME, latin1Of(address))
    : taggedString(IP_ADDRESS, addressBytesOf(address));
}

function addressBytesOf(address: string): Uint8Array {
  if (isIP(address) === 4) return Uint8Array.from(address.split('.'), Number);
  const [head = '', tail] = URL.parse(`http://[${address}]`)?.hostname.slice(1, -1).split('::') ?? [];
  const groupsOf = (text = ''): readonly string[] => (text === '' ? [] : text.split(':'));
  const [before, after] = [groupsOf(head), groupsOf(tail)];
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  return parseHex([...before, ...zeros, ...after].map((group) => group.padStart(4, '0')).join(''));
}
