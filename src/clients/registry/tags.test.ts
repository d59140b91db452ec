import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hasCode } from '../../../test/support/error-code.ts';
import { createWorld } from '../../../test/support/registry-world.ts';
import { reply } from '../../../test/support/scripted-server.ts';
import type { Script } from '../../../test/support/scripted-server.ts';
import { RemoteError } from '../../base/errors.ts';
import { parseRepository } from '../../formats/oci/reference.ts';

const name = 'registry.example.com';
const repository = parseRepository(`${name}/org/app`);

async function listWith(
  t: Parameters<typeof createWorld>[0],
  script: Script,
  prefix = 'sha256-',
): Promise<readonly string[] | undefined> {
  const { client } = await createWorld(t, { scripts: { [name]: script } });
  return client.listTags(repository, prefix);
}

test('tags with the prefix come from every page, sorted, each once, and only such as are tags', async (t) => {
  const script: Script = ({ path }, response) =>
    path.includes('last=')
      ? reply(response, 200, {}, '{"name":"x","tags":["sha256-a","sha256-b","latest"]}')
      : reply(
          response,
          200,
          { link: '</v2/org/app/tags/list?last=z&n=1000>; rel="next"' },
          '{"name":"x","tags":["sha256-c","sha256-b","sha256-\\u001b[31m","v1"]}',
        );
  assert.deepEqual(await listWith(t, script), ['sha256-a', 'sha256-b', 'sha256-c']);
});

test('no tags is an answer: an empty list, null, or a repository that is not known', async (t) => {
  assert.deepEqual(await listWith(t, (_request, response) => reply(response, 200, {}, '{"tags":[]}')), []);
  assert.deepEqual(await listWith(t, (_request, response) => reply(response, 200, {}, '{"tags":null}')), []);
  assert.deepEqual(
    await listWith(t, (_request, response) => reply(response, 404, {}, '{"errors":[{"code":"NAME_UNKNOWN"}]}')),
    [],
  );
});

test('words about an unknown repository count only where the registry says that it is absent', async (t) => {
  const words = '{"errors":[{"code":"NAME_UNKNOWN"}]}';
  for (const status of [401, 403, 405]) {
    const script: Script = (_request, response) => reply(response, status, {}, words);
    assert.equal(await listWith(t, script), undefined, `${status}`);
  }
});

test('a list that breaks off after its first page is never taken for the whole', async (t) => {
  for (const status of [401, 403, 404, 405]) {
    const script: Script = ({ path }, response) =>
      path.includes('last=')
        ? reply(response, status, {}, '{"errors":[{"code":"NAME_UNKNOWN"}]}')
        : reply(response, 200, { link: '</v2/org/app/tags/list?last=z>; rel="next"' }, '{"tags":["sha256-a"]}');
    await assert.rejects(listWith(t, script), RemoteError, `${status}`);
  }
});

test('401, 403, 404 and 405 mean that there is no listing', async (t) => {
  for (const status of [401, 403, 404, 405]) {
    assert.equal(await listWith(t, (_request, response) => reply(response, status)), undefined, `${status}`);
  }
});

test('what is neither leaves the question open', async (t) => {
  await assert.rejects(
    listWith(t, (_request, response) => reply(response, 500)),
    hasCode('REGISTRY_FAILED'),
  );
  await assert.rejects(
    listWith(t, (_request, response) => reply(response, 429)),
    hasCode('REGISTRY_THROTTLED'),
  );
  await assert.rejects(
    listWith(t, (_request, response) => reply(response, 200, {}, '<html>')),
    hasCode('REGISTRY_ANSWER_INVALID'),
  );
  await assert.rejects(
    listWith(t, (_request, response) => reply(response, 200, {}, '{"tags":[1]}')),
    hasCode('REGISTRY_ANSWER_INVALID'),
  );
});
