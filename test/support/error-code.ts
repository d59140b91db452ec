/** For assert.throws and assert.rejects: tests assert the code of an error, not its words. */

import type { ErrorCode } from '../../src/base/catalogue.ts';
import { isErrorWithCode } from '../../src/base/errors.ts';

export function hasCode(code: ErrorCode): (error: unknown) => boolean {
  return (error) => isErrorWithCode(error, code);
}
