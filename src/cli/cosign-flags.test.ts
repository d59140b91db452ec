/** Every flag that these commands have in cosign 2.4.3, 2.6.3 and 3.1.2, from the manuals of those releases. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { UsageError } from '../base/errors.ts';
import { loadCommands } from './command-table.ts';
import type { Command } from './command.ts';
import { cosignVersions } from './flag.ts';
import type { CosignVersion, Flag, Flags } from './flag.ts';
import { globalFlags } from './flags/global.ts';
import { parseArguments } from './parse-arguments.ts';
import { settingsOf } from './settings.ts';

/** By command and by the release that brought the flag; none of them was taken away again. */
const cosignFlags: Readonly<Record<string, Partial<Readonly<Record<CosignVersion, string>>>>> = {
  'attach signature': {
    '2.4':
      'allow-http-registry allow-insecure-registry attachment-tag-prefix certificate certificate-chain ' +
      'k8s-keychain payload registry-cacert registry-client-cert registry-client-key registry-password ' +
      'registry-server-name registry-token registry-username rekor-response signature tsr',
    '3.1': 'bundle',
  },
  attest: {
    '2.4':
      'allow-http-registry allow-insecure-registry attachment-tag-prefix certificate certificate-chain ' +
      'fulcio-auth-flow fulcio-url identity-token insecure-skip-verify k8s-keychain key no-upload ' +
      'oidc-client-id oidc-client-secret-file oidc-disable-ambient-providers oidc-issuer oidc-provider ' +
      'oidc-redirect-url predicate record-creation-timestamp recursive registry-cacert registry-client-cert ' +
      'registry-client-key registry-password registry-server-name registry-token registry-username ' +
      'rekor-entry-type rekor-url replace sk slot timestamp-client-cacert timestamp-client-cert ' +
      'timestamp-client-key timestamp-server-name timestamp-server-url tlog-upload type yes',
    '2.6': 'issue-certificate new-bundle-format signing-config statement trusted-root use-signing-config',
    '3.1': 'bundle',
  },
  clean: {
    '2.4':
      'allow-http-registry allow-insecure-registry attachment-tag-prefix force k8s-keychain registry-cacert ' +
      'registry-client-cert registry-client-key registry-password registry-server-name registry-token ' +
      'registry-username type',
  },
  completion: {},
  copy: {
    '2.4':
      'allow-http-registry allow-insecure-registry attachment-tag-prefix force k8s-keychain only platform ' +
      'registry-cacert registry-client-cert registry-client-key registry-password registry-server-name ' +
      'registry-token registry-username sig-only',
  },
  'download signature': {
    '2.4':
      'allow-http-registry allow-insecure-registry attachment-tag-prefix k8s-keychain registry-cacert ' +
      'registry-client-cert registry-client-key registry-password registry-server-name registry-token ' +
      'registry-username',
  },
  env: {
    '2.4': 'show-descriptions show-sensitive-values',
  },
  'generate-key-pair': {
    '2.4': 'kms output-key-prefix',
  },
  'import-key-pair': {
    '2.4': 'key output-key-prefix yes',
  },
  initialize: {
    '2.4': 'mirror root root-checksum',
    '3.1': 'staging',
  },
  login: {
    '2.4': 'password password-stdin username',
  },
  'public-key': {
    '2.4': 'key outfile sk slot',
  },
  sign: {
    '2.4':
      'allow-http-registry allow-insecure-registry annotations attachment attachment-tag-prefix certificate ' +
      'certificate-chain fulcio-auth-flow fulcio-url identity-token insecure-skip-verify issue-certificate ' +
      'k8s-keychain key oidc-client-id oidc-client-secret-file oidc-disable-ambient-providers oidc-issuer ' +
      'oidc-provider oidc-redirect-url output-certificate output-payload output-signature payload ' +
      'record-creation-timestamp recursive registry-cacert registry-client-cert registry-client-key ' +
      'registry-password registry-referrers-mode registry-server-name registry-token registry-username ' +
      'rekor-url sign-container-identity sk slot timestamp-client-cacert timestamp-client-cert ' +
      'timestamp-client-key timestamp-server-name timestamp-server-url tlog-upload upload yes',
    '2.6': 'new-bundle-format signing-config trusted-root use-signing-config',
    '3.1': 'bundle',
  },
  'sign-blob': {
    '2.4':
      'b64 bundle fulcio-auth-flow fulcio-url identity-token insecure-skip-verify issue-certificate key ' +
      'new-bundle-format oidc-client-id oidc-client-secret-file oidc-disable-ambient-providers oidc-issuer ' +
      'oidc-provider oidc-redirect-url output output-certificate output-signature rekor-url ' +
      'rfc3161-timestamp sk slot timestamp-client-cacert timestamp-client-cert timestamp-client-key ' +
      'timestamp-server-name timestamp-server-url tlog-upload yes',
    '2.6': 'signing-config trusted-root use-signing-config',
    '3.1': 'certificate certificate-chain signing-algorithm',
  },
  tree: {
    '2.4':
      'allow-http-registry allow-insecure-registry attachment-tag-prefix k8s-keychain registry-cacert ' +
      'registry-client-cert registry-client-key registry-password registry-server-name registry-token ' +
      'registry-username',
    '2.6': 'experimental-oci11 registry-referrers-mode',
  },
  triangulate: {
    '2.4':
      'allow-http-registry allow-insecure-registry attachment-tag-prefix k8s-keychain registry-cacert ' +
      'registry-client-cert registry-client-key registry-password registry-server-name registry-token ' +
      'registry-username type',
  },
  'trusted-root create': {
    '2.4': 'certificate-chain ctfe-key ctfe-start-time out rekor-key rekor-start-time timestamp-certificate-chain',
    '2.6': 'ctfe ctfe-end-time ctfe-url fulcio fulcio-uri rekor rekor-end-time rekor-url timestamp-uri tsa',
    '3.1': 'no-default-ctfe no-default-fulcio no-default-rekor no-default-tsa with-default-services',
  },
  verify: {
    '2.4':
      'allow-http-registry allow-insecure-registry annotations attachment attachment-tag-prefix ' +
      'ca-intermediates ca-roots certificate certificate-chain certificate-github-workflow-name ' +
      'certificate-github-workflow-ref certificate-github-workflow-repository ' +
      'certificate-github-workflow-sha certificate-github-workflow-trigger certificate-identity ' +
      'certificate-identity-regexp certificate-oidc-issuer certificate-oidc-issuer-regexp check-claims ' +
      'experimental-oci11 insecure-ignore-sct insecure-ignore-tlog k8s-keychain key local-image max-workers ' +
      'new-bundle-format offline output payload private-infrastructure registry-cacert registry-client-cert ' +
      'registry-client-key registry-password registry-server-name registry-token registry-username ' +
      'rekor-url sct signature signature-digest-algorithm sk slot timestamp-certificate-chain trusted-root ' +
      'use-signed-timestamps',
  },
  'verify-attestation': {
    '2.4':
      'allow-http-registry allow-insecure-registry attachment-tag-prefix ' +
      'ca-intermediates ca-roots certificate certificate-chain certificate-github-workflow-name ' +
      'certificate-github-workflow-ref certificate-github-workflow-repository ' +
      'certificate-github-workflow-sha certificate-github-workflow-trigger certificate-identity ' +
      'certificate-identity-regexp certificate-oidc-issuer certificate-oidc-issuer-regexp check-claims ' +
      'experimental-oci11 insecure-ignore-sct insecure-ignore-tlog k8s-keychain key local-image max-workers ' +
      'new-bundle-format offline output policy private-infrastructure registry-cacert registry-client-cert ' +
      'registry-client-key registry-password registry-server-name registry-token registry-username ' +
      'rekor-url sct sk slot timestamp-certificate-chain trusted-root type use-signed-timestamps',
    '2.6': 'signature-digest-algorithm',
  },
  'verify-blob': {
    '2.4':
      'bundle ca-intermediates ca-roots certificate certificate-chain certificate-github-workflow-name ' +
      'certificate-github-workflow-ref certificate-github-workflow-repository ' +
      'certificate-github-workflow-sha certificate-github-workflow-trigger certificate-identity ' +
      'certificate-identity-regexp certificate-oidc-issuer certificate-oidc-issuer-regexp ' +
      'experimental-oci11 insecure-ignore-sct insecure-ignore-tlog key max-workers new-bundle-format ' +
      'offline private-infrastructure rekor-url rfc3161-timestamp sct signature signature-digest-algorithm ' +
      'sk slot timestamp-certificate-chain trusted-root use-signed-timestamps',
  },
  'verify-blob-attestation': {
    '2.4':
      'bundle ' +
      'ca-intermediates ca-roots certificate certificate-chain certificate-github-workflow-name ' +
      'certificate-github-workflow-ref certificate-github-workflow-repository ' +
      'certificate-github-workflow-sha certificate-github-workflow-trigger certificate-identity ' +
      'certificate-identity-regexp certificate-oidc-issuer certificate-oidc-issuer-regexp check-claims ' +
      'experimental-oci11 insecure-ignore-sct insecure-ignore-tlog key max-workers new-bundle-format ' +
      'offline private-infrastructure rekor-url rfc3161-timestamp sct signature sk slot ' +
      'timestamp-certificate-chain trusted-root type use-signed-timestamps',
    '2.6': 'digest digestAlg signature-digest-algorithm',
  },
  version: {
    '2.4': 'json',
  },
};

