/** The official OCI distribution conformance suite, run for real, all four groups of distribution-spec 1.1. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { conformanceGroups, runConformance } from '../support/conformance.ts';
import type { ConformanceReport } from '../support/conformance.ts';
import { requirePeer } from '../support/peers.ts';
import type { PeerName } from '../support/peers.ts';
import { startEmbedded } from '../support/embedded-registry.ts';
import { startRegistry } from '../support/registries.ts';
import type { TestRegistry } from '../support/registries.ts';

interface Target {
  readonly name: string;
  readonly peers: readonly PeerName[];
  readonly start: () => Promise<TestRegistry>;
  /** Endpoints known not to pass: exactly these, so that a wider or narrower list fails. */
  readonly lacks: readonly string[];
}

const targets: readonly Target[] = [
  { name: 'the embedded registry', peers: [], start: startEmbedded, lacks: [] },
  // Shows that the harness sees a failure: olareg refuses a manifest whose layers may not be distributed.
  {
    name: 'olareg',
    peers: ['olareg'],
    start: () => startRegistry('olareg'),
    lacks: [
      'Manifest get by digest',
      'Manifest get by tag',
      'Manifest head by digest',
      'Manifest head by tag',
      'Manifest put by digest',
      'Manifest put by tag',
      'Tag listing',
    ],
  },
];

/** What distribution-spec 1.1 leaves to the registry, or the suite tests only for later versions. */
const optional = ['Blob anonymous mount', 'Blob upload cancel', 'Manifest put with tag params'];
const optionalData = ['Sparse Manifests', 'Tag Param', 'Tag Param sha512'];

for (const { name, peers, start, lacks } of targets) {
  const exceptions = lacks.length === 0 ? '' : ` but for ${lacks.length} known endpoints`;
  test(`${name} passes the OCI conformance suite${exceptions}`, async (t) => {
    if (!requirePeer(t, 'oci-conformance', ...peers)) return;
    const registry = await start();
    try {
      const report = await runConformance(registry);
      t.diagnostic(`${name}: ${report.tests} tests, ${report.failed} failed, ${report.skipped} skipped`);
      assert.deepEqual(notPassed(report.apis, optional), lacks, report.failures.join('\n'));
      assert.equal(report.failed === 0, lacks.length === 0, report.failures.join('\n'));
      if (lacks.length === 0) assert.deepEqual(notPassed(report.data, optionalData), []);
      assertGroupsTested(report);
    } finally {
      await registry.close();
    }
  });
}

function notPassed(results: ConformanceReport['apis'], mayNot: readonly string[]): string[] {
  return [...results].filter(([name, status]) => status !== 'Pass' && !mayNot.includes(name)).map(([name]) => name);
}

/** A suite that runs nothing passes: each endpoint of each group must have been tried. */
function assertGroupsTested(report: ConformanceReport): void {
  assert.ok(report.tests > 500, `only ${report.tests} tests ran`);
  for (const [group, endpoints] of Object.entries(conformanceGroups)) {
    for (const endpoint of endpoints) {
      assert.match(report.apis.get(endpoint) ?? 'not tried', /^(Pass|FAIL)$/, `${group}: ${endpoint}`);
    }
  }
}
