import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hasCode } from '../../../test/support/error-code.ts';
import { parseUtf8, utf8Of } from '../../base/bytes.ts';
import { parseDigest } from '../oci/digest.ts';
import { predicateTextOf } from './predicate.ts';
import { encodeAttestation, parseStatement } from './statement.ts';

const now = new Date('2026-01-02T03:04:05Z');

test('custom wraps the file with the time, spdx holds it as a text, others are JSON objects as they are', () => {
  assert.equal(
    predicateTextOf('custom', utf8Of('a "b"\n'), now),
    '{"Data":"a \\"b\\"\\n","Timestamp":"2026-01-02T03:04:05Z"}',
  );
  assert.equal(predicateTextOf('spdx', utf8Of('SPDXVersion: 1\n'), now), '"SPDXVersion: 1\\n"');
  const exact = '{ "big": 12345678901234567890, "z": 1.50, "a": "<&>" }';
  assert.equal(predicateTextOf('https://example.test/p', utf8Of(`${exact}\n`), now), exact);
});

test('a statement holds the predicate letter by letter, and reads back', () => {
  const predicate = '{"big":12345678901234567890}';
  const digest = parseDigest(`sha256:${'ab'.repeat(32)}`);
  const bytes = encodeAttestation({ subjectName: 'r.example/a', digest, predicateType: 'https://p.test', predicate });
  assert.ok(parseUtf8(bytes).endsWith(`"predicate":${predicate}}`));
  const { subjects, predicateType } = parseStatement(bytes);
  assert.equal(predicateType, 'https://p.test');
  assert.deepEqual(subjects[0], { name: 'r.example/a', digest: { sha256: 'ab'.repeat(32) }, annotations: {} });
});

test('what is no JSON object, no text or too large is refused', () => {
  for (const text of ['', '[]', '1', 'null', '{"a":1,"a":2}', '{']) {
    assert.throws(() => predicateTextOf('vuln', utf8Of(text), now), hasCode('PREDICATE_MALFORMED'), text);
  }
  assert.throws(() => predicateTextOf('custom', new Uint8Array([0xff]), now), hasCode('PREDICATE_MALFORMED'));
  assert.throws(() => predicateTextOf('custom', new Uint8Array(9 * 1024 * 1024), now), hasCode('INPUT_TOO_LARGE'));
});