/** Persistent flags of the root command. */
const everywhere = ['output-file', 'timeout', 'verbose'];

const commands = new Map((await loadCommands()).map((command) => [command.path.join(' '), command]));

test('the table of compatibility speaks about exactly the flags that each release of cosign has', () => {
  for (const [name, byVersion] of Object.entries(cosignFlags)) {
    const known: string[] = [];
    for (const version of cosignVersions) {
      known.push(...(byVersion[version] ?? '').split(' ').filter((flag) => flag !== ''));
      const table = Object.entries(commandOf(name).flags).filter(([, { cosign }]) => cosign?.in.includes(version));
      const global = name === 'version' ? ['json'] : [];
      assert.deepEqual(
        [...table.map(([flag]) => flag), ...global].toSorted(),
        known.toSorted(),
        `${name}, cosign ${version}`,
      );
    }
  }
});

test('every command of the list is one of cosign, and every command that claims to be is in the list', () => {
  const claimed = [...commands.values()].filter(({ isInCosign }) => isInCosign).map(({ path }) => path.join(' '));
  assert.deepEqual(claimed.toSorted(), Object.keys(cosignFlags).toSorted());
});

test('the flags of every cosign command are there everywhere', () => {
  for (const name of everywhere) assert.ok(Object.hasOwn(globalFlags, name), name);
});

