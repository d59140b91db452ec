/** Unmodified clients of a stack: run in a scene's folder, where they reach nothing but this machine. */

import assert from 'node:assert/strict';

import { runPeer } from './peers.ts';
import type { AttendedRunOptions, PeerName, PeerRun } from './peers.ts';
import { createScratchFolder } from './scratch.ts';

export type Environment = Readonly<Record<string, string>>;

/** Whom a client trusts, it has to be told; what it stores is forgotten unless `env` names a place for it. */
export function runClient(
  folder: string,
  peer: PeerName,
  args: readonly string[],
  options: AttendedRunOptions = {},
): Promise<PeerRun> {
  const forgetful = createScratchFolder('client-home');
  // sigstore-python breaks its sentences into lines of a terminal.
  const own = { HTTPS_PROXY: 'http://127.0.0.1:9', HOME: forgetful, TUF_ROOT: forgetful, COLUMNS: '2000' };
  const env = { ...own, ...options.env };
  return runPeer(peer, args, { ...options, cwd: folder, env });
}

/** `initialize` of a cosign: what the environment of its next commands holds. */
export async function initializeCosign(folder: string, peer: PeerName, url: string): Promise<Environment> {
  const env = { TUF_ROOT: createScratchFolder('tuf') };
  const place = ['--mirror', `${url}/tuf`, '--root', `${url}/tuf/root.json`];
  const run = await runClient(folder, peer, ['initialize', ...place], { env });
  assert.equal(run.status, 0, run.stderr);
  return env;
}

/** The client says no, and why. */
export function requireRefused(run: PeerRun, why: RegExp): void {
  assert.notEqual(run.status, 0, run.stdout);
  assert.match(`${run.stdout}${run.stderr}`, why);
}
