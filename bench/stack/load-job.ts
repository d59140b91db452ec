/** What the generator of load (load.ts) is asked, and what it tells. */

export interface LoadJob {
  readonly port: number;
  /** Of requests, as they go over the wire, each after its length in four octets. */
  readonly file: string;
  readonly first: number;
  /** After the last request comes the first again: for questions, which change nothing. */
  readonly isRound: boolean;
  readonly clients: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

export interface LoadReport {
  /** Milliseconds of each answer, in the order in which they came. */
  readonly latencies: readonly number[];
  /** Answers by their status. */
  readonly statuses: Readonly<Record<string, number>>;
  /** The request that would have come next. */
  readonly next: number;
  /** Of the generator itself, while it was measuring. */
  readonly cpuMs: number;
}
