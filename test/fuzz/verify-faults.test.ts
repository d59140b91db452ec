/** Thousands of verifications while requests fail in every way, in one process. What must never happen: an answer about
 *  signatures ("absent", "rejected", "verified") that the registry's content does not bear out. "Could not look" is the
 *  only other answer, and it must come when a needed request stayed broken.
 *
 *  The registry's answers are recorded once from the embedded registry over real HTTP and played back through the request
 *  seam; the client, its retries and the flow are the real ones. COUNTERSIGN_FUZZ_RUNS sets how many runs, COUNTERSIGN_FUZZ_SEED
 *  where they begin; a failure names both. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import { concatBytes, parseHex, utf8Of } from '../../src/base/bytes.ts';
import { RemoteError } from '../../src/base/errors.ts';
import type { HttpRequest, Request, Runtime } from '../../src/base/runtime.ts';
import { openRegistryClient } from '../../src/clients/registry/open-registry-client.ts';
import { encodePem } from '../../src/crypto/pem.ts';
import { parsePrivateKey } from '../../src/crypto/private-key.ts';
import type { PublicKey } from '../../src/crypto/public-key.ts';
import { signerOf } from '../../src/crypto/signer.ts';
import type { Signer } from '../../src/crypto/signer.ts';
import { verifyImage } from '../../src/flows/verify-image.ts';
import type { ImageOutcome, ImageReport } from '../../src/flows/verify-report.ts';
import type { Reference } from '../../src/formats/oci/reference.ts';
import { faultNames, faultyAnswer, responseOf } from '../support/faults.ts';
import type { FaultName, StoredAnswer } from '../support/faults.ts';
import { openImageLab, signBundle, signLegacy } from '../support/image-lab.ts';
import type { ImageLab } from '../support/image-lab.ts';
import { keyPolicyOf } from '../../src/verify/policy.ts';

const runs = Number(process.env['COUNTERSIGN_FUZZ_RUNS'] ?? 10_000);
const firstSeed = Number(process.env['COUNTERSIGN_FUZZ_SEED'] ?? 1);

/** What the registry holds, and so what an undisturbed verify answers. */
interface Scenario {
  readonly name: string;
  readonly truth: ImageOutcome;
  readonly reference: Reference;
  readonly key: PublicKey;
  /** By method and path; whatever else is asked is 404, as the registry would say. */
  readonly answers: ReadonlyMap<string, StoredAnswer>;
}

interface Fault {
  readonly name: FaultName;
  /** Which of the scenario's requests. */
  readonly target: string;
  /** How often it strikes; Infinity: always. */
  readonly strikes: number;
}

test(`${runs} verifications with broken requests never give a false answer`, async (t) => {
  const scenarios = await recordScenarios(t);
  const tally = new Map<ImageOutcome, number>();
  for (let seed = firstSeed; seed < firstSeed + runs; seed += 1) {
    const outcome = await playRound(scenarios, seed);
    tally.set(outcome, (tally.get(outcome) ?? 0) + 1);
  }
  t.diagnostic([...tally].map(([outcome, count]) => `${outcome} ${count}`).join(', '));
  // A harness that breaks everything would prove nothing.
  for (const outcome of ['verified', 'rejected', 'absent', 'image-absent', 'unknown'] as const) {
    assert.ok(
      (tally.get(outcome) ?? 0) > runs / 200,
      `only ${tally.get(outcome) ?? 0} of ${runs} rounds ended ${outcome}`,
    );
  }
});

test('each request of a verify, broken for good in each way, is "could not look"', async (t) => {
  for (const scenario of await recordScenarios(t)) {
    for (const target of scenario.answers.keys()) {
      for (const name of faultNames) {
        const { report, struck } = await play(scenario, [{ name, target, strikes: Infinity }], randomOf(1));
        requireHonest(scenario, report, struck, `${scenario.name}: ${name} at ${target}`);
      }
    }
  }
});

async function playRound(scenarios: readonly Scenario[], seed: number): Promise<ImageOutcome> {
  const random = randomOf(seed);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
  const scenario = pick(scenarios);
  const faults = Array.from({ length: pick([0, 1, 1, 1, 2, 3]) }, (): Fault => ({
    name: pick(faultNames),
    target: pick([...scenario.answers.keys()]),
    strikes: pick([1, 2, Infinity, Infinity]),
  }));
  const { report, struck } = await play(scenario, faults, random);
  const told = faults.map(({ name, target, strikes }) => `${name} x${strikes} at ${target}`).join(', ');
  requireHonest(scenario, report, struck, `COUNTERSIGN_FUZZ_SEED=${seed}: ${scenario.name}, ${told}`);
  return report.outcome;
}

