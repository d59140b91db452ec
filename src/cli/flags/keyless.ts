/** Flags of the commands that sign, about everybody else who takes part: the issuer of the identity, the certificate
 *  authority, logs and timestamp authorities. There is no public one by default. */

import { mapped, noted, refused, same } from '../flag.ts';
import type { Flags } from '../flag.ts';
import { hardwareFlags, missing } from './services.ts';

const group = 'Services';
const login = 'Identity';
const PRIVATE =
  'There is no public one by default. Of a public one it is said what it publishes, and asked; --yes answers.';
const TSA_TLS = 'Name the authority that issued its certificate in SSL_CERT_FILE, and leave this flag out.';
const url = { type: 'string', placeholder: 'URL', group } as const;
const file = { type: 'string', placeholder: 'FILE', completes: 'file' } as const;

/** Who signs, when it is no key. */
export const identityTokenFlags = {
  'fulcio-auth-flow': {
    type: 'enum',
    values: ['normal', 'device', 'token'],
    group: login,
    help: 'how to log in: with a browser here (normal), on another device, or not at all (token)',
    cosign: mapped(
      'Logging in with client_credentials is not read. Without a terminal and without this flag nobody is waited for: cosign waits for another device.',
    ),
  },
  'identity-token': {
    type: 'string',
    placeholder: 'TOKEN|FILE',
    completes: 'file',
    group: login,
    help: 'identity token, or a file that holds it; otherwise SIGSTORE_ID_TOKEN, otherwise somebody logs in',
    cosign: mapped('Tokens of all algorithms are recognised. It goes to the certificate authority and nowhere else.'),
  },
  'oidc-client-id': {
    type: 'string',
    default: 'sigstore',
    placeholder: 'ID',
    group: login,
    help: 'client that logs in, for whom identity tokens must be meant',
    cosign: mapped('A token that is meant for somebody else is refused here, before it is sent anywhere.'),
  },
  'oidc-client-secret-file': { ...file, group: login, help: 'file with the secret of the client', cosign: same() },
  'oidc-disable-ambient-providers': {
    type: 'bool',
    default: false,
    group: login,
    help: 'do not read SIGSTORE_ID_TOKEN',
    cosign: mapped('SIGSTORE_ID_TOKEN is the only one that this version reads.'),
  },
  'oidc-issuer': { ...url, group: login, help: 'where to log in', cosign: mapped(PRIVATE) },
  'oidc-provider': {
    type: 'string',
    group: login,
    deprecated: 'this version does not have it',
    accepts: ['envvar'],
    help: 'where identity tokens come from',
    cosign: refused(
      'Have the build system write its token to a file and give --identity-token FILE, or put it into SIGSTORE_ID_TOKEN.',
    ),
  },
  'oidc-redirect-url': {
    ...url,
    group: login,
    help: 'where the issuer sends the browser: http://localhost:PORT/…; without it, a free port',
    cosign: mapped('Loopback only.'),
  },
} as const satisfies Flags;

/** Who takes part. */
export const signingServiceFlags = {
  ...identityTokenFlags,
  ...hardwareFlags,
  'fulcio-url': { ...url, help: 'certificate authority, for signing without --key', cosign: mapped(PRIVATE) },
  'rekor-url': {
    ...url,
    help: 'transparency log (Rekor v1) that each signature is entered into',
    cosign: mapped(PRIVATE),
  },
  'timestamp-server-url': {
    ...url,
    help: 'timestamp authority, the whole address: https://host/api/v1/timestamp',
    cosign: same(),
  },
  'signing-config': {
    ...file,
    group,
    help: 'file that names the services, as JSON of version 0.2',
    cosign: mapped(
      'Works with both forms of signatures. Services of Rekor v2 are not used in this version.',
      '2.6',
      '3.1',
    ),
  },
  'use-signing-config': {
    type: 'bool',
    default: true,
    group,
    help: 'without --key: use the services of the repository that "countersign initialize" set up',
    cosign: mapped(
      'There is no public one by default. With --key, services are used only where this is given, or --tlog-upload, or they are named.',
      '2.6',
      '3.1',
    ),
  },
  'trusted-root': {
    ...file,
    group,
    help: 'whom to believe, as JSON: what services answer is checked by it before anything is stored; otherwise what "countersign initialize" fetched',
    cosign: mapped(
      'Needed wherever a service takes part: a signature that would not verify is not stored.',
      '2.6',
      '3.1',
    ),
  },
  'tlog-upload': {
    type: 'bool',
    default: true,
    group,
    help: 'enter signatures into the log that is named; with --key only where one is named, or where this is given',
    cosign: mapped(
      'With --key nothing is entered unless a log is named. With signing configurations, false leaves their logs out.',
    ),
  },
  'timestamp-client-cacert': missing('trust for the timestamp authority', TSA_TLS),
  'timestamp-client-cert': missing('certificate for the timestamp authority', TSA_TLS),
  'timestamp-client-key': missing('key for the timestamp authority', TSA_TLS),
  'timestamp-server-name': missing('name of the timestamp authority', TSA_TLS),
  'insecure-skip-verify': {
    type: 'bool',
    default: false,
    deprecated: 'it has no effect',
    help: 'had to do with certificates',
    cosign: noted('Has no effect, as in cosign: certificates are checked before they sign.'),
  },
  'issue-certificate': {
    type: 'bool',
    default: false,
    deprecated: 'this version does not have it',
    help: 'ask for a certificate besides the key',
    cosign: refused('Sign with --key, or without it by your identity.'),
  },
  certificate: missing(
    'certificate to store with the signature',
    'Attach the certificate with "countersign attach signature --certificate FILE", or leave this flag out.',
  ),
  'certificate-chain': missing(
    'chain of the certificate',
    'Attach the chain with "countersign attach signature --certificate-chain FILE", or leave this flag out.',
  ),
} as const satisfies Flags;
