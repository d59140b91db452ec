/** What `stack status` reports, whether the stack runs or not. */

import { resolve } from 'node:path';

import { namesInKeyRing } from '../../crypto/key-ring.ts';
import { readKeyFile, requireSettings } from './data-directory.ts';
import { conditionOf } from './stack-condition.ts';
import type { Condition } from './stack-condition.ts';
import type { StackMode } from './stack-settings.ts';

export interface StackStatus extends Partial<Condition> {
  readonly isRunning: boolean;
  readonly name: string;
  readonly mode: StackMode;
  readonly url: string;
  /** Absolute path of the data directory. */
  readonly data: string;
  readonly pid?: number;
  readonly started?: string;
}

/** Of a stack that does not run: what its files say without the password.
 *  Throws STACK_NOT_FOUND, STACK_DATA_INVALID. */
export async function stoppedStatusOf(dataDir: string): Promise<StackStatus> {
  const { name, mode, url } = await requireSettings(dataDir);
  const facts = { logs: [], expiries: [], keyNames: namesInKeyRing(await readKeyFile(dataDir)), remarks: [] };
  const { warnings } = conditionOf({ ...facts, isDevelopment: mode === 'development' }, new Date());
  return { isRunning: false, name, mode, url, data: resolve(dataDir), warnings };
}
