import assert from 'node:assert/strict';
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { hasCode } from '../../../test/support/error-code.ts';
import { createScratchFolder } from '../../../test/support/scratch.ts';
import { utf8Of } from '../../base/bytes.ts';
import type { KeyRing } from '../../crypto/key-ring.ts';
import {
  openDataDirectory,
  readKeys,
  readSettings,
  removeKeys,
  requireSettings,
  writeKeys,
  writeSettings,
} from './data-directory.ts';
import { createStackKeys, offlineKeyNames, requireSigner } from './stack-keys.ts';
import { encodeStackSettings, parseStackSettings, SCHEMA_VERSION } from './stack-settings.ts';
import type { StackSettings } from './stack-settings.ts';

const password = utf8Of('password');

function settingsWith(keys: KeyRing): StackSettings {
  return {
    isMade: true,
    mode: 'production',
    name: 'Example',
    url: 'https://sigstore.example.com',
    listen: '127.0.0.1:8080',
    treeId: 2_605_736_670_972_794_746n,
    created: new Date('2026-01-02T03:04:05Z'),
    publicKeys: new Map(Array.from(keys, ([name, { publicKey }]) => [name, publicKey.spki])),
  };
}

test('settings come back as they were written', () => {
  const settings = settingsWith(createStackKeys('production'));
  assert.deepEqual(parseStackSettings(encodeStackSettings(settings)), settings);
});

test('settings of a newer version are refused, those of an older one are brought up to date', () => {
  const settings = settingsWith(createStackKeys('production'));
  const document = JSON.parse(Buffer.from(encodeStackSettings(settings)).toString()) as Record<string, unknown>;
  const newer = utf8Of(JSON.stringify({ ...document, version: SCHEMA_VERSION + 1 }));
  assert.throws(() => parseStackSettings(newer), hasCode('STACK_VERSION_NEWER'));
  const { name: _, ...nameless } = document;
  const upgraded = parseStackSettings(utf8Of(JSON.stringify(nameless)), [
    (older) => ({ ...older, name: 'named since' }),
  ]);
  assert.equal(upgraded.name, 'named since');
});

test('settings that were damaged are refused with their name', async () => {
  const path = createScratchFolder('stack');
  await writeSettings(path, settingsWith(createStackKeys('production')));
  const good = readFileSync(join(path, 'stack.json'), 'utf8');
  for (const bad of ['', good.slice(0, 100), good.replace(/MFkw/, 'M*kw'), good.replace(/"mode"/, '"node"')]) {
    writeFileSync(join(path, 'stack.json'), bad);
    await assert.rejects(readSettings(path), hasCode('STACK_DATA_INVALID'), bad.slice(0, 50));
  }
});

test('a directory is closed to others, and to a second process', async (t) => {
  const path = join(createScratchFolder('stack'), 'deep', 'data');
  const directory = await openDataDirectory(path);
  t.after(directory.release);
  assert.equal(statSync(path).mode & 0o777, 0o700);
  await assert.rejects(openDataDirectory(path), hasCode('DATA_DIR_LOCKED'));
  directory.release();
  (await openDataDirectory(path)).release();
});

test('a directory with other things in it is left alone', async () => {
  const path = createScratchFolder('stack');
  writeFileSync(join(path, 'thesis.tex'), '');
  await assert.rejects(openDataDirectory(path), hasCode('STACK_DATA_INVALID'));
  assert.equal(await readSettings(path), undefined);
  await assert.rejects(requireSettings(path), hasCode('STACK_NOT_FOUND'));
});

test('what a killed process left of the files that it was writing is removed, and nothing else', async () => {
  const path = createScratchFolder('stack');
  const theirs = '.thesis.tex.0123456789ab';
  for (const name of ['.keys.json.0123456789ab', '.stack.json.0123456789ab', '.tls.pem.0123456789ab', 'tls.pem']) {
    writeFileSync(join(path, name), 'half');
  }
  (await openDataDirectory(path)).release();
  assert.deepEqual(
    readdirSync(path).filter((name) => !name.startsWith('lock')),
    ['tls.pem'],
  );
  writeFileSync(join(path, theirs), '');
  await assert.rejects(openDataDirectory(path), hasCode('STACK_DATA_INVALID'));
  assert.ok(readdirSync(path).includes(theirs));
});

test('keys open with the password, are compared with what was made, and can be taken out', async () => {
  const path = createScratchFolder('stack');
  const keys = createStackKeys('production');
  const settings = settingsWith(keys);
  await assert.rejects(readKeys(path, settings, password), hasCode('STACK_DATA_INVALID'));
  await writeKeys(path, keys, password);
  await writeSettings(path, settings);
  assert.equal(statSync(join(path, 'keys.json')).mode & 0o777, 0o600);
  assert.deepEqual([...(await readKeys(path, await requireSettings(path), password)).keys()], [...keys.keys()]);
  const foreign = settingsWith(createStackKeys('production'));
  await assert.rejects(readKeys(path, foreign, password), hasCode('STACK_DATA_INVALID'));

  await removeKeys(path, offlineKeyNames);
  const rest = await readKeys(path, settings, password);
  assert.deepEqual(
    [...rest.keys()].filter((name) => /root|targets/.test(name)),
    [],
  );
  assert.throws(() => requireSigner(rest, 'tuf-root'), hasCode('STACK_DATA_INVALID'));
  assert.doesNotMatch(readFileSync(join(path, 'keys.json'), 'utf8'), /tuf-root/);
});
