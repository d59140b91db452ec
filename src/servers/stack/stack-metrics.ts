/** What the stack counts, for Prometheus. Labels have few values, none of them a caller's. */

import type { Counter, Histogram, Registry } from 'prom-client';

import type { Served } from '../../serve/router.ts';

/** Read when they are asked for. */
export interface Gauges {
  /** Entries of each log, by its name. */
  readonly logSizes: () => Readonly<Record<string, bigint>>;
  /** Seconds since the newest checkpoint of each log. */
  readonly checkpointAges: () => Readonly<Record<string, number>>;
  /** Seconds until each document of the TUF repository expires. */
  readonly expiries: () => Readonly<Record<string, number>>;
  readonly isReady: () => boolean;
}

export interface StackMetrics {
  readonly served: (served: Served) => void;
  readonly issued: (certificate: { readonly issuer: string; readonly outcome: string }) => void;
  /** Text exposition format 0.0.4. */
  readonly text: () => Promise<string>;
}

/** Seconds: a timestamp takes one millisecond, a log entry waits for the disk. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Loads the library when what is under way is done: it must not hold up the start. What is told before is counted then. */
export function createStackMetrics(gauges: Gauges, onFailure: (error: unknown) => void): StackMetrics {
  const counting = new Promise<Counting>((resolve, reject) => {
    setImmediate(() => void openCounting(gauges).then(resolve, reject));
  });
  counting.catch(onFailure);
  const count = (use: (counting: Counting) => void): void => void counting.then(use, () => undefined);
  return {
    served: ({ service, endpoint, method, status, durationMs }) =>
      count(({ duration }) =>
        duration.observe({ service, endpoint, method, status: String(status) }, durationMs / 1000),
      ),
    issued: ({ issuer, outcome }) => count(({ certificates }) => certificates.inc({ issuer, outcome })),
    text: async () => (await counting).registry.metrics(),
  };
}

interface Counting {
  readonly registry: Registry;
  readonly duration: Histogram;
  readonly certificates: Counter;
}

async function openCounting(gauges: Gauges): Promise<Counting> {
  // By its default export, the one form that both Node and the built program have.
  const { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } = (await import('prom-client')).default;
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const duration = new Histogram({
    name: 'countersign_request_duration_seconds',
    help: 'Time to answer a request.',
    labelNames: ['service', 'endpoint', 'method', 'status'],
    buckets: BUCKETS,
    registers,
  });
  const certificates = new Counter({
    name: 'countersign_certificates_total',
    help: 'Certificates asked for, by the issuer of the identity and what became of it.',
    labelNames: ['issuer', 'outcome'],
    registers,
  });
  const gauge = (
    name: string,
    help: string,
    label: string,
    values: () => Readonly<Record<string, number | bigint>>,
  ): void => {
    const made = new Gauge({
      name,
      help,
      labelNames: [label],
      registers,
      collect: () => {
        for (const [key, value] of Object.entries(values())) made.set({ [label]: key }, Number(value));
      },
    });
  };
  gauge('countersign_log_entries', 'Entries under the published checkpoint.', 'log', gauges.logSizes);
  gauge('countersign_checkpoint_age_seconds', 'Age of the published checkpoint.', 'log', gauges.checkpointAges);
  gauge('countersign_expiry_seconds', 'Time until a document or certificate expires.', 'what', gauges.expiries);
  const ready: InstanceType<typeof Gauge> = new Gauge({
    name: 'countersign_ready',
    help: 'Whether the stack takes work.',
    registers,
    collect: () => ready.set(gauges.isReady() ? 1 : 0),
  });
  return { registry, duration, certificates };
}
