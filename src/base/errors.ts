/** The error idea of the whole product: one base class, a few subclasses by who must act, codes from one catalogue.
 *  Parsers throw these, verifiers return verdicts, the front door throws. */

import { catalogue } from './catalogue.ts';
import type { CatalogueEntry, ErrorCode } from './catalogue.ts';

/** Facts about an error for programs: short strings and numbers, never secrets. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean | readonly string[]>>;

export interface ErrorOptions {
  readonly cause?: unknown;
  readonly details?: ErrorDetails;
  /** Replaces the catalogue's hint where the place knows better what to do next. Never suggests loosening a check. */
  readonly hint?: string;
}

/** Base of every error that this package throws on purpose. `message` says what was expected, what came and where. */
export class CountersignError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;
  readonly docs: string;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.hint = options.hint ?? this.entry.hint;
    this.docs = `docs/errors.md#${code.toLowerCase()}`;
    this.details = options.details ?? {};
  }

  /** The catalogue's row: summary, hint, exit status, HTTP status. */
  get entry(): CatalogueEntry {
    return catalogue[this.code];
  }
}

/** The command or call was put wrongly: the caller changes the words. */
export class UsageError extends CountersignError {}
/** Bytes or text that do not hold what they should: whoever made them acts. */
export class InputError extends CountersignError {}
/** The named thing is not there, and the place that should hold it said so. */
export class NotFoundError extends CountersignError {}
/** A check failed: the evidence does not support the claim. */
export class VerificationError extends CountersignError {}
/** Settings, files or the environment need a change. */
export class ConfigError extends CountersignError {}

export interface RemoteErrorOptions extends ErrorOptions {
  /** HTTP status, when an answer came at all. */
  readonly status?: number;
  readonly retryable?: boolean;
  /** Where, without credentials or query. */
  readonly url?: string;
  readonly retryAfterMs?: number;
}

/** Another machine refused, failed, stalled or answered nonsense: the question stays open. */
export class RemoteError extends CountersignError {
  readonly status: number | undefined;
  readonly retryable: boolean;
  readonly url: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, options: RemoteErrorOptions = {}) {
    super(code, message, options);
    this.status = options.status;
    this.retryable = options.retryable ?? false;
    this.url = options.url;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Whether the value is one of ours with this code. */
export function isErrorWithCode(error: unknown, code: ErrorCode): error is CountersignError {
  return error instanceof CountersignError && error.code === code;
}

/** The text of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
