/** Runs our own command line from the sources, as a black box. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { AttendedRunOptions, PeerRun } from './peers.ts';
import { giveInput, peerEnvironment } from './peers.ts';

export const mainFile: string = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');

/** Runs `countersign ARGS…` to its end, away from the caller's home, proxies and COSIGN_ variables. A non-zero status is
 *  an answer; throws an Error when it takes longer than `timeoutMs` (30 s). */
export function runCountersign(args: readonly string[], options: AttendedRunOptions = {}): Promise<PeerRun> {
  const { promise, resolve, reject } = Promise.withResolvers<PeerRun>();
  const child = spawn(process.execPath, [mainFile, ...args], {
    cwd: options.cwd,
    env: { ...countersignEnvironment(), ...options.env },
    timeout: options.timeoutMs ?? 30_000,
    killSignal: 'SIGKILL',
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.once('error', reject);
  child.once('close', (status, signal) => {
    if (status === null) reject(new Error(`countersign ${args[0] ?? ''}: ended by ${signal}; stderr: ${stderr}`));
    else resolve({ status, stdout, stderr });
  });
  giveInput(child, options, (message) => {
    child.kill('SIGKILL');
    reject(new Error(`countersign ${args[0] ?? ''}: ${message}`));
  });
  return promise;
}

/** What our command line is run with: as a peer, and with the compile cache that the test run has, if it has one. */
export function countersignEnvironment(): Record<string, string> {
  const cache = process.env['NODE_COMPILE_CACHE'];
  return { ...peerEnvironment(), ...(cache === undefined ? {} : { NODE_COMPILE_CACHE: cache }) };
}
