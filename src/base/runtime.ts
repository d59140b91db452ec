/** The seam to the world: everything ambient arrives as one value. Implementations live in `clients/http` (request)
 *  and `cli` (the rest); tests pass their own. */

export type HttpMethod = 'GET' | 'HEAD' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';

export interface HttpRequest {
  readonly method: HttpMethod;
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | AsyncIterable<Uint8Array>;
  readonly tls?: TlsSettings;
  readonly signal?: AbortSignal;
  /** Milliseconds without a byte in either direction before the request fails as stalled. */
  readonly idleTimeoutMs?: number;
  /** Refuses hosts of this machine and of private networks, with HTTP_ADDRESS_PRIVATE: for addresses that strangers make
   *  up. Through a proxy, which resolves names itself, only for addresses written as numbers. */
  readonly isPublicOnly?: boolean;
}

/** What one host's TLS needs beyond the system's trust. */
export interface TlsSettings {
  /** PEM certificates trusted besides the system's. */
  readonly caPem?: string;
  readonly clientCertificatePem?: string;
  readonly clientKeyPem?: string;
  readonly serverName?: string;
  /** Accepts any certificate. Only ever set from a flag that says so. */
  readonly unsafeSkipVerify?: boolean;
}

export interface HttpResponse {
  readonly status: number;
  /** Names in lower case; several values of one name joined with ", ". */
  readonly headers: Readonly<Record<string, string>>;
  /** Throws HTTP_STALLED, HTTP_CUT while it is read. Breaking off the iteration frees the connection. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** Sends one request, follows no redirect, retries nothing. Throws RemoteError: HTTP_UNREACHABLE, HTTP_STALLED,
 *  HTTP_CUT, TLS_UNTRUSTED, or the signal's reason. */
export type Request = (request: HttpRequest) => Promise<HttpResponse>;

export interface Log {
  /** A remark for the person at the terminal (stderr); `once` messages are shown once a run. */
  readonly note: (message: string) => void;
  readonly warn: (message: string) => void;
  readonly noteOnce: (message: string) => void;
  readonly debug: (message: string) => void;
}

export interface Runtime {
  readonly request: Request;
  readonly now: () => Date;
  /** Cryptographically secure random bytes. */
  readonly random: (byteCount: number) => Uint8Array;
  readonly log: Log;
  /** Aborts when the command's deadline passes or the user interrupts. */
  readonly signal: AbortSignal;
  /** When `signal` will abort, where that is known: a wait that would end later is not begun. */
  readonly deadline?: Date;
  /** Waits; rejects with the signal's reason when aborted. */
  readonly sleep: (ms: number) => Promise<void>;
}
