/** Public test data that is read where it lies and never copied into the project: the cases of sigstore-conformance,
 *  the trusted roots of the public instances, a TUF repository made by tuf-on-ci. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

/** The folder with `sigstore-conformance`, `trusted-roots` and `tuf-on-ci`: COUNTERSIGN_PUBLIC_SUITE, or the one that
 *  lies beside the clone. It may be missing: see `requirePublicSuite`. */
export function publicSuiteFolder(): string {
  const beside = join(import.meta.dirname, '..', '..', '..', 'shared', 'data');
  return process.env['COUNTERSIGN_PUBLIC_SUITE'] || beside;
}

export function hasPublicSuite(part: string): boolean {
  return existsSync(join(publicSuiteFolder(), part));
}

/** True when the folder holds this part. Otherwise skips the test by name and returns false; with
 *  COUNTERSIGN_REQUIRE_PEERS=1 it throws, so that missing data fails the run. */
export function requirePublicSuite(t: TestContext, part: string): boolean {
  if (hasPublicSuite(part)) return true;
  const message = `public suite ${part} is missing: set COUNTERSIGN_PUBLIC_SUITE to the folder that holds it`;
  if (process.env['COUNTERSIGN_REQUIRE_PEERS'] === '1') throw new Error(message);
  t.skip(message);
  return false;
}
