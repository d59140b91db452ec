import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hasCode } from '../../../test/support/error-code.ts';
import { isReservedAnnotation, requireUnreservedAnnotations } from './reserved-annotation.ts';

test('names of proven identities are reserved, however they are dressed', () => {
  const names = [
    'Subject',
    'subject',
    'ISSUER',
    ' Issuer ',
    'Bundle',
    'RFC3161Timestamp',
    'githubWorkflowSha',
    'GitHubWorkflowAnything',
    '1.3.6.1.4.1.57264.1.1',
    '2.5',
  ];
  for (const name of [
    ...names,
    'Sub\u200bject',
    'Ｓｕｂｊｅｃｔ',
    'Issuer\u0000',
    '\u202eSubject',
    'Sub ject',
    'Sub\u034fject',
    'Issuer\ufe0f',
    '\u3164Bundle',
  ]) {
    assert.equal(isReservedAnnotation(name), true, JSON.stringify(name));
    assert.throws(() => requireUnreservedAnnotations({ ok: '1', [name]: 'x' }), hasCode('ANNOTATION_RESERVED'));
  }
});

test('other names are free', () => {
  for (const name of ['subject-line', 'issue', 'bundles', 'version', '1', '1.', 'v1.2', 'my.githubWorkflow', '']) {
    assert.equal(isReservedAnnotation(name), false, name);
  }
  requireUnreservedAnnotations({ version: '1.2.3' });
});
