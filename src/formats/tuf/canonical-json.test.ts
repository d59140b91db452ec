import assert from 'node:assert/strict';
import { createHash, verify } from 'node:crypto';
import { test } from 'node:test';

import fc from 'fast-check';

import { hasCode } from '../../../test/support/error-code.ts';
import type { JsonObject, JsonValue } from '../../base/json.ts';
import { readPublicRoot } from '../../clients/tuf/public-root.ts';
import { canonicalJsonOf } from './canonical-json.ts';

interface PublicKeyJson extends JsonObject {
  readonly keyval: { readonly public: string };
}
interface RootJson {
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
  readonly signed: JsonObject & { readonly keys: Readonly<Record<string, PublicKeyJson>> };
}

test('key ids and signatures of the public root are over the very same spelling', () => {
  const { signatures, signed } = JSON.parse(String(Buffer.from(readPublicRoot()))) as RootJson;
  const keys = Object.entries(signed.keys);
  assert.ok(keys.length > 4);
  for (const [id, key] of keys) {
    assert.equal(createHash('sha256').update(canonicalJsonOf(key)).digest('hex'), id);
  }
  const message = Buffer.from(canonicalJsonOf(signed));
  const good = signatures.filter(({ keyid, sig }) => {
    const pem = signed.keys[keyid]?.keyval.public;
    return pem !== undefined && sig !== '' && verify('sha256', message, pem, Buffer.from(sig, 'hex'));
  });
  assert.ok(good.length >= 3);
});

test('names are sorted, and of characters only the quote and the backslash are escaped', () => {
  const value = { b: [1, true, null, 'line\nend'], a: { '"': '\\', é: '' } };
  assert.equal(canonicalJsonOf(value), '{"a":{"\\"":"\\\\","é":""},"b":[1,true,null,"line\nend"]}');
});

test('a number that is not whole has no spelling', () => {
  for (const number of [0.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => canonicalJsonOf({ number }), hasCode('TUF_METADATA_MALFORMED'));
  }
});

const text = fc.string({ unit: fc.constantFrom('a', 'B', '0', '_', '"', '\\', ' ', 'é') });
const { value } = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    text,
    fc.maxSafeInteger(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value')),
    fc.dictionary(text, tie('value'), { noNullPrototype: true }),
  ),
}));

test('the spelling reads back as the value, in whatever order its members came', () => {
  const reversed = (each: JsonValue): JsonValue => {
    if (typeof each !== 'object' || each === null) return each;
    if (Array.isArray(each)) return each.map(reversed);
    return Object.fromEntries(
      Object.entries(each)
        .toReversed()
        .map(([name, member]) => [name, reversed(member)]),
    );
  };
  fc.assert(
    fc.property(value, (each) => {
      const spelling = canonicalJsonOf(each);
      assert.equal(canonicalJsonOf(reversed(each)), spelling);
      assert.deepEqual(JSON.parse(spelling), each);
    }),
  );
});
