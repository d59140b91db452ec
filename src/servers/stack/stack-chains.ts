/** The certificates of a stack's own authorities, in its object store: made once, by keys that may be elsewhere since. */

import { parseUtf8, utf8Of } from '../../base/bytes.ts';
import { ConfigError, messageOf } from '../../base/errors.ts';
import type { KeyRing } from '../../crypto/key-ring.ts';
import { encodeCertificatePem, parseCertificatesPem } from '../../formats/x509/certificate-pem.ts';
import type { Certificate } from '../../formats/x509/certificate.ts';
import type { ObjectReader, ObjectStore } from '../../storage/object-store.ts';
import { createCaChain, createTimestampChain } from '../ca/authority.ts';
import { requireSigner } from './stack-keys.ts';
import type { StackSettings } from './stack-settings.ts';

export interface StackChains {
  /** Intermediate, root. */
  readonly ca: readonly Certificate[];
  /** Leaf, root. */
  readonly timestamps: readonly Certificate[];
}

interface ChainContext {
  readonly objects: ObjectStore;
  readonly settings: StackSettings;
  readonly keys: KeyRing;
  readonly now: () => Date;
  readonly random: (byteCount: number) => Uint8Array;
}

const CA = 'authority/ca.pem';
const TIMESTAMPS = 'authority/timestamps.pem';

/** Makes them while the stack is made. Throws STACK_DATA_INVALID when they were lost. */
export async function openStackChains(context: ChainContext): Promise<StackChains> {
  const { settings, keys, now, random } = context;
  const options = { organization: settings.name, isDevelopment: settings.mode === 'development', now, random };
  const [ca, timestamps] = await Promise.all([
    openChain(context, CA, () =>
      createCaChain({
        ...options,
        root: requireSigner(keys, 'ca-root'),
        intermediate: requireSigner(keys, 'ca-intermediate'),
      }),
    ),
    openChain(context, TIMESTAMPS, () =>
      createTimestampChain({
        ...options,
        root: requireSigner(keys, 'tsa-root'),
        leaf: requireSigner(keys, 'tsa-leaf'),
      }),
    ),
  ]);
  return { ca, timestamps };
}

/** Those that are there. Throws STACK_DATA_INVALID. */
export async function readStackChains(objects: ObjectReader): Promise<StackChains> {
  const [ca, timestamps] = await Promise.all(
    [CA, TIMESTAMPS].map(async (key) => {
      const stored = await objects.read(key);
      if (stored === undefined) throw lost(key);
      return chainIn(key, stored.bytes);
    }),
  );
  return { ca: ca ?? [], timestamps: timestamps ?? [] };
}

function chainIn(key: string, pem: Uint8Array): readonly Certificate[] {
  try {
    return parseCertificatesPem(parseUtf8(pem));
  } catch (cause) {
    throw new ConfigError('STACK_DATA_INVALID', `${key} cannot be read: ${messageOf(cause)}`, { cause });
  }
}

function lost(key: string): ConfigError {
  return new ConfigError('STACK_DATA_INVALID', `the data directory has lost ${key}`);
}

async function openChain(
  { objects, settings }: ChainContext,
  key: string,
  create: () => Promise<readonly Uint8Array[]>,
): Promise<readonly Certificate[]> {
  const stored = await objects.read(key);
  if (stored !== undefined) return chainIn(key, stored.bytes);
  if (settings.isMade) throw lost(key);
  const pem = (await create()).map(encodeCertificatePem).join('');
  await objects.create([{ key, bytes: utf8Of(pem) }]);
  return parseCertificatesPem(pem);
}
