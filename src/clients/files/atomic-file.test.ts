import assert from 'node:assert/strict';
import { lstat, mkdir, readdir, readFile, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { hasCode } from '../../../test/support/error-code.ts';
import { createScratchFolder } from '../../../test/support/scratch.ts';
import { utf8Of } from '../../base/bytes.ts';
import { writeFileAtomic } from './atomic-file.ts';

const folder = createScratchFolder('atomic-file');
const first = utf8Of('first');
const second = utf8Of('second');

test('a new file has exactly the mode asked for, whatever the umask, and leaves nothing beside it', async () => {
  const before = process.umask(0o077);
  try {
    for (const mode of [0o600, 0o644]) {
      const place = join(folder, `mode-${mode}`);
      await mkdir(place);
      await writeFileAtomic(join(place, 'file'), first, { mode, overwrite: false });
      assert.equal((await stat(join(place, 'file'))).mode & 0o777, mode);
      assert.deepEqual(await readdir(place), ['file']);
    }
  } finally {
    process.umask(before);
  }
});

test('without leave to overwrite, what is there stays: a file, or a link to nowhere', async () => {
  const place = join(folder, 'new');
  await mkdir(place);
  await writeFileAtomic(join(place, 'file'), first, { mode: 0o600, overwrite: false });
  await symlink(join(place, 'elsewhere'), join(place, 'link'));
  for (const name of ['file', 'link']) {
    await assert.rejects(
      writeFileAtomic(join(place, name), second, { mode: 0o600, overwrite: false }),
      hasCode('FILE_EXISTS'),
    );
  }
  assert.equal(await readFile(join(place, 'file'), 'utf8'), 'first');
  assert.deepEqual((await readdir(place)).sort(), ['file', 'link']);
});

test('overwriting replaces the content and the mode, and follows a link', async () => {
  const place = join(folder, 'over');
  await mkdir(place);
  await writeFileAtomic(join(place, 'file'), first, { mode: 0o644, overwrite: true });
  await symlink('file', join(place, 'link'));
  await writeFileAtomic(join(place, 'link'), second, { mode: 0o600, overwrite: true });
  assert.equal(await readFile(join(place, 'file'), 'utf8'), 'second');
  assert.equal((await stat(join(place, 'file'))).mode & 0o777, 0o600);
  assert.equal((await lstat(join(place, 'link'))).isSymbolicLink(), true);
  assert.deepEqual((await readdir(place)).sort(), ['file', 'link']);
});

test('of many writers of one new file exactly one wins, and its content is whole', async () => {
  const path = join(folder, 'race');
  const contents = Array.from({ length: 20 }, (_, index) => `${index}`.repeat(10_000));
  const results = await Promise.allSettled(
    contents.map(async (text) => writeFileAtomic(path, utf8Of(text), { mode: 0o600, overwrite: false })),
  );
  const winner = results.findIndex((result) => result.status === 'fulfilled');
  assert.equal(results.filter((result) => result.status === 'fulfilled').length, 1);
  assert.equal(await readFile(path, 'utf8'), contents[winner]);
});

test('a folder that is not there is named', async () => {
  await assert.rejects(
    writeFileAtomic(join(folder, 'missing', 'file'), first, { mode: 0o600, overwrite: false }),
    hasCode('FILE_NOT_WRITABLE'),
  );
  await assert.rejects(
    writeFileAtomic(join(folder, 'new'), first, { mode: 0o600, overwrite: true }),
    hasCode('FILE_NOT_WRITABLE'),
    'a folder',
  );
});
