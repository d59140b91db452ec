/** Asks witnesses about heads, in the background: at most one question under way, and only about the newest head. */

import { encodeNote, parseNote } from '../../formats/tlog/note.ts';
import type { NoteSignature } from '../../formats/tlog/note.ts';
import type { TileLog, TreeHead } from './tile-log.ts';

/** Signatures of witnesses over the head, checked. Rejects with what went wrong; is never called twice at once. */
export type Cosign = (
  head: TreeHead,
  log: Pick<TileLog, 'consistencyProof' | 'rootAt'>,
) => Promise<readonly NoteSignature[]>;

export interface Cosigning {
  readonly headPublished: (head: TreeHead) => void;
  /** Resolves when nothing is under way any more. */
  readonly close: () => Promise<void>;
}

/** `use` is given the head's checkpoint with the signatures under it. */
export function openCosigning(
  ask: (head: TreeHead) => Promise<readonly NoteSignature[]>,
  use: (head: TreeHead, checkpoint: string) => Promise<void>,
  onFailure: (error: unknown) => void,
): Cosigning {
  let next: TreeHead | undefined;
  let running: Promise<void> | undefined;
  let isClosed = false;
  const run = async (): Promise<void> => {
    while (next !== undefined) {
      const head = next;
      next = undefined;
      try {
        const signatures = await ask(head);
        if (signatures.length > 0) await use(head, withSignatures(head.checkpoint, signatures));
      } catch (error) {
        onFailure(error);
      }
    }
    running = undefined;
  };
  return {
    headPublished: (head) => {
      if (isClosed) return;
      next = head;
      running ??= run();
    },
    close: async () => {
      isClosed = true;
      next = undefined;
      await running;
    },
  };
}

/** The log's own signatures stay first. */
function withSignatures(note: string, more: readonly NoteSignature[]): string {
  const { text, signatures } = parseNote(note);
  return encodeNote(text, [...signatures, ...more]);
}
