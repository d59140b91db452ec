/** bundle inspect, as typed. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { createVirtualKey } from '../support/virtual-sigstore/virtual-key.ts';
import type { SignRequest } from '../support/virtual-sigstore/virtual-sigstore.ts';
import { artifact, openKeylessScene } from './keyless-scene.ts';
import type { KeylessScene } from './keyless-scene.ts';
import { errorCodeOf, jsonOf } from './scene.ts';

let scene: KeylessScene;
before(async () => {
  scene = await openKeylessScene();
});
after(() => scene.close());

async function inspect(name: string, request: Partial<SignRequest>): Promise<string> {
  scene.write(name, JSON.stringify(scene.sigstore.sign({ content: { artifact }, ...request }).bundle()));
  const { status, stdout, stderr } = await scene.run(['bundle', 'inspect', name]);
  assert.equal(status, 0, stderr);
  return stdout;
}

describe('bundle inspect', { concurrency: 3 }, () => {
  test('the parts are shown, and nothing is judged', async () => {
    const { status, stdout } = await scene.run(['bundle', 'inspect', 'app.sigstore.json']);
    assert.equal(status, 0);
    assert.match(stdout, /^app\.sigstore\.json: inspected, not verified$/m);
    assert.match(stdout, /^ {2}version +application\/vnd\.dev\.sigstore\.bundle\.v0\.3\+json$/m);
    assert.match(stdout, /^ {2}signed with +ECDSA P-256 with SHA-256$/m);
    assert.match(stdout, /^ {4}signed by +rekor\.virtual\.test$/m);
  });

  test('standard input and both generations are read, as data too', async () => {
    const stdin = readFileSync(join(scene.folder, 'app.legacy.json'), 'utf8');
    const json = jsonOf(await scene.run(['bundle', 'inspect', '-', '--json'], { stdin }));
    assert.equal(json['isVerified'], false);
    assert.equal((json['entries'] as { kind: string }[])[0]?.kind, 'hashedrekord');
    assert.deepEqual(json['schemes'], ['ECDSA P-256 with SHA-256']);
  });

  test('those who signed the checkpoint besides the log are told apart', async () => {
    const witnesses = [createVirtualKey('ed25519')];
    const stdout = await inspect('witnessed.json', { entries: [{ log: scene.sigstore.rekorV2, witnesses }] });
    assert.match(stdout, /^ {4}signed by +log2026\.virtual\.test$/m);
    assert.match(stdout, /^ {4}and by +witness-0\.test \(witnesses\?\)$/m);
  });

  test('an extension that cannot be read does not hide the certificate', async () => {
    const value = Buffer.from([0x0c, 0x05, 0x61]);
    const stdout = await inspect('unreadable.json', {
      certificate: {
        claims: { 12: 'https://github.com/acme/app', 14: 'refs/heads/main' },
        changes: {
          extensions: (usual) =>
            usual.map((each) => (each.oid === '1.3.6.1.4.1.57264.1.12' ? { ...each, value } : each)),
        },
      },
    });
    assert.match(stdout, /^ {2}subject +dev@example\.test$/m);
    assert.match(stdout, /^ {2}ref +refs\/heads\/main$/m);
    assert.match(stdout, /^ {2}faulty +sourceRepositoryUri: /m);
  });

  test('what is no bundle has a code', async () => {
    const bad = await scene.run(['bundle', 'inspect', 'app.txt', '--json']);
    assert.deepEqual([bad.status, errorCodeOf(bad)], [1, 'JSON_MALFORMED']);
    const missing = await scene.run(['bundle', 'inspect', 'nowhere.json', '--json']);
    assert.deepEqual([missing.status, errorCodeOf(missing)], [1, 'FILE_NOT_READABLE']);
  });
});
