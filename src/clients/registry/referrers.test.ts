import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hasCode } from '../../../test/support/error-code.ts';
import { createWorld } from '../../../test/support/registry-world.ts';
import { reply } from '../../../test/support/scripted-server.ts';
import type { Script } from '../../../test/support/scripted-server.ts';
import { limits } from '../../base/limits.ts';
import { parseDigest } from '../../formats/oci/digest.ts';
import { parseRepository } from '../../formats/oci/reference.ts';

const name = 'registry.example.com';
const repository = parseRepository(`${name}/org/app`);
const type = 'application/vnd.oci.image.index.v1+json';
const subject = parseDigest(`sha256:${'a'.repeat(64)}`);
const digestNumber = (number: number): string => `sha256:${number.toString(16).padStart(64, '0')}`;
const descriptor = (number: number): object => ({
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  digest: digestNumber(number),
  size: number,
});
const indexOf = (...numbers: number[]): string =>
  JSON.stringify({ schemaVersion: 2, mediaType: type, manifests: numbers.map(descriptor) });
const notThere: Script = (_request, response) => reply(response, 404);
const list =
  (...numbers: number[]): Script =>
  (_request, response) =>
    reply(response, 200, { 'content-type': type }, indexOf(...numbers));

/** A registry with an answer for the API and one for the fallback tag. */
const registry = (api: Script, fallback: Script): Record<string, Script> => ({
  [name]: (request, response) => (request.path.includes('/referrers/') ? api : fallback)(request, response),
});

test('the API and the fallback tag are asked at the same time until the repository is known, then only the one', async (t) => {
  const waiting: (() => void)[] = [];
  const together =
    (script: Script): Script =>
    async (request, response) => {
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        if (waiting.length >= 2) waiting.forEach((go) => go());
      });
      return script(request, response);
    };
  const { client, hosts } = await createWorld(t, { scripts: registry(together(list(1)), together(notThere)) });
  const first = await client.fetchReferrers(repository, subject);
  assert.deepEqual([first.hasApi, first.descriptors.length], [true, 1]);
  await client.fetchReferrers(repository, subject);
  assert.deepEqual(hosts[name]?.asked().sort(), [
    `GET /v2/org/app/manifests/sha256-${'a'.repeat(64)}`,
    `GET /v2/org/app/referrers/${subject}`,
    `GET /v2/org/app/referrers/${subject}`,
  ]);
});

test('400, 404, 405, 406, 501 and another media type mean that there is no API: the fallback tag decides', async (t) => {
  const answers: Script[] = [400, 404, 405, 406, 501].map(
    (status): Script =>
      (_request, response) =>
        reply(response, status),
  );
  answers.push((_request, response) => reply(response, 200, { 'content-type': 'text/html' }, '<html>'));
  for (const api of answers) {
    const present = await createWorld(t, { scripts: registry(api, list(1, 2)) });
    const found = await present.client.fetchReferrers(repository, subject);
    assert.deepEqual([found.hasApi, found.isCapped, found.descriptors.map(({ size }) => size)], [false, false, [1, 2]]);
    assert.equal(found.fallbackIndex?.manifest.kind, 'index');
    const before = present.hosts[name]?.seen.length ?? 0;
    await present.client.fetchReferrers(repository, subject);
    assert.equal(present.hosts[name]?.seen.length, before + 1);
    const absent = await createWorld(t, { scripts: registry(api, notThere) });
    assert.deepEqual(await absent.client.fetchReferrers(repository, subject), {
      hasApi: false,
      descriptors: [],
      isCapped: false,
    });
  }
});

test('any other answer of the API leaves the question open, whatever the fallback tag says', async (t) => {
  const cases: [
    Script,
    'REGISTRY_DENIED' | 'REGISTRY_THROTTLED' | 'REGISTRY_FAILED' | 'HTTP_CUT' | 'REGISTRY_ANSWER_INVALID',
  ][] = [
    [(_request, response) => reply(response, 401), 'REGISTRY_DENIED'],
    [(_request, response) => reply(response, 403), 'REGISTRY_DENIED'],
    [(_request, response) => reply(response, 429), 'REGISTRY_THROTTLED'],
    [(_request, response) => reply(response, 500), 'REGISTRY_FAILED'],
    [(_request, response) => reply(response, 503), 'REGISTRY_FAILED'],
    [(_request, response) => response.destroy(), 'HTTP_CUT'],
    [
      (_request, response) => reply(response, 200, { 'content-type': type }, '{"schemaVersion":2,"manif'),
      'REGISTRY_ANSWER_INVALID',
    ],
    [
      (_request, response) => reply(response, 200, { 'content-type': type }, '{"schemaVersion":2,"manifests":[{}]}'),
      'REGISTRY_ANSWER_INVALID',
    ],
  ];
  for (const [api, code] of cases) {
    for (const fallback of [notThere, list(1)]) {
      const { client } = await createWorld(t, { scripts: registry(api, fallback) });
      await assert.rejects(client.fetchReferrers(repository, subject), hasCode(code));
    }
  }
});

