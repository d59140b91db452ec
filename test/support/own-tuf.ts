/** A stack's public facts, keys for its TUF repository, and the repository itself in memory. */

import { randomBytes } from 'node:crypto';

import { createMemoryStore } from './memory-store.ts';
import { utf8Of } from '../../src/base/bytes.ts';
import { createKeyPair } from '../../src/crypto/private-key.ts';
import { signerOf } from '../../src/crypto/signer.ts';
import type { Signer } from '../../src/crypto/signer.ts';
import type { Targets } from '../../src/formats/tuf/document-content.ts';
import { parseCertificate } from '../../src/formats/x509/certificate.ts';
import { createCaChain, createTimestampChain } from '../../src/servers/ca/authority.ts';
import type { StackFacts } from '../../src/servers/stack/stack-facts.ts';
import { openTufRepository } from '../../src/servers/tuf/tuf-repository.ts';
import type { AllTufKeys, TufRepository, TufRepositoryOptions } from '../../src/servers/tuf/tuf-repository.ts';
import type { ObjectStore } from '../../src/storage/object-store.ts';

export interface OwnTuf {
  readonly repository: TufRepository;
  readonly objects: ObjectStore;
  readonly keys: AllTufKeys;
  /** Sets the clock of the repository. */
  readonly setNow: (now: Date) => void;
  /** The repository again, as another process would open it. */
  readonly reopen: (changes?: Partial<TufRepositoryOptions>) => Promise<TufRepository>;
}

export function createSigner(): Signer {
  return signerOf(createKeyPair('ecdsa-p256'));
}

export function createTufKeys(): AllTufKeys {
  return { root: createSigner(), targets: createSigner(), snapshot: createSigner(), timestamp: createSigner() };
}

/** Target files without anything beside them. */
export function targetsOf(files: Readonly<Record<string, string>>): Targets {
  return new Map(Object.entries(files).map(([name, text]) => [name, { bytes: utf8Of(text) }]));
}

export async function openOwnTuf(firstTargets: Targets, at: Date = new Date()): Promise<OwnTuf> {
  const objects = createMemoryStore();
  const keys = createTufKeys();
  let now = at;
  const options = { objects, keys, name: 'DEVELOPMENT example', now: () => now };
  return {
    repository: await openTufRepository({ ...options, firstTargets }),
    objects,
    keys,
    setNow: (changed) => {
      now = changed;
    },
    reopen: (changes = {}) => openTufRepository({ ...options, ...changes }),
  };
}

/** Of a development stack, with keys and certificates of its own. */
export async function createStackFacts(url: string, changes: Partial<StackFacts> = {}): Promise<StackFacts> {
  const options = { organization: 'example', isDevelopment: true, now: () => new Date(), random: randomBytes };
  const [caChain, timestampChain] = await Promise.all([
    createCaChain({ ...options, root: createSigner(), intermediate: createSigner() }),
    createTimestampChain({ ...options, root: createSigner(), leaf: createSigner() }),
  ]);
  return {
    url,
    name: 'example',
    isDevelopment: true,
    validFrom: new Date(Date.now() - 3_600_000),
    caChain: caChain.map(parseCertificate),
    rekorKey: createSigner().publicKey,
    ctlogKey: createSigner().publicKey,
    timestampChain: timestampChain.map(parseCertificate),
    oidcIssuers: [`${url}/oidc`],
    ...changes,
  };
}
