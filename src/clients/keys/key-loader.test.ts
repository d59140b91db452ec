import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { hasCode } from '../../../test/support/error-code.ts';
import { createScratchFolder } from '../../../test/support/scratch.ts';
import { readVector, vectorPassword, vectorPublicKey } from '../../../test/support/vectors.ts';
import { parseUtf8, utf8Of } from '../../base/bytes.ts';
import type { ErrorCode } from '../../base/catalogue.ts';
import type { CountersignError } from '../../base/errors.ts';
import type { HttpRequest } from '../../base/runtime.ts';
import { verifySignature } from '../../crypto/signature.ts';
import { loadPublicKey, loadSigner } from './key-loader.ts';
import { parseKeyReference } from './key-reference.ts';
import { fetchKey } from './key-source.ts';
import type { KeyContext } from './key-source.ts';

const folder = createScratchFolder('keys');
const publicKey = readVector('keys/cosign-2.pub');
const { fingerprint } = vectorPublicKey('cosign-2');
const password = async (): Promise<Uint8Array> => vectorPassword;
const neverAsked = async (): Promise<Uint8Array> => assert.fail('asked for a password');

/** Answers every request in the same way and remembers where it went. */
function contextOf(
  environment: Record<string, string> = {},
  status = 200,
  ...chunks: readonly Uint8Array[]
): KeyContext & { readonly seen: string[] } {
  const seen: string[] = [];
  const request = async ({
    method,
    url,
  }: HttpRequest): Promise<{ status: number; headers: object; body: AsyncIterable<Uint8Array> }> => {
    seen.push(`${method} ${url.href}`);
    return {
      status,
      headers: {},
      body: (async function* body() {
        yield* chunks;
      })(),
    };
  };
  return { request: request as KeyContext['request'], environment, seen };
}

