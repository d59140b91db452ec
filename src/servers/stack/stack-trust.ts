/** The repository that tells clients whom to trust. */

import { isErrorWithCode } from '../../base/errors.ts';
import { sigstoreTargetsOf } from '../tuf/sigstore-targets.ts';
import { openTufRepository } from '../tuf/tuf-repository.ts';
import type { TufRepository } from '../tuf/tuf-repository.ts';
import type { StackCore } from './stack-core.ts';
import { operatorOf, stackFactsOf } from './stack-facts.ts';
import { findSigner, requireSigner } from './stack-keys.ts';

export interface StackTrust {
  readonly tuf: TufRepository;
  /** What clients should be told and are not, because a key is kept elsewhere. */
  readonly untold: readonly string[];
}

/** Brought up to date. Throws TUF_REPOSITORY_DAMAGED. */
export async function openStackTrust(core: StackCore, signInIssuers: readonly string[]): Promise<StackTrust> {
  const { objects, settings, keys, chains, options } = core;
  const facts = stackFactsOf(settings, chains, signInIssuers);
  const targets = sigstoreTargetsOf(facts);
  const [root, targetsKey] = [findSigner(keys, 'tuf-root'), findSigner(keys, 'tuf-targets')];
  const tuf = await openTufRepository({
    objects,
    name: operatorOf(facts),
    keys: {
      ...(root === undefined ? {} : { root }),
      ...(targetsKey === undefined ? {} : { targets: targetsKey }),
      snapshot: requireSigner(keys, 'tuf-snapshot'),
      timestamp: requireSigner(keys, 'tuf-timestamp'),
    },
    now: options.runtime.now,
    ...(settings.isMade ? {} : { firstTargets: targets }),
  });
  try {
    await tuf.publish(targets);
    return { tuf, untold: [] };
  } catch (error) {
    // What clients were told stays true, and what is old is signed anew all the same.
    if (!isErrorWithCode(error, 'TUF_KEY_ABSENT')) throw error;
    await tuf.refresh();
    return { tuf, untold: [`clients are not told of what has changed: ${error.message}`] };
  }
}
