/** What the verifiers are compared on: the public suite, what cosign made, and what a virtual Sigstore makes rightly and
 *  wrongly. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { publicCases } from '../support/public-suite-cases.ts';
import type { BundleCase, CaseSigner } from '../support/public-suite-cases.ts';
import { createScratchFolder } from '../support/scratch.ts';
import {
  artifact,
  attestation,
  message,
  onEntry,
  sigstore,
  stamped,
} from '../support/virtual-sigstore/attack-cases.ts';
import type { AttackCase } from '../support/virtual-sigstore/attack-cases.ts';
import { usualIdentity } from '../support/virtual-sigstore/judgement.ts';
import { createVirtualKey, pemOf } from '../support/virtual-sigstore/virtual-key.ts';
import type { KeyKind, SchemeName, VirtualKey } from '../support/virtual-sigstore/virtual-key.ts';
import { createVirtualSigstore } from '../support/virtual-sigstore/virtual-sigstore.ts';
import type { BundleJson, SignRequest, VirtualSigstore } from '../support/virtual-sigstore/virtual-sigstore.ts';
import { parsePublicKey } from '../../src/crypto/public-key.ts';
import type { SignerPolicy } from '../../src/verify/policy.ts';
import { attacksOnCertificates } from './attacks-on-certificates.ts';
import { attacksOnDocuments } from './attacks-on-documents.ts';
import { attacksOnLogs } from './attacks-on-logs.ts';

/** Writes what has no file yet to a scratch folder. */
export function differentialCases(): readonly BundleCase[] {
  const folder = createScratchFolder('differential');
  return [
    ...publicCases().map((each) => ({ ...each, name: `public: ${each.name}` })),
    ...cosignCases(folder),
    ...goodRequests().map((good) => virtualCase(folder, good)),
    ...spellings().map((spelling) => virtualCase(folder, spelling)),
    ...attackCases().map((attack) => virtualCase(folder, attack)),
  ];
}

/** Signed by key, and logged nowhere. */
function cosignCases(folder: string): readonly BundleCase[] {
  const vectors = join(import.meta.dirname, '..', 'vectors', 'cosign');
  const trustedRootFile = join(folder, 'unused-root.json');
  writeFileSync(trustedRootFile, JSON.stringify(sigstore.trustedRoot()));
  const made: readonly (readonly [bundle: string, key: string])[] = [
    ...['cosign-2', 'p384', 'p521', 'rsa2048', 'rsa4096'].flatMap((key) => [
      [`blobs/${key}.2`, key] as const,
      [`blobs/${key}.3`, key] as const,
    ]),
    ['blobs/ed25519.2', 'ed25519'],
    ['blobs/created.3', 'cosign-2'],
    ['attestations/blob.2', 'cosign-2'],
    ['attestations/blob.3', 'cosign-3'],
  ];
  return made.map(([bundle, key]) => ({
    name: `cosign: ${bundle}`,
    bundleFile: join(vectors, `${bundle}.json`),
    artifactFile: join(vectors, 'blobs', 'hello.txt'),
    trustedRootFile,
    signer: { kind: 'key', keyFile: join(vectors, 'keys', `${key}.pub`) },
    ignores: 'log',
  }));
}

type VirtualCase = Pick<AttackCase, 'name' | 'good' | 'bad' | 'bundle' | 'trust' | 'attackedTrust' | 'policy'> & {
  readonly from?: VirtualSigstore;
  /** What is changed about the bundle's text. */
  readonly text?: (text: string) => string;
};

function goodRequests(): readonly VirtualCase[] {
  const { rekorV1, rekorV2 } = sigstore;
  const witnesses = [createVirtualKey('ed25519'), createVirtualKey('ed25519')];
  return [
    ...keyCases(),
    { name: 'good: bundle 0.1 with a promise alone', good: oldMessage('0.1', { hasProof: false }) },
    { name: 'good: bundle 0.1 with a promise and a proof', good: oldMessage('0.1', {}) },
    { name: 'good: bundle 0.2', good: oldMessage('0.2', {}) },
    { name: 'good: intoto 0.0.2', good: { ...attestation, entries: [{ log: rekorV1, kind: 'intoto/0.0.2' }] } },
    { name: 'good: rekord 0.0.1', good: { ...message, entries: [{ log: rekorV1, kind: 'rekord/0.0.1' }] } },
    {
      name: 'good: dsse 0.0.2',
      good: { ...stamped, ...attestation, entries: [{ log: rekorV2, kind: 'dsse/0.0.2' }] },
    },
    { name: 'good: witnesses that nobody knows', good: { ...stamped, entries: [{ log: rekorV2, witnesses }] } },
    { name: 'good: entries in both logs', good: { ...stamped, entries: [{ log: rekorV1 }, { log: rekorV2 }] } },
    otherSigstore('authorities with RSA keys, a static CT log', {
      caKey: 'rsa-2048',
      timestampKey: 'rsa-2048',
      isCtLogStatic: true,
    }),
    otherSigstore('all on P-256', { caKey: 'p256', rekorV2Key: 'p256', timestampKey: 'p256' }),
  ];
}

function oldMessage(bundleVersion: '0.1' | '0.2', entry: { readonly hasProof?: boolean }): SignRequest {
  return { ...message, bundleVersion, entries: [{ log: sigstore.rekorV1, ...entry }] };
}

function otherSigstore(name: string, parts: Parameters<typeof createVirtualSigstore>[0]): VirtualCase {
  const from = createVirtualSigstore(parts);
  const entries = [{ log: from.rekorV2 }];
  return {
    name: `good: ${name}`,
    from,
    good: { ...message, entries, timestamps: [{ authority: from.timestampAuthority }] },
  };
}

