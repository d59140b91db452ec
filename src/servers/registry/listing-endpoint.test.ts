import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startEmbedded } from '../../../test/support/embedded-registry.ts';
import {
  buildImage,
  descriptorOf,
  jsonContentOf,
  pushBlob,
  pushImage,
  pushManifest,
} from '../../../test/support/image.ts';
import type { Content } from '../../../test/support/image.ts';
import type { TestRegistry } from '../../../test/support/registries.ts';
import { registryRequest } from '../../../test/support/registry-request.ts';

let registry: TestRegistry;
before(async () => {
  registry = await startEmbedded();
});
after(() => registry.close());

const ociManifest = 'application/vnd.oci.image.manifest.v1+json';
const ociIndex = 'application/vnd.oci.image.index.v1+json';

interface Listing {
  readonly tags?: readonly string[];
  readonly repositories?: readonly string[];
  readonly manifests?: readonly { readonly digest: string; readonly artifactType?: string }[];
}

async function list(
  path: string,
): Promise<{ page: Listing; next: string | undefined; headers: Record<string, unknown> }> {
  const { status, headers, body } = await registryRequest(registry, 'GET', path);
  assert.equal(status, 200, body.toString());
  const [, next] = /^<([^>]+)>; rel="next"$/.exec(String(headers['link'] ?? '')) ?? [];
  return { page: JSON.parse(body.toString()) as Listing, next, headers };
}

async function statusOf(path: string): Promise<number> {
  return (await registryRequest(registry, 'GET', path)).status;
}

/** A manifest that refers to the image. */
function referrerOf(subject: Content, artifactType: string | undefined, annotation: string): Content {
  const empty = descriptorOf(emptyBlob);
  const type = artifactType === undefined ? {} : { artifactType };
  const body = {
    schemaVersion: 2,
    mediaType: ociManifest,
    ...type,
    config: empty,
    layers: [],
    subject: descriptorOf(subject),
    annotations: { text: annotation },
  };
  return jsonContentOf(ociManifest, body);
}
const emptyBlob = jsonContentOf('application/vnd.oci.empty.v1+json', {});

test('tags come in byte order, a page at a time when asked, with a link to the next page', async () => {
  const image = buildImage('tags');
  await pushImage(registry, 'tags', 'b', image);
  for (const tag of ['a', 'B', '10', '9', '_x']) {
    await pushManifest(registry, 'tags', tag, image.manifest);
  }
  const all = ['10', '9', 'B', '_x', 'a', 'b'];
  assert.deepEqual((await list('/v2/tags/tags/list')).page, { name: 'tags', tags: all });
  assert.deepEqual((await list('/v2/tags/tags/list?last=B')).page.tags, ['_x', 'a', 'b']);
  assert.deepEqual((await list('/v2/tags/tags/list?last=A')).page.tags, ['B', '_x', 'a', 'b']);

  const first = await list('/v2/tags/tags/list?n=4');
  assert.deepEqual(first.page.tags, all.slice(0, 4));
  const second = await list(first.next ?? '');
  assert.deepEqual([second.page.tags, second.next], [all.slice(4), undefined]);
  const none = await list('/v2/tags/tags/list?n=0');
  assert.deepEqual([none.page.tags, none.next], [[], undefined]);
  assert.equal(await statusOf('/v2/tags/tags/list?n=x'), 400);
  assert.equal(await statusOf('/v2/not/there/tags/list'), 404);
});

test('the catalog lists repositories that hold something, also one inside another', async () => {
  for (const name of ['catalog/b', 'catalog', 'catalog/a/deep', 'catalog/a-b']) {
    await pushBlob(registry, name, emptyBlob);
  }
  const { page } = await list('/v2/_catalog?last=bz');
  assert.deepEqual(page.repositories?.slice(0, 4), ['catalog', 'catalog/a-b', 'catalog/a/deep', 'catalog/b']);
  const first = await list('/v2/_catalog?n=2&last=catalog');
  assert.deepEqual(first.page.repositories, ['catalog/a-b', 'catalog/a/deep']);
  assert.deepEqual((await list(first.next ?? '')).page.repositories?.[0], 'catalog/b');
});

