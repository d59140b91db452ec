/** Key pairs of every type, in the files that all programs read: made by node:crypto, encrypted by
 *  `countersign import-key-pair`. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mapPool } from '../../src/base/pool.ts';
import { runCountersign } from '../support/countersign.ts';
import type { KeyFiles } from '../support/stock-clients.ts';

export interface MatrixKey extends KeyFiles {
  readonly type: string;
  /** The type as part of a file or repository name. */
  readonly name: string;
}

const makers: Readonly<Record<string, () => KeyObject>> = {
  'ECDSA P-256': () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  'ECDSA P-384': () => generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey,
  'ECDSA P-521': () => generateKeyPairSync('ec', { namedCurve: 'P-521' }).privateKey,
  Ed25519: () => generateKeyPairSync('ed25519').privateKey,
  'RSA 2048': () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
};

export const keyTypes: readonly string[] = Object.keys(makers);

const password = 'matrix password';

export function createMatrixKeys(folder: string): Promise<MatrixKey[]> {
  return mapPool(keyTypes, 2, async (type) => {
    const name = type.toLowerCase().replaceAll(' ', '-');
    const plainFile = join(folder, `${name}.pem`);
    writeFileSync(plainFile, makers[type]?.().export({ type: 'pkcs8', format: 'pem' }) ?? '');
    const args = ['import-key-pair', '--key', plainFile, '--output-key-prefix', join(folder, name), '--yes'];
    const run = await runCountersign(args, { env: { COSIGN_PASSWORD: password } });
    assert.equal(run.status, 0, run.stderr);
    return { type, name, privateFile: join(folder, `${name}.key`), publicFile: join(folder, `${name}.pub`), password };
  });
}