test('every flag of cosign parses, and is refused only where the table says so', () => {
  for (const name of Object.keys(cosignFlags)) {
    const flags: Flags = { ...commandOf(name).flags, ...globalFlags };
    for (const [flagName, flag] of Object.entries(flags).filter(([, { cosign }]) => cosign !== undefined)) {
      const parsed = parseArguments([`--${flagName}=${sampleOf(flag)}`], flags);
      const settle = (): unknown => settingsOf(flags, parsed, {});
      if (flag.cosign?.here === 'refused') {
        assert.throws(settle, { code: 'FLAG_NOT_AVAILABLE' }, `${name} --${flagName}`);
      } else {
        assert.doesNotThrow(settle, `${name} --${flagName}`);
      }
    }
  }
});

test('a refused flag says what to do instead', () => {
  for (const { flags, path } of commands.values()) {
    for (const [name, { cosign }] of Object.entries(flags)) {
      if (cosign?.here === 'same' || cosign === undefined) continue;
      assert.match(cosign.text ?? '', /^[A-Z].*\.$/s, `${path.join(' ')} --${name}`);
    }
  }
});

test('values that ask for nothing are accepted of refused flags', () => {
  const flags = commandOf('sign').flags;
  for (const word of ['--oidc-provider=envvar', '--sk=false', '--certificate=', '--issue-certificate=false']) {
    assert.doesNotThrow(() => settingsOf(flags, parseArguments([word], flags), {}), word);
  }
  const sha256 = parseArguments(['--signature-digest-algorithm', 'sha256'], commandOf('verify').flags);
  assert.doesNotThrow(() => settingsOf(commandOf('verify').flags, sha256, {}));
});

test('what asks for something that is not here is a usage error, on the command line and from the environment', () => {
  const { flags } = commandOf('sign');
  const none = parseArguments([], flags);
  const refusal = (error: unknown): boolean => error instanceof UsageError && error.code === 'FLAG_NOT_AVAILABLE';
  assert.throws(() => settingsOf(flags, parseArguments(['--sk'], flags), {}), refusal);
  assert.throws(() => settingsOf(flags, parseArguments(['--oidc-provider', 'spiffe'], flags), {}), refusal);
  assert.throws(() => settingsOf(flags, none, { COSIGN_OIDC_PROVIDER: 'spiffe' }), refusal);
});

function commandOf(name: string): Command {
  const command = commands.get(name);
  assert.ok(command !== undefined, name);
  return command;
}

/** A value that asks for something. */
function sampleOf(flag: Flag): string {
  switch (flag.type) {
    case 'bool':
      return flag.cosign?.here === 'refused' || !flag.default ? 'true' : 'false';
    case 'int':
      return '3';
    case 'duration':
      return '5s';
    case 'enum':
      return flag.values[0] ?? '';
    default:
      return 'a=b';
  }
}
