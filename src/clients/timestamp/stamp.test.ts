import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

import { hasCode } from '../../../test/support/error-code.ts';
import { serveSigstore } from '../../../test/support/served-sigstore.ts';
import { createTestRuntime } from '../../../test/support/test-runtime.ts';
import { utf8Of } from '../../base/bytes.ts';
import { sha256HexOf } from '../../crypto/hash.ts';
import { encodeTimestampRequest } from '../../formats/tsp/timestamp-request.ts';
import { fetchTimestamp } from './stamp.ts';

const bytes = utf8Of('a signature');

test('the request is byte for byte what openssl makes', () => {
  const args = ['ts', '-query', '-digest', sha256HexOf(bytes), '-sha256', '-no_nonce'];
  assert.deepEqual(Buffer.from(encodeTimestampRequest(bytes)), execFileSync('openssl', args, { stdio: 'pipe' }));
});

test('what is no timestamp is not given away', async (t) => {
  const served = await serveSigstore(t);
  const runtime = createTestRuntime(t);
  const authority = new URL(served.stampUrl);
  assert.equal((await fetchTimestamp(runtime, authority, bytes))[0], 0x30);
  for (const body of ['', 'no', Buffer.from([0x30, 0x00]), Buffer.alloc(100_000)]) {
    served.misdeeds.instead = (_request, response) => {
      response.writeHead(200).end(body);
      return true;
    };
    await assert.rejects(fetchTimestamp(runtime, authority, bytes), hasCode('SERVICE_ANSWER_INVALID'));
  }
});
