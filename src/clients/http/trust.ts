/** TLS contexts: whom a connection trusts and what it shows of itself. */

import { createHash, X509Certificate } from 'node:crypto';
import { readdirSync } from 'node:fs';
import path from 'node:path';

import { ConfigError, messageOf } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { TlsSettings } from '../../base/runtime.ts';
import { readFileCapped } from '../files/capped-file.ts';
import type { Environment } from './proxy.ts';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** The certificates of a PEM text. Throws TLS_CA_INVALID when there is none or one cannot be read: a trust file that
 *  is silently ignored leaves its owner with an error about something else. `what` names the file or flag. */
export function parseCertificates(pem: string, what: string): readonly string[] {
  const certificates = pem.match(CERTIFICATE) ?? [];
  if (certificates.length === 0) {
    throw new ConfigError('TLS_CA_INVALID', `${what} holds no PEM certificate`);
  }
  for (const certificate of certificates) {
    requireReadable(certificate, what);
  }
  return certificates;
}

/** A name for everything that makes two connections differ in trust or identity. Holds no key material. */
export function tlsNameOf(tls: TlsSettings): string {
  const parts = [tls.caPem, tls.clientCertificatePem, tls.clientKeyPem, tls.serverName, tls.unsafeSkipVerify];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** Certificates that the environment adds, as in Go: SSL_CERT_FILE, and every file of the folders in SSL_CERT_DIR.
 *  Throws TLS_CA_INVALID for a file named by SSL_CERT_FILE that cannot be read. */
export function environmentCertificates(environment: Environment): readonly string[] {
  const file = environment['SSL_CERT_FILE'];
  const fromFile = file ? parseCertificates(readTrustFile(file), `SSL_CERT_FILE (${file})`) : [];
  const folders = (environment['SSL_CERT_DIR'] ?? '').split(path.delimiter).filter((folder) => folder !== '');
  return [...fromFile, ...folders.flatMap(folderCertificates)];
}

function requireReadable(certificate: string, what: string): void {
  try {
    void new X509Certificate(certificate);
  } catch (cause) {
    throw new ConfigError('TLS_CA_INVALID', `${what} holds a certificate that cannot be read`, { cause });
  }
}

function readTrustFile(file: string): string {
  try {
    return new TextDecoder().decode(readFileCapped(file, limits.trustFileBytes));
  } catch (cause) {
    throw new ConfigError('TLS_CA_INVALID', `the trust file ${file} cannot be read: ${messageOf(cause)}`, { cause });
  }
}

/** As in Go, what is no certificate in a folder (keys, lists, links that lead nowhere) is passed over. */
function folderCertificates(folder: string): readonly string[] {
  try {
    return readdirSync(folder).flatMap((name) => {
      try {
        return parseCertificates(readTrustFile(path.join(folder, name)), name);
      } catch {
        return [];
      }
    });
  } catch {
    return [];
  }
}
