/** The measurements against other programs, over a registry. */

import { createHash, randomFillSync } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { contentOf, descriptorOf, jsonContentOf, pushBlob, pushManifest } from '../test/support/image.ts';
import { startRegistry } from '../test/support/registries.ts';
import type { TestRegistry } from '../test/support/registries.ts';
import { openDelayingProxy, sequentialRoundTripsOf } from './delaying-proxy.ts';
import type { Row } from './row.ts';
import type { Bench, ProgramName } from './setting.ts';
import { compare, runRequired } from './timed-process.ts';
import type { Command } from './timed-process.ts';

const DELAY_MS = 25;
const ROUNDS = 15;
const IMAGES = 1000;
const GIB = 2 ** 30;

export const registryLanes: Readonly<Record<string, (bench: Bench) => Promise<readonly Row[]>>> = {
  'round-trips': benchRoundTrips,
  delayed: benchDelayed,
  loopback: benchLoopback,
  'start-up': benchStartUp,
  many: benchMany,
  copy: benchCopy,
};

async function benchRoundTrips(bench: Bench): Promise<readonly Row[]> {
  const proxy = await openDelayingProxy(bench.registry.host, DELAY_MS);
  const tripsOf = async (what: string, command: Command, most: number): Promise<Row> => {
    proxy.requests.length = 0;
    await runRequired(command);
    const trips = sequentialRoundTripsOf(proxy.requests);
    return { what, measured: `${trips} (${proxy.requests.length} requests)`, aim: `≤ ${most}`, isMet: trips <= most };
  };
  try {
    const both = `${proxy.host}/${await bench.push('bench/trips-both')}`;
    const legacy = `${proxy.host}/${await bench.push('bench/trips-legacy')}`;
    await runRequired(bench.sign('countersign', [legacy], ['--format', 'legacy']));
    return [
      await tripsOf('sequential round trips: sign, both forms', bench.sign('countersign', [both]), 8),
      await tripsOf('sequential round trips: verify, both forms', bench.verify('countersign', [both]), 4),
      await tripsOf('sequential round trips: verify, legacy alone', bench.verify('countersign', [legacy]), 3),
    ];
  } finally {
    proxy.close();
  }
}

async function benchDelayed(bench: Bench): Promise<readonly Row[]> {
  const proxy = await openDelayingProxy(bench.registry.host, DELAY_MS);
  try {
    const { ratios, medianMs } = await compareVerify(bench, proxy.host, 'bench/delayed');
    const label = `verify with ${DELAY_MS} ms added to every request`;
    return [
      ratioRow(`${label}, against cosign 3`, ratios[1], 0.6, medianMs[0], medianMs[2]),
      ratioRow(`${label}, against cosign 2`, ratios[0], 1.5, medianMs[0], medianMs[1]),
    ];
  } finally {
    proxy.close();
  }
}

async function benchLoopback(bench: Bench): Promise<readonly Row[]> {
  const verify = await compareVerify(bench, bench.registry.host, 'bench/loopback');
  // Each signs an image that nobody has signed: what stands there is read, so it would count.
  const images: Record<string, string> = {};
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const program of ['countersign', 'cosign-2']) {
      const pushed = await bench.push(`bench/sign-${program}-${round}`);
      images[`${program} ${round}`] = `${bench.registry.host}/${pushed}`;
    }
  }
  const signing = (program: ProgramName) => (round: number) =>
    bench.sign(program, [images[`${program} ${round}`] ?? '']);
  const sign = await compare([signing('countersign'), signing('cosign-2')], ROUNDS);
  return [
    ratioRow('verify on loopback, against cosign 2', verify.ratios[0], 2, verify.medianMs[0], verify.medianMs[1]),
    ratioRow(
      'verify on loopback, against cosign 3',
      verify.ratios[1],
      Infinity,
      verify.medianMs[0],
      verify.medianMs[2],
    ),
    ratioRow(
      'sign (both forms) on loopback, against cosign 2',
      sign.ratios[0],
      1.1,
      sign.medianMs[0],
      sign.medianMs[1],
    ),
  ];
}

/** One image that every program reads: signed by ours in both forms. */
async function compareVerify(bench: Bench, host: string, repository: string): ReturnType<typeof compare> {
  const pushed = await bench.push(repository);
  await runRequired(bench.sign('countersign', [`${bench.registry.host}/${pushed}`]));
  const programs: readonly ProgramName[] = ['countersign', 'cosign-2', 'cosign-3'];
  return compare(
    programs.map((program) => bench.verify(program, [`${host}/${pushed}`])),
    ROUNDS,
  );
}

async function benchStartUp(bench: Bench): Promise<readonly Row[]> {
  const version = bench.command('countersign', ['version']);
  const bare: Command = { label: 'node -e 0', program: process.execPath, args: ['-e', '0'] };
  const { ratios, medianMs } = await compare([version, bare], 40);
  return [ratioRow('countersign version, against node -e 0', ratios[0], 1.3, medianMs[0], medianMs[1])];
}

