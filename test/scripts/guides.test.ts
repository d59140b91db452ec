/** What the guides show as code is run, in a folder that holds the files they name. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { parseIssuerConfiguration } from '../../src/servers/ca/identity/issuer-configuration.ts';
import { createScratchFolder } from '../support/scratch.ts';
import { generalName } from '../support/virtual-sigstore/virtual-certificate.ts';
import { createVirtualSigstore, statementOf } from '../support/virtual-sigstore/virtual-sigstore.ts';

const root = join(import.meta.dirname, '..', '..');
const guide = readFileSync(join(root, 'docs', 'guides', 'verify-in-code.md'), 'utf8');
const examples = [...guide.matchAll(/```ts\n(.*?)```/gs)].map(([, code = '']) => code);
const door = pathToFileURL(join(root, 'src', 'verify.ts')).href;

test('the examples of "Verify in code" run and say what they should', async () => {
  const folder = createScratchFolder('guides');
  writeWorld(folder);
  const outputs = await Promise.all(examples.map((code, index) => run(folder, code, `example-${index}.ts`)));
  assert.equal(outputs.length, 3);
  assert.match(outputs[0] ?? '', /^verified\ndev@example\.com 2026-03-01T12:00:0\d\.000Z\n$/);
  assert.match(outputs[1] ?? '', /^verified\npass: .*\nskip: .*transparency log: not checked \(none configured\)/s);
  assert.equal(outputs[2], 'verified https://slsa.dev/provenance/v1\n');
});

test('changed files are told with the step that failed', async () => {
  const folder = createScratchFolder('guides');
  writeWorld(folder);
  writeFileSync(join(folder, 'app.txt'), 'another file\n');
  assert.match(await run(folder, examples[0] ?? '', 'example.ts'), /^rejected\ndigest sha256:/);
});

test('the issuers that the guide to a private Sigstore shows can be configured so', () => {
  const text = readFileSync(join(root, 'docs', 'guides', 'private-sigstore.md'), 'utf8');
  const [, yaml = ''] = /```yaml\n(.*?)```/s.exec(text) ?? [];
  const { issuers, metaIssuers } = parseIssuerConfiguration(yaml);
  assert.deepEqual([issuers.size, metaIssuers.length], [4, 1]);
});

function writeWorld(folder: string): void {
  const artifact = Buffer.from('an application\n');
  const sigstore = createVirtualSigstore();
  const write = (name: string, value: string | Buffer): void => writeFileSync(join(folder, name), value);
  const workflow = 'https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1.2.3';
  write('app.txt', artifact);
  write('trusted_root.json', JSON.stringify(sigstore.trustedRoot()));
  const app = sigstore.sign({
    content: { artifact },
    certificate: { names: [generalName.email('dev@example.com')], issuer: 'https://login.example.com' },
  });
  write('app.sigstore.json', JSON.stringify(app.bundle()));
  const release = sigstore.sign({ content: { artifact }, signer: 'key' });
  write('release.sigstore.json', JSON.stringify(release.bundle()));
  write('release.pub', release.key.spki);
  const provenance = sigstore.sign({
    content: { payload: statementOf(artifact, 'https://slsa.dev/provenance/v1') },
    certificate: {
      names: [generalName.uri(workflow)],
      issuer: 'https://token.actions.githubusercontent.com',
      claims: { 12: 'https://github.com/acme/app' },
    },
  });
  write('provenance.sigstore.json', JSON.stringify(provenance.bundle()));
}

async function run(folder: string, code: string, name: string): Promise<string> {
  const file = join(folder, name);
  writeFileSync(file, code.replace("'countersign/verify'", `'${door}'`));
  const { stdout } = await promisify(execFile)(process.execPath, ['--no-warnings', file], {
    cwd: folder,
    timeout: 30_000,
  });
  return stdout;
}
