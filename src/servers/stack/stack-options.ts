/** What a stack is started with. */

import type { Runtime } from '../../base/runtime.ts';
import type { TlsIdentity } from '../../serve/server.ts';
import type { SequencerStep } from '../tiles/sequencer.ts';
import type { PasswordPurpose, WantedStack } from './make-stack.ts';
import type { StackLog } from './stack-log.ts';

export interface StackOptions {
  readonly dataDir: string;
  readonly wanted: WantedStack;
  /** Asked once. */
  readonly password: (purpose: PasswordPurpose) => Promise<Uint8Array>;
  /** HTTPS with this certificate, or with one that is made and kept. */
  readonly tls?: TlsIdentity | 'self-made';
  /** Whom the certificate authority believes: Fulcio's configuration. Left out, that of the data directory. */
  readonly issuers?: Uint8Array;
  /** "name+hash+key=https://…" each. */
  readonly witnesses: readonly string[];
  readonly runtime: Pick<Runtime, 'request' | 'now' | 'random'>;
  readonly log: StackLog;
  /** The process must end: what is on the disk is not known any more. */
  readonly onFatal: (error: unknown) => void;
  /** Called, and waited for, at each step by which a log grows. */
  readonly onStep?: (log: string, step: SequencerStep) => void | Promise<void>;
}
