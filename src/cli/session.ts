/** One run of the command line: its streams, environment, log and interruption. Everything ambient enters here. */

import { homedir } from 'node:os';

import type { Log } from '../base/runtime.ts';
import { openLog } from './log.ts';
import type { Environment } from './environment.ts';
import { openInterruption } from './interruption.ts';
import type { Interruption } from './interruption.ts';
import { createStyle } from './style.ts';
import type { Style } from './style.ts';

export interface Session {
  readonly stdin: NodeJS.ReadStream;
  /** For results. Commands return theirs; only servers and completion write here. */
  readonly stdout: NodeJS.WritableStream;
  /** For everything else. */
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
  readonly isVerbose: boolean;
  readonly timeoutMs: number | undefined;
}

/** Takes over SIGINT and SIGTERM until the interruption is closed. */
export function openSession({ isVerbose, timeoutMs }: SessionSettings): Session {
  const { stdin, stdout, stderr, env: environment } = process;
  const log = openLog(stderr, isVerbose);
  const interruption = openInterruption(timeoutMs, log);
  return {
    stdin,
    stdout,
    stderr,
    environment,
    homeDir: homedir(),
    log,
    style: createStyle(stderr, environment),
    interruption,
    isVerbose,
  };
}