/** The one rule. `struck`: faults that were met at least once. */
function requireHonest(scenario: Scenario, report: ImageReport, struck: readonly Fault[], told: string): void {
  const allowed = new Set<ImageOutcome>([
    truthBehind(scenario, struck),
    ...(struck.length > 0 ? ['unknown' as const] : []),
  ]);
  assert.ok(
    allowed.has(report.outcome),
    `${told}: the truth is ${[...allowed].join(' or ')}, the answer was ${report.outcome}: ${report.summary}`,
  );
  const isLost = struck.some(
    (fault) =>
      fault.strikes === Infinity &&
      !isAnswerInItself(fault) &&
      !isSpeculative(scenario, fault) &&
      !isWithoutTrace(scenario, fault),
  );
  if (isLost && scenario.truth !== 'verified') {
    assert.equal(
      report.outcome,
      'unknown',
      `${told}: a needed request stayed broken, the answer was ${report.outcome}`,
    );
  }
}

/** A registry that answers `/referrers/` with a page says by this that it has no such API (a rule of the issue): what its
 *  fallback tag says is the truth then. */
function truthBehind(scenario: Scenario, struck: readonly Fault[]): ImageOutcome {
  const hasNoApi = struck.some((fault) => isAnswerInItself(fault));
  return hasNoApi && scenario.name === 'bundle, referrers API' ? 'absent' : scenario.truth;
}

function isAnswerInItself({ name, target }: Fault): boolean {
  return target.includes('/referrers/') && (name === 'html' || name === 'html-404');
}

/** Nothing vouches for the words of a 404, nor for those of a list of referrers, which is a hint only. */
function isWithoutTrace({ answers }: Scenario, { name, target }: Fault): boolean {
  return name === 'wrong-digest' && (target.includes('/referrers/') || answers.get(target)?.status === 404);
}

/** The fallback tag is asked along with the API and not needed when that answers. */
function isSpeculative({ answers }: Scenario, { target }: Fault): boolean {
  return (
    /manifests\/sha256-[0-9a-f]{64}$/.test(target) &&
    [...answers].some(([path, { status }]) => path.includes('/referrers/') && status === 200)
  );
}

async function play(
  scenario: Scenario,
  faults: readonly Fault[],
  random: () => number,
): Promise<{ readonly report: ImageReport; readonly struck: readonly Fault[] }> {
  const left = new Map(faults.map((fault) => [fault, fault.strikes]));
  const struck = new Set<Fault>();
  const request: Request = async (asked) => {
    // A real registry that speaks plain HTTP does not answer over TLS.
    if (asked.url.protocol === 'https:') throw new RemoteError('HTTP_UNREACHABLE', 'no TLS here');
    const key = keyOf(asked);
    const honest = scenario.answers.get(key) ?? NOT_FOUND;
    const fault = faults.find((each) => each.target === key && (left.get(each) ?? 0) > 0);
    if (fault === undefined) return responseOf(honest);
    left.set(fault, (left.get(fault) ?? 0) - 1);
    struck.add(fault);
    return faultyAnswer(fault.name, asked, honest);
  };
  const runtime = runtimeOf(request, random);
  const registry = openRegistryClient(
    { credentials: { credentialsFor: async () => undefined }, userAgent: 'countersign/test', idleTimeoutMs: 1000 },
    runtime,
  );
  const claims = { kind: 'check', annotations: {}, isReferenceMatched: false, threshold: 1 } as const;
  const report = await verifyImage(
    { runtime, registry },
    {
      reference: scenario.reference,
      signature: keyPolicyOf([scenario.key]),
      claims,
      isRecursive: false,
    },
  );
  registry.close();
  return { report, struck: [...struck] };
}

const NOT_FOUND: StoredAnswer = {
  status: 404,
  headers: { 'content-type': 'application/json' },
  body: new TextEncoder().encode('{"errors":[{"code":"MANIFEST_UNKNOWN","message":"not there"}]}'),
};

function keyOf({ method, url }: HttpRequest): string {
  return `${method} ${url.pathname}`;
}

function runtimeOf(request: Request, random: () => number): Runtime {
  const ignore = (): void => undefined;
  return {
    request,
    now: () => new Date(0),
    random: (count) => Uint8Array.from({ length: count }, () => Math.floor(random() * 256)),
    log: { note: ignore, warn: ignore, noteOnce: ignore, debug: ignore },
    signal: new AbortController().signal,
    sleep: async () => undefined,
  };
}

