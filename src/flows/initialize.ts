/** Chooses whom this machine trusts: fetches the documents of a TUF repository from a root that is trusted beforehand,
 *  and keeps them where `verify` finds them. */

import { hexOf, parseHex } from '../base/bytes.ts';
import { RemoteError, UsageError, VerificationError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { Runtime } from '../base/runtime.ts';
import { memoryFiles, mirrorFolderOf, replaceMirror } from '../clients/tuf/cache.ts';
import { fetchAddress, openMirror, parseMirrorAddress } from '../clients/tuf/mirror.ts';
import { readPublicRoot } from '../clients/tuf/public-root.ts';
import { repositoryStateOf } from '../clients/tuf/repository-state.ts';
import type { RepositoryState } from '../clients/tuf/repository-state.ts';
import { fetchTarget } from '../clients/tuf/target.ts';
import { openCacheLock } from '../clients/tuf/tuf-source.ts';
import { updateMetadata } from '../clients/tuf/update.ts';
import { hashOf, sha256HexOf } from '../crypto/hash.ts';
import { parseTrustedRoot } from '../formats/trust/trusted-root.ts';
import { requireUsable } from '../verify/root-material.ts';

/** The root to begin with. */
export type FirstRoot =
  /** The public instance's, which we carry. */
  | { readonly kind: 'carried' }
  | { readonly kind: 'file'; readonly bytes: Uint8Array; readonly checksum?: Checksum }
  | { readonly kind: 'address'; readonly address: string; readonly checksum?: Checksum };

export interface Checksum {
  readonly algorithm: 'sha256' | 'sha512';
  /** Lower case. */
  readonly hex: string;
}

export interface InitializeRequest {
  readonly cacheDir: string;
  readonly mirror: string;
  readonly firstRoot: FirstRoot;
}

export interface InitializeReport {
  readonly repository: RepositoryState;
  readonly cacheDir: string;
  readonly firstRoot: {
    readonly sha256: string;
    /** Why it is believed; `first-use`: for no better reason than that it came. */
    readonly trustedBy: 'carried' | 'file' | 'checksum' | 'first-use';
  };
}

/** Fetched when the repository lists them, for the commands that sign. */
const OPTIONAL_TARGETS = ['signing_config.v0.2.json', 'signing_config_rekor_v2.v0.2.json'];

/** Nothing of the cache changes unless everything is fetched and right. Throws TUF_CHECKSUM_MISMATCH,
 *  TRUSTED_ROOT_MALFORMED, and as `readTufTarget`. */
export async function initializeTrust(request: InitializeRequest, runtime: Runtime): Promise<InitializeReport> {
  const { cacheDir, mirror } = request;
  mirrorFolderOf(cacheDir, mirror);
  // 1. The root on which everything rests.
  const root = await firstRootOf(request.firstRoot, runtime);
  const firstRoot = { sha256: sha256HexOf(root), trustedBy: trustOf(request.firstRoot) } as const;
  if (firstRoot.trustedBy === 'first-use') {
    runtime.log.warn(
      `the root is trusted on first use: nothing vouches for it but the address that it came from. ` +
        `Its checksum is sha256:${firstRoot.sha256}; compare it with one that you have from elsewhere`,
    );
  }
  // 2. Everything that follows from it, in memory, as if this machine had never seen the repository.
  const files = new Map<string, Uint8Array>();
  const now = runtime.now();
  const update = {
    files: memoryFiles(files),
    mirror: openMirror(mirror, { runtime }),
    now,
    isOffline: false,
    log: runtime.log,
  };
  const trusted = await updateMetadata(root, update);
  const repository = repositoryStateOf(trusted, mirror, now);
  for (const name of ['trusted_root.json', ...OPTIONAL_TARGETS.filter((each) => repository.targets.includes(each))]) {
    const bytes = await fetchTarget(trusted, name, update);
    // 3. A root that no command could use does not take the place of one that works.
    if (name === 'trusted_root.json') requireUsable(parseTrustedRoot(bytes));
  }
  // 4. Only now the cache.
  const lock = await openCacheLock(cacheDir, runtime);
  try {
    await replaceMirror(cacheDir, mirror, files, { now, firstRoot: root });
  } finally {
    lock.release();
  }
  return { repository, cacheDir, firstRoot };
}

/** "sha256:…", "sha512:…" or the digits of a SHA-256 alone, as cosign takes them. Throws FLAG_VALUE_INVALID. */
export function parseChecksum(text: string): Checksum {
  const [, algorithm = 'sha256', digits = ''] = /^(?:(sha256|sha512):)?([0-9a-fA-F]+)$/.exec(text) ?? [];
  if ((algorithm === 'sha256' || algorithm === 'sha512') && digits.length === (algorithm === 'sha256' ? 64 : 128)) {
    return { algorithm, hex: hexOf(parseHex(digits)) };
  }
  throw new UsageError('FLAG_VALUE_INVALID', 'the checksum: expected 64 hexadecimal digits, or sha512: and 128');
}

async function firstRootOf(firstRoot: FirstRoot, runtime: Runtime): Promise<Uint8Array> {
  if (firstRoot.kind === 'carried') return readPublicRoot();
  const bytes = firstRoot.kind === 'file' ? firstRoot.bytes : await fetchRoot(firstRoot.address, runtime);
  const { checksum } = firstRoot;
  const seen = checksum && hexOf(hashOf(checksum.algorithm, bytes));
  if (checksum !== undefined && seen !== checksum.hex) {
    throw new VerificationError(
      'TUF_CHECKSUM_MISMATCH',
      `the first root: expected ${checksum.algorithm} ${checksum.hex}, got ${seen}`,
    );
  }
  return bytes;
}

async function fetchRoot(address: string, runtime: Runtime): Promise<Uint8Array> {
  const bytes = await fetchAddress(parseMirrorAddress(address), limits.tufRootBytes, { runtime });
  if (bytes === undefined)
    throw new RemoteError('TUF_MIRROR_FAILED', `there is nothing at ${address}`, { status: 404 });
  return bytes;
}

function trustOf(firstRoot: FirstRoot): InitializeReport['firstRoot']['trustedBy'] {
  if (firstRoot.kind === 'carried') return 'carried';
  if (firstRoot.checksum !== undefined) return 'checksum';
  return firstRoot.kind === 'file' ? 'file' : 'first-use';
}
