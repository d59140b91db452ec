/** Usage: help, mistakes, and what stands on which stream. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { commandTable } from '../../src/cli/command-table.ts';
import { runCountersign } from '../support/countersign.ts';
import { createScratchFolder } from '../support/scratch.ts';
import { errorCodeOf, jsonOf } from './scene.ts';

describe('usage', { concurrency: 4 }, () => {
  test('without a command, with --help and with help, the commands are listed', async () => {
    for (const args of [[], ['--help'], ['help'], ['-h']]) {
      const { status, stdout, stderr } = await runCountersign(args);
      assert.equal(status, 0);
      assert.equal(stderr, '');
      for (const { path } of commandTable) assert.ok(stdout.includes(path.join(' ')), path.join(' '));
    }
  });

  test('a group of commands lists its own', async () => {
    for (const args of [['download'], ['registry', '--help'], ['help', 'attach']]) {
      const { status, stdout } = await runCountersign(args);
      assert.equal(status, 0);
      assert.match(stdout, /Commands:/);
    }
  });

  for (const { path } of commandTable) {
    test(`${path.join(' ')} --help tells usage, an example and the flags, whatever else is asked`, async () => {
      const { status, stdout, stderr } = await runCountersign([...path, '--help', '--timeout=nonsense', 'x', 'y', 'z']);
      assert.equal(status, 0, stderr);
      assert.equal(stderr, '');
      assert.ok(stdout.includes(`countersign ${path.join(' ')} [flags]`));
      for (const part of ['Usage:', 'Examples:', '--json', '--timeout']) assert.ok(stdout.includes(part), part);
      for (const line of stdout.split('\n')) assert.ok(line.length <= 180, line);
    });
  }

  const mistakes: readonly (readonly [readonly string[], string, RegExp])[] = [
    [['verfiy'], 'COMMAND_UNKNOWN', /"verify"/],
    [['--verbos'], 'FLAG_UNKNOWN', /--verbose\?/],
    [['download', 'sgnature'], 'COMMAND_UNKNOWN', /"download signature"/],
    [['verify', '--kye', 'x', 'image'], 'FLAG_UNKNOWN', /--key\?/],
    [['verify', '--key', 'x'], 'ARGUMENTS_INVALID', /IMAGE/],
    [['version', 'now'], 'ARGUMENTS_INVALID', /no arguments/],
    [['completion', 'tcsh'], 'ARGUMENTS_INVALID', /bash/],
    [['verify', '--max-workers=few', 'image'], 'FLAG_VALUE_INVALID', /--max-workers/],
    [['verify', '--key=k', '--max-workers=0', 'image'], 'FLAG_VALUE_INVALID', /greater than 0/],
    [['verify', '--timeout=8', 'image'], 'FLAG_VALUE_INVALID', /--timeout/],
    [['verify', '--timeout=0', 'image'], 'FLAG_VALUE_INVALID', /--timeout/],
    [['verify', '--output=xml', 'image'], 'FLAG_VALUE_INVALID', /json, text/],
    [['verify', 'image'], 'FLAGS_CONFLICT', /key/],
    [['verify', '--key=a', '--key=b', 'image'], 'FLAGS_CONFLICT', /--threshold/],
    [['verify', '--key=a', '--check-claims=false', '-a', 'x=1', 'image'], 'FLAGS_CONFLICT', /--annotations/],
    [['verify', '--key=a', '--payload=p', 'image'], 'FLAGS_CONFLICT', /--signature/],
    [['verify', '--key=a', '--rekor-url=https://rekor.example.com', 'image'], 'FLAG_NOT_AVAILABLE', /--rekor-url/],
    [['verify', '--key=a', '--attachment=sbom', 'image'], 'FLAG_NOT_AVAILABLE', /--attachment/],
    [['verify', '--key=a', '--local-image', 'folder'], 'FLAG_NOT_AVAILABLE', /--local-image/],
    [['verify', '--key=a', '--k8s-keychain', 'image'], 'FLAG_NOT_AVAILABLE', /--k8s-keychain/],
    [['verify', '--key=a', 'upper/CASE'], 'REFERENCE_MALFORMED', /lower-case/],
    [['sign', 'image'], 'SIGNING_SERVICE_MISSING', /neither a key nor/],
    [['sign', '--key=k', '--rekor-url=http://rekor.example.com', 'image'], 'SERVICE_URL_INVALID', /--rekor-url/],
    [['sign', '--key=k', '--tlog-upload', 'image'], 'SIGNING_SERVICE_MISSING', /no log/],
    [['sign', '--fulcio-url=https://ca.example.com', 'image'], 'SIGNING_SERVICE_MISSING', /neither.*nor|none is named/],
    [['sign', '--rekor-url=https://a.example.com', '--signing-config=x', 'image'], 'FLAGS_CONFLICT', /configuration/],
    [['attest', '--key=k', 'image'], 'FLAGS_CONFLICT', /--predicate/],
    [['attest', '--key=k', '--type=nothing', '--predicate=x', 'image'], 'PREDICATE_TYPE_INVALID', /spdxjson/],
    [['sign', '--key=k', '--format=legacy', '--new-bundle-format', 'image'], 'FLAGS_CONFLICT', /--format/],
    [['sign', '--key=k', '--format=legacy', '--bundle=b', 'image'], 'FLAGS_CONFLICT', /--bundle/],
    [['sign', '--key=k', '--output-signature=s', 'a', 'b'], 'FLAGS_CONFLICT', /overwrite/],
    [['sign', '--key=k', '-a', 'x', 'image'], 'FLAG_VALUE_INVALID', /KEY=VALUE/],
    [['sign', '--key=k', '--registry-username=u', 'image'], 'FLAGS_CONFLICT', /--registry-password/],
    [['sign-blob', '--key=k', '--bundle=b', 'x', 'y'], 'FLAGS_CONFLICT', /overwrite/],
    [['sign-blob', '--key=k', '--b64=false', 'x'], 'FLAGS_CONFLICT', /--output-signature/],
    [['verify-blob', '--key=k', 'file'], 'FLAGS_CONFLICT', /--bundle/],
    [['verify-blob', '--key=k', '--bundle=b', '--signature=s', 'file'], 'FLAGS_CONFLICT', /--bundle/],
    [['copy', '--registry-token=t', 'a.example.com/x/y', 'b.example.com/x/y'], 'FLAGS_CONFLICT', /several registries/],
    [['copy', '--only=signatures', 'a', 'b'], 'FLAG_VALUE_INVALID', /--only/],
    [['copy', '--platform=linux', 'a', 'b'], 'FLAG_VALUE_INVALID', /--platform/],
    [['import-key-pair'], 'FLAGS_CONFLICT', /--key/],
    [['public-key', '--key', 'no-such-file'], 'KEY_NOT_FOUND', /no-such-file/],
    [['public-key', '--key', 'awskms:///alias/x'], 'KEY_REFERENCE_UNSUPPORTED', /awskms/],
    [['generate-key-pair', 'k8s://a/b'], 'KEY_REFERENCE_UNSUPPORTED', /k8s/],
    [['registry', 'serve', '--listen=5000'], 'FLAG_VALUE_INVALID', /--listen/],
    [['registry', 'serve', '--tls-cert=x'], 'FLAGS_CONFLICT', /--tls-key/],
    [['attach', 'signature', 'image'], 'FLAGS_CONFLICT', /--signature/],
    [['login', '-u', 'me', 'registry.example.com'], 'FLAGS_CONFLICT', /--password-stdin/],
  ];
  for (const [args, code, message] of mistakes) {
    test(`${args.join(' ')} is refused with ${code}`, async () => {
      const run = await runCountersign([...args, '--json']);
      assert.equal(errorCodeOf(run), code, run.stderr);
      assert.equal(run.status, 1);
      assert.match(run.stderr, message);
      assert.match(run.stderr, /^Error: /m);
    });
  }

  test('a flag at the end without its value is refused with FLAG_VALUE_MISSING', async () => {
    const run = await runCountersign(['verify', '--json', '--key']);
    assert.equal(errorCodeOf(run), 'FLAG_VALUE_MISSING');
  });

  test('old spellings are corrected with a warning, as in cosign', async () => {
    const { status, stderr, stdout } = await runCountersign([
      'triangulate',
      '-type',
      'attestation',
      `registry.example.com/app/x@sha256:${'0'.repeat(64)}`,
    ]);
    assert.equal(status, 0);
    assert.match(stderr, /WARNING: the flag -type is deprecated.*Please use the flag --type/);
    assert.equal(stdout, `registry.example.com/app/x:sha256-${'0'.repeat(64)}.att\n`);
  });

  test('flags of every command may stand before the command', async () => {
    assert.ok(jsonOf(await runCountersign(['--timeout', '5s', '--json', 'version']))['gitVersion']);
  });

  test('--version is the command version', async () => {
    assert.match((await runCountersign(['--version'])).stdout, /GitVersion: +v\d.*\S\n$/s);
  });

  test('version --json names its members as cosign does', async () => {
    const names = ['gitVersion', 'gitCommit', 'gitTreeState', 'buildDate', 'goVersion', 'compiler', 'platform'];
    assert.deepEqual(Object.keys(jsonOf(await runCountersign(['version', '--json']))), names);
  });

  test('--output-file takes what would go to stdout', async () => {
    const cwd = createScratchFolder('output-file');
    const { stdout } = await runCountersign(['version', '--json', '--output-file', 'v.json'], { cwd });
    assert.equal(stdout, '');
    assert.match(await readFile(join(cwd, 'v.json'), 'utf8'), /gitVersion/);
  });

  test('an output file that cannot be written is an error', async () => {
    const run = await runCountersign(['version', '--json', '--output-file', 'no/such/folder/v.json']);
    assert.equal(run.status, 1);
    assert.equal(errorCodeOf(run), 'FILE_NOT_WRITABLE');
  });

  test('off a terminal nothing is coloured', async () => {
    const { stdout, stderr } = await runCountersign(['verify', '--explain', '--key', 'none', '127.0.0.1:1/x/y']);
    assert.doesNotMatch(stdout + stderr, /\u001b/);
  });
});

test('registry serve warns before it listens where others can reach it', async () => {
  // An address that no machine has (RFC 5737): the warning comes, and nothing listens.
  const args = ['registry', 'serve', '--listen', '192.0.2.1:0', '--data', createScratchFolder('served')];
  assert.match((await runCountersign(args)).stderr, /WARNING: there are no accounts[^]*LISTEN_FAILED/);
});
