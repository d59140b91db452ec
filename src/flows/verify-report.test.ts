import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createSigner } from '../../test/support/image-lab.ts';
import { utf8Of } from '../base/bytes.ts';
import type { JsonValue } from '../base/json.ts';
import type { PublicKey } from '../crypto/public-key.ts';
import { digestOf } from '../formats/oci/digest.ts';
import { parseReference } from '../formats/oci/reference.ts';
import type { SignedClaims } from '../verify/verdict.ts';
import { acceptedSignaturesOf, cosignArrayOf, cosignLinesOf } from './verify-report.ts';
import type { ImageReport, SignatureReport } from './verify-report.ts';

const digest = digestOf(new Uint8Array([1]));
const alice = createSigner().publicKey;
const bob = createSigner().publicKey;

function legacy(key: PublicKey, annotations: Readonly<Record<string, JsonValue>> = {}): SignatureReport {
  return accepted('legacy', key, {
    type: 'cosign container image signature',
    dockerReference: 'registry.example/app',
    imageDigest: digest,
    annotations,
  });
}

function bundle(key: PublicKey, annotations: Readonly<Record<string, JsonValue>> = {}): SignatureReport {
  return accepted('bundle', key, { type: 'https://sigstore.dev/cosign/sign/v1', imageDigest: digest, annotations });
}

function accepted(form: 'legacy' | 'bundle', key: PublicKey, claims: SignedClaims): SignatureReport {
  return {
    form,
    origin: form,
    verdict: {
      status: 'verified',
      checks: [],
      evidence: {
        signer: { kind: 'key', key },
        scheme: 'test',
        times: [],
        entries: [],
        claims,
        isClaimsChecked: true,
        checks: [],
      },
    },
  };
}

function report(...signatures: readonly SignatureReport[]): ImageReport {
  const reference = parseReference('registry.example/app:v1');
  return {
    reference,
    outcome: 'verified',
    exit: 0,
    summary: '',
    isClaimsChecked: true,
    checks: [],
    sources: [],
    signatures,
    children: [],
  };
}

test('the same signer with the same annotations in both forms prints once, the legacy element', () => {
  const forms = (...signatures: readonly SignatureReport[]): readonly string[] =>
    acceptedSignaturesOf(report(...signatures)).map(({ form }) => form);
  assert.deepEqual(forms(bundle(alice), legacy(alice)), ['legacy']);
  assert.deepEqual(forms(legacy(alice, { a: '1', b: '2' }), bundle(alice, { b: '2', a: '1' })), ['legacy']);
  assert.deepEqual(forms(legacy(alice), bundle(alice, { a: '1' })), ['legacy', 'bundle']);
  assert.deepEqual(forms(legacy(alice), bundle(bob)), ['legacy', 'bundle']);
});

test('a legacy signature prints as cosign 2.4 prints it', () => {
  assert.equal(
    cosignArrayOf(report(legacy(alice))),
    `[{"critical":{"identity":{"docker-reference":"registry.example/app"},"image":{"docker-manifest-digest":"${digest}"},"type":"cosign container image signature"},"optional":null}]`,
  );
  assert.match(
    cosignArrayOf(report(legacy(alice, { z: '<&>', a: 1 }))),
    /"optional":\{"a":1,"z":"\\u003c\\u0026\\u003e"\}\}\]$/,
  );
});

test('a bundle prints as cosign 3.1 does: predicate type, full reference, annotations', () => {
  assert.equal(
    cosignArrayOf(report(bundle(alice))),
    `[{"critical":{"identity":{"docker-reference":"registry.example/app:v1"},"image":{"docker-manifest-digest":"${digest}"},"type":"https://sigstore.dev/cosign/sign/v1"},"optional":{}}]`,
  );
});

test('a bundle of an image that was named by tag and digest prints the digest alone, as cosign 3.1 does', () => {
  const reference = parseReference(`registry.example/app:v1@${digest}`);
  assert.match(
    cosignArrayOf({ ...report(bundle(alice)), reference }),
    new RegExp(`"docker-reference":"registry\\.example/app@${digest}"`),
  );
});

test('as text, a payload is printed as it was signed, unless it claims an identity, and a bundle as its element', () => {
  const payload = utf8Of('{"as":"signed"}');
  const withPayload = (each: SignatureReport): SignatureReport => ({
    ...each,
    entity: {
      form: 'legacy',
      origin: '',
      content: { kind: 'simple-signing', payload },
      signature: payload,
      signer: { kind: 'none' },
      logEntries: [],
      logEvidence: 'promise',
      timestamps: [],
    },
  });
  const lines = cosignLinesOf(
    report(withPayload(legacy(alice)), withPayload(legacy(bob, { Subject: 'boss', a: '1' })), bundle(bob)),
  );
  assert.equal(lines[0], '{"as":"signed"}');
  assert.match(lines[1] ?? '', /"optional":\{"a":"1"\}\}$/);
  assert.match(lines[2] ?? '', /"type":"https:\/\/sigstore.dev\/cosign\/sign\/v1"\},"optional":\{\}\}$/);
});

test('annotations that claim an identity are not printed', () => {
  const claimed = {
    Subject: 'boss@example.com',
    Issuer: 'https://issuer.example',
    githubWorkflowSha: 'x',
    '1.3.6.1.4.1.57264.1.1': 'x',
    Bundle: {},
  };
  assert.match(cosignArrayOf(report(legacy(alice, claimed))), /"optional":null/);
  assert.match(cosignArrayOf(report(bundle(alice, { ...claimed, env: 'prod' }))), /"optional":\{"env":"prod"\}/);
});

test('rejected signatures print nothing', () => {
  const failed = { step: 'signature', title: '', status: 'fail' } as const;
  assert.equal(
    cosignArrayOf(report({ form: 'legacy', origin: '', verdict: { status: 'rejected', failed, checks: [failed] } })),
    '[]',
  );
});
