/** Completion scripts, run by the shells they are for. */
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { runCountersign } from '../support/countersign.ts';
import { createScratchFolder } from '../support/scratch.ts';

const run = promisify(execFile);
const folder = createScratchFolder('completion');
const scriptOf = (shell: string): string => join(folder, `countersign.${shell}`);

before(async () => {
  await Promise.all(
    ['bash', 'zsh', 'fish', 'powershell'].map(async (shell) => {
      const { status, stdout, stderr } = await runCountersign(['completion', shell]);
      assert.equal(status, 0, stderr);
      writeFileSync(scriptOf(shell), stdout);
    }),
  );
  writeFileSync(join(folder, 'my key.pub'), '');
});

/** What bash offers after these words, the last of which is being typed. */
async function offeredByBash(...words: readonly string[]): Promise<readonly string[]> {
  const quoted = words.map((word) => `'${word}'`).join(' ');
  const script = `compopt() { :; }; source "$0"; COMP_WORDS=(countersign ${quoted}); COMP_CWORD=${words.length}; _countersign; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await run('bash', ['--norc', '-c', script, scriptOf('bash')], { cwd: folder });
  return stdout.split('\n').filter((line) => line !== '');
}

describe('completion', () => {
  test('bash takes the script', async () => {
    await run('bash', ['-n', scriptOf('bash')]);
  });

  test('bash completes commands, at every level', async () => {
    assert.deepEqual(await offeredByBash('ver'), [
      'verify',
      'verify-attestation',
      'verify-blob',
      'verify-blob-attestation',
      'verify-bundle',
      'version',
    ]);
    assert.deepEqual(await offeredByBash('download', ''), ['signature']);
    assert.ok((await offeredByBash('')).includes('registry'));
  });

  test('bash completes flags, those of all commands included, but none that are only kept for old scripts', async () => {
    const flags = await offeredByBash('verify', '--');
    for (const flag of ['--key', '--explain', '--registry-cacert', '--json', '--help'])
      assert.ok(flags.includes(flag), flag);
    for (const flag of ['--rekor-url', '--sk', '--new-bundle-format']) assert.ok(!flags.includes(flag), flag);
    assert.deepEqual(await offeredByBash('download', 'signature', '--time'), ['--timeout']);
  });

  test('bash completes the values of a flag, after a blank and after =', async () => {
    assert.deepEqual(await offeredByBash('verify', '--output', ''), ['json', 'text']);
    assert.deepEqual(await offeredByBash('verify', '-o', 't'), ['text']);
    assert.deepEqual(await offeredByBash('sign', '--format', '=', 'b'), ['both', 'bundle']);
    assert.deepEqual(await offeredByBash('completion', 'f'), ['fish']);
  });

  test('bash completes files where a file is wanted, and nothing where nobody can know', async () => {
    assert.ok((await offeredByBash('verify', '--key', 'my')).join(' ').includes('my'));
    assert.ok((await offeredByBash('sign-blob', '')).includes('countersign.bash'));
    assert.deepEqual(await offeredByBash('verify', ''), []);
    assert.deepEqual(await offeredByBash('verify', '--timeout', ''), []);
  });

  for (const [shell, check] of [
    ['zsh', ['-n']],
    ['fish', ['--no-execute']],
  ] as const) {
    const isThere = hasProgram(shell);
    test(`${shell} takes the script`, { skip: isThere ? false : `${shell} is not installed` }, async () => {
      await run(shell, [...check, scriptOf(shell)]);
    });
  }

  test('PowerShell takes the script', { skip: hasProgram('pwsh') ? false : 'pwsh is not installed' }, async () => {
    const check =
      '$errors = $null; [void][System.Management.Automation.Language.Parser]::ParseFile($args[0], [ref]$null, [ref]$errors); exit $errors.Count';
    await run('pwsh', ['-NoProfile', '-Command', check, scriptOf('powershell')]);
  });
});

function hasProgram(name: string): boolean {
  try {
    execFileSync(name, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
