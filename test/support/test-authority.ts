/** Our certificate authority beside a certificate transparency log that is not ours. */

import { X509Certificate, randomBytes } from 'node:crypto';

import { derChildrenOf, sequence, tagged } from './der-writer.ts';
import { createCtLog, encodeSct } from './virtual-sigstore/virtual-ct-log.ts';
import type { VirtualCtLog } from './virtual-sigstore/virtual-ct-log.ts';
import { InputError } from '../../src/base/errors.ts';
import { createKeyPair } from '../../src/crypto/private-key.ts';
import { signerOf } from '../../src/crypto/signer.ts';
import { createCaChain } from '../../src/servers/ca/authority.ts';
import { openCertificateAuthority } from '../../src/servers/ca/certificate-authority.ts';
import type {
  CertificateAuthority,
  CertificateAuthorityOptions,
  Issuance,
} from '../../src/servers/ca/certificate-authority.ts';
import type { Principal } from '../../src/servers/ca/principal.ts';

export interface TestAuthority {
  readonly authority: CertificateAuthority;
  /** The intermediate first, DER. */
  readonly chain: readonly Uint8Array[];
  readonly ctLog: VirtualCtLog;
  /** Every precertificate that the log was given, DER. */
  readonly logged: readonly Uint8Array[];
  readonly issuances: readonly Issuance[];
}

/** The one token that the authority takes. */
export const testToken = 'token-of-dev';

export const testPrincipal: Principal = {
  name: { kind: 'email', value: 'dev@example.test' },
  extensions: new Map([
    [1, 'https://issuer.example.test'],
    [8, 'https://issuer.example.test'],
    [24, 'subject-of-dev'],
  ]),
  proofSubjects: ['dev@example.test', 'subject-of-dev'],
  issuer: 'https://issuer.example.test',
  issuerType: 'email',
};

export interface TestAuthorityOptions extends Partial<CertificateAuthorityOptions> {
  readonly at?: Date;
  readonly principal?: Principal;
  readonly ctLog?: VirtualCtLog;
}

export async function openTestAuthority(options: TestAuthorityOptions = {}): Promise<TestAuthority> {
  const { at = new Date('2026-03-01T12:00:00Z'), principal = testPrincipal, ...rest } = options;
  const signer = signerOf(createKeyPair('ecdsa-p256'));
  const ctLog = options.ctLog ?? createCtLog('https://ct.authority.test');
  const chain = await createCaChain({
    organization: 'authority.test',
    isDevelopment: true,
    now: () => at,
    random: randomBytes,
    root: signerOf(createKeyPair('ecdsa-p256')),
    intermediate: signer,
  });
  const logged: Uint8Array[] = [];
  const issuances: Issuance[] = [];
  const authority = openCertificateAuthority({
    chain,
    signer,
    now: () => at,
    random: randomBytes,
    identify: async (token) => {
      if (token !== testToken) throw new InputError('TOKEN_MALFORMED', 'not a token');
      return principal;
    },
    logPrecertificate: async (precertificate, issuers) => {
      logged.push(precertificate);
      return timestampOf(ctLog, precertificate, issuers[0] ?? new Uint8Array(), at);
    },
    onIssued: (issuance) => {
      issuances.push(issuance);
    },
    ...rest,
  });
  return { authority, chain: authority.chain, ctLog, logged, issuances };
}

/** A SignedCertificateTimestamp over a precertificate, whose last extension must be the poison. */
export function timestampOf(log: VirtualCtLog, precertificate: Uint8Array, issuer: Uint8Array, at: Date): Buffer {
  const [tbs = Buffer.alloc(0)] = derChildrenOf(Buffer.from(precertificate));
  const members = derChildrenOf(tbs);
  const [list = Buffer.alloc(0)] = derChildrenOf(members.at(-1) ?? Buffer.alloc(0));
  const extensions = derChildrenOf(list);
  if (extensions.at(-1)?.toString('hex') !== '3013060a2b06010401d6790204030101ff04020500') {
    throw new Error('the last extension is not the poison');
  }
  const withoutPoison = sequence(...members.slice(0, -1), tagged(3, sequence(...extensions.slice(0, -1))));
  const issuerSpki = new X509Certificate(issuer).publicKey.export({ type: 'spki', format: 'der' });
  return encodeSct({ log }, { tbs: withoutPoison, issuerSpki, at });
}
