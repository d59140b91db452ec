/** The time that images of signatures state, where `--record-creation-timestamp` asks for one. */

import { UsageError } from '../base/errors.ts';
import type { Session } from './session.ts';

/** SOURCE_DATE_EPOCH, else now. Throws ENVIRONMENT_INVALID. */
export function creationTimeOf({ environment }: Pick<Session, 'environment'>): Date {
  const epoch = environment['SOURCE_DATE_EPOCH'];
  if (epoch === undefined || epoch === '') return new Date();
  if (!/^\d{1,12}$/.test(epoch)) {
    throw new UsageError(
      'ENVIRONMENT_INVALID',
      `SOURCE_DATE_EPOCH: expected seconds since 1970, got ${JSON.stringify(epoch.slice(0, 40))}`,
    );
  }
  return new Date(Number(epoch) * 1000);
}
