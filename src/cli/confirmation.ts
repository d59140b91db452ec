/** Questions before something that cannot be undone. */

import { UsageError } from '../base/errors.ts';
import type { Session } from './session.ts';
import { readLine } from './terminal-input.ts';

/** Returns only when the person agrees. The end of input is a no. Throws CONFIRMATION_DECLINED, INTERRUPTED. */
export async function requireConfirmation(session: Session, warning: string): Promise<void> {
  session.log.warn(warning);
  for (;;) {
    const answer = await readLine(session, 'Are you sure you would like to continue? [y/N] ');
    if (answer === 'y' || answer === 'Y') return;
    if (answer === undefined || ['', 'n', 'N'].includes(answer)) {
      throw new UsageError('CONFIRMATION_DECLINED', 'user declined the prompt');
    }
    session.log.note('Please answer y or n.');
  }
}