test('a fallback tag that cannot be read, or names the image itself, leaves the question open', async (t) => {
  const image = JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: descriptor(1),
    layers: [],
  });
  const cases: [Script, 'REGISTRY_DENIED' | 'REGISTRY_FAILED' | 'REGISTRY_ANSWER_INVALID'][] = [
    [(_request, response) => reply(response, 403), 'REGISTRY_DENIED'],
    [(_request, response) => reply(response, 500), 'REGISTRY_FAILED'],
    [(_request, response) => reply(response, 200, { 'content-type': type }, '{'), 'REGISTRY_ANSWER_INVALID'],
    [(_request, response) => reply(response, 200, {}, image), 'REGISTRY_ANSWER_INVALID'],
  ];
  for (const [fallback, code] of cases) {
    const { client } = await createWorld(t, { scripts: registry(notThere, fallback) });
    await assert.rejects(client.fetchReferrers(repository, subject), hasCode(code));
    const withApi = await createWorld(t, { scripts: registry(list(1), fallback) });
    assert.equal((await withApi.client.fetchReferrers(repository, subject)).hasApi, true);
  }
});

/** Pages, each with a Link to the next as `linkOf` writes it. */
function paged(pages: readonly string[], linkOf: (page: number) => string): Script {
  return ({ path }, response) => {
    const page = Number(new URL(path, 'https://x').searchParams.get('page') ?? 0);
    const link: Record<string, string> = page + 1 < pages.length ? { link: linkOf(page + 1) } : {};
    return reply(response, 200, { 'content-type': type, ...link }, pages[page]);
  };
}

test('pages are followed on the same host, and descriptors that come twice count once', async (t) => {
  for (const linkOf of [
    (page: number) => `</v2/org/app/referrers/${subject}?page=${page}>; rel="next"`,
    (page: number) => `<https://${name}/v2/org/app/referrers/${subject}?page=${page}>;rel=next`,
    (page: number) =>
      `<https://elsewhere.test/>; rel="prev", <http://${name}/v2/org/app/referrers/${subject}?page=${page}>; rel="next"`,
  ]) {
    const { client } = await createWorld(t, {
      scripts: registry(paged([indexOf(1, 2), indexOf(), indexOf(2, 3)], linkOf), notThere),
    });
    const { descriptors, isCapped } = await client.fetchReferrers(repository, subject);
    assert.deepEqual(
      descriptors.map(({ size }) => size),
      [1, 2, 3],
    );
    assert.equal(isCapped, false);
  }
});

test('a page on another host is not asked for, nor is one that came before', async (t) => {
  const evil: Script = list(9);
  for (const link of ['<https://evil.test/v2/>; rel="next"', `</v2/org/app/referrers/${subject}?page=1>; rel="next"`]) {
    const { client, hosts } = await createWorld(t, {
      scripts: {
        ...registry((_request, response) => reply(response, 200, { 'content-type': type, link }, indexOf(1)), notThere),
        'evil.test': evil,
      },
    });
    await assert.rejects(client.fetchReferrers(repository, subject), hasCode('REGISTRY_ANSWER_INVALID'));
    assert.equal(hosts['evil.test']?.seen.length, 0);
  }
});

test('a page that fails after others came is not "that was all"', async (t) => {
  const api: Script = ({ path }, response) =>
    path.includes('page=1')
      ? reply(response, 404)
      : reply(response, 200, { 'content-type': type, link: `<${path}?page=1>; rel="next"` }, indexOf(1));
  const { client } = await createWorld(t, { scripts: registry(api, notThere) });
  await assert.rejects(client.fetchReferrers(repository, subject), hasCode('REGISTRY_FAILED'));
});

test('more than the cap is cut there and said so, in pages as in the fallback tag', async (t) => {
  const numbers = (from: number, count: number): number[] => Array.from({ length: count }, (_, at) => from + at);
  const pages = Array.from({ length: 20 }, (_, page) => indexOf(...numbers(page * 100, 100)));
  const api = paged(pages, (page) => `</v2/org/app/referrers/${subject}?page=${page}>; rel="next"`);
  const byApi = await createWorld(t, { scripts: registry(api, notThere) });
  const byTag = await createWorld(t, { scripts: registry(notThere, list(...numbers(0, limits.referrers + 1))) });
  const exact = await createWorld(t, { scripts: registry(notThere, list(...numbers(0, limits.referrers))) });
  for (const [{ client }, isCapped] of [
    [byApi, true],
    [byTag, true],
    [exact, false],
  ] as const) {
    const found = await client.fetchReferrers(repository, subject);
    assert.deepEqual([found.descriptors.length, found.isCapped], [limits.referrers, isCapped]);
  }
  assert.ok((byApi.hosts[name]?.seen.length ?? 0) <= 12);
});
