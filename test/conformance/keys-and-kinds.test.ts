/** Every key and scheme that is accepted, over files and attestations, in both generations of the log, by certificate and by
 *  key, with the file at hand, too large to hold, or known by its digest only. One flipped bit rejects each. */

import assert from 'node:assert/strict';
import test from 'node:test';

import { artifact, sigstore } from '../support/virtual-sigstore/attack-cases.ts';
import { judge, policyOf, usualIdentity } from '../support/virtual-sigstore/judgement.ts';
import { createVirtualKey, digestOf, hashNameOf, naturalSchemeOf } from '../support/virtual-sigstore/virtual-key.ts';
import type { KeyKind, SchemeName } from '../support/virtual-sigstore/virtual-key.ts';
import { statementOf } from '../support/virtual-sigstore/virtual-sigstore.ts';
import type { BundleJson, SignRequest } from '../support/virtual-sigstore/virtual-sigstore.ts';
import { utf8Of } from '../../src/base/bytes.ts';
import { hashStream } from '../../src/crypto/hash.ts';
import { parsePublicKey } from '../../src/crypto/public-key.ts';
import { parseBundle } from '../../src/formats/bundle/bundle.ts';
import type { Artifact } from '../../src/verify/blob-signature.ts';
import type { SignaturePolicy } from '../../src/verify/policy.ts';

const keys: readonly (readonly [KeyKind, SchemeName?])[] = [
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

const evidences: Readonly<Record<string, Pick<SignRequest, 'entries' | 'timestamps'>>> = {
  'Rekor v1': {},
  'Rekor v2 with a timestamp': {
    entries: [{ log: sigstore.rekorV2 }],
    timestamps: [{ authority: sigstore.timestampAuthority }],
  },
};

const root = sigstore.trustedRoot();

for (const [keyKind, named] of keys) {
  const key = createVirtualKey(keyKind);
  const scheme = named ?? naturalSchemeOf(key);
  const signers: Readonly<Record<'certificate' | 'key', SignaturePolicy['signer']>> = {
    certificate: { kind: 'identities', identities: [usualIdentity], sct: { kind: 'required' } },
    key: { kind: 'keys', keys: [parsePublicKey(key.spki)] },
  };
  for (const signer of ['certificate', 'key'] as const) {
    const policy = policyOf(sigstore, root, { signer: signers[signer] });
    for (const [evidence, parts] of Object.entries(evidences)) {
      const name = `${keyKind} by ${scheme}, signer: ${signer}, ${evidence}`;
      const request = { key, scheme, signer, ...parts };

      test(`a file: ${name}`, async () => {
        const bundle = sigstore.sign({ ...request, content: { artifact } }).bundle();
        for (const given of await artifactsOf(artifact, scheme)) {
          // A pure signature is made over the whole file, the other over its hash.
          const isUnseen = given.kind === 'hashes' && keyKind === 'ed25519' && scheme !== 'ed25519ph';
          assert.equal(await outcomeOf(bundle, policy, given), isUnseen ? 'unknown: signature' : 'verified');
          const forged = await outcomeOf(withFlippedSignature(bundle), policy, given);
          assert.equal(forged, isBlind(keyKind, given) ? 'unknown: signature' : 'rejected: signature');
        }
        for (const changed of await artifactsOf(withFlippedBit(artifact), scheme)) {
          assert.equal(await outcomeOf(bundle, policy, changed), 'rejected: digest');
          const undeclared = await outcomeOf(withoutDigest(bundle), policy, changed);
          assert.equal(undeclared, isBlind(keyKind, changed) ? 'unknown: signature' : 'rejected: signature');
        }
      });

      test(`an attestation: ${name}`, async () => {
        const bundle = sigstore.sign({ ...request, content: { payload: statementOf(artifact) } }).bundle();
        const [given = { kind: 'bytes', bytes: artifact }] = await artifactsOf(artifact, scheme);
        assert.equal(await outcomeOf(bundle, policy, given), 'verified');
        assert.equal(await outcomeOf(withFlippedSignature(bundle), policy, given), 'rejected: signature');
        assert.equal(await outcomeOf(withOtherPayload(bundle), policy, given), 'rejected: signature');
      });
    }
  }
}

/** At hand; too large to hold, so that it was hashed; by the digest that the scheme needs. */
async function artifactsOf(bytes: Buffer, scheme: SchemeName): Promise<readonly Artifact[]> {
  const hash = hashNameOf(scheme);
  return [
    { kind: 'bytes', bytes },
    { kind: 'hashes', hashes: await hashStream(chunksOf(bytes)) },
    { kind: 'hashes', hashes: { [hash]: digestOf(hash, bytes) } },
  ];
}

/** Whether what is known of the file is not all that the key may have signed: there a wrong signature and one by another
 *  hash look the same. */
function isBlind(key: KeyKind, given: Artifact): boolean {
  const signsByTwo = key === 'p384' || key === 'p521';
  return given.kind === 'hashes' && (key === 'ed25519' || (signsByTwo && Object.keys(given.hashes).length === 1));
}

async function* chunksOf(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 7) {
    yield bytes.subarray(at, at + 7);
  }
}

async function outcomeOf(bundle: BundleJson, policy: SignaturePolicy, given: Artifact): Promise<string> {
  const entity = parseBundle(utf8Of(JSON.stringify(bundle)), 'test');
  const verdict = await judge(entity, policy, given, digestOf('sha256', artifact).toString('hex'));
  return verdict.status === 'verified' ? 'verified' : `${verdict.status}: ${verdict.failed.step}`;
}

function withFlippedBit(bytes: Buffer): Buffer {
  const changed = Buffer.from(bytes);
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
  return changed;
}

function withFlippedSignature(bundle: BundleJson): BundleJson {
  const changed = structuredClone(bundle);
  const flip = (text: string): string => withFlippedBit(Buffer.from(text, 'base64')).toString('base64');
  const { messageSignature, dsseEnvelope } = changed;
  if (messageSignature !== undefined) messageSignature.signature = flip(messageSignature.signature);
  for (const each of dsseEnvelope?.signatures ?? []) each.sig = flip(each.sig);
  return changed;
}

/** A bundle need not state the digest; then only the signature speaks of the file. */
function withoutDigest(bundle: BundleJson): BundleJson {
  const changed = structuredClone(bundle);
  delete changed.messageSignature?.messageDigest;
  return changed;
}

/** One bit: the case of a letter in a name that nothing else compares. */
function withOtherPayload(bundle: BundleJson): BundleJson {
  const changed = structuredClone(bundle);
  if (changed.dsseEnvelope !== undefined) {
    const payload = Buffer.from(changed.dsseEnvelope.payload, 'base64').toString();
    changed.dsseEnvelope.payload = Buffer.from(payload.replace('"artifact"', '"Artifact"')).toString('base64');
  }
  return changed;
}
