/** One run of the command line: its streams, environment, log and interruption. Everything ambient enters here. */

import { homedir } from 'node:os';

import type { Log } from '../base/runtime.ts';
import { openLog } from './log.ts';
import type { Environment } from './environment.ts';
import { openInterruption } from './interruption.ts';
import type { Interruption } from './interruption.ts';
import type { StandardStreams } from './standard-streams.ts';
import { createStyle } from './style.ts';
import type { Style } from './style.ts';

export interface Session {
  readonly stdin: NodeJS.ReadStream;
  /** For everything but results, which commands return. */
  readonly stderr: NodeJS.WriteStream;
  readonly environment: Environment;
  readonly homeDir: string;
  readonly log: Log;
  /** Colours for stderr; none when it is no terminal or NO_COLOR is set. */
  readonly style: Style;
  readonly interruption: Interruption;
  readonly isVerbose: boolean;
}

export interface SessionSettings {
  readonly streams: StandardStreams;
  readonly isVerbose: boolean;
  readonly timeoutMs: number | undefined;
}

/** Takes over SIGINT and SIGTERM until the interruption is closed. */
export function openSession({ streams, isVerbose, timeoutMs }: SessionSettings): Session {
  const log = openLog(streams.writeError, isVerbose);
  return {
    get stdin() {
      return process.stdin;
    },
    get stderr() {
      return streams.stderr;
    },
    get style() {
      return createStyle(streams.stderr, process.env);
    },
    environment: process.env,
    homeDir: homedir(),
    log,
    interruption: openInterruption(timeoutMs, log),
    isVerbose,
  };
}
