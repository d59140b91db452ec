/** Verifications per second on one thread: ours, the bundle's own signature checks alone (the floor), and the official
 *  library's, in turn in one process. Bundles and trusted roots come from the public suite. */

import { bundleFromJSON } from '@sigstore/bundle';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import { toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify';
import { createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { sha256HexOf } from '../src/crypto/hash.ts';
import { parsePublicKey } from '../src/crypto/public-key.ts';
import { parseBundle } from '../src/formats/bundle/bundle.ts';
import { parseTrustedRoot } from '../src/formats/trust/trusted-root.ts';
import { verifyAttestation } from '../src/verify/attestation-signature.ts';
import { verifyBlobSignature } from '../src/verify/blob-signature.ts';
import { exactly } from '../src/verify/policy.ts';
import type { SignaturePolicy } from '../src/verify/policy.ts';
import { trustMaterialOf } from '../src/verify/root-material.ts';
import { publicSuiteFolder } from '../test/support/public-suite.ts';
import type { Row } from './row.ts';
import { recordSignatureChecks } from './signature-checks.ts';
import { medianOf } from './timed-process.ts';

interface Case {
  readonly what: string;
  readonly name: string;
  /** Signature checks that depend on the bundle: fewer would make the floor a lie. */
  readonly checks: number;
}

const CASES: readonly Case[] = [
  // The certificate, its timestamp of the CT log, the log's promise and checkpoint, the artifact.
  { what: 'message + Rekor v1', name: 'happy-path-v0.3', checks: 5 },
  { what: 'DSSE + Rekor v1', name: 'happy-path-intoto-in-dsse-v3', checks: 5 },
  // The certificate, its timestamp of the CT log, the log's checkpoint, the timestamp, the artifact.
  { what: 'message + Rekor v2 + TSA', name: 'rekor2-happy-path', checks: 5 },
  // The log's promise and checkpoint, the timestamp, the artifact.
  { what: 'managed key + TSA', name: 'managed-key-happy-path', checks: 4 },
];

/** The cases' names, for `verificationOf`. */
export const verifiedCases: readonly string[] = CASES.map(({ name }) => name);

const ROUNDS = 25;
const RUNS_PER_ROUND = 60;
const WARM_UP_RUNS = 1500;
const LEAST_RATIO = 0.75;

/** What the public suite says about a case, and its files. */
interface Material {
  readonly bundle: Uint8Array;
  readonly artifact: Uint8Array;
  readonly trustedRoot: Uint8Array;
  readonly key: Uint8Array | undefined;
  readonly identity: string;
  readonly issuer: string;
}

type Run = () => unknown;

/** One row for each bundle: the ratio to the floor, and what it follows from. All floors first: the official library's
 *  garbage, and what it teaches the compiler about functions that both use, would count as ours. */
export async function benchVerification(): Promise<readonly Row[]> {
  const beside: Comparison[] = [];
  for (const each of CASES) beside.push(await comparedWithFloor(each));
  const rows: Row[] = [];
  for (const [index, { what, name, checks }] of CASES.entries()) {
    const floor = beside[index] ?? { ratio: Number.NaN, perSecond: [] };
    const official = await compareInTurn(officialOf(name), verificationOf(name));
    const [floorRate, oursRate] = floor.perSecond;
    const facts = `${oursRate}/s; floor ${floorRate}/s; ${official.ratio.toFixed(1)} times @sigstore/verify, ${official.perSecond[0]}/s`;
    rows.push({
      what: `${what}, share of the speed of its ${checks} signature checks`,
      measured: `${floor.ratio.toFixed(2)} (${facts})`,
      aim: `≥ ${LEAST_RATIO}`,
      isMet: floor.ratio >= LEAST_RATIO,
    });
  }
  return rows;
}

/** Verifies this case's bundle, from its JSON to the verdict, with trust material made ready. Throws when it is not
 *  verified. */
export function verificationOf(name: string): () => Promise<void> {
  const { bundle, artifact, trustedRoot, key, identity, issuer } = materialOf(name);
  const policy: SignaturePolicy = {
    signer:
      key === undefined
        ? {
            kind: 'identities',
            identities: [{ subject: exactly(identity), issuer: exactly(issuer), extensions: {} }],
            sct: { kind: 'required' },
          }
        : { kind: 'keys', keys: [parsePublicKey(key)] },
    trust: trustMaterialOf(parseTrustedRoot(trustedRoot)),
    log: { kind: 'required', threshold: 1 },
    timestamps: { kind: 'if-present' },
    now: new Date(),
  };
  const hex = sha256HexOf(artifact);
  return async () => {
    const entity = parseBundle(bundle, name);
    const verdict =
      entity.content.kind === 'dsse'
        ? await verifyAttestation(entity, {
            ...policy,
            predicateType: { kind: 'any' },
            subject: { kind: 'digests', digests: [{ hash: 'sha256', hex }] },
          })
        : await verifyBlobSignature(entity, { ...policy, artifact: { kind: 'bytes', bytes: artifact } });
    if (verdict.status !== 'verified') throw new Error(`${name}: ${JSON.stringify(verdict.failed)}`);
  };
}

async function comparedWithFloor({ name, checks }: Case): Promise<Comparison> {
  const ours = verificationOf(name);
  // Once, so that what is made once for the trust material is not recorded.
  await ours();
  const recorded = await recordSignatureChecks(ours);
  if (recorded.length !== checks) throw new Error(`${name}: ${recorded.length} signature checks, expected ${checks}`);
  return compareInTurn(() => recorded.forEach((check) => check()), ours);
}

interface Comparison {
  /** How many times as fast the second is as the first. */
  readonly ratio: number;
  /** Of the first and of the second. */
  readonly perSecond: readonly number[];
}

/** In turn, round by round, so that a machine whose speed drifts is fair to both. */
async function compareInTurn(first: Run, second: Run): Promise<Comparison> {
  await timeOf(first, WARM_UP_RUNS / 10);
  await timeOf(second, WARM_UP_RUNS);
  const times: (readonly [number, number])[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    times.push([await timeOf(first, RUNS_PER_ROUND), await timeOf(second, RUNS_PER_ROUND)]);
  }
  const rateOf = (index: 0 | 1): number => Math.round(1e6 / medianOf(times.map((pair) => pair[index])));
  return { ratio: medianOf(times.map(([a, b]) => a / b)), perSecond: [rateOf(0), rateOf(1)] };
}

/** Microseconds of one run. */
async function timeOf(run: Run, count: number): Promise<number> {
  const start = performance.now();
  for (let index = 0; index < count; index += 1) await run();
  return ((performance.now() - start) / count) * 1000;
}

/** The same bundle, trusted root and identity in the official library, from JSON to its answer. It throws when it
 *  refuses. */
function officialOf(name: string): Run {
  const { bundle, artifact, trustedRoot, key, identity, issuer } = materialOf(name);
  const root = TrustedRoot.fromJSON(jsonOf(trustedRoot));
  const publicKey = key === undefined ? undefined : createPublicKey(Buffer.from(key));
  const trust =
    publicKey === undefined
      ? toTrustMaterial(root)
      : toTrustMaterial(root, () => ({ publicKey, validFor: () => true }));
  const verifier = new Verifier(trust, key === undefined ? {} : { ctlogThreshold: 0 });
  const text = Buffer.from(bundle).toString('utf8');
  const wanted = key === undefined ? { subjectAlternativeName: identity, extensions: { issuer } } : undefined;
  return () => {
    const parsed = bundleFromJSON(JSON.parse(text));
    const isMessage = parsed.content.$case === 'messageSignature';
    verifier.verify(toSignedEntity(parsed, isMessage ? Buffer.from(artifact) : undefined), wanted);
  };
}

function materialOf(name: string): Material {
  const suite = join(publicSuiteFolder(), 'sigstore-conformance');
  const read = (...path: readonly string[]): Uint8Array => new Uint8Array(readFileSync(join(...path)));
  const expected = jsonOf(read(suite, 'expected.json')) as Readonly<Record<string, Readonly<Record<string, string>>>>;
  const { bundle = '', artifact = '', trustedRoot = '', key, identity = '', issuer = '' } = expected[name] ?? {};
  return {
    bundle: read(suite, bundle),
    artifact: read(suite, artifact),
    trustedRoot:
      trustedRoot === 'production'
        ? read(publicSuiteFolder(), 'trusted-roots', 'production', 'trusted_root.json')
        : read(suite, trustedRoot),
    key: typeof key === 'string' ? read(suite, key) : undefined,
    identity,
    issuer,
  };
}

function jsonOf(bytes: Uint8Array): unknown {
  return JSON.parse(Buffer.from(bytes).toString('utf8'));
}
