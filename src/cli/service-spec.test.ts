import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hasCode } from '../../test/support/error-code.ts';
import { parseServiceSpec } from './service-spec.ts';

const members = { required: ['url', 'public-key'], optional: ['origin'] } as const;
const parse = (text: string): unknown => parseServiceSpec('rekor', text, members);

test('a service reads as its members, in any order and with spaces around them', () => {
  const expected = { url: 'https://a.test/?b=c', 'public-key': 'a.pub' };
  assert.deepEqual(parse('url=https://a.test/?b=c,public-key=a.pub'), expected);
  assert.deepEqual(parse(' public-key = a.pub , url = https://a.test/?b=c '), expected);
  assert.deepEqual(parse('url=https://a.test/?b=c,public-key=a.pub,origin='), expected);
  assert.deepEqual(parse('url=https://a.test/?b=c,public-key=a.pub,origin=a'), { ...expected, origin: 'a' });
});

test('members that are missing, empty, unknown or there twice are refused', () => {
  const texts = [
    '',
    'url=a',
    'url=a,public-key=',
    'url=a,public-key=b,key=c',
    'url=a,url=a,public-key=b',
    'url,public-key=b',
  ];
  for (const text of [
    ...texts,
    'url=a,public-key=b,',
    'constructor=a,url=a,public-key=b',
    'url=,url=a,public-key=b,=',
  ]) {
    assert.throws(() => parse(text), hasCode('FLAG_VALUE_INVALID'), text);
  }
});