test('referrers are listed with type and annotations, filtered when asked, and forgotten when deleted', async () => {
  const subject = buildImage('subject').manifest;
  await pushBlob(registry, 'referrers', emptyBlob);
  const path = `/v2/referrers/referrers/${subject.digest}`;
  const before = await list(path);
  assert.deepEqual(before.page.manifests, []);
  assert.equal(before.headers['content-type'], ociIndex);

  // The subject itself need not be there.
  const typed = referrerOf(subject, 'application/x.one', 'typed');
  const untyped = referrerOf(subject, undefined, 'untyped');
  const put = await registryRequest(registry, 'PUT', `/v2/referrers/manifests/${typed.digest}`, {
    body: typed.bytes,
    headers: { 'content-type': ociManifest },
  });
  assert.deepEqual([put.status, put.headers['oci-subject']], [201, subject.digest]);
  await pushManifest(registry, 'referrers', 'tagged', untyped);
  const index = jsonContentOf(ociIndex, {
    schemaVersion: 2,
    mediaType: ociIndex,
    manifests: [],
    subject: descriptorOf(subject),
  });
  await pushManifest(registry, 'referrers', index.digest, index);

  const expected = [
    { ...descriptorOf(typed), artifactType: 'application/x.one', annotations: { text: 'typed' } },
    { ...descriptorOf(untyped), artifactType: emptyBlob.mediaType, annotations: { text: 'untyped' } },
    descriptorOf(index),
  ].sort((a, b) => (a.digest < b.digest ? -1 : 1));
  const all = await list(path);
  assert.deepEqual(all.page.manifests, expected);
  assert.equal(all.headers['oci-filters-applied'], undefined);
  const filtered = await list(`${path}?artifactType=application/x.one`);
  assert.deepEqual(
    filtered.page.manifests?.map(({ digest }) => digest),
    [typed.digest],
  );
  assert.equal(filtered.headers['oci-filters-applied'], 'artifactType');

  await registryRequest(registry, 'DELETE', `/v2/referrers/manifests/${typed.digest}`);
  assert.equal((await list(path)).page.manifests?.length, 2);
  assert.equal(await statusOf('/v2/referrers/referrers/sha256:0'), 400);
});

test('a referrers listing that grows too large goes on at a link, with the filter', async () => {
  const subject = buildImage('popular').manifest;
  await pushBlob(registry, 'popular', emptyBlob);
  const digests: string[] = [];
  for (let number = 0; number < 5; number += 1) {
    const referrer = referrerOf(subject, 'application/x.large', `${number}`.repeat(900_000));
    digests.push(await pushManifest(registry, 'popular', referrer.digest, referrer));
  }
  const seen: string[] = [];
  let pages = 0;
  for (
    let next: string | undefined = `/v2/popular/referrers/${subject.digest}?artifactType=application/x.large`;
    next !== undefined;
    pages += 1
  ) {
    const answer = await list(next);
    assert.equal(answer.headers['oci-filters-applied'], 'artifactType');
    seen.push(...(answer.page.manifests ?? []).map(({ digest }) => digest));
    next = answer.next;
  }
  assert.equal(pages, 3);
  assert.deepEqual(seen, digests.sort());
});

test('without the referrers API its address is unknown and no OCI-Subject is promised', async (t) => {
  const without = await startEmbedded({ hasReferrers: false });
  t.after(() => without.close());
  const subject = buildImage('fallback').manifest;
  const referrer = referrerOf(subject, 'application/x.one', '');
  await pushBlob(without, 'fallback', emptyBlob);
  const put = await registryRequest(without, 'PUT', '/v2/fallback/manifests/v1', {
    body: referrer.bytes,
    headers: { 'content-type': ociManifest },
  });
  assert.deepEqual([put.status, put.headers['oci-subject']], [201, undefined]);
  assert.equal((await registryRequest(without, 'GET', `/v2/fallback/referrers/${subject.digest}`)).status, 404);
});
