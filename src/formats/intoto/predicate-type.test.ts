import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hasCode } from '../../../test/support/error-code.ts';
import { parsePredicateType, predicateTypeNames } from './predicate-type.ts';

test("cosign's short names stand for their URIs", () => {
  assert.deepEqual(Object.fromEntries(predicateTypeNames.map((name) => [name, parsePredicateType(name)])), {
    custom: 'https://cosign.sigstore.dev/attestation/v1',
    cyclonedx: 'https://cyclonedx.org/bom',
    link: 'https://in-toto.io/Link/v1',
    openvex: 'https://openvex.dev/ns',
    slsaprovenance: 'https://slsa.dev/provenance/v0.2',
    slsaprovenance02: 'https://slsa.dev/provenance/v0.2',
    slsaprovenance1: 'https://slsa.dev/provenance/v1',
    spdx: 'https://spdx.dev/Document',
    spdxjson: 'https://spdx.dev/Document',
    vuln: 'https://cosign.sigstore.dev/attestation/vuln/v1',
  });
});

test('an absolute URI stands for itself', () => {
  for (const uri of ['https://example.com/p', 'urn:example:p', 'HTTPS://Example.com/P?a#b']) {
    assert.equal(parsePredicateType(uri), uri);
  }
});

test('anything else is refused', () => {
  const wrong = [
    '',
    'bogus',
    'SPDX',
    'toString',
    'example.com/p',
    '/p',
    'https:',
    ':p',
    'https://a b',
    'https://a\n',
    `x:${'y'.repeat(3000)}`,
  ];
  for (const text of wrong) {
    assert.throws(() => parsePredicateType(text), hasCode('PREDICATE_TYPE_INVALID'), text.slice(0, 100));
  }
});
