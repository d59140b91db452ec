import assert from 'node:assert/strict';
import { test } from 'node:test';

import { compilePattern } from '../policy/pattern.ts';
import { namedCertificate } from '../../test/support/named-certificate.ts';
import { nearestMissOf, nearMissOf, nearMissText } from './near-miss.ts';
import { exactly } from './policy.ts';
import type { Identity, TextMatcher } from './policy.ts';
import { signerNamesOf } from './signer-names.ts';

const workflow = 'https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main';
const github = 'https://token.actions.githubusercontent.com';
const names = signerNamesOf(namedCertificate('workflow'));

function expecting(subject: string | TextMatcher, issuer = github, extensions: Identity['extensions'] = {}): Identity {
  return {
    subject: typeof subject === 'string' ? exactly(subject) : subject,
    issuer: exactly(issuer),
    extensions,
  };
}

const pattern = (source: string): Promise<TextMatcher> => compilePattern(source, { isAnchored: true });

test('an identity that fits has no differences', () => {
  const miss = nearMissOf(expecting(workflow, github, { buildTrigger: exactly('value 20') }), names);
  assert.deepEqual(miss.differences, []);
  assert.deepEqual(miss.matched, ['subject', 'issuer', 'buildTrigger']);
});

test('parts of a workflow that differ are named one by one', () => {
  const partsOf = (subject: string): readonly string[] =>
    nearMissOf(expecting(subject), names).differences.flatMap(({ parts }) => parts.map(({ name }) => name));
  assert.deepEqual(partsOf(workflow.replace('refs/heads/main', 'refs/tags/v1')), ['ref']);
  assert.deepEqual(partsOf(workflow.replace('release.yml', 'build.yml')), ['workflow']);
  assert.deepEqual(partsOf(workflow.replace('acme/app', 'acme/other').replace('main', 'next')), ['repository', 'ref']);
  assert.deepEqual(partsOf(workflow.replace('acme', 'acme-labs')), ['owner']);
  assert.deepEqual(partsOf('dev@example.com'), []);
});

test('the parts carry what was expected and what was seen', () => {
  const [difference] = nearMissOf(expecting(workflow.replace('refs/heads/main', 'refs/tags/v1')), names).differences;
  assert.deepEqual(difference?.parts, [{ name: 'ref', expected: 'refs/tags/v1', seen: 'refs/heads/main' }]);
  assert.equal(difference?.commonStart, workflow.indexOf('heads'));
});

const remarks: Readonly<Record<string, readonly [Identity, string]>> = {
  'a slash at the end of the issuer': [expecting(workflow, `${github}/`), 'only a slash at the end differs'],
  'capital letters': [expecting(workflow.replace('acme', 'Acme')), 'only the case of letters differs'],
  'http for https': [expecting(workflow.replace('https', 'http')), 'only the scheme differs'],
  'a pattern in capital letters': [expecting(await pattern('https://github\\.com/ACME/.*')), ''],
  'a pattern for another ref': [
    expecting(await pattern('https://github\\.com/acme/.*@refs/tags/v.*')),
    'only the ref differs',
  ],
  'another issuer altogether': [expecting(workflow, 'https://accounts.example.com'), ''],
};

for (const [what, [identity, remark]] of Object.entries(remarks)) {
  test(`${what}: ${remark === '' ? 'nothing small to remark' : remark}`, () => {
    assert.equal(nearMissOf(identity, names).differences[0]?.remark ?? '', remark);
  });
}

test('white space around an expected name is remarked', () => {
  const spaced = { ...names, subjects: [`${workflow} `] };
  assert.equal(nearMissOf(expecting(workflow), spaced).differences[0]?.remark, 'only white space around it differs');
});

test('of several identities the one with the fewest differences is nearest, then the most similar', () => {
  const far = expecting('dev@example.com', 'https://accounts.example.com');
  const subject = expecting(workflow.replace('main', 'next'));
  const similar = expecting(workflow.replace('main', 'maim'));
  assert.equal(nearestMissOf([far, subject], names).identity, subject);
  assert.equal(nearestMissOf([subject, far, similar], names).identity, similar);
});

test('of several subjects the most similar one is compared', () => {
  const many = signerNamesOf(namedCertificate('many'));
  const seen = (subject: string): string | undefined =>
    nearMissOf(expecting(subject), many).differences.find(({ member }) => member === 'subject')?.seen;
  assert.equal(seen('oops@example.com'), 'ops@example.com');
  assert.equal(seen(workflow.replace('main', 'next')), workflow);
});

test('an extension that is absent, unknown or different is named', () => {
  const extensions = {
    githubWorkflowRef: exactly('refs/heads/next'),
    nonsense: exactly('x'),
    '1.3.6.1.4.1.57264.1.2': exactly('push'),
  };
  const miss = nearMissOf(expecting(workflow, github, extensions), names);
  assert.deepEqual(
    miss.differences.map(({ member, seen }) => [member, seen]),
    [
      ['githubWorkflowRef', 'refs/heads/main'],
      ['nonsense', undefined],
    ],
  );
});

test('the text says what fits and what does not', () => {
  const identity = expecting(workflow.replace('refs/heads/main', 'refs/tags/v1'), github, {
    buildTrigger: exactly('x'),
  });
  assert.equal(
    nearMissText(nearMissOf(identity, names)),
    'issuer as expected; subject differs in ref: expected "refs/tags/v1", seen "refs/heads/main"; ' +
      'buildTrigger differs: expected "x", seen "value 20"',
  );
  assert.equal(
    nearMissText(nearMissOf(expecting('dev@example.com'), { ...names, subjects: [], issuer: undefined })),
    'the certificate has no subject; the certificate has no issuer',
  );
});
