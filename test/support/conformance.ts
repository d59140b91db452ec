/** Runs the official OCI distribution conformance suite against a registry and reads its reports. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runPeer } from './peers.ts';
import type { RegistryAddress } from './registry-request.ts';
import { createScratchFolder } from './scratch.ts';

/** The suite's own words. Disabled: not part of the version tested. Skip: the registry said it has no such thing. */
export type ConformanceStatus = 'Pass' | 'FAIL' | 'Error' | 'Skip' | 'Disabled' | 'Unknown';

export interface ConformanceReport {
  readonly tests: number;
  readonly failed: number;
  readonly skipped: number;
  /** By the suite's name for an endpoint, such as `Blob get range`. */
  readonly apis: ReadonlyMap<string, ConformanceStatus>;
  /** By the suite's name for a kind of content, such as `Nested Index`. */
  readonly data: ReadonlyMap<string, ConformanceStatus>;
  /** One line for each failed test: its name and what the suite expected and saw. */
  readonly failures: readonly string[];
}

/** The specification's four groups, each with the suite's names for its endpoints.
 *  @source OCI distribution-spec 1.1, Conformance, Workflow Categories */
export const conformanceGroups = {
  pull: [
    'Blob get',
    'Blob get range',
    'Blob head',
    'Manifest get by digest',
    'Manifest get by tag',
    'Manifest head by digest',
    'Manifest head by tag',
  ],
  push: [
    'Blob push',
    'Blob post only',
    'Blob post put',
    'Blob chunked',
    'Blob streaming',
    'Blob mount',
    'Manifest put by digest',
    'Manifest put by tag',
    'Manifest put with subject',
  ],
  'content discovery': ['Tag listing', 'Referrers'],
  'content management': [
    'Tag delete',
    'Tag delete atomic',
    'Manifest delete',
    'Manifest delete atomic',
    'Blob delete',
    'Blob delete atomic',
  ],
} as const;

/** Runs every test of distribution-spec 1.1. A failed test is an answer; throws an Error when the suite left no report. */
export async function runConformance(registry: RegistryAddress): Promise<ConformanceReport> {
  const folder = createScratchFolder('conformance');
  const { status, stderr } = await runPeer('oci-conformance', [], {
    cwd: folder,
    timeoutMs: 120_000,
    env: {
      OCI_VERSION: '1.1',
      OCI_REGISTRY: registry.host,
      OCI_TLS: registry.scheme === 'https' ? 'enabled' : 'disabled',
      OCI_LOG: 'error',
      OCI_RESULTS_DIR: folder,
      ...(registry.caFile === undefined ? {} : { SSL_CERT_FILE: registry.caFile }),
      ...(registry.username === undefined ? {} : { OCI_USERNAME: registry.username }),
      ...(registry.password === undefined ? {} : { OCI_PASSWORD: registry.password }),
    },
  });
  const report = parseReport(readReport(folder, 'junit.xml', stderr), readReport(folder, 'results.yaml', stderr));
  if ((status === 0) !== (report.failed === 0)) {
    throw new Error(`the conformance suite ended with ${status} and reports ${report.failed} failures: ${stderr}`);
  }
  return report;
}

function readReport(folder: string, name: string, stderr: string): string {
  try {
    return readFileSync(join(folder, name), 'utf8');
  } catch (cause) {
    throw new Error(`the conformance suite left no ${name}: ${stderr}`, { cause });
  }
}

function parseReport(junit: string, results: string): ConformanceReport {
  const suite = /<testsuite [^>]*>/.exec(junit)?.[0] ?? '';
  const count = (name: string): number | undefined => {
    const digits = new RegExp(` ${name}="(\\d+)"`).exec(suite)?.[1];
    return digits === undefined ? undefined : Number(digits);
  };
  const [tests, failures, errors] = [count('tests'), count('failures'), count('errors')];
  if (tests === undefined || failures === undefined || errors === undefined) {
    throw new Error(`the conformance report has no counts: ${suite}`);
  }
  return {
    tests,
    failed: failures + errors,
    // The suite leaves this one out when it is zero.
    skipped: count('skipped') ?? 0,
    apis: parseSection(results, 'apis'),
    data: parseSection(results, 'data'),
    failures: parseFailures(junit),
  };
}

/** The lines `  NAME: STATUS` below `apis:` or `data:` at the left margin. */
function parseSection(results: string, section: string): Map<string, ConformanceStatus> {
  const lines = new RegExp(`^${section}:\\n((?: {2}\\S.*\\n)+)`, 'm').exec(results)?.[1] ?? '';
  const pairs = [...lines.matchAll(/^ {2}(.+): (\w+)$/gm)];
  if (pairs.length === 0) throw new Error(`the conformance report has no ${section}`);
  return new Map(pairs.map(([, name = '', status = '']) => [name, status as ConformanceStatus]));
}

function parseFailures(junit: string): string[] {
  const failed = /<testcase name="([^"]*)"[^>]*status="(?:failure|error)">([\s\S]*?)<\/testcase>/g;
  return [...junit.matchAll(failed)].map(([, name, body = '']) => {
    const said = /<system-out>([\s\S]*?)<\/system-out>/.exec(body)?.[1] ?? '';
    return `${name}: ${said.replaceAll('&#xA;', '; ').replaceAll('&#34;', '"').slice(0, 400)}`;
  });
}
