/** Where the time of verifications goes: the functions that took the most themselves, of all bundles of the bench.
 *  Fails when one that is not cryptography takes more than its share. */

import { Session } from 'node:inspector/promises';
import type { Profiler } from 'node:inspector/promises';

import type { Row } from './row.ts';
import { verificationOf, verifiedCases } from './verification.ts';

const RUNS = 1500;
const SHOWN = 12;
const MOST = 0.1;

/** What stands for cryptography: Node's own modules of it, and what they call in C++. */
const CRYPTO = /node:internal\/crypto\//;

/** One row: the largest share of one function that is no cryptography. Prints the functions with the largest shares. */
export async function benchProfile(): Promise<readonly Row[]> {
  const shares = sharesOf(await profileOf(verifiedCases.map(verificationOf)));
  console.log('\n```text');
  for (const { name, share } of shares.slice(0, SHOWN))
    console.log(`${(share * 100).toFixed(1).padStart(5)} %  ${name}`);
  console.log('```\n');
  const largest = shares.find(({ isCrypto }) => !isCrypto) ?? { name: 'nothing', share: 0 };
  return [
    {
      what: 'largest share of one function that is no cryptography',
      measured: `${(largest.share * 100).toFixed(1)} % (${largest.name})`,
      aim: `≤ ${MOST * 100} %`,
      isMet: largest.share <= MOST,
    },
  ];
}

async function profileOf(runs: readonly (() => Promise<void>)[]): Promise<Profiler.Profile> {
  const session = new Session();
  session.connect();
  await runAll(runs);
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: 200 });
  await session.post('Profiler.start');
  await runAll(runs);
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  return profile;
}

async function runAll(runs: readonly (() => Promise<void>)[]): Promise<void> {
  for (const run of runs) {
    for (let index = 0; index < RUNS; index += 1) await run();
  }
}

interface Share {
  readonly name: string;
  readonly share: number;
  readonly isCrypto: boolean;
}

/** Largest first. */
function sharesOf({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): readonly Share[] {
  const selfTimes = new Map<number, number>();
  samples.forEach((id, index) => selfTimes.set(id, (selfTimes.get(id) ?? 0) + (timeDeltas[index] ?? 0)));
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const shares = new Map<string, { time: number; isCrypto: boolean }>();
  let total = 0;
  const visit = (node: Profiler.ProfileNode, isCallerCrypto: boolean): void => {
    const { functionName, url } = node.callFrame;
    // What is written in C++ has no address: it works for its caller.
    const isCrypto = CRYPTO.test(url) || (url === '' && isCallerCrypto);
    const place = url === '' ? (isCrypto ? '(C++, cryptography)' : '(C++)') : url.split('/').slice(-2).join('/');
    const name = `${functionName || 'anonymous'} ${place}`;
    const time = functionName === '(idle)' ? 0 : (selfTimes.get(node.id) ?? 0);
    const known = shares.get(name);
    shares.set(name, { time: (known?.time ?? 0) + time, isCrypto: isCrypto && known?.isCrypto !== false });
    total += time;
    for (const child of node.children ?? []) {
      const next = byId.get(child);
      if (next !== undefined) visit(next, isCrypto);
    }
  };
  const [root] = nodes;
  if (root !== undefined) visit(root, false);
  return [...shares]
    .map(([name, { time, isCrypto }]) => ({ name, share: time / total, isCrypto }))
    .toSorted((a, b) => b.share - a.share);
}
