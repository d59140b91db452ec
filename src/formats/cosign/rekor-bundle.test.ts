import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hasCode } from '../../../test/support/error-code.ts';
import { base64Of, utf8Of } from '../../base/bytes.ts';
import type { ErrorCode } from '../../base/catalogue.ts';
import { decodeRekorBundle, rekorBundleOf } from './rekor-bundle.ts';

const body = utf8Of('{"apiVersion":"0.0.1","kind":"hashedrekord","spec":{}}');
const payload = { body: base64Of(body), integratedTime: 1_700_000_000, logIndex: 12, logID: 'ab'.repeat(32) };
const stored = { SignedEntryTimestamp: 'AQID', Payload: payload };

test('the entry of cosign reads, with the kind that its body names, and is written back as it was', () => {
  const entry = decodeRekorBundle(stored, '$');
  assert.deepEqual(entry, {
    logId: new Uint8Array(32).fill(0xab),
    logIndex: 12n,
    kind: 'hashedrekord',
    version: '0.0.1',
    integratedTime: 1_700_000_000n,
    body,
    promise: new Uint8Array([1, 2, 3]),
    proof: undefined,
  });
  assert.equal(JSON.stringify(rekorBundleOf(entry)), JSON.stringify(stored));
});

test('a time of zero is no time', () => {
  assert.equal(
    decodeRekorBundle({ ...stored, Payload: { ...payload, integratedTime: 0 } }, '$').integratedTime,
    undefined,
  );
});

test('broken entries are refused', () => {
  const cases: readonly (readonly [unknown, ErrorCode])[] = [
    [{}, 'JSON_SHAPE'],
    [{ Payload: payload }, 'JSON_SHAPE'],
    [{ ...stored, SignedEntryTimestamp: '?' }, 'BASE64_MALFORMED'],
    [{ ...stored, Payload: { ...payload, logIndex: -1 } }, 'JSON_SHAPE'],
    [{ ...stored, Payload: { ...payload, logIndex: '12' } }, 'JSON_SHAPE'],
    [{ ...stored, Payload: { ...payload, logID: 'xy' } }, 'HEX_MALFORMED'],
    [{ ...stored, Payload: { ...payload, logID: 'ab' } }, 'LOG_ENTRY_MALFORMED'],
    [{ ...stored, Payload: { ...payload, logID: 'AB'.repeat(32) } }, 'LOG_ENTRY_MALFORMED'],
    [{ ...stored, Payload: { ...payload, body: 'AQ' } }, 'BASE64_MALFORMED'],
    [{ ...stored, Payload: { ...payload, body: 'AQID' } }, 'JSON_MALFORMED'],
    [{ ...stored, Payload: { ...payload, body: base64Of(utf8Of('{}')) } }, 'JSON_SHAPE'],
  ];
  for (const [value, code] of cases) {
    assert.throws(() => decodeRekorBundle(value, '$'), hasCode(code), JSON.stringify(value));
  }
});