/** Mulberry32: small, seeded, the same everywhere. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

async function recordScenarios(t: TestContext): Promise<readonly Scenario[]> {
  const key = await fixedSigner(1);
  const stranger = await fixedSigner(2);
  const kinds: readonly {
    readonly name: string;
    readonly hasReferrers: boolean;
    readonly truth: ImageOutcome;
    readonly fill?: (lab: ImageLab, digest: Awaited<ReturnType<ImageLab['push']>>) => Promise<unknown>;
  }[] = [
    {
      name: 'legacy',
      hasReferrers: true,
      truth: 'verified',
      fill: (lab, digest) => signLegacy(lab, digest, [stranger, key], SAME),
    },
    {
      name: 'bundle, referrers API',
      hasReferrers: true,
      truth: 'verified',
      fill: (lab, digest) => signBundle(lab, digest, key),
    },
    {
      name: 'bundle, fallback tag',
      hasReferrers: false,
      truth: 'verified',
      fill: (lab, digest) => signBundle(lab, digest, key),
    },
    {
      name: 'legacy by a stranger, bundle by the key',
      hasReferrers: false,
      truth: 'verified',
      fill: async (lab, digest) => [
        await signLegacy(lab, digest, [stranger], SAME),
        await signBundle(lab, digest, key),
      ],
    },
    {
      name: 'strangers in both forms',
      hasReferrers: true,
      truth: 'rejected',
      fill: async (lab, digest) => [
        await signLegacy(lab, digest, [stranger], SAME),
        await signBundle(lab, digest, stranger),
      ],
    },
    {
      name: 'a legacy stranger',
      hasReferrers: false,
      truth: 'rejected',
      fill: (lab, digest) => signLegacy(lab, digest, [stranger], SAME),
    },
    {
      name: 'an attestation only',
      hasReferrers: true,
      truth: 'absent',
      fill: (lab, digest) => signBundle(lab, digest, key, { predicateType: 'https://spdx.dev/Document' }),
    },
    { name: 'unsigned, referrers API', hasReferrers: true, truth: 'absent' },
    { name: 'unsigned, fallback tag', hasReferrers: false, truth: 'absent' },
    { name: 'no such image', hasReferrers: true, truth: 'image-absent' },
  ];
  return Promise.all(
    kinds.map(async ({ name, hasReferrers, truth, fill }) => {
      const answers = new Map<string, StoredAnswer>();
      const lab = await openImageLab(t, { hasReferrers, bend: (asked, direct) => record(answers, asked, direct) });
      const digest = await lab.push(name, 'v1');
      await fill?.(lab, digest);
      answers.clear();
      const reference = lab.named(truth === 'image-absent' ? 'app/web:gone' : 'app/web:v1');
      // A new client, which has learnt nothing yet, as every run has.
      const { report } = await play(
        { name, truth, reference, key: key.publicKey, answers: await recorded(lab, answers, reference, key.publicKey) },
        [],
        randomOf(1),
      );
      assert.equal(report.outcome, truth, `${name}, undisturbed`);
      return { name, truth, reference, key: key.publicKey, answers };
    }),
  );
}

/** Ed25519 from a fixed seed, and one name whatever the port: every run plays with the same bytes. */
async function fixedSigner(fill: number): Promise<Signer> {
  const der = concatBytes([parseHex('302e020100300506032b657004220420'), new Uint8Array(32).fill(fill)]);
  const noPassword = async (): Promise<Uint8Array> => new Uint8Array();
  return signerOf(await parsePrivateKey(utf8Of(encodePem({ label: 'PRIVATE KEY', bytes: der })), noPassword));
}

const SAME = { dockerReference: 'registry.example/app/web' };

async function recorded(
  lab: ImageLab,
  answers: ReadonlyMap<string, StoredAnswer>,
  reference: Reference,
  key: PublicKey,
): Promise<ReadonlyMap<string, StoredAnswer>> {
  const registry = openRegistryClient(
    { credentials: { credentialsFor: async () => undefined }, userAgent: 'countersign/test', idleTimeoutMs: 1000 },
    lab.context.runtime,
  );
  const claims = { kind: 'check', annotations: {}, isReferenceMatched: false, threshold: 1 } as const;
  await verifyImage(
    { runtime: lab.context.runtime, registry },
    { reference, signature: keyPolicyOf([key]), claims, isRecursive: false },
  );
  return answers;
}

async function record(answers: Map<string, StoredAnswer>, asked: HttpRequest, direct: Request): ReturnType<Request> {
  const answer = await direct(asked);
  const chunks: Uint8Array[] = [];
  for await (const chunk of answer.body) chunks.push(chunk);
  const stored = {
    status: answer.status,
    headers: answer.headers,
    body: Uint8Array.from(chunks.flatMap((chunk) => [...chunk])),
  };
  answers.set(keyOf(asked), stored);
  return responseOf(stored);
}