async function fileOf(name: string, content: Uint8Array | string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

test('a public key is loaded from a file, the environment and an address', async () => {
  const path = await fileOf('cosign.pub', publicKey);
  const context = contextOf({ KEY: parseUtf8(publicKey) }, 200, publicKey.subarray(0, 50), publicKey.subarray(50));
  for (const reference of [
    path,
    'env://KEY',
    'https://keys.example.com/cosign.pub?x=1',
    'http://127.0.0.1:1/k',
    'http://localhost/k',
    'http://[::1]/k',
  ]) {
    assert.equal((await loadPublicKey(reference, context)).fingerprint, fingerprint, reference);
  }
  assert.equal(context.seen[0], 'GET https://keys.example.com/cosign.pub?x=1');
});

test('a signer is loaded from a file and from the environment; a password is asked for only when needed', async () => {
  const path = await fileOf('cosign.key', readVector('keys/cosign-2.key'));
  const message = utf8Of('message');
  const signer = await loadSigner(path, password, contextOf());
  assert.notEqual(await verifySignature(vectorPublicKey('cosign-2'), message, await signer.sign(message)), undefined);
  const plain = contextOf({ KEY: parseUtf8(readVector('keys/ed25519.pkcs8.pem')) });
  assert.equal((await loadSigner('env://KEY', neverAsked, plain)).publicKey.algorithm, 'ed25519');
});

test('the wrong half of a key is named, with what to do', async () => {
  const secret = await fileOf('half.key', readVector('keys/cosign-2.key'));
  const open = await fileOf('half.pub', publicKey);
  await assert.rejects(
    loadPublicKey(secret, contextOf()),
    (error) => hasCode('KEY_IS_PRIVATE')(error) && /countersign public-key/.test((error as CountersignError).hint),
  );
  await assert.rejects(loadSigner(open, neverAsked, contextOf()), hasCode('KEY_IS_PUBLIC'));
});

test('a file that is no key is refused, saying what it looks like and quoting nothing', async () => {
  const cases: Record<string, readonly [Uint8Array | string, RegExp]> = {
    empty: ['', /an empty file/],
    json: ['{"secret": 1}', /JSON/],
    html: ['<!doctype html><p>secret', /HTML or XML/],
    'openssh-public': ['ssh-ed25519 secret me@host', /an OpenSSH public key/],
    minisign: ['untrusted comment: secret\nRWQ', /minisign/],
    binary: [new Uint8Array([0, 255, 254, 1]), /binary data/],
    text: ['secret words', /text that is not PEM/],
    broken: ['-----BEGIN PUBLIC KEY-----\nsecret!\n-----END PUBLIC KEY-----', /a PEM file with a block PUBLIC KEY/],
    two: [`${parseUtf8(publicKey)}${parseUtf8(publicKey)}`, /expected one block, found 2/],
    certificate: ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----', /a PEM block CERTIFICATE/],
  };
  for (const [name, [content, expected]] of Object.entries(cases)) {
    const path = await fileOf(`no-key-${name}`, content);
    for (const load of [
      async () => loadPublicKey(path, contextOf()),
      async () => loadSigner(path, neverAsked, contextOf()),
    ]) {
      await assert.rejects(load(), (error) => {
        assert.ok(hasCode('KEY_MALFORMED')(error), `${name}: ${String(error)}`);
        assert.match((error as Error).message, expected, name);
        assert.doesNotMatch((error as Error).message, /secret/);
        return true;
      });
    }
  }
});

test('what follows the path of an address stays out of errors: it may be a signature or token', async () => {
  const context = contextOf({}, 200, utf8Of('no key'));
  await assert.rejects(loadPublicKey('https://keys.example.com/k?sig=hunter2#hunter3', context), (error) => {
    const { message } = error as CountersignError;
    return message.includes('https://keys.example.com/k') && !/hunter/.test(message);
  });
});

test('a key that is not there, too large or not readable is named', async () => {
  await assert.rejects(loadPublicKey(join(folder, 'nothing'), contextOf()), hasCode('KEY_NOT_FOUND'));
  await assert.rejects(loadPublicKey('env://NOTHING', contextOf()), hasCode('KEY_NOT_FOUND'));
  await assert.rejects(loadPublicKey('env://toString', contextOf()), hasCode('KEY_NOT_FOUND'));
  await mkdir(join(folder, 'a-folder'));
  await assert.rejects(loadPublicKey(join(folder, 'a-folder'), contextOf()), hasCode('KEY_UNREADABLE'));
  await assert.rejects(
    loadPublicKey(await fileOf('large', new Uint8Array(300 * 1024)), contextOf()),
    hasCode('INPUT_TOO_LARGE'),
  );
  await assert.rejects(
    loadPublicKey('https://h/k', contextOf({}, 200, new Uint8Array(200 * 1024), new Uint8Array(200 * 1024))),
    hasCode('INPUT_TOO_LARGE'),
  );
  for (const status of [204, 301, 404, 500]) {
    await assert.rejects(
      loadPublicKey('https://h/k', contextOf({}, status, publicKey)),
      hasCode('KEY_FETCH_FAILED'),
      `${status}`,
    );
  }
});

test(
  'what is read of a key file counts, not what it says of its size',
  { skip: !existsSync('/proc/self/cmdline') },
  async () => {
    // The arguments of a process: a regular file that says 0 bytes, like one that grows while it is read.
    const child = spawn('sh', ['-c', 'read line', ...Array<string>(4).fill('x'.repeat(100_000))]);
    await once(child, 'spawn');
    try {
      const file = `/proc/${child.pid}/cmdline`;
      await assert.rejects(fetchKey(file, contextOf()), hasCode('INPUT_TOO_LARGE'));
    } finally {
      child.stdin.end();
      await once(child, 'close');
    }
  },
);

test('schemes of key services are refused by name', () => {
  const schemes = [
    'awskms:///alias/x',
    'gcpkms://projects/p',
    'azurekms://v/k',
    'hashivault://k',
    'openbao://k',
    'k8s://ns/s',
    'gitlab://1',
    'github://o/r',
    'pkcs11:token=t',
    'mykms://x',
    'AWSKMS://x',
    'file:///etc/key',
  ];
  for (const scheme of schemes) {
    assert.throws(() => parseKeyReference(scheme), hasCode('KEY_REFERENCE_UNSUPPORTED'), scheme);
  }
});

test('references that would fetch a key in the open or hold a password are refused', () => {
  const cases: Record<string, ErrorCode> = {
    '': 'KEY_REFERENCE_MALFORMED',
    'env://': 'KEY_REFERENCE_MALFORMED',
    'https://': 'KEY_REFERENCE_MALFORMED',
    'http://keys.example.com/k': 'KEY_REFERENCE_MALFORMED',
    'http://127.0.0.1.example.com/k': 'KEY_REFERENCE_MALFORMED',
    'http://10.0.0.1/k': 'KEY_REFERENCE_MALFORMED',
    'https://user:secret@example.com/k': 'KEY_REFERENCE_MALFORMED',
  };
  for (const [text, code] of Object.entries(cases)) {
    assert.throws(
      () => parseKeyReference(text),
      (error) => hasCode(code)(error) && !(error as Error).message.includes('secret'),
      text,
    );
  }
});
