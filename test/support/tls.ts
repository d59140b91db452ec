/** Throw-away certificates for TLS servers on loopback, made by the openssl program. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

export interface TlsFiles {
  /** PEM certificate of the authority that signed `certFile`. */
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
}

/** Makes an authority and a server certificate for 127.0.0.1 and localhost, both valid for two days. */
export function createTlsFiles(folder: string): TlsFiles {
  const [caFile, caKeyFile] = [join(folder, 'ca.pem'), join(folder, 'ca.key')];
  const [certFile, keyFile] = [join(folder, 'server.pem'), join(folder, 'server.key')];
  certify(caFile, caKeyFile, 'Countersign test authority', ['keyUsage=critical,keyCertSign']);
  certify(
    certFile,
    keyFile,
    'localhost',
    ['subjectAltName=IP:127.0.0.1,DNS:localhost', 'basicConstraints=critical,CA:FALSE', 'extendedKeyUsage=serverAuth'],
    ['-CA', caFile, '-CAkey', caKeyFile],
  );
  return { caFile, certFile, keyFile };
}

function certify(
  certFile: string,
  keyFile: string,
  commonName: string,
  extensions: readonly string[],
  signerArgs: readonly string[] = [],
): void {
  const keyArgs = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', keyFile];
  const nameArgs = ['-subj', `/CN=${commonName}`, ...extensions.flatMap((extension) => ['-addext', extension])];
  const args = ['req', '-x509', '-days', '2', ...keyArgs, '-out', certFile, ...nameArgs, ...signerArgs];
  execFileSync('openssl', args, { stdio: 'pipe' });
}
