/** Loaded before a program of ours (`--import`): from when the file that FAILING_FSYNC names is there, flushes fail as
 *  those of a disk that cannot be written any more. */

import { existsSync } from 'node:fs';

import { watchFileSteps } from './file-steps.ts';

await watchFileSteps((step) => {
  if (step === 'before-fsync' && existsSync(process.env['FAILING_FSYNC'] ?? '')) {
    throw Object.assign(new Error('EIO: i/o error, fsync'), { code: 'EIO' });
  }
});
