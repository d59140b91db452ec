/** Ours and other people's verifiers behind one call. Each gets the same files and says yes or no in its own words. */

import { createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { bundleFromJSON } from '@sigstore/bundle';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import { Verifier, toSignedEntity, toTrustMaterial } from '@sigstore/verify';

import { mapPool } from '../../src/base/pool.ts';
import { CountersignError } from '../../src/base/errors.ts';
import { parsePublicKey } from '../../src/crypto/public-key.ts';
import { parseTrustedRoot } from '../../src/formats/trust/trusted-root.ts';
import { verifyBundle } from '../../src/flows/verify-bundle.ts';
import { exactly } from '../../src/verify/policy.ts';
import type { SignerPolicy } from '../../src/verify/policy.ts';
import { trustMaterialOf } from '../../src/verify/root-material.ts';
import { askSigstorePython } from './oracles-sigstore-python.ts';
import { runPeer } from './peers.ts';
import type { Answer } from './oracles-sigstore-python.ts';
import type { BundleCase, CaseSigner } from './public-suite-cases.ts';

export const verifierNames = ['countersign', 'sigstore-js', 'cosign-3', 'sigstore-python'] as const;
export type VerifierName = (typeof verifierNames)[number];

/** Answers in the order of the cases. Throws an Error when a verifier itself cannot be run. */
export const verifiers: Readonly<Record<VerifierName, (cases: readonly BundleCase[]) => Promise<readonly Answer[]>>> = {
  countersign: async (cases) => mapPool(cases, 1, askCountersign),
  'sigstore-js': async (cases) => cases.map(askSigstoreJs),
  'cosign-3': async (cases) => mapPool(cases, 3, askCosign),
  'sigstore-python': askSigstorePython,
};

async function askCountersign(each: BundleCase): Promise<Answer> {
  try {
    const { verdict } = await verifyBundle({
      signature: {
        signer: signerPolicyOf(each),
        trust: trustMaterialOf(parseTrustedRoot(readFileSync(each.trustedRootFile))),
        log: each.ignores === 'log' ? { kind: 'ignored', by: 'test' } : { kind: 'required', threshold: 1 },
        timestamps: { kind: 'if-present' },
        now: new Date(),
      },
      artifact: { kind: 'stream', chunks: chunksOf(readFileSync(each.artifactFile)) },
      bundle: readFileSync(each.bundleFile),
      name: each.name,
    });
    return verdict.status === 'verified'
      ? { verdict: 'accepts', words: '' }
      : { verdict: 'rejects', words: `${verdict.failed.step}: ${verdict.failed.title}` };
  } catch (error) {
    if (error instanceof CountersignError) return { verdict: 'rejects', words: error.code };
    throw error;
  }
}

function signerPolicyOf({ signer, ignores }: BundleCase): SignerPolicy {
  if (signer.kind === 'key') return { kind: 'keys', keys: [parsePublicKey(readFileSync(signer.keyFile))] };
  return {
    kind: 'identities',
    identities: [{ subject: exactly(signer.subject), issuer: exactly(signer.issuer), extensions: {} }],
    sct: ignores === 'sct' ? { kind: 'ignored', by: 'test' } : { kind: 'required' },
  };
}

/** Used as its own command line does: the bundle's entries and timestamps count as they come. */
function askSigstoreJs({ bundleFile, artifactFile, trustedRootFile, signer, ignores }: BundleCase): Answer {
  try {
    const bundle = bundleFromJSON(JSON.parse(readFileSync(bundleFile, 'utf8')));
    const isMessage = bundle.content.$case === 'messageSignature';
    const root = TrustedRoot.fromJSON(JSON.parse(readFileSync(trustedRootFile, 'utf8')));
    const verifier = new Verifier(toTrustMaterial(root, keyFinderOf(signer)), {
      ...(ignores === 'log' && { tlogThreshold: 0, timestampThreshold: signer.kind === 'key' ? 0 : 1 }),
      ...(ignores === 'sct' && { ctlogThreshold: 0 }),
    });
    verifier.verify(toSignedEntity(bundle, isMessage ? readFileSync(artifactFile) : undefined), policyOf(signer));
    return { verdict: 'accepts', words: '' };
  } catch (error) {
    // A TypeError about what an attacker wrote is a refusal too, if not a graceful one.
    if (error instanceof Error) return { verdict: 'rejects', words: error.message };
    throw error;
  }
}

function keyFinderOf(signer: CaseSigner): Parameters<typeof toTrustMaterial>[1] {
  if (signer.kind === 'identity') return undefined;
  const publicKey = readFileSync(signer.keyFile, 'utf8');
  return () => ({ publicKey: createPublicKey(publicKey), validFor: () => true });
}

function policyOf(signer: CaseSigner): Parameters<Verifier['verify']>[1] {
  if (signer.kind === 'key') return undefined;
  const pattern = signer.subject.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
  return { subjectAlternativeName: `^${pattern}$`, extensions: { issuer: signer.issuer } };
}

async function askCosign(each: BundleCase): Promise<Answer> {
  const { signer, ignores, artifactFile, bundleFile, trustedRootFile } = each;
  const text = readFileSync(bundleFile, 'utf8');
  const run = await runPeer('cosign-3', [
    ...commandOf(text),
    ...(text.includes('"signedTimestamp"') ? ['--use-signed-timestamps'] : []),
    ...(ignores === undefined ? [] : [ignores === 'log' ? '--insecure-ignore-tlog' : '--insecure-ignore-sct']),
    ...(signer.kind === 'key'
      ? ['--key', signer.keyFile]
      : ['--certificate-identity', signer.subject, '--certificate-oidc-issuer', signer.issuer]),
    '--trusted-root',
    trustedRootFile,
    '--bundle',
    bundleFile,
    artifactFile,
  ]);
  return { verdict: run.status === 0 ? 'accepts' : 'rejects', words: lastLineOf(run.stderr) };
}

/** cosign has a command for each content, and wants to know the type of a predicate. */
function commandOf(bundle: string): readonly string[] {
  const payload = /"dsseEnvelope"[^]*?"payload"\s*:\s*"([^"]*)"/.exec(bundle)?.[1];
  if (payload === undefined) return ['verify-blob'];
  const type = /"predicateType"\s*:\s*"([^"]*)"/.exec(Buffer.from(payload, 'base64').toString('utf8'))?.[1];
  return ['verify-blob-attestation', '--type', type ?? 'custom'];
}

function lastLineOf(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}

async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
