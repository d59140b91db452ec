/** Attacks on documents: what a strict reader refuses to read; the official TypeScript verifier reads some of it. */

import {
  artifact,
  attestation,
  foreign,
  message,
  onEntry,
  sigstore,
} from '../support/virtual-sigstore/attack-cases.ts';
import type { AttackCase, AttackTables } from '../support/virtual-sigstore/attack-cases.ts';
import { createVirtualKey } from '../support/virtual-sigstore/virtual-key.ts';
import { statementOf } from '../support/virtual-sigstore/virtual-sigstore.ts';
import { parsePublicKey } from '../../src/crypto/public-key.ts';

const key = createVirtualKey();

const documents: readonly AttackCase[] = [
  {
    name: 'a media type of the future',
    bundle: (bundle) => (bundle.mediaType = 'application/vnd.dev.sigstore.bundle.v9.9+json'),
    outcome: 'BUNDLE_UNSUPPORTED',
  },
  {
    name: 'a member that nobody declared',
    bundle: (bundle) => Object.assign(bundle, { surprise: 1 }),
    outcome: 'JSON_SHAPE',
  },
  {
    name: 'a member that nobody declared, deep inside',
    bundle: onEntry((entry) => Object.assign(entry.kindVersion, { surprise: 1 })),
    outcome: 'JSON_SHAPE',
  },
  {
    name: 'a message and an envelope in one bundle',
    bundle: (bundle) => Object.assign(bundle, { dsseEnvelope: sigstore.sign(attestation).bundle().dsseEnvelope }),
    outcome: 'BUNDLE_MALFORMED',
  },
  {
    name: 'a key and a certificate in one bundle',
    bundle: (bundle) => (bundle.verificationMaterial.publicKey = { hint: '' }),
    outcome: 'BUNDLE_MALFORMED',
  },
  {
    name: 'base64 with something else in it',
    bundle: onEntry(
      (entry) =>
        (entry.canonicalizedBody = `${entry.canonicalizedBody.slice(0, -4)}*${entry.canonicalizedBody.slice(-4)}`),
    ),
    outcome: 'BASE64_MALFORMED',
  },
  {
    name: 'an envelope with two signatures',
    good: attestation,
    bundle: (bundle) => bundle.dsseEnvelope?.signatures.push(...bundle.dsseEnvelope.signatures),
    outcome: 'BUNDLE_MALFORMED',
  },
  {
    name: "a digest that is not the file's",
    bundle: ({ messageSignature }) =>
      Object.assign(messageSignature?.messageDigest ?? {}, { digest: Buffer.alloc(32).toString('base64') }),
    outcome: 'digest',
  },
  {
    name: 'an envelope of another type',
    good: attestation,
    bad: { content: { payload: statementOf(artifact), payloadType: 'text/plain' } },
    outcome: 'content',
  },
  {
    name: 'a signature by another key than the certificate names',
    bad: { signingKey: createVirtualKey() },
    outcome: 'signature',
  },
  { name: 'a key, where an identity is asked for', bad: { signer: 'key' }, outcome: 'signer' },
  {
    name: 'a certificate, where a key is asked for',
    good: { ...message, key, signer: 'key' },
    bad: { signer: 'certificate' },
    policy: { signer: { kind: 'keys', keys: [parsePublicKey(key.spki)] } },
    outcome: 'signer',
  },
  {
    name: 'names in the spelling of protocol buffers',
    bundle: (bundle) => {
      const members = Object.entries(bundle);
      for (const [name] of members) Reflect.deleteProperty(bundle, name);
      Object.assign(bundle, Object.fromEntries(members.map(([name, value]) => [snakeCaseOf(name), value])));
    },
    outcome: 'verified',
  },
  {
    name: 'a trusted root that does not say since when',
    attackedTrust: (root) => root.tlogs.forEach((log) => Object.assign(log.publicKey, { validFor: {} })),
    outcome: 'TRUSTED_ROOT_MALFORMED',
  },
  {
    name: 'a trusted root with a member that nobody declared',
    attackedTrust: (root) => Object.assign(root, { surprise: 1 }),
    outcome: 'TRUSTED_ROOT_MALFORMED',
  },
  {
    name: "a trusted root whose log has another key's id",
    attackedTrust: (root) => root.tlogs.forEach((log) => (log.logId.keyId = foreign.rekorV1.logId.toString('base64'))),
    outcome: 'TRUSTED_ROOT_MALFORMED',
  },
];

/** By what is attacked. */
export const attacksOnDocuments: AttackTables = { document: documents };

function snakeCaseOf(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