async function benchMany(bench: Bench): Promise<readonly Row[]> {
  const images: string[] = [];
  for (let index = 0; index < IMAGES; index += 1) {
    images.push(`${bench.registry.host}/${await bench.push(`bench/many-${index}`)}`);
  }
  for (let at = 0; at < images.length; at += 100) {
    await runRequired(bench.sign('countersign', images.slice(at, at + 100), ['--format', 'legacy']));
  }
  const { ratios, medianMs } = await compare(
    [bench.verify('cosign-2', images), bench.verify('countersign', images)],
    3,
  );
  const ceiling = await requestsPerSecondOf(bench.registry);
  const ours = medianMs[1] ?? Number.NaN;
  return [
    {
      what: `verify of ${IMAGES} images, speed against one cosign 2 process (registry's own ceiling ${Math.round(ceiling)} requests/s)`,
      measured: `${(ratios[0] ?? Number.NaN).toFixed(2)} (${Math.round(ours)} ms; ${Math.round(medianMs[0] ?? Number.NaN)} ms)`,
      aim: '≥ 1.2',
      isMet: (ratios[0] ?? 0) >= 1.2,
    },
  ];
}

/** GETs of one small manifest, 16 at a time, for two seconds. */
async function requestsPerSecondOf(registry: TestRegistry): Promise<number> {
  const end = performance.now() + 2000;
  let count = 0;
  const [hostname, port] = registry.host.split(':');
  const one = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const sent = httpRequest({ hostname, port, path: '/v2/bench/many-0/manifests/v1' }, (answer) => {
        answer.resume().on('end', resolve);
      });
      sent.on('error', reject).end();
    });
  const worker = async (): Promise<void> => {
    while (performance.now() < end) {
      await one();
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
  return count / 2;
}

async function benchCopy(bench: Bench): Promise<readonly Row[]> {
  const source = await startRegistry('docker');
  const target = await startRegistry('docker');
  try {
    const digest = await pushLargeImage(source);
    const copy = bench.command('countersign', [
      'copy',
      `${source.host}/bench/large@${digest}`,
      `${target.host}/bench/large:v1`,
    ]);
    const { peakKiB, ms } = await runRequired(copy);
    const peakMiB = peakKiB / 1024;
    return [
      {
        what: 'peak memory, copying a 1 GiB image between two registries',
        measured: `${peakMiB.toFixed(0)} MiB (${(ms / 1000).toFixed(1)} s)`,
        aim: '< 120 MB',
        isMet: peakMiB * 1.048576 < 120,
      },
    ];
  } finally {
    await Promise.all([source.close(), target.close()]);
  }
}

/** An image of one layer of a GiB of noise, uploaded as a stream. */
async function pushLargeImage(registry: TestRegistry): Promise<string> {
  const part = randomFillSync(Buffer.alloc(2 ** 20));
  const hash = createHash('sha256');
  for (let index = 0; index < 1024; index += 1) hash.update(part);
  const digest = `sha256:${hash.digest('hex')}`;
  const config = jsonContentOf('application/vnd.oci.image.config.v1+json', {
    architecture: 'amd64',
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: [] },
  });
  await pushBlob(registry, 'bench/large', config);
  await uploadRepeated(registry, 'bench/large', part, digest);
  const manifest = jsonContentOf('application/vnd.oci.image.manifest.v1+json', {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: descriptorOf(config),
    layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', digest, size: GIB }],
  });
  return pushManifest(registry, 'bench/large', 'v1', contentOf(manifest.mediaType, manifest.bytes));
}

async function uploadRepeated(registry: TestRegistry, repository: string, part: Buffer, digest: string): Promise<void> {
  const [hostname, port] = registry.host.split(':');
  const begun = await fetch(`http://${registry.host}/v2/${repository}/blobs/uploads/`, { method: 'POST' });
  const place = new URL(begun.headers.get('location') ?? '', `http://${registry.host}`);
  place.searchParams.set('digest', digest);
  await new Promise<void>((resolve, reject) => {
    const headers = { 'content-length': String(GIB), 'content-type': 'application/octet-stream' };
    const put = httpRequest(
      { hostname, port, method: 'PUT', path: `${place.pathname}${place.search}`, headers },
      (answer) => {
        answer
          .resume()
          .on('end', () => (answer.statusCode === 201 ? resolve() : reject(new Error(`upload: ${answer.statusCode}`))));
      },
    );
    put.on('error', reject);
    let left = 1024;
    const write = (): void => {
      while (left > 0) {
        left -= 1;
        if (!put.write(part)) return void put.once('drain', write);
      }
      put.end();
    };
    write();
  });
}

export function ratioRow(what: string, ratio = Number.NaN, most: number, ours = Number.NaN, theirs = Number.NaN): Row {
  const measured = `${ratio.toFixed(2)} (${ours.toFixed(0)} ms; ${theirs.toFixed(0)} ms)`;
  return { what, measured, aim: most === Infinity ? 'printed' : `≤ ${most}`, isMet: ratio <= most };
}
