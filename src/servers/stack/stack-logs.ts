/** The two logs of a stack. */

import { ConfigError, CountersignError, isErrorWithCode, messageOf } from '../../base/errors.ts';
import type { Runtime } from '../../base/runtime.ts';
import type { Signer } from '../../crypto/signer.ts';
import { parseWitnessKey } from '../../formats/tlog/cosignature.ts';
import type { IndexDatabase } from '../../storage/index-database.ts';
import type { ObjectStore } from '../../storage/object-store.ts';
import { ctLogKind } from '../ct/ct-kind.ts';
import { rekorLogKind } from '../rekor/rekor-log.ts';
import type { Cosign } from '../tiles/cosigning.ts';
import { openTileLog } from '../tiles/open-tile-log.ts';
import type { TileLogOptions } from '../tiles/open-tile-log.ts';
import type { SequencerStep } from '../tiles/sequencer.ts';
import type { LogKind, TileLog } from '../tiles/tile-log.ts';
import { openWitnesses } from '../tiles/witnesses.ts';
import type { Witness } from '../tiles/witnesses.ts';
import type { StackLog } from './stack-log.ts';
import type { StackSettings } from './stack-settings.ts';

export interface StackLogs {
  readonly rekor: TileLog;
  readonly ctlog: TileLog;
}

export interface LogsContext {
  readonly objects: ObjectStore;
  readonly index: IndexDatabase;
  /** Throws STORE_FULL. */
  readonly requireRoom: () => Promise<void>;
  readonly settings: StackSettings;
  readonly signers: Readonly<Record<keyof StackLogs, Signer>>;
  /** "name+hash+key=https://…" each. */
  readonly witnesses: readonly string[];
  readonly runtime: Pick<Runtime, 'request' | 'now'>;
  readonly log: StackLog;
  readonly onFatal: (error: unknown) => void;
  readonly onStep?: (log: string, step: SequencerStep) => void | Promise<void>;
}

/** What makes each log the log of this stack. */
export function stackLogKinds(
  { url, treeId }: Pick<StackSettings, 'url' | 'treeId'>,
  signers: Readonly<Record<keyof StackLogs, Signer>>,
): Readonly<Record<keyof StackLogs, LogKind>> {
  const { hostname, host } = new URL(url);
  return {
    rekor: rekorLogKind({ signer: signers.rekor, hostName: hostname, treeId }),
    ctlog: ctLogKind({ signer: signers.ctlog, origin: `${host}/ctlog` }),
  };
}

/** Makes them while the stack is made. Throws STACK_DATA_INVALID when one was lost, LOG_DAMAGED, WITNESS_INVALID. */
export async function openStackLogs(context: LogsContext): Promise<StackLogs> {
  const kinds = stackLogKinds(context.settings, context.signers);
  const cosign = cosignOf(context);
  const open = async (kind: LogKind): Promise<TileLog> => {
    const { objects, index, requireRoom, runtime, log, onFatal, onStep } = context;
    if (context.settings.isMade && (await objects.read(`${kind.name}/state`)) === undefined) {
      throw new ConfigError('STACK_DATA_INVALID', `the data directory has lost the log ${kind.name}`);
    }
    return openNamed({
      kind,
      objects,
      index,
      requireRoom,
      now: runtime.now,
      onFatal,
      ...(onStep === undefined ? {} : { onStep: (step) => onStep(kind.name, step) }),
      ...(cosign === undefined ? {} : { cosign }),
      onCosignFailure: (error) => log.warn(`cosigning ${kind.name} failed: ${messageOf(error)}`),
    });
  };
  const [rekor, ctlog] = await Promise.all([open(kinds.rekor), open(kinds.ctlog)]);
  return { rekor, ctlog };
}

async function openNamed(options: TileLogOptions): Promise<TileLog> {
  try {
    return await openTileLog(options);
  } catch (cause) {
    if (!isErrorWithCode(cause, 'LOG_DAMAGED')) throw cause;
    throw new CountersignError('LOG_DAMAGED', `log ${options.kind.name}: ${cause.message}`, { cause });
  }
}

function cosignOf({ witnesses, runtime, log }: LogsContext): Cosign | undefined {
  if (witnesses.length === 0) return undefined;
  return openWitnesses(witnesses.map(parseWitness), runtime.request, ({ url }, error) =>
    log.warn(`the witness ${url} does not cosign: ${messageOf(error)}`),
  );
}

/** Throws WITNESS_INVALID. */
function parseWitness(text: string): Witness {
  const at = text.search(/=https?:\/\//);
  const url = URL.parse(text.slice(at + 1));
  if (at === -1 || url === null) {
    throw new ConfigError(
      'WITNESS_INVALID',
      `--witness: expected KEY=https://…, got ${JSON.stringify(text.slice(0, 200))}`,
    );
  }
  return { key: parseWitnessKey(text.slice(0, at)), url: url.href.replace(/\/$/, '') };
}
