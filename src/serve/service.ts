/** A service as a list of endpoints that take a call and return an answer: testable without a socket, and put together
 *  on one port by their paths. */

import type { CountersignError } from '../base/errors.ts';

export interface Call {
  readonly method: string;
  /** Path and query as they were sent; the host says nothing. */
  readonly url: URL;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Parts of the path that the template names, percent-decoded. */
  readonly params: Readonly<Record<string, string>>;
  /** The whole body. `onBytes` hears of each part that came, by its length; what it throws ends the reading.
   *  Throws INPUT_TOO_LARGE, REQUEST_SLOW. */
  readonly body: (what: string, maxBytes: number, onBytes?: (count: number) => void) => Promise<Uint8Array>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface Endpoint {
  /** GET answers HEAD too. */
  readonly method: 'GET' | 'POST';
  /** "/api/v1/log/entries/{uuid}"; a last part "{path...}" takes the rest, slashes included. */
  readonly path: string;
  readonly handle: (call: Call) => Promise<Answer>;
}

export interface Service {
  /** In logs and metrics: "ca", "rekor", "ctlog", "tsa", "tuf". */
  readonly name: string;
  readonly endpoints: readonly Endpoint[];
  /** What the service's clients expect where something went wrong: status from the error's catalogue entry. */
  readonly problemOf: (error: CountersignError) => Answer;
}
