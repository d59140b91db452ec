/** The head that everybody sees, together with what is needed to go on from it. One write of it is under way at a time. */

import { utf8Of } from '../../base/bytes.ts';
import { createExclusive } from '../../base/exclusive.ts';
import type { ObjectStore } from '../../storage/object-store.ts';
import { exchange } from './exchange.ts';
import type { LogView } from './log-reader.ts';
import type { RecoveredLog } from './log-recovery.ts';
import type { TreeHead } from './tile-log.ts';

export interface PublishedHead {
  readonly view: () => LogView;
  /** Durable when it resolves. Throws as `exchange`. */
  readonly publish: (next: LogView) => Promise<void>;
  /** Publishes the head's checkpoint with more signatures, unless there is a newer head, which has others. */
  readonly publishSigned: (head: TreeHead, checkpoint: string) => Promise<void>;
}

export function openPublishedHead(objects: ObjectStore, key: string, recovered: RecoveredLog): PublishedHead {
  let { view, checkpointVersion } = recovered;
  const exclusive = createExclusive();
  const write = async (next: LogView): Promise<void> => {
    checkpointVersion = await exchange(objects, key, utf8Of(next.head.checkpoint), checkpointVersion);
    view = next;
  };
  return {
    view: () => view,
    publish: (next) => exclusive(key, () => write(next)),
    publishSigned: (head, checkpoint) =>
      exclusive(key, async () => {
        if (view.head.size === head.size) await write({ ...view, head: { ...head, checkpoint } });
      }),
  };
}
