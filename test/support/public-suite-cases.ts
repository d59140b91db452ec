/** The cases of sigstore-conformance, as its protocol gives them to a client. */

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { publicSuiteFolder } from './public-suite.ts';

export type CaseSigner =
  | { readonly kind: 'key'; readonly keyFile: string }
  | { readonly kind: 'identity'; readonly subject: string; readonly issuer: string };

/** One bundle and what any verifier needs to judge it; the rest is the verifier's own. */
export interface BundleCase {
  readonly name: string;
  readonly bundleFile: string;
  readonly artifactFile: string;
  readonly trustedRootFile: string;
  readonly signer: CaseSigner;
  /** What the caller asks not to be checked. */
  readonly ignores?: 'log' | 'sct';
}

export interface PublicCase extends BundleCase {
  readonly isGood: boolean;
}

const usualSubject =
  'https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main';
const usualIssuer = 'https://token.actions.githubusercontent.com';

/** Every folder of the suite, by name; none is left out. Throws an Error for a folder that lacks a bundle or an artifact.
 *  @source sigstore-conformance docs/cli_protocol.md, test/assets/bundle-verify/README.md */
export function publicCases(): readonly PublicCase[] {
  const suite = join(publicSuiteFolder(), 'sigstore-conformance');
  const cases = join(suite, 'bundle-verify');
  return readdirSync(cases, { withFileTypes: true })
    .filter((each) => each.isDirectory())
    .map(({ name }) => name)
    .toSorted()
    .map((name) => publicCase(name, join(cases, name), suite));
}

/** What the suite's record says of each case, where there is a record. */
export function recordedExpectations(): Readonly<Record<string, { readonly expect: string }>> | undefined {
  const file = join(publicSuiteFolder(), 'sigstore-conformance', 'expected.json');
  if (!existsSync(file)) return undefined;
  return JSON.parse(readFileSync(file, 'utf8')) as Record<string, { readonly expect: string }>;
}

function publicCase(name: string, folder: string, suite: string): PublicCase {
  const production = join(publicSuiteFolder(), 'trusted-roots', 'production', 'trusted_root.json');
  const firstOf = (...files: readonly string[]): string => {
    const found = files.find((file) => existsSync(file));
    if (found === undefined) throw new Error(`the public suite lacks ${files.join(' and ')}`);
    return found;
  };
  return {
    name,
    isGood: !name.endsWith('_fail'),
    bundleFile: firstOf(join(folder, 'bundle.sigstore.json')),
    artifactFile: firstOf(join(folder, 'artifact'), join(suite, 'bundle-verify', 'a.txt'), join(suite, 'a.txt')),
    trustedRootFile: firstOf(join(folder, 'trusted_root.json'), production),
    signer: signerOf(folder),
  };
}

function signerOf(folder: string): CaseSigner {
  const keyFile = join(folder, 'key.pub');
  if (existsSync(keyFile)) return { kind: 'key', keyFile };
  const textOf = (name: string, usual: string): string => {
    const file = join(folder, name);
    return existsSync(file) ? readFileSync(file, 'utf8').trim() : usual;
  };
  return { kind: 'identity', subject: textOf('identity', usualSubject), issuer: textOf('issuer', usualIssuer) };
}
