/** sigstore-python's own command line, in one process for all cases: it takes most of a second to start. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { requirePeerPath, runPeer } from './peers.ts';
import type { BundleCase } from './public-suite-cases.ts';
import { createScratchFolder } from './scratch.ts';

export interface Answer {
  /** `cannot`: it has no way to be asked this. */
  readonly verdict: 'accepts' | 'rejects' | 'cannot';
  /** Its own, for whoever looks into a difference. */
  readonly words: string;
}

const driver = join(import.meta.dirname, 'oracles-sigstore-python.py');
const maxCaseMs = 2_000;

/** It knows no keys, and nothing can be ignored. Throws an Error when it cannot be run. */
export async function askSigstorePython(cases: readonly BundleCase[]): Promise<readonly Answer[]> {
  requirePeerPath('sigstore-python');
  const folder = createScratchFolder('sigstore-python');
  const asked = cases.filter(isAskable);
  const runs = asked.map((each, index) => argumentsOf(each, join(folder, `${index}.json`)));
  const run = await runPeer('sigstore-python', [driver], {
    stdin: JSON.stringify(runs),
    timeoutMs: 30_000 + maxCaseMs * runs.length,
  });
  if (run.status !== 0) throw new Error(`sigstore-python ended with ${run.status}: ${run.stderr}`);
  const answers = run.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { readonly status: number; readonly words: string });
  if (answers.length !== asked.length) throw new Error(`${answers.length} answers for ${asked.length} questions`);
  const answered = new Map(asked.map((each, index) => [each, answers[index]]));
  return cases.map((each) => {
    const answer = answered.get(each);
    if (answer === undefined) return { verdict: 'cannot', words: 'no keys, nothing ignored' };
    return { verdict: answer.status === 0 ? 'accepts' : 'rejects', words: answer.words };
  });
}

function isAskable({ signer, ignores }: BundleCase): boolean {
  return signer.kind === 'identity' && ignores === undefined;
}

function argumentsOf(each: BundleCase, configFile: string): readonly string[] {
  const { signer, trustedRootFile, bundleFile, artifactFile } = each;
  if (signer.kind === 'key') throw new Error('sigstore-python knows no keys');
  writeFileSync(configFile, trustConfigOf(readFileSync(trustedRootFile, 'utf8')));
  return [
    '--trust-config',
    configFile,
    'verify',
    'identity',
    '--offline',
    '--bundle',
    bundleFile,
    '--cert-identity',
    signer.subject,
    '--cert-oidc-issuer',
    signer.issuer,
    artifactFile,
  ];
}

/** It takes a trusted root only inside of this. */
function trustConfigOf(trustedRoot: string): string {
  const signingConfig = {
    mediaType: 'application/vnd.dev.sigstore.signingconfig.v0.2+json',
    caUrls: [],
    oidcUrls: [],
    rekorTlogUrls: [],
    rekorTlogConfig: { selector: 'ANY' },
    tsaUrls: [],
    tsaConfig: { selector: 'ANY' },
  };
  return `{"mediaType":"application/vnd.dev.sigstore.clienttrustconfig.v0.1+json","trustedRoot":${trustedRoot},"signingConfig":${JSON.stringify(signingConfig)}}`;
}
