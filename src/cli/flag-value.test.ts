import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import type { Flag } from './flag.ts';
import { defaultValueOf, parseFlagValue } from './flag-value.ts';

const list: Flag = { type: 'strings', help: '' };
const switchFlag: Flag = { type: 'bool', default: true, help: '' };

describe('parseFlagValue', () => {
  const cases: readonly (readonly [Flag, readonly string[], unknown])[] = [
    [switchFlag, ['T'], true],
    [switchFlag, ['0'], false],
    [switchFlag, ['true', 'false'], false],
    [list, ['a,b', 'c'], ['a', 'b', 'c']],
    [list, ['"a,b",c'], ['a,b', 'c']],
    [list, ['"say ""hi"""'], ['say "hi"']],
    [list, ['a,,b,'], ['a', '', 'b', '']],
    [list, [''], []],
    [{ type: 'stringArray', help: '' }, ['a,b', 'c'], ['a,b', 'c']],
    [{ type: 'int', help: '' }, ['-3'], -3],
    [{ type: 'duration', help: '' }, ['1m30s'], 90_000],
    [{ type: 'enum', values: ['x', 'y'], help: '' }, ['y'], 'y'],
    [{ type: 'enum', values: ['x', 'y'], default: 'x', help: '' }, [''], 'x'],
    [{ type: 'string', help: '' }, ['', 'k'], 'k'],
    [{ type: 'string', help: '' }, ['k', ''], undefined],
    [{ type: 'string', default: 'd', help: '' }, [''], 'd'],
  ];
  for (const [flag, texts, value] of cases) {
    test(`reads ${JSON.stringify(texts)} of type ${flag.type} as ${JSON.stringify(value)}`, () => {
      assert.deepEqual(parseFlagValue('--flag', flag, texts), value);
    });
  }

  const wrong: readonly (readonly [Flag, string])[] = [
    [switchFlag, 'yes'],
    [switchFlag, ''],
    [{ type: 'int', help: '' }, '1.5'],
    [{ type: 'int', help: '' }, '12345678901'],
    [{ type: 'duration', help: '' }, '8'],
    [{ type: 'enum', values: ['x'], help: '' }, 'z'],
    [list, 'a"b'],
    [list, '"a"b'],
    [list, '"open'],
  ];
  for (const [flag, text] of wrong) {
    test(`refuses ${JSON.stringify(text)} as ${flag.type}`, () => {
      assert.throws(() => parseFlagValue('--flag', flag, [text]), {
        code: 'FLAG_VALUE_INVALID',
        message: /^--flag(?!.*, got .*, got )/,
      });
    });
  }

  test('a wrong value is refused even when a right one follows', () => {
    assert.throws(() => parseFlagValue('--flag', switchFlag, ['yes', 'true']), { code: 'FLAG_VALUE_INVALID' });
  });

  test('reads back any list that is quoted as CSV', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1 }), (parts) => {
        const text = parts.map((part) => `"${part.replaceAll('"', '""')}"`).join(',');
        assert.deepEqual(parseFlagValue('--flag', list, [text]), parts);
      }),
    );
  });
});

test('the value of a flag that nobody gave is its default', () => {
  assert.deepEqual(defaultValueOf(list), []);
  assert.equal(defaultValueOf(switchFlag), true);
  assert.equal(defaultValueOf({ type: 'string', help: '' }), undefined);
});
