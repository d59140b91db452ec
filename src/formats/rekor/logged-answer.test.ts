import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hasCode } from '../../../test/support/error-code.ts';
import { parseUtf8, utf8Of } from '../../base/bytes.ts';
import type { ErrorCode } from '../../base/catalogue.ts';
import { encodeLogRequest, parseLogAnswer } from './logged-answer.ts';

type Json = Record<string, unknown>;
const pem = '-----BEGIN PUBLIC KEY-----\n';
const body = Buffer.from('{"apiVersion":"0.0.1","kind":"hashedrekord","spec":{}}').toString('base64');
const proof = { logIndex: 2, treeSize: 3, rootHash: '02', hashes: ['03'], checkpoint: 'note' };
const entry: Json = {
  body,
  integratedTime: 1_700_000_000,
  logID: '00'.repeat(32),
  logIndex: 12,
  verification: { signedEntryTimestamp: 'AQ==', inclusionProof: proof },
  attestation: {},
};
const parse = (value: unknown): ReturnType<typeof parseLogAnswer> => parseLogAnswer(utf8Of(JSON.stringify(value)));

test('a signature is sent with the hash it covers, an envelope letter by letter', () => {
  const signed = { kind: 'hashedrekord', signature: new Uint8Array([1]), sha256: new Uint8Array([255]) } as const;
  assert.deepEqual(JSON.parse(parseUtf8(encodeLogRequest(signed, pem))), {
    apiVersion: '0.0.1',
    kind: 'hashedrekord',
    spec: {
      data: { hash: { algorithm: 'sha256', value: 'ff' } },
      signature: { content: 'AQ==', publicKey: { content: Buffer.from(pem).toString('base64') } },
    },
  });
  const envelope = '{ "payload": "e30=" }';
  const { spec } = JSON.parse(parseUtf8(encodeLogRequest({ kind: 'dsse', envelope: utf8Of(envelope) }, pem))) as Json;
  assert.deepEqual(spec, { proposedContent: { envelope, verifiers: [Buffer.from(pem).toString('base64')] } });
});

test('an entry is read with its promise and proof', () => {
  const bytes = (octet: number): Uint8Array => new Uint8Array([octet]);
  const { body: logged, ...read } = parse({ ['a'.repeat(80)]: entry });
  assert.equal(parseUtf8(logged), Buffer.from(body, 'base64').toString());
  assert.deepEqual(read, {
    logId: new Uint8Array(32),
    logIndex: 12n,
    kind: 'hashedrekord',
    version: '0.0.1',
    integratedTime: 1_700_000_000n,
    promise: bytes(1),
    proof: { logIndex: 2n, treeSize: 3n, rootHash: bytes(2), hashes: [bytes(3)], checkpoint: 'note' },
  });
});

test('anything but one whole entry is refused', () => {
  const cases: readonly (readonly [unknown, ErrorCode])[] = [
    [{}, 'LOG_ENTRY_MALFORMED'],
    [{ a: entry, b: entry }, 'LOG_ENTRY_MALFORMED'],
    [[], 'JSON_SHAPE'],
    [{ a: { ...entry, logID: '00' } }, 'LOG_ENTRY_MALFORMED'],
    [{ a: { ...entry, logID: 'x' } }, 'HEX_MALFORMED'],
    [{ a: { ...entry, logIndex: -1 } }, 'JSON_SHAPE'],
    [{ a: { ...entry, body: '?' } }, 'BASE64_MALFORMED'],
    [{ a: { ...entry, body: 'AAAA' } }, 'JSON_MALFORMED'],
    [{ a: { ...entry, verification: { inclusionProof: proof } } }, 'JSON_SHAPE'],
    [{ a: { ...entry, verification: { signedEntryTimestamp: 'AQ==' } } }, 'JSON_SHAPE'],
  ];
  for (const [value, code] of cases)
    assert.throws(() => parse(value), hasCode(code), JSON.stringify(value).slice(0, 200));
});
