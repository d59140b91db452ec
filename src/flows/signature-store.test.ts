/** Storing against a registry that refuses, forgets or has leftovers. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hasCode } from '../../test/support/error-code.ts';
import { createSigner } from '../../test/support/image-lab.ts';
import { answerOf, markersOf, openBench, requireVerified, statusesOf } from '../../test/support/sign-bench.ts';
import { encodeSignatureManifest } from '../formats/cosign/signature-manifest.ts';
import { parseDigest } from '../formats/oci/digest.ts';
import { signImage } from './sign-image.ts';
import { keyMethodOf } from './signing-method.ts';

test('a form that cannot be stored does not keep the other, and signing again completes it', async (t) => {
  const refused = { status: 0 };
  const bench = await openBench(t, {
    bend: (request, direct) =>
      refused.status !== 0 && request.method === 'PUT' && request.url.pathname.endsWith('.sig')
        ? Promise.resolve(answerOf(refused.status))
        : direct(request),
  });
  const [alice, bob] = [createSigner(), createSigner()];
  await bench.sign(alice, { forms: ['legacy'] });
  refused.status = 409;
  const report = await bench.sign(bob);
  assert.equal(report.isComplete, false);
  assert.deepEqual(statusesOf(report), ['legacy failed', 'bundle stored']);
  assert.ok(hasCode('SIGNATURE_IMMUTABLE')(report.images[0]?.forms[0]?.error));
  refused.status = 0;
  assert.deepEqual(statusesOf(await bench.sign(bob)), ['legacy stored', 'bundle already-there']);
  assert.deepEqual(await bench.counts(), [2, 1]);
});

test('what could not be read is not written over', async (t) => {
  const denied = { isOn: false };
  const bench = await openBench(t, {
    bend: (request, direct) =>
      denied.isOn && request.method === 'GET' && request.url.pathname.endsWith('.sig')
        ? Promise.resolve(answerOf(403))
        : direct(request),
  });
  await bench.sign(createSigner());
  denied.isOn = true;
  const report = await bench.sign(createSigner());
  assert.deepEqual(statusesOf(report), ['legacy failed', 'bundle stored']);
  assert.ok(hasCode('REGISTRY_DENIED')(report.images[0]?.forms[0]?.error));
  denied.isOn = false;
  assert.deepEqual(await bench.counts(), [1, 2]);
});

test('when nobody knows whether a write arrived, the marker stays for others to wait for', async (t) => {
  const lost = { isOn: true };
  const bench = await openBench(t, {
    bend: (request, direct) =>
      lost.isOn && request.method === 'PUT' && request.url.pathname.endsWith('.sig')
        ? Promise.resolve(answerOf(504))
        : direct(request),
  });
  const report = await bench.sign(createSigner(), { forms: ['legacy'] });
  assert.deepEqual(statusesOf(report), ['legacy failed']);
  const marker = (await bench.tags()).find((tag) => tag.includes('.sig-'));
  const fetched = await bench.lab.client.fetchManifest(bench.lab.repository, marker ?? '');
  assert.equal(fetched?.manifest.annotations?.['dev.countersign.state'], 'active');
});

test('a registry that stumbles over what another signer is writing is asked again', async (t) => {
  const stumbled = new Set<string>();
  const bench = await openBench(t, {
    bend: (request, direct) => {
      const key = `${request.method} ${request.url.pathname}`;
      if (stumbled.has(key) || !/\.sig|tags\/list|referrers/.test(key) || request.method === 'DELETE') {
        return direct(request);
      }
      stumbled.add(key);
      const invalid = {
        errors: [{ code: 'DIGEST_INVALID', message: 'provided digest did not match uploaded content' }],
      };
      return Promise.resolve(request.method === 'PUT' ? answerOf(400, JSON.stringify(invalid)) : answerOf(500));
    },
  });
  assert.equal((await bench.sign(createSigner())).isComplete, true);
  assert.ok(stumbled.size >= 5);
  assert.deepEqual(await bench.counts(), [1, 1]);
});

test('a registry that takes a signature and does not keep it is not believed', async (t) => {
  const bench = await openBench(t, {
    bend: (request, direct) =>
      request.method === 'PUT' && request.url.pathname.endsWith('.sig')
        ? Promise.resolve(answerOf(201))
        : direct(request),
  });
  const report = await bench.sign(createSigner());
  assert.deepEqual(statusesOf(report), ['legacy failed', 'bundle stored']);
  assert.ok(hasCode('SIGNATURE_NOT_KEPT')(report.images[0]?.forms[0]?.error));
  assert.equal(markersOf(await bench.tags()).length, 0);
});

test('a marker that cannot be read ends the run without leaving one for others to wait for', async (t) => {
  const bench = await openBench(t, {
    bend: (request, direct) =>
      request.method === 'GET' && request.url.pathname.endsWith('00000000000c')
        ? Promise.resolve(answerOf(403))
        : direct(request),
  });
  const { manifest, mediaType, config } = encodeSignatureManifest([], { mediaTypes: 'oci' });
  await bench.lab.client.putBlob(bench.lab.repository, config);
  await bench.lab.client.putManifest(bench.lab.repository, `${bench.sigTag}-00000000000c`, manifest, mediaType);
  const report = await bench.sign(createSigner());
  assert.deepEqual(statusesOf(report), ['legacy failed', 'bundle failed']);
  assert.deepEqual(markersOf(await bench.tags()), [`${bench.sigTag}-00000000000c`]);
});

test('a registry without tag listing is told of, and leaves no marker', async (t) => {
  const bench = await openBench(t, {
    bend: (request, direct) =>
      request.url.pathname.endsWith('/tags/list') ? Promise.resolve(answerOf(405)) : direct(request),
  });
  assert.equal((await bench.sign(createSigner())).isComplete, true);
  assert.ok(bench.said.some((line) => line.includes('does not list tags')));
  assert.deepEqual(bench.lab.asked.filter((line) => line.startsWith('DELETE') && line.includes('.sig-')).length, 1);
  assert.deepEqual(await bench.counts(), [1, 1]);
});

test('where deletion is not allowed, the marker says done and the next signer does not wait', async (t) => {
  const bench = await openBench(t, {
    bend: (request, direct) => (request.method === 'DELETE' ? Promise.resolve(answerOf(405)) : direct(request)),
  });
  await bench.sign(createSigner());
  assert.equal((await bench.sign(createSigner())).isComplete, true);
  assert.deepEqual(await bench.counts(), [2, 2]);
  assert.equal(markersOf(await bench.tags()).length, 2);
  assert.ok(bench.said.some((line) => line.includes('does not allow deletion')));
});

test('what a signer that died left is added and removed; what is no marker is left alone', async (t) => {
  const bench = await openBench(t);
  const { client, repository } = bench.lab;
  const dead = createSigner();
  await bench.sign(dead, { forms: ['legacy'] });
  const standing = (await client.fetchManifest(repository, bench.sigTag))?.manifest;
  const layers = standing?.kind === 'image' ? standing.layers : [];
  const leftOf = (name: string): ReturnType<typeof encodeSignatureManifest> =>
    encodeSignatureManifest(layers, {
      mediaTypes: 'oci',
      annotations: {
        'dev.countersign.signer': name,
        'dev.countersign.state': 'active',
        'dev.countersign.deadline': '2020-01-01T00:00:00Z',
      },
    });
  for (const [tag, name] of [
    ['00000000000a', '00000000000a'],
    ['00000000000b', 'of another name'],
  ] as const) {
    const { manifest, mediaType } = leftOf(name);
    await client.putManifest(repository, `${bench.sigTag}-${tag}`, manifest, mediaType);
  }
  await client.deleteTag(
    repository,
    bench.sigTag,
    parseDigest((await client.fetchManifest(repository, bench.sigTag))?.digest ?? ''),
  );
  await bench.sign(createSigner(), { forms: ['legacy'] });
  assert.deepEqual(await bench.counts(), [2, 0]);
  assert.deepEqual(markersOf(await bench.tags()), [`${bench.sigTag}-00000000000b`]);
  await requireVerified(bench, dead);
});

test('a signer that died a moment ago is waited for until nothing of its can arrive, and not longer', async (t) => {
  const bench = await openBench(t);
  const { client, repository, context } = bench.lab;
  const clock = { nowMs: Date.parse('2030-01-01T00:00:00Z') };
  const { config, manifest, mediaType } = encodeSignatureManifest([], {
    mediaTypes: 'oci',
    annotations: {
      'dev.countersign.signer': '00000000000d',
      'dev.countersign.state': 'active',
      // By a clock that is ten minutes ahead: nobody else's clock is believed.
      'dev.countersign.deadline': '2030-01-01T00:11:40Z',
    },
  });
  await client.putBlob(repository, config);
  await client.putManifest(repository, `${bench.sigTag}-00000000000d`, manifest, mediaType);
  const runtime = {
    ...context.runtime,
    now: () => new Date(clock.nowMs),
    sleep: async (ms: number) => {
      clock.nowMs += ms;
    },
  };
  const begunMs = clock.nowMs;
  const report = await signImage(
    { ...context, runtime },
    {
      reference: bench.lab.named('app/web:v1'),
      method: Promise.resolve(keyMethodOf(createSigner())),
      annotations: {},
      forms: ['legacy'],
    },
  );
  assert.equal(report.isComplete, true);
  const waitedMs = clock.nowMs - begunMs;
  assert.ok(waitedMs >= 100_000 && waitedMs < 105_000, `${waitedMs} ms`);
  assert.deepEqual(markersOf(await bench.tags()), []);
});

test('a single signer writes no marker', async (t) => {
  const bench = await openBench(t);
  await bench.sign(createSigner(), { isSingleSigner: true });
  assert.deepEqual(
    bench.lab.asked.filter((line) => line.includes('.sig-') || line.includes('tags/list')),
    [],
  );
  assert.deepEqual(await bench.counts(), [1, 1]);
});
