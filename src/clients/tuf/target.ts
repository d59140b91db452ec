/** Target files: found in the signed documents, fetched, and compared with what those say.
 *  @source TUF specification 1.0.34 section 5.7 */

import { createHash } from 'node:crypto';

import { InputError, RemoteError, VerificationError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { TargetFile } from '../../formats/tuf/document.ts';
import { targetFileOf } from './cache.ts';
import { loadTargets } from './update.ts';
import type { Update } from './update.ts';
import type { TrustedMetadata } from './trusted-metadata.ts';

/** Hashes that prove something; a target needs one of them, and all that it lists of them must be right. */
const STRONG = ['sha256', 'sha512'] as const;

/** The bytes of a target: the cached ones if they still are what the signed documents say, else the mirror's. Throws
 *  TUF_TARGET_INVALID, TUF_TARGET_MISSING, TUF_OFFLINE, TUF_MIRROR_FAILED, and as `updateMetadata`. */
export async function fetchTarget(trusted: TrustedMetadata, name: string, update: Update): Promise<Uint8Array> {
  requireTargetName(name);
  const target = await findTarget(trusted, name, update);
  requireUsable(target, name);
  const { files, mirror } = update;
  const cached = await files.read(targetFileOf(name), limits.tufTargetBytes);
  if (cached !== undefined && differenceOf(cached, target) === undefined) return cached;
  if (mirror === undefined) {
    throw new RemoteError('TUF_OFFLINE', `the cache has no ${name}, or not the one that its documents describe`);
  }
  const path = addressOf(name, trusted.root().consistent_snapshot ? target : undefined);
  const bytes = await mirror.fetchFile(path, target.length);
  if (bytes === undefined) {
    throw new RemoteError('TUF_MIRROR_FAILED', `${mirror.address} has no ${path.join('/')}`, { status: 404 });
  }
  const difference = differenceOf(bytes, target);
  if (difference !== undefined) throw invalid(`${name}: ${difference}`);
  await files.write(targetFileOf(name), bytes);
  return bytes;
}

/** Walks the roles in the order of their trust: a role, then those it delegates to, each before its next sibling. */
async function findTarget(trusted: TrustedMetadata, name: string, update: Update): Promise<TargetFile> {
  const visited = new Set<string>();
  let open = [{ role: 'targets', parent: 'root' }];
  for (let next = open.shift(); next !== undefined && visited.size < limits.tufDelegations; next = open.shift()) {
    const { role, parent } = next;
    if (visited.has(role)) continue;
    visited.add(role);
    await loadTargets(trusted, role, parent, update);
    const target = ownTarget(trusted, role, name);
    if (target !== undefined) return target;
    const delegates = trusted.delegates(role, name);
    const end = delegates.findIndex(({ terminating }) => terminating);
    const asked = (end === -1 ? delegates : delegates.slice(0, end + 1)).map((each) => ({
      role: each.role,
      parent: role,
    }));
    // A terminating delegation ends the search in everything that is less trusted.
    open = end === -1 ? [...asked, ...open] : asked;
  }
  throw new VerificationError('TUF_TARGET_MISSING', `the repository has no target ${name}`, {
    details: { target: name, roles: [...visited] },
  });
}

/** A name is part of an address and of a file's name: it must not lead anywhere else. */
function requireTargetName(name: string): void {
  const segments = name.split('/');
  const isBad = segments.some((each) => ['', '.', '..'].includes(each)) || /[\\\u0000-\u001f\u007f]/.test(name);
  if (isBad || name.length > limits.tufNameLength)
    throw invalid(`${JSON.stringify(name.slice(0, 200))} is not a name of a target`);
}

function ownTarget(trusted: TrustedMetadata, role: string, name: string): TargetFile | undefined {
  const targets = trusted.targets(role)?.targets ?? {};
  return Object.hasOwn(targets, name) ? targets[name] : undefined;
}

function requireUsable({ length, hashes }: TargetFile, name: string): void {
  if (!STRONG.some((each) => Object.hasOwn(hashes, each))) {
    throw invalid(`${name}: the documents give no SHA-256 and no SHA-512 of it`);
  }
  if (length > limits.tufTargetBytes) {
    throw new InputError('INPUT_TOO_LARGE', `${name}: ${length} bytes, at most ${limits.tufTargetBytes} are fetched`);
  }
}

function differenceOf(bytes: Uint8Array, { length, hashes }: TargetFile): string | undefined {
  if (bytes.length !== length) return `expected ${length} bytes, got ${bytes.length}`;
  for (const algorithm of STRONG) {
    const expected = Object.hasOwn(hashes, algorithm) ? hashes[algorithm] : undefined;
    const seen = createHash(algorithm).update(bytes).digest('hex');
    if (expected !== undefined && seen !== expected) return `expected ${algorithm} ${expected}, got ${seen}`;
  }
  return undefined;
}

/** "targets/folder/<hash>.name" in a repository of consistent snapshots. */
function addressOf(name: string, target: TargetFile | undefined): readonly string[] {
  const segments = ['targets', ...name.split('/')];
  const hash = target && (target.hashes['sha256'] ?? target.hashes['sha512']);
  return hash === undefined ? segments : [...segments.slice(0, -1), `${hash}.${segments.at(-1)}`];
}

function invalid(message: string): VerificationError {
  return new VerificationError('TUF_TARGET_INVALID', message);
}