/** Every key and scheme: as a certificate's over a file and over an envelope, and alone. */
function keyCases(): readonly VirtualCase[] {
  const kinds: readonly (readonly [KeyKind, SchemeName?])[] = [
    ['p256'],
    ['p384'],
    ['p384', 'ecdsa-sha256'],
    ['p521'],
    ['p521', 'ecdsa-sha256'],
    ['rsa-2048'],
    ['rsa-3072'],
    ['rsa-4096'],
    ['rsa-2048', 'rsa-pss-sha256'],
    ['ed25519'],
    ['ed25519', 'ed25519ph'],
  ];
  return kinds.flatMap(([kind, scheme]) => {
    const by = { key: createVirtualKey(kind), ...(scheme && { scheme }) };
    const name = `good: ${kind}${scheme ? ` by ${scheme}` : ''}`;
    return [
      { name: `${name}, a file in Rekor v1`, good: { ...message, ...by } },
      { name: `${name}, a file in Rekor v2`, good: { ...stamped, ...by } },
      { name: `${name}, an envelope in Rekor v1`, good: { ...attestation, ...by } },
      { name: `${name}, an envelope in Rekor v2`, good: { ...stamped, ...attestation, ...by } },
      keyCase(`${name}, alone, a file in Rekor v1`, by.key, { ...message, ...by }),
      keyCase(`${name}, alone, an envelope in Rekor v2`, by.key, { ...stamped, ...attestation, ...by }),
    ];
  });
}

function keyCase(name: string, key: VirtualKey, good: SignRequest): VirtualCase {
  return {
    name,
    good: { ...good, key, signer: 'key' },
    policy: { signer: { kind: 'keys', keys: [parsePublicKey(key.spki)] } },
  };
}

/** The same bundle, written otherwise. */
function spellings(): readonly VirtualCase[] {
  const onCertificate = (change: (text: string) => string) => (bundle: BundleJson) => {
    const { certificate } = bundle.verificationMaterial;
    if (certificate !== undefined) certificate.rawBytes = change(certificate.rawBytes);
  };
  return [
    {
      name: 'spelling: base64 without its padding',
      bundle: onEntry((entry) => (entry.logId.keyId = entry.logId.keyId.replaceAll('=', ''))),
    },
    // A certificate is long enough to have letters that differ.
    {
      name: "spelling: base64 in the URL's alphabet",
      bundle: onCertificate((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
    },
    // As many as keep the length that padding is told by.
    {
      name: 'spelling: base64 with line breaks',
      bundle: onCertificate((text) => `${text.slice(0, 64)}\n\n\n\n${text.slice(64)}`),
    },
    {
      name: 'spelling: an enumeration by its number',
      bundle: ({ messageSignature }) => Object.assign(messageSignature?.messageDigest ?? {}, { algorithm: 1 }),
    },
    {
      name: 'spelling: a 64-bit number as a number',
      bundle: onEntry((entry) => Object.assign(entry, { logIndex: Number(entry.logIndex) })),
    },
    {
      name: 'spelling: nothing as null',
      bundle: (bundle) => Object.assign(bundle.verificationMaterial, { timestampVerificationData: null }),
    },
    {
      name: 'spelling: a member twice',
      text: (text) => text.replace('{', `{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json",`),
    },
    { name: 'spelling: text after the bundle', text: (text) => `${text}{}` },
    { name: 'spelling: a byte order mark', text: (text) => `\uFEFF${text}` },
  ];
}

function attackCases(): readonly VirtualCase[] {
  const tables = { ...attacksOnDocuments, ...attacksOnLogs, ...attacksOnCertificates };
  return Object.entries(tables).flatMap(([subject, cases]) =>
    cases.map((attack) => ({ ...attack, name: `${subject}: ${attack.name}` })),
  );
}

function virtualCase(parent: string, each: VirtualCase): BundleCase {
  const { from = sigstore, good = message, bad, policy } = each;
  const folder = join(parent, each.name.replaceAll(/\W+/g, '-'));
  mkdirSync(folder);
  const fileOf = (name: string, content: string | Uint8Array): string => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  const bundle = from.sign({ ...good, ...bad }).bundle();
  each.bundle?.(bundle);
  const root = from.trustedRoot();
  each.trust?.(root);
  each.attackedTrust?.(root);
  const signer = signerOf(policy?.signer);
  const isLogIgnored = policy?.log?.kind === 'ignored';
  const isSctIgnored = policy?.signer?.kind === 'identities' && policy.signer.sct.kind === 'ignored';
  return {
    name: each.name,
    bundleFile: fileOf('bundle.json', each.text?.(JSON.stringify(bundle)) ?? JSON.stringify(bundle)),
    artifactFile: fileOf('artifact', artifact),
    trustedRootFile: fileOf('root.json', JSON.stringify(root)),
    signer: signer ?? { kind: 'key', keyFile: fileOf('key.pub', pemOf('PUBLIC KEY', keyOf(good).spki)) },
    ...(isLogIgnored && { ignores: 'log' }),
    ...(isSctIgnored && { ignores: 'sct' }),
  };
}

/** The last identity is the one that the table adds for its case; undefined for a key. */
function signerOf(policy: SignerPolicy | undefined): CaseSigner | undefined {
  if (policy?.kind === 'keys') return undefined;
  const { subject, issuer } = (policy?.kind === 'identities' ? policy.identities.at(-1) : undefined) ?? usualIdentity;
  if (subject.exactText === undefined || issuer.exactText === undefined) throw new Error('names only, no patterns');
  return { kind: 'identity', subject: subject.exactText, issuer: issuer.exactText };
}

function keyOf({ key }: SignRequest): VirtualKey {
  if (key === undefined) throw new Error('a signature by key says by which');
  return key;
}
