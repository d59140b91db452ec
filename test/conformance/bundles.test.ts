/** Every case of the public suite through the command line, in the suite's own protocol: the file by its path and by its
 *  digest. There is no list of exceptions. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';

import { runCountersign } from '../support/countersign.ts';
import type { PeerRun } from '../support/peers.ts';
import { publicCases, recordedExpectations } from '../support/public-suite-cases.ts';
import type { BundleCase, PublicCase } from '../support/public-suite-cases.ts';
import { hasPublicSuite, requirePublicSuite } from '../support/public-suite.ts';

const cases = hasPublicSuite('sigstore-conformance') ? publicCases() : [];

test('the public suite is there, whole, and its names say what its record says', (t) => {
  if (!requirePublicSuite(t, 'sigstore-conformance')) return;
  assert.ok(cases.length >= 50, `${cases.length} cases`);
  const recorded = recordedExpectations();
  if (recorded === undefined) return;
  assert.deepEqual(
    Object.fromEntries(cases.map(({ name, isGood }) => [name, isGood ? 'accept' : 'reject'])),
    Object.fromEntries(Object.entries(recorded).map(([name, { expect }]) => [name, expect])),
  );
});

describe('the public suite', { concurrency: 3 }, () => {
  for (const each of cases) {
    test(`${each.name}, by path`, async () => assertAnswer(each, each.artifactFile));
    test(`${each.name}, by digest`, async () => assertAnswer(each, digestOf(each.artifactFile)));
  }
});

async function assertAnswer(each: PublicCase, fileOrDigest: string): Promise<void> {
  const run = await verify(each, fileOrDigest);
  if (each.isGood) return assert.equal(run.status, 0, run.stderr);
  assert.equal(run.status, 1, run.stderr);
  // A fault of our own ends with the same status.
  assert.doesNotMatch(run.stderr, /INTERNAL|\n {4}at /);
}

/** The arguments stand in the order of the protocol.
 *  @source sigstore-conformance docs/cli_protocol.md */
function verify(each: BundleCase, fileOrDigest: string): Promise<PeerRun> {
  const { signer } = each;
  const who =
    signer.kind === 'key'
      ? ['--key', signer.keyFile]
      : ['--certificate-identity', signer.subject, '--certificate-oidc-issuer', signer.issuer];
  return runCountersign([
    'verify-bundle',
    '--bundle',
    each.bundleFile,
    ...who,
    '--trusted-root',
    each.trustedRootFile,
    fileOrDigest,
  ]);
}

function digestOf(file: string): string {
  return `sha256:${createHash('sha256').update(readFileSync(file)).digest('hex')}`;
}
