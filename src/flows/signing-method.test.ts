import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hasCode } from '../../test/support/error-code.ts';
import { openKeylessMethod, servicesOf } from '../../test/support/served-method.ts';
import { serveSigstore } from '../../test/support/served-sigstore.ts';
import type { Misdeeds } from '../../test/support/served-sigstore.ts';
import { createTestRuntime } from '../../test/support/test-runtime.ts';
import { createVirtualKey } from '../../test/support/virtual-sigstore/virtual-key.ts';
import { utf8Of } from '../base/bytes.ts';
import type { KeyAlgorithm } from '../crypto/key-algorithm.ts';
import { hashOf } from '../crypto/hash.ts';
import { createKeyPair } from '../crypto/private-key.ts';
import { signerOf } from '../crypto/signer.ts';
import { openSigningMethod } from './signing-method.ts';
import type { Credential, Signable } from './signing-method.ts';

const message: Signable = { kind: 'message', message: utf8Of('hello') };
const statement: Signable = { kind: 'dsse', payloadType: 'application/vnd.in-toto+json', payload: utf8Of('{}') };

test('each signature has an entry of its own, and a timestamp where an authority is named', async (t) => {
  const served = await serveSigstore(t);
  const method = await openKeylessMethod(t, served, servicesOf(served, true));
  const made = [await method.sign(message), await method.sign(statement), await method.sign(message)];
  const indexes = made.map(({ material }) => material.logEntries[0]?.logIndex);
  assert.equal(new Set(indexes).size, 3);
  assert.deepEqual(
    made.map(({ material }) => material.timestamps.length),
    [1, 1, 1],
  );
  // One certificate for all three.
  assert.deepEqual(served.server.asked().filter((asked) => asked.includes('signingCert')).length, 1);
});

test('a stream is signed as it comes', async (t) => {
  const served = await serveSigstore(t);
  const method = await openKeylessMethod(t, served);
  const chunks = async function* (): AsyncGenerator<Uint8Array> {
    yield utf8Of('hel');
    yield utf8Of('lo');
  };
  const { sha256 } = await method.sign({ kind: 'message', message: chunks() });
  assert.deepEqual(Buffer.from(sha256 ?? []), Buffer.from(hashOf('sha256', utf8Of('hello'))));
});

const keyOf = (algorithm: KeyAlgorithm): (() => Promise<Credential>) => {
  const signer = signerOf(createKeyPair(algorithm));
  return async () => ({ signer, holder: { kind: 'key', key: signer.publicKey } });
};

test('keys are logged and stamped too', async (t) => {
  const served = await serveSigstore(t);
  for (const algorithm of ['ecdsa-p256', 'ecdsa-p384', 'rsa'] as const) {
    const method = await openSigningMethod(createTestRuntime(t), keyOf(algorithm), servicesOf(served, true));
    for (const content of [message, statement]) {
      const { material } = await method.sign(content);
      assert.equal(material.logEntries.length + material.timestamps.length, 2, algorithm);
    }
  }
});

test('Ed25519 is logged where the log sees what is signed, and refused where it sees a hash', async (t) => {
  const served = await serveSigstore(t);
  const method = await openSigningMethod(createTestRuntime(t), keyOf('ed25519'), servicesOf(served));
  assert.equal((await method.sign(statement)).material.logEntries.length, 1);
  await assert.rejects(method.sign(message), hasCode('KEY_UNSUPPORTED'));
});

test('what is in the log already is fetched from where it is', async (t) => {
  const served = await serveSigstore(t);
  // RSA signs the same the same way.
  const method = await openSigningMethod(createTestRuntime(t), keyOf('rsa'), servicesOf(served));
  const [first, second] = [await method.sign(message), await method.sign(message)];
  assert.deepEqual(second.material.logEntries, first.material.logEntries);
  assert.match(served.server.asked().at(-1) ?? '', /^GET \/api\/v1\/log\/entries\/[0-9a-f]{64}$/);

  const thief = await serveSigstore(t);
  for (const location of [
    (path: string) => `${thief.origin}${path}`,
    () => '/elsewhere',
    () => '/api/v1/log/entries/../x',
  ]) {
    served.misdeeds.location = location;
    await assert.rejects(method.sign(message), hasCode('SERVICE_ANSWER_INVALID'));
  }
  assert.deepEqual(thief.server.asked(), []);
});

const otherHash = { data: { hash: { algorithm: 'sha256', value: '0'.repeat(64) } } };
const misdeeds: readonly (readonly [string, Misdeeds])[] = [
  [
    'an entry about another hash',
    { body: (body) => ({ ...body, spec: { ...(body['spec'] as object), ...otherHash } }) },
  ],
  ['a promise by another key', { entry: { promiseKey: createVirtualKey() } }],
  ['a promise about another index', { entry: { promised: (payload) => ({ ...payload, logIndex: 1 }) } }],
  ['a checkpoint by another key', { entry: { checkpointKey: createVirtualKey() } }],
  ['a checkpoint of another tree', { entry: { checkpoint: (text) => text.replace(/\n\d+\n/, '\n999999\n') } }],
  ['a timestamp over something else', { imprint: Buffer.alloc(32, 7) }],
];
for (const [what, misdeed] of misdeeds) {
  test(`${what} keeps the signature from being given away`, async (t) => {
    const served = await serveSigstore(t);
    const method = await openKeylessMethod(t, served, servicesOf(served, true));
    Object.assign(served.misdeeds, misdeed);
    await assert.rejects(method.sign(message), hasCode('SIGNATURE_UNPROVEN'));
  });
}

test('an entry for another signature or signer keeps the signature from being given away', async (t) => {
  const served = await serveSigstore(t);
  const method = await openKeylessMethod(t, served);
  const another = await openKeylessMethod(t, served);
  const seen: object[] = [];
  served.misdeeds.body = (body) => (seen.push(body), body);
  await another.sign(message);
  served.misdeeds.body = () => seen[0] as Record<string, unknown>;
  await assert.rejects(method.sign(message), hasCode('SIGNATURE_UNPROVEN'));
});

test('services that the trusted root does not know are not believed', async (t) => {
  const served = await serveSigstore(t);
  const stranger = await serveSigstore(t);
  const own = servicesOf(served, true);
  for (const services of [
    { ...own, logs: [new URL(stranger.origin)] },
    { ...own, timestampAuthorities: [new URL(stranger.stampUrl)] },
    // One that is known does not make up for one that is not.
    { ...own, logs: [new URL(served.origin), new URL(stranger.origin)] },
  ]) {
    const method = await openKeylessMethod(t, served, services);
    await assert.rejects(method.sign(message), hasCode('SIGNATURE_UNPROVEN'));
  }
});

test('a service that fails for a moment is asked again; one that stays so fails the signature', async (t) => {
  const served = await serveSigstore(t);
  const method = await openKeylessMethod(t, served);
  let failures = 2;
  served.misdeeds.instead = (_request, response) => {
    if (failures === 0) return false;
    failures -= 1;
    response.writeHead(failures === 1 ? 429 : 503).end('{"message":"busy"}');
    return true;
  };
  assert.equal((await method.sign(message)).material.logEntries.length, 1);
  failures = 100;
  await assert.rejects(method.sign(message), hasCode('SERVICE_FAILED'));
});
