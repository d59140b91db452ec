import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { hasCode } from '../../test/support/error-code.ts';
import { encodePem, parsePem, parsePemBlocks } from './pem.ts';

const block = { label: 'PUBLIC KEY', bytes: new Uint8Array(60).fill(7) };
const pem = encodePem(block);

test('any block reads back as itself, also with Windows line ends', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 300 }),
      fc.constantFrom('A', 'RSA PUBLIC KEY', 'X509 CRL'),
      (bytes, label) => {
        const text = encodePem({ label, bytes });
        assert.deepEqual(parsePem(text), { label, bytes });
        assert.deepEqual(parsePem(text.replaceAll('\n', '\r\n')), { label, bytes });
      },
    ),
  );
});

test('several blocks are read in order, and are too many for one', () => {
  assert.deepEqual(parsePemBlocks(pem + pem), [block, block]);
  assert.throws(() => parsePem(pem + pem), hasCode('PEM_MALFORMED'));
});

test('whatever is not strict PEM is refused', () => {
  const [begin = '', first = '', ...rest] = pem.split('\n');
  const variants: Record<string, string> = {
    nothing: '',
    'white space only': ' \n\n',
    'text before': `hello\n${pem}`,
    'text after': `${pem}hello`,
    'text between': `${pem}and\n${pem}`,
    'no end': pem.slice(0, pem.indexOf('-----END')),
    'another end': pem.replace('END PUBLIC', 'END PRIVATE'),
    'a second begin': [begin, begin, first, ...rest].join('\n'),
    headers: [begin, 'Proc-Type: 4,ENCRYPTED', 'DEK-Info: AES-128-CBC,00', '', first, ...rest].join('\n'),
    'a stray character': pem.replace(first, `${first.slice(0, 10)}!${first.slice(11)}`),
    'missing padding': encodePem({ label: 'A', bytes: new Uint8Array(1) }).replace('==', ''),
    'stray bits': encodePem({ label: 'A', bytes: new Uint8Array(1) }).replace('AA==', 'AB=='),
    'lower-case label': pem.replaceAll('PUBLIC KEY', 'public key'),
  };
  for (const [name, text] of Object.entries(variants)) {
    assert.throws(() => parsePem(text), hasCode('PEM_MALFORMED'), name);
  }
  assert.throws(() => parsePem(new Uint8Array([0x2d, 0xff])), hasCode('PEM_MALFORMED'), 'not text');
});

test('a text above the cap is refused before it is read', () => {
  assert.throws(() => parsePem(' '.repeat(300 * 1024)), hasCode('INPUT_TOO_LARGE'));
});
