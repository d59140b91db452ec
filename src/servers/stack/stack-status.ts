/** What `stack status` reports, whether the stack runs or not. */

import { resolve } from 'node:path';

import {
  decodeArray,
  decodeBoolean,
  decodeCount,
  decodeDocument,
  decodeMap,
  decodeObject,
  decodeString,
  optional,
} from '../../base/decode.ts';
import type { Decoder } from '../../base/decode.ts';
import { namesInKeyRing } from '../../crypto/key-ring.ts';
import { askStack } from './control-socket.ts';
import { readKeyFile, requireSettings } from './data-directory.ts';
import { conditionOf } from './stack-condition.ts';
import type { Condition } from './stack-condition.ts';
import { decodeStackMode } from './stack-settings.ts';
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

const decodeLog = decodeObject({ entries: decodeString, checkpoint: decodeString, trouble: optional(decodeString) });
const decodeStatus: Decoder<StackStatus> = decodeObject({
  isRunning: decodeBoolean,
  name: decodeString,
  mode: decodeStackMode,
  url: decodeString,
  data: decodeString,
  pid: optional(decodeCount),
  started: optional(decodeString),
  isReady: optional(decodeBoolean),
  problems: optional(decodeArray(decodeString)),
  warnings: optional(decodeArray(decodeString)),
  logs: optional(decodeMap(decodeLog)),
  expiries: optional(decodeMap(decodeString)),
});

/** Of a stack that runs: what it says itself. Throws STACK_NOT_RUNNING, CONTROL_REFUSED, JSON_SHAPE. */
export async function runningStatusOf(dataDir: string): Promise<StackStatus> {
  return decodeDocument(await askStack(dataDir, 'status', null), decodeStatus, 'status of the stack');
}

/** Of a stack that does not run: what its files say without the password.
 *  Throws STACK_NOT_FOUND, STACK_DATA_INVALID. */
export async function stoppedStatusOf(dataDir: string): Promise<StackStatus> {
  const { name, mode, url } = await requireSettings(dataDir);
  const facts = { logs: [], expiries: [], keyNames: namesInKeyRing(await readKeyFile(dataDir)), remarks: [] };
  const { warnings } = conditionOf({ ...facts, isDevelopment: mode === 'development' }, new Date());
  return { isRunning: false, name, mode, url, data: resolve(dataDir), warnings };
}
