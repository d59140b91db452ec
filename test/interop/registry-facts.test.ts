/** What real registries answer where the specification leaves room or they leave the specification: the table of
 *  docs/decisions/0002-peers.md, row by row. Our registry client is built for these answers. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {
  buildImage,
  contentOf,
  descriptorOf,
  jsonContentOf,
  pushBlob,
  pushImage,
  pushManifest,
} from '../support/image.ts';
import type { Content } from '../support/image.ts';
import { requirePeer } from '../support/peers.ts';
import { registryPeers, startRegistry } from '../support/registries.ts';
import type { RegistryKind, TestRegistry } from '../support/registries.ts';
import { registryRequest } from '../support/registry-request.ts';
import type { RegistryAnswer, RegistryContent } from '../support/registry-request.ts';

const kinds = ['docker', 'ggcr', 'olareg'] as const satisfies readonly RegistryKind[];
type Kind = (typeof kinds)[number];
type Row<Seen> = Readonly<Record<Kind, Seen>>;

interface Bench {
  readonly registry: TestRegistry;
  readonly ask: (method: string, path: string, content?: RegistryContent) => Promise<RegistryAnswer>;
}

const repository = 'facts/app';
const image = buildImage('facts');
const other = buildImage('other');
const accept = [image.manifest.mediaType, 'application/vnd.oci.image.index.v1+json'].join(', ');
const unknownDigest = `sha256:${'1'.repeat(64)}`;

row(
  'DELETE of a manifest by tag',
  { docker: [400, 200, 200], ggcr: [202, 404, 200], olareg: [202, 404, 200] },
  (bench) =>
    statuses([
      () => bench.ask('DELETE', `/v2/${repository}/manifests/v2`),
      () => bench.ask('HEAD', `/v2/${repository}/manifests/v2`),
      () => bench.ask('HEAD', `/v2/${repository}/manifests/v1`),
    ]),
);

row('DELETE of a manifest by digest', { docker: [202, 404], ggcr: [202, 200], olareg: [202, 404] }, (bench) =>
  statuses([
    () => bench.ask('DELETE', `/v2/${repository}/manifests/${image.manifest.digest}`),
    () => bench.ask('HEAD', `/v2/${repository}/manifests/v1`),
  ]),
);

row(
  'tags/list with n and last',
  {
    docker: [['v1', 'v2', 'v3'], ['v1', 'v2', 'v3'], undefined],
    ggcr: [['v1', 'v2'], ['v1', 'v2', 'v3'], undefined],
    olareg: [['v1', 'v2'], [], '</v2/facts/app/tags/list?last=v2&n=2>; rel=next'],
  },
  async ({ ask }) => {
    const first = await ask('GET', `/v2/${repository}/tags/list?n=2`);
    const beyond = await ask('GET', `/v2/${repository}/tags/list?last=v3`);
    const tags = (answer: RegistryAnswer): string[] => JSON.parse(answer.body.toString()).tags.toSorted();
    return [tags(first), tags(beyond), first.headers['link']];
  },
);

row('tags/list of no such repository', { docker: [404], ggcr: [404], olareg: [200] }, ({ ask }) =>
  statuses([() => ask('GET', '/v2/facts/none/tags/list')]),
);

row(
  '/referrers/ with none, with one, filtered, and of no such repository',
  {
    docker: [404, undefined, undefined, undefined, 404],
    ggcr: [200, [], ['application/vnd.oci.empty.v1+json'], ['application/vnd.oci.empty.v1+json'], 404],
    olareg: [200, null, ['application/x-fact'], [], 200],
  },
  async ({ registry, ask }) => {
    const list = async (query = ''): Promise<unknown> => {
      const answer = await ask('GET', `/v2/${repository}/referrers/${image.manifest.digest}${query}`);
      if (answer.status !== 200) return undefined;
      const { manifests } = JSON.parse(answer.body.toString());
      return manifests?.map(({ artifactType }: { artifactType: string }) => artifactType) ?? manifests;
    };
    const { status } = await ask('GET', `/v2/${repository}/referrers/${image.manifest.digest}`);
    const none = await list();
    await pushReferrer(registry);
    const elsewhere = await ask('GET', `/v2/facts/none/referrers/${unknownDigest}`);
    return [status, none, await list(), await list('?artifactType=application/x-other'), elsewhere.status];
  },
);

row('OCI-Subject in the answer to a PUT', { docker: false, ggcr: false, olareg: true }, async ({ registry, ask }) => {
  const referrer = await pushReferrer(registry);
  const put = await ask('PUT', `/v2/${repository}/manifests/${referrer.digest}`, contentBody(referrer));
  return put.headers['oci-subject'] !== undefined;
});

row('upload in a single POST', { docker: [202, 404], ggcr: [201, 200], olareg: [201, 200] }, ({ ask }) => {
  const blob = contentOf('application/octet-stream', Buffer.from('single post'));
  return statuses([
    () => ask('POST', `/v2/${repository}/blobs/uploads/?digest=${blob.digest}`, contentBody(blob)),
    () => ask('HEAD', `/v2/${repository}/blobs/${blob.digest}`),
  ]);
});

row(
  'mount of a known and of an unknown blob',
  { docker: [201, 202], ggcr: [202, 202], olareg: [201, 202] },
  ({ ask }) =>
    statuses(
      [image.blobs[0]?.digest ?? '', unknownDigest].map(
        (digest) => () => ask('POST', `/v2/facts/new/blobs/uploads/?mount=${digest}&from=${repository}`),
      ),
    ),
);

row(
  'PUT with a condition that does not hold',
  { docker: [201, 201], ggcr: [201, 201], olareg: [201, 201] },
  (bench) => {
    const put = (headers: Record<string, string>) => (): Promise<RegistryAnswer> =>
      bench.ask('PUT', `/v2/${repository}/manifests/v3`, contentBody(image.manifest, headers));
    return statuses([put({ 'if-match': `"${unknownDigest}"` }), put({ 'if-none-match': '*' })]);
  },
);

row(
  'PUT without the blobs, and under a foreign digest',
  { docker: [400, 400], ggcr: [201, 201], olareg: [400, 400] },
  ({ ask }) =>
    statuses([
      () => ask('PUT', `/v2/${repository}/manifests/v4`, contentBody(other.manifest)),
      () => ask('PUT', `/v2/${repository}/manifests/${unknownDigest}`, contentBody(image.manifest)),
    ]),
);

row('PATCH out of order', { docker: [202, 202], ggcr: [202, 416], olareg: [202, 416] }, async ({ registry, ask }) => {
  const begun = await ask('POST', `/v2/${repository}/blobs/uploads/`);
  const chunk = (range: string): RegistryContent => ({ body: 'chunk', headers: { 'content-range': range } });
  const first = await ask('PATCH', begun.headers.location ?? '', chunk('0-4'));
  const place = new URL(first.headers.location ?? '', `${registry.scheme}://${registry.host}`).href;
  return [first.status, (await ask('PATCH', place, chunk('20-24'))).status];
});

row('GET of an OCI manifest without Accept', { docker: [404], ggcr: [200], olareg: [404] }, ({ registry }) =>
  statuses([() => registryRequest(registry, 'GET', `/v2/${repository}/manifests/v1`)]),
);

/** One row of the table: a registry of each kind with one image under three tags is asked the same. */
function row<Seen>(name: string, wanted: Row<Seen>, look: (bench: Bench) => Promise<Seen>): void {
  for (const kind of kinds) {
    test(`${name}: ${kind} answers as our client expects`, async (t) => {
      if (!requirePeer(t, registryPeers[kind])) return;
      const registry = await startRegistry(kind);
      const ask: Bench['ask'] = (method, path, { body = '', headers = {} } = {}) =>
        registryRequest(registry, method, path, { body, headers: { accept, ...headers } });
      try {
        await pushImage(registry, repository, 'v1', image);
        for (const tag of ['v2', 'v3']) await pushManifest(registry, repository, tag, image.manifest);
        assert.deepEqual(await look({ registry, ask }), wanted[kind]);
      } finally {
        await registry.close();
      }
    });
  }
}

async function statuses(requests: readonly (() => Promise<RegistryAnswer>)[]): Promise<number[]> {
  const seen: number[] = [];
  for (const request of requests) seen.push((await request()).status);
  return seen;
}

async function pushReferrer(registry: TestRegistry): Promise<Content> {
  const empty = contentOf('application/vnd.oci.empty.v1+json', Buffer.from('{}'));
  await pushBlob(registry, repository, empty);
  const referrer = jsonContentOf(image.manifest.mediaType, {
    schemaVersion: 2,
    mediaType: image.manifest.mediaType,
    artifactType: 'application/x-fact',
    config: descriptorOf(empty),
    layers: [descriptorOf(empty)],
    subject: descriptorOf(image.manifest),
  });
  await pushManifest(registry, repository, referrer.digest, referrer);
  return referrer;
}

function contentBody({ bytes, mediaType }: Content, headers: Record<string, string> = {}): RegistryContent {
  return { body: bytes, headers: { 'content-type': mediaType, ...headers } };
}
