/** Makes a stack in an empty data directory. */

import { ConfigError } from '../../base/errors.ts';
import type { KeyRing } from '../../crypto/key-ring.ts';
import { isLoopbackHost } from '../../serve/caller.ts';
import type { ListenAddress } from '../../serve/server.ts';
import { writeKeys, writeSettings } from './data-directory.ts';
import type { StackMode, StackSettings } from './stack-settings.ts';

/** What the person who starts it asks for; what is left out is as it was made. */
export interface WantedStack {
  readonly mode: StackMode;
  readonly url?: string;
  readonly name?: string;
  readonly listen?: ListenAddress;
}

export interface PasswordPurpose {
  readonly isNew: boolean;
  readonly isDevelopment: boolean;
}

export interface MakingOptions {
  readonly dataDir: string;
  readonly wanted: WantedStack;
  readonly keys: KeyRing;
  readonly password: Uint8Array;
  /** Where the server listens already. */
  readonly address: ListenAddress;
  readonly isTls: boolean;
  readonly now: () => Date;
  readonly random: (byteCount: number) => Uint8Array;
}

/** Refuses a wish that contradicts what was made. Throws STACK_FIXED, STACK_URL_INVALID. */
export function requireAsMade(settings: StackSettings, { mode, url, name }: WantedStack): void {
  if (mode !== settings.mode) {
    const made = settings.mode === 'development' ? 'for development (--dev)' : 'for production (without --dev)';
    throw new ConfigError('STACK_FIXED', `this stack was made ${made} and stays so`);
  }
  if (url !== undefined && parseStackUrl(url) !== settings.url) {
    throw new ConfigError(
      'STACK_FIXED',
      `this stack was made with the URL ${settings.url}, which its certificates and logs name`,
    );
  }
  if (name !== undefined && name !== settings.name) {
    throw new ConfigError('STACK_FIXED', `this stack was made with the name ${JSON.stringify(settings.name)}`);
  }
}

/** Writes keys and settings of a new stack. Throws STACK_URL_INVALID, FILE_NOT_WRITABLE. */
export async function makeStack(options: MakingOptions): Promise<StackSettings> {
  const { dataDir, wanted, keys, password, address, isTls, now, random } = options;
  const url = parseStackUrl(wanted.url ?? `${isTls ? 'https' : 'http'}://localhost:${address.port}`);
  const settings: StackSettings = {
    isMade: false,
    mode: wanted.mode,
    name: wanted.name ?? new URL(url).hostname,
    url,
    listen: `${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`,
    treeId: treeIdOf(random(8)),
    created: wholeSecondOf(now()),
    publicKeys: new Map(Array.from(keys, ([name, { publicKey }]) => [name, publicKey.spki])),
  };
  // A crash between these two leaves keys that nothing names: they are made anew.
  await writeKeys(dataDir, keys, password);
  await writeSettings(dataDir, settings);
  return settings;
}

/** An origin without a slash at its end. Plain HTTP is for this machine: identity tokens travel to it.
 *  Throws STACK_URL_INVALID. */
function parseStackUrl(text: string): string {
  const url = URL.parse(text);
  const isOrigin =
    url !== null &&
    (url.protocol === 'http:' || url.protocol === 'https:') &&
    url.username === '' &&
    url.password === '' &&
    url.pathname === '/' &&
    url.search === '' &&
    url.hash === '';
  // Rekor's checkpoints name the host: a name there has neither spaces nor plus signs, which no URL's host has.
  if (!isOrigin) {
    throw new ConfigError(
      'STACK_URL_INVALID',
      `expected an origin such as https://sigstore.example.com, got ${JSON.stringify(text.slice(0, 100))}`,
    );
  }
  if (url.protocol === 'http:' && !isLoopbackHost(url.hostname.replaceAll(/[[\]]/g, ''))) {
    throw new ConfigError(
      'STACK_URL_INVALID',
      `${url.origin} would have identity tokens travel unprotected: plain http is for this machine only`,
    );
  }
  return url.origin;
}

/** 63 bits, not zero: Rekor's tree ids are positive 64-bit integers. */
function treeIdOf(bytes: Uint8Array): bigint {
  const id = bytes.reduce((sum, octet) => sum * 256n + BigInt(octet), 0n) & 0x7fff_ffff_ffff_ffffn;
  return id === 0n ? 1n : id;
}

function wholeSecondOf(instant: Date): Date {
  return new Date(Math.floor(instant.getTime() / 1000) * 1000);
}
