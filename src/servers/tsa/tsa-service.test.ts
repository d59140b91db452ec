import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import { hasCode } from '../../../test/support/error-code.ts';
import { hashOids, openOwnTimestamps, timestampQuery } from '../../../test/support/own-timestamps.ts';
import { serveServices } from '../../../test/support/serve-services.ts';
import type { ServedServices } from '../../../test/support/serve-services.ts';
import { isSameBytes, utf8Of } from '../../base/bytes.ts';
import { limits } from '../../base/limits.ts';
import { parseTimestampResponse } from '../../formats/tsp/timestamp.ts';
import { parseCertificatesPem } from '../../formats/x509/certificate-pem.ts';
import type { TimestampAuthority } from './timestamp-authority.ts';
import { timestampService } from './tsa-service.ts';

const PATH = '/api/v1/timestamp';
const QUERY = { 'content-type': 'application/timestamp-query' };
const signature = utf8Of('a signature');

interface Scene extends ServedServices {
  readonly authority: TimestampAuthority;
  readonly stamped: () => number;
  readonly setClock: (instant: Date) => void;
}

async function openScene(t: TestContext): Promise<Scene> {
  let clock = new Date('2026-03-01T12:00:00Z');
  let count = 0;
  const authority = await openOwnTimestamps(() => clock, clock);
  const services = [timestampService(authority, () => (count += 1))];
  const setClock = (instant: Date): void => {
    clock = instant;
  };
  return { ...(await serveServices(t, services)), authority, stamped: () => count, setClock };
}

test('a query in DER is answered with a stamp, and each is counted', async (t) => {
  const { ask, stamped } = await openScene(t);
  const answer = await ask('POST', PATH, { headers: QUERY, body: timestampQuery(signature) });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers['content-type'], 'application/timestamp-reply');
  assert.equal(parseTimestampResponse(answer.body).info.imprint.hash, 'sha256');
  assert.equal(stamped(), 1);
});

test('a query in JSON is answered with the same', async (t) => {
  const { ask } = await openScene(t);
  const artifactHash = Buffer.alloc(64, 1).toString('base64');
  const body = JSON.stringify({ artifactHash, hashAlgorithm: 'sha512', certificates: true, nonce: 7 });
  const answer = await ask('POST', PATH, { headers: { 'content-type': 'application/json; charset=utf-8' }, body });
  assert.equal(answer.status, 200);
  const { info, certificates } = parseTimestampResponse(answer.body);
  assert.equal(info.imprint.hash, 'sha512');
  assert.equal(certificates.length, 1);
});

test('the chain is given as PEM, from the certificate that signs to the root', async (t) => {
  const { ask, authority } = await openScene(t);
  const answer = await ask('GET', `${PATH}/certchain`);
  assert.equal(answer.headers['content-type'], 'application/pem-certificate-chain');
  const chain = parseCertificatesPem(answer.body);
  assert.equal(chain.length, 2);
  assert.ok(chain.every(({ der }, at) => isSameBytes(der, authority.chain[at] ?? new Uint8Array())));
});

test('what cannot be stamped is refused with the status and the reason', async (t) => {
  const { ask, stamped } = await openScene(t);
  const sha1 = timestampQuery(signature, { hashOid: hashOids.sha1, digest: new Uint8Array(20) });
  const cases: readonly (readonly [number, RegExp, Record<string, string>, Uint8Array | string])[] = [
    [400, /SHA-256/, QUERY, sha1],
    [400, /imprint of 5 bytes/, QUERY, timestampQuery(signature, { digest: new Uint8Array(5) })],
    [400, /1\.3\.6\.1\.4\.1\.57264\.2/, QUERY, timestampQuery(signature, { policy: '1.2.3' })],
    [400, /DER/, QUERY, 'no query'],
    [400, /JSON|expected/i, { 'content-type': 'application/json' }, '{'],
    [415, /application\/timestamp-query or application\/json/, { 'content-type': 'text/plain' }, 'x'],
    [415, /application\/timestamp-query/, {}, timestampQuery(signature)],
    [413, /more than 4096 bytes/, QUERY, new Uint8Array(limits.timestampRequestBytes + 1)],
  ];
  for (const [status, message, headers, body] of cases) {
    const answer = await ask('POST', PATH, { headers, body });
    const problem = JSON.parse(answer.body.toString()) as { readonly code: number; readonly message: string };
    assert.deepEqual([answer.status, problem.code], [status, status], problem.message);
    assert.match(problem.message, message);
  }
  assert.equal(stamped(), 0);
});

test('a body of another type is refused before it is read', async () => {
  const now = new Date('2026-03-01T12:00:00Z');
  const [post] = timestampService(await openOwnTimestamps(() => now)).endpoints;
  const call = {
    method: 'POST',
    url: new URL(`http://127.0.0.1${PATH}`),
    headers: { 'content-type': 'application/timestamp-query+json' },
    params: {},
    body: () => Promise.reject(new Error('the body was read')),
  };
  await assert.rejects(async () => post?.handle(call), hasCode('MEDIA_TYPE_UNSUPPORTED'));
});

test('a clock that stands behind is told as a service that is not available for now', async (t) => {
  const { ask, setClock } = await openScene(t);
  const query = { headers: QUERY, body: timestampQuery(signature) };
  await ask('POST', PATH, query);
  setClock(new Date('2026-03-01T11:59:00Z'));
  const answer = await ask('POST', PATH, query);
  assert.equal(answer.status, 503);
  assert.ok(answer.headers['retry-after']);
});
