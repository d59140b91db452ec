import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { hasCode } from '../../../test/support/error-code.ts';
import { TILE_WIDTH, encodeTilePath, parseTilePath } from './tile-path.ts';

test('tiles are named by groups of three digits, and partial ones by their width', () => {
  const named: readonly (readonly [bigint, number, string])[] = [
    [0n, TILE_WIDTH, '000'],
    [0n, 1, '000.p/1'],
    [7n, 255, '007.p/255'],
    [999n, TILE_WIDTH, '999'],
    [1000n, TILE_WIDTH, 'x001/000'],
    [1_234_067n, TILE_WIDTH, 'x001/x234/067'],
    [1_234_067n, 16, 'x001/x234/067.p/16'],
  ];
  for (const [index, width, path] of named) {
    assert.equal(encodeTilePath({ index, width }), path);
    assert.deepEqual(parseTilePath(path), { index, width });
  }
});

test('every place is read back from its path', () => {
  const place = fc.record({ index: fc.bigInt(0n, 2n ** 55n), width: fc.integer({ min: 1, max: TILE_WIDTH }) });
  fc.assert(fc.property(place, (each) => assert.deepEqual(parseTilePath(encodeTilePath(each)), { ...each })));
});

test('any other spelling is refused', () => {
  const refused = [
    '',
    '0',
    '00',
    '0000',
    'x000',
    'x000/000',
    'x001',
    'x001/',
    '/001',
    '001/002',
    'X001/002',
    '001.p',
    '001.p/',
    '001.p/0',
    '001.p/01',
    '001.p/256',
    '001.p/999',
    '001.p/-1',
    '001.p/1/',
    '-01',
    '00a',
    '001.P/1',
    '%30%30%31',
    '../000',
    'x001/../000',
    '٠٠١',
    `${'x001/'.repeat(20)}000`,
    '000\n',
    '000\u0000',
  ];
  for (const path of refused) {
    assert.throws(() => parseTilePath(path), hasCode('TILE_PATH_MALFORMED'), JSON.stringify(path));
  }
});
