/** What the documents show is run, and what they name is there. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { runCountersign } from '../support/countersign.ts';
import { startEmbedded } from '../support/embedded-registry.ts';
import { buildImage, pushImage } from '../support/image.ts';
import { createScratchFolder } from '../support/scratch.ts';

const root = join(import.meta.dirname, '..', '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');

test('README is a page that a person reads', () => {
  assert.ok(readme.split('\n').length <= 150);
});

test('the library example of README runs and says that a signed image is verified', async () => {
  const registry = await startEmbedded();
  const folder = createScratchFolder('readme');
  const reference = `${registry.host}/app:v1`;
  await pushImage(registry, 'app', 'v1', buildImage('readme'));
  const env = { COSIGN_PASSWORD: 'readme' };
  for (const args of [['generate-key-pair'], ['sign', '--key', 'cosign.key', reference]]) {
    const run = await runCountersign(args, { cwd: folder, env });
    assert.equal(run.status, 0, run.stderr);
  }
  const [, example = ''] = /```ts\n(.*?)```/s.exec(readme) ?? [];
  const door = pathToFileURL(join(root, 'src', 'index.ts')).href;
  const file = join(folder, 'example.ts');
  writeFileSync(file, example.replace("'countersign'", `'${door}'`).replace('registry.example.com/app:v1', reference));
  const { stdout } = await promisify(execFile)(process.execPath, [file], { cwd: folder, timeout: 30_000 });
  await registry.close();
  assert.match(stdout, /^verified signed by sha256:[0-9a-f]{64}/);
});

/** As they are named from the root. */
function pagesIn(folder: string): readonly string[] {
  const names = readdirSync(join(root, folder)).filter((name) => name.endsWith('.md'));
  return names.map((name) => `${folder}/${name}`);
}

test('every file that the documents name is there', () => {
  const pages = ['README.md', 'CONTRIBUTING.md', ...['docs', 'docs/decisions', 'docs/guides'].flatMap(pagesIn)];
  const missing = pages.flatMap((page) => {
    const text = readFileSync(join(root, page), 'utf8');
    const named = [...text.matchAll(/`((?:src|test|tools|docs|bench)\/[^`\s<>]*)`/g)].map(([, path = '']) => path);
    const linked = [...text.matchAll(/\]\(([^)#:]+)\)/g)].map(([, path = '']) => join(dirname(page), path));
    return [...named, ...linked].filter((path) => !existsSync(join(root, path))).map((path) => `${page}: ${path}`);
  });
  assert.deepEqual(missing, []);
});
