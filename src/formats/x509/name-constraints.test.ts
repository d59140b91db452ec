import assert from 'node:assert/strict';
import { test } from 'node:test';

import { der, oid, sequence, setOf, tagged, taggedString } from '../../../test/support/der-writer.ts';
import { hasCode } from '../../../test/support/error-code.ts';
import { vectorCertificate, vectorNames } from '../../../test/support/x509-vectors.ts';
import { utf8Of } from '../../base/bytes.ts';
import { limits } from '../../base/limits.ts';
import { constrainedNamesOf, isAllowedBy, nameConstraintsOf } from './name-constraints.ts';

const isMalformed = hasCode('CERTIFICATE_MALFORMED');

function isAllowed(authority: string, leaf: string): boolean {
  const constraints = nameConstraintsOf(vectorCertificate(authority));
  assert.ok(constraints !== undefined);
  return isAllowedBy(constraints, constrainedNamesOf(vectorCertificate(leaf)));
}

test('names within the permitted subtrees are allowed', () => {
  const inside = vectorNames('named/inside-');
  assert.equal(inside.length, 10);
  for (const name of inside) assert.equal(isAllowed('named', name), true, name);
});

test('names outside the permitted subtrees, or within excluded ones, are not allowed', () => {
  const undecidable = ['named/outside-uri-address', 'named/outside-uri-no-host'];
  const outside = vectorNames('named/outside-');
  assert.equal(outside.length, 16);
  for (const name of outside) {
    if (undecidable.includes(name)) {
      assert.throws(() => isAllowed('named', name), isMalformed, name);
    } else {
      assert.equal(isAllowed('named', name), false, name);
    }
  }
});

test('constraints that cannot be judged refuse the names that they are about, and no others', () => {
  assert.equal(isAllowed('strange', 'strange/good'), true);
  assert.throws(() => isAllowed('strange', 'strange/subject'), isMalformed);
  assert.throws(() => isAllowed('strange', 'strange/registered-id'), isMalformed);
});

test('an email address in the subject is a name too, and one without a host cannot be judged', () => {
  const constraints = nameConstraintsOf(vectorCertificate('named'));
  assert.ok(constraints !== undefined);
  const leaf = vectorCertificate('named/inside-two');
  const subjectOf = (email: string): Uint8Array =>
    sequence(setOf(sequence(oid('1.2.840.113549.1.9.1'), der(0x16, utf8Of(email)))));
  const names = (email: string): ReturnType<typeof constrainedNamesOf> =>
    // The permitted directory name is another matter.
    constrainedNamesOf({ ...leaf, subject: subjectOf(email) }).filter(({ tag }) => tag !== 0xa4);
  assert.equal(isAllowedBy(constraints, names('dev@a.example.com')), true);
  assert.equal(isAllowedBy(constraints, names('dev@example.com')), false);
  assert.throws(() => isAllowedBy(constraints, names('a.example.com')), isMalformed);
  assert.throws(() => isAllowedBy(constraints, names('@a.example.com')), isMalformed);
});

test('subtrees with a minimum or maximum are refused, as are too many', () => {
  const read = (...subtrees: readonly Uint8Array[]): unknown => {
    const value = sequence(tagged(0, ...subtrees));
    const extensions = [{ oid: '2.5.29.30', isCritical: true, value }];
    return nameConstraintsOf({ ...vectorCertificate('named'), extensions });
  };
  const name = taggedString(2, utf8Of('example.org'));
  const subtree = sequence(name);
  read(...Array.from({ length: limits.certificateNames }, () => subtree));
  assert.throws(() => read(...Array.from({ length: limits.certificateNames + 1 }, () => subtree)), isMalformed);
  assert.throws(() => read(sequence(name, taggedString(1, new Uint8Array([1])))), isMalformed);
});

test('an authority without the extension constrains nothing', () => {
  assert.equal(nameConstraintsOf(vectorCertificate('issuing')), undefined);
});
