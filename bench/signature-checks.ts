/** Records the signature checks of a run, to be replayed alone. */

import { syncBuiltinESMExports } from 'node:module';

/** Each does one check again, with the same ready key and bytes. Throws when one of them was not good.
 *  Not for two runs at once: node:crypto's own function is replaced meanwhile. */
export async function recordSignatureChecks(run: () => Promise<void>): Promise<readonly (() => void)[]> {
  const crypto = process.getBuiltinModule('node:crypto') as { verify: (...args: readonly unknown[]) => unknown };
  const { verify } = crypto;
  const checks: (() => void)[] = [];
  const replace = (by: typeof verify): void => {
    crypto.verify = by;
    syncBuiltinESMExports();
  };
  replace((...args) => {
    checks.push(() => {
      if (verify(...args) !== true) throw new Error('a recorded signature does not verify');
    });
    return verify(...args);
  });
  try {
    await run();
  } finally {
    replace(verify);
  }
  checks.forEach((check) => check());
  return checks;
}
