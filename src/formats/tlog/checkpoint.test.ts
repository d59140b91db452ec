import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { hasCode } from '../../../test/support/error-code.ts';
import { base64Of, parseUtf8 } from '../../base/bytes.ts';
import { CountersignError } from '../../base/errors.ts';
import { logNameOf, namesTree, parseCheckpoint } from './checkpoint.ts';

const root = new Uint8Array(32).fill(7);
const line = `\u2014 log.test ${base64Of(new Uint8Array([1, 2, 3, 4, 5, 6]))}\n`;
const noteOf = (lines: readonly string[], signatures = line): string => `${lines.join('\n')}\n\n${signatures}`;
const good = ['log.test', '12', base64Of(root)];

test('origin, size, root hash, extensions and signatures are read; what is signed ends with the text', () => {
  const text = [...good, 'Timestamp: 1', 'more'];
  const witness = `\u2014 witness.test/one AQIDBAUGBwg=\n`;
  const checkpoint = parseCheckpoint(noteOf(text, line + witness));
  assert.deepEqual(checkpoint, {
    origin: 'log.test',
    treeSize: 12n,
    rootHash: root,
    extensions: ['Timestamp: 1', 'more'],
    signedBytes: checkpoint.signedBytes,
    signatures: [
      { name: 'log.test', keyHint: new Uint8Array([1, 2, 3, 4]), signature: new Uint8Array([5, 6]) },
      { name: 'witness.test/one', keyHint: new Uint8Array([1, 2, 3, 4]), signature: new Uint8Array([5, 6, 7, 8]) },
    ],
  });
  assert.equal(parseUtf8(checkpoint.signedBytes), `${text.join('\n')}\n`);
});

test('an origin of Rekor v1 ends in the id of a tree', () => {
  assert.equal(namesTree('rekor.sigstore.dev - 2605736670972794746'), true);
  assert.equal(namesTree('log2025-1.rekor.sigstore.dev'), false);
  assert.equal(namesTree('rekor.sigstore.dev - 12a'), false);
  assert.equal(logNameOf('rekor.sigstore.dev - 2605736670972794746'), 'rekor.sigstore.dev');
  assert.equal(logNameOf('log2025-1.rekor.sigstore.dev'), 'log2025-1.rekor.sigstore.dev');
});

test('whatever is not exactly a checkpoint is refused', () => {
  const cases: Readonly<Record<string, string>> = {
    empty: '',
    'no blank line': `${good.join('\n')}\n${line}`,
    'no text': `\n\n${line}`,
    'no signature': noteOf(good, ''),
    'no last line feed': noteOf(good).slice(0, -1),
    'two blank lines': noteOf(good, `${line}\n${line}`),
    'a blank line too many': `${good.join('\n')}\n\n\n${line}`,
    'a blank extension': noteOf([...good, '', 'x']),
    'carriage returns': noteOf(good).replaceAll('\n', '\r\n'),
    'half a character': noteOf([...good, '\ud800']),
    'no origin': noteOf(['', '12', base64Of(root)]),
    'no size': noteOf(['log.test', base64Of(root)]),
    'no root hash': noteOf(['log.test', '12']),
    'a size with a leading zero': noteOf(['log.test', '012', base64Of(root)]),
    'a negative size': noteOf(['log.test', '-1', base64Of(root)]),
    'a size beyond 64 bits': noteOf(['log.test', '1'.repeat(20), base64Of(root)]),
    'a short root hash': noteOf(['log.test', '12', base64Of(root.subarray(1))]),
    'a root hash without padding': noteOf(['log.test', '12', base64Of(root).slice(0, -1)]),
    'a hyphen for a dash': noteOf(good, '- log.test AQIDBAUG\n'),
    'a signature without a name': noteOf(good, '\u2014 AQIDBAUG\n'),
    'a name with a space': noteOf(good, '\u2014 log test AQIDBAUG\n'),
    'a name with a plus': noteOf(good, '\u2014 log+test AQIDBAUG\n'),
    'a signature of a hint only': noteOf(good, '\u2014 log.test AQIDBA==\n'),
    'a signature that is no base64': noteOf(good, '\u2014 log.test AQ.=\n'),
    'too many signatures': noteOf(good, line.repeat(33)),
    'too many characters': noteOf([...good, 'x'.repeat(17_000)]),
  };
  for (const [name, note] of Object.entries(cases)) {
    assert.throws(() => parseCheckpoint(note), hasCode('CHECKPOINT_MALFORMED'), name);
  }
});

test('any text is read or refused with an error of the catalogue', () => {
  const piece = fc.constantFrom(...good, line, '\n', '\u2014 ', 'AQ==', '0', ' ');
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(piece).map((parts) => parts.join('\n')),
  );
  fc.assert(
    fc.property(text, (note) => {
      try {
        parseCheckpoint(note);
      } catch (error) {
        assert.ok(error instanceof CountersignError, String(error));
      }
    }),
    { numRuns: 500 },
  );
});
