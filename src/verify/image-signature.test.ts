import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { readVector, vectorImage, vectorLayer, vectorPublicKey } from '../../test/support/vectors.ts';
import { parseUtf8, utf8Of } from '../base/bytes.ts';
import { createKeyPair } from '../crypto/private-key.ts';
import { signerOf } from '../crypto/signer.ts';
import { parseBundle } from '../formats/bundle/bundle.ts';
import { encodeSimpleSigning } from '../formats/cosign/simple-signing.ts';
import { preAuthEncodingOf } from '../formats/dsse/envelope.ts';
import { encodeSignStatement, IN_TOTO_PAYLOAD_TYPE } from '../formats/intoto/statement.ts';
import { digestOf } from '../formats/oci/digest.ts';
import type { SignedContent, SignedEntity } from '../formats/signed-entity.ts';
import { verifyImageSignature } from './image-signature.ts';
import type { ImagePolicy } from './image-signature.ts';
import type { Verdict } from './verdict.ts';
import { keyPolicyOf } from './policy.ts';

const digest = vectorImage();
const checked = { kind: 'check', annotations: {} } as const;
const policyOf = (name: string, more: Partial<ImagePolicy> = {}): ImagePolicy => ({
  digest,
  ...keyPolicyOf([vectorPublicKey(name)]),
  claims: checked,
  ...more,
});
const bundleOf = (name: string): SignedEntity => parseBundle(readVector(`images/${name}.json`), name);

/** The status, and the step that decided. */
const answerOf = (verdict: Verdict): string =>
  verdict.status === 'verified' ? 'verified' : `${verdict.status} ${verdict.failed.step}`;
const judge = async (entity: SignedEntity, policy: ImagePolicy): Promise<string> =>
  answerOf(await verifyImageSignature(entity, policy));

const own = createKeyPair('ecdsa-p256');
const ownPolicy: ImagePolicy = { ...policyOf('cosign-2'), ...keyPolicyOf([own.publicKey]) };

/** An entity signed by `own`, whatever it says. */
async function signed(
  content: Exclude<SignedContent, { kind: 'message' }>,
  more: Partial<SignedEntity> = {},
): Promise<SignedEntity> {
  const message = content.kind === 'dsse' ? preAuthEncodingOf(content.payloadType, content.payload) : content.payload;
  const signature = await signerOf(own).sign(message);
  return {
    form: content.kind === 'dsse' ? 'bundle' : 'legacy',
    origin: 'test',
    content,
    signature,
    signer: { kind: 'none' },
    logEntries: [],
    logEvidence: 'promise',
    timestamps: [],
    ...more,
  };
}
const signedPayload = async (payload: string): Promise<SignedEntity> =>
  signed({ kind: 'simple-signing', payload: utf8Of(payload) });
const signedStatement = async (payload: string, payloadType = IN_TOTO_PAYLOAD_TYPE): Promise<SignedEntity> =>
  signed({ kind: 'dsse', payloadType, payload: utf8Of(payload) });

const payload = parseUtf8(
  encodeSimpleSigning({
    dockerReference: 'index.docker.io/library/alpine',
    imageDigest: digest,
    annotations: { a: '1', b: '2' },
  }),
);
const statement = parseUtf8(encodeSignStatement({ imageDigest: digest, annotations: { a: '1', b: '2' } }));

test('the signatures of the real tools verify, whatever the key and form', async () => {
  const cases: readonly (readonly [SignedEntity, string, string])[] = [
    [vectorLayer('legacy'), 'cosign-2', 'ECDSA P-256 with SHA-256'],
    [vectorLayer('legacy-two', 1), 'cosign-3', 'ECDSA P-256 with SHA-256'],
    [vectorLayer('legacy-skopeo'), 'skopeo', 'ECDSA P-256 with SHA-256'],
    [vectorLayer('legacy-p384'), 'p384', 'ECDSA P-384 with SHA-256'],
    [vectorLayer('legacy-p521'), 'p521', 'ECDSA P-521 with SHA-256'],
    [vectorLayer('legacy-rsa2048'), 'rsa2048', 'RSA PKCS#1 v1.5 with SHA-256'],
    [vectorLayer('legacy-ed25519'), 'ed25519', 'Ed25519'],
    [bundleOf('bundle'), 'cosign-3', 'ECDSA P-256 with SHA-256'],
    [bundleOf('bundle-p384'), 'p384', 'ECDSA P-384 with SHA-384'],
    [bundleOf('bundle-p521'), 'p521', 'ECDSA P-521 with SHA-512'],
    [bundleOf('bundle-rsa4096'), 'rsa4096', 'RSA PKCS#1 v1.5 with SHA-256'],
  ];
  for (const [entity, name, scheme] of cases) {
    const verdict = await verifyImageSignature(entity, policyOf(name));
    assert.equal(answerOf(verdict), 'verified', entity.origin);
    assert.ok(verdict.status === 'verified');
    const { evidence } = verdict;
    assert.deepEqual(
      [evidence.scheme, evidence.signer.kind === 'key' && evidence.signer.key.fingerprint, evidence.isClaimsChecked],
      [scheme, vectorPublicKey(name).fingerprint, true],
    );
    assert.equal(evidence.claims.imageDigest, digest);
  }
});

test('the evidence names which of several keys signed', async () => {
  const keys = [vectorPublicKey('ed25519'), vectorPublicKey('rsa2048'), vectorPublicKey('cosign-2')] as const;
  const verdict = await verifyImageSignature(vectorLayer('legacy'), policyOf('p384', keyPolicyOf(keys)));
  assert.ok(verdict.status === 'verified');
  assert.deepEqual(verdict.evidence.signer, { kind: 'key', key: keys[2] });
});

test('another key is rejected, and nothing the payload claims is told', async () => {
  for (const entity of [vectorLayer('legacy'), bundleOf('bundle')]) {
    const verdict = await verifyImageSignature(entity, policyOf('skopeo'));
    assert.equal(answerOf(verdict), 'rejected signature');
    assert.deepEqual(
      verdict.checks.map((check) => check.step),
      ['content', 'signer', 'signature'],
    );
  }
});

test('a signature moved from another image is rejected by its digest', async () => {
  const other = digestOf(utf8Of('another image'));
  for (const [entity, name] of [
    [vectorLayer('legacy'), 'cosign-2'],
    [bundleOf('bundle'), 'cosign-3'],
  ] as const) {
    assert.equal(await judge(entity, policyOf(name, { digest: other })), 'rejected claims.digest');
  }
});

test('any flipped bit of payload, statement or signature is rejected', async () => {
  const entities: readonly (readonly [SignedEntity, string])[] = [
    [vectorLayer('legacy-annotated'), 'cosign-2'],
    [bundleOf('bundle-annotated'), 'cosign-3'],
    [vectorLayer('legacy-ed25519'), 'ed25519'],
  ];
  const flipped = (bytes: Uint8Array, bit: number): Uint8Array =>
    bytes.map((byte, index) => (index === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
  for (const [entity, name] of entities) {
    assert.ok(entity.content.kind !== 'message');
    const { content } = entity;
    const payloadBits = content.payload.length * 8;
    await fc.assert(
      fc.asyncProperty(fc.nat(payloadBits + entity.signature.length * 8 - 1), async (bit) => {
        const changed =
          bit < payloadBits
            ? { ...entity, content: { ...content, payload: flipped(content.payload, bit) } }
            : { ...entity, signature: flipped(entity.signature, bit - payloadBits) };
        assert.match(await judge(changed, policyOf(name)), /^rejected (?:content|signature)$/);
      }),
      { numRuns: 200 },
    );
  }
});

test('any changed character of a stored bundle is refused, but for what nothing vouches for', async () => {
  const text = parseUtf8(readVector('images/bundle.json'));
  const hintAt = text.indexOf('"hint"');
  const hintEnd = text.indexOf('}', hintAt);
  for (let at = 0; at < text.length; at += 1) {
    if (at >= hintAt && at < hintEnd) {
      continue;
    }
    const changed = `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`;
    assert.notEqual(await judgeBundle(changed), 'verified', `${at}: ${changed.slice(Math.max(at - 20, 0), at + 20)}`);
  }
});

test('an attestation by the right key is not a signature', async () => {
  for (const predicateType of [
    'https://slsa.dev/provenance/v1',
    'https://spdx.dev/Document',
    'https://sigstore.dev/cosign/sign/v2',
    '',
  ]) {
    const attestation = JSON.stringify({ ...(JSON.parse(statement) as object), predicateType });
    assert.equal(await judge(await signedStatement(attestation), ownPolicy), 'rejected content', predicateType);
  }
  assert.equal(await judge(await signedStatement(statement), ownPolicy), 'verified');
});

test('content that is no image signature is rejected', async () => {
  assert.equal(await judge(await signedPayload('{}'), ownPolicy), 'rejected content');
  assert.equal(await judge(await signedPayload('hello'), ownPolicy), 'rejected content');
  assert.equal(await judge(await signedStatement(statement, 'application/json'), ownPolicy), 'rejected content');
  assert.equal(await judge(await signedStatement(payload), ownPolicy), 'rejected content');
  assert.equal(await judge(await signedPayload(statement), ownPolicy), 'rejected content');
  assert.equal(
    await judge({ ...(await signedPayload(payload)), content: { kind: 'message' } }, ownPolicy),
    'rejected content',
  );
});

test('the type of the payload is required', async () => {
  const atomic = payload.replace('cosign container image signature', 'atomic container signature');
  assert.equal(await judge(await signedPayload(atomic), ownPolicy), 'rejected claims.type');
});

test('a signature over the payload does not count for the envelope, nor the other way round', async () => {
  const bytes = utf8Of(statement);
  const asPayload = await signed({ kind: 'simple-signing', payload: bytes });
  const moved: SignedEntity = {
    ...asPayload,
    content: { kind: 'dsse', payloadType: IN_TOTO_PAYLOAD_TYPE, payload: bytes },
  };
  assert.equal(await judge(moved, ownPolicy), 'rejected signature');
});

test('annotations must be a subset of what was signed', async () => {
  const claims = (annotations: Record<string, string>): ImagePolicy => ({
    ...ownPolicy,
    claims: { kind: 'check', annotations },
  });
  for (const entity of [await signedPayload(payload), await signedStatement(statement)]) {
    assert.equal(await judge(entity, claims({ a: '1' })), 'verified');
    assert.equal(await judge(entity, claims({ a: '1', b: '2' })), 'verified');
    for (const wrong of [
      { a: '2' },
      { c: '1' },
      { A: '1' },
      { a: '1', c: '' },
      { toString: 'x' },
      JSON.parse('{"__proto__":"1"}') as Record<string, string>,
    ]) {
      assert.equal(await judge(entity, claims(wrong)), 'rejected claims.annotations', JSON.stringify(wrong));
    }
  }
  const number = await signedPayload(payload.replace('"a":"1"', '"a":1'));
  assert.equal(await judge(number, claims({ a: '1' })), 'rejected claims.annotations');
});

test('of several subjects the one that names the image speaks, with its own annotations', async () => {
  const document = JSON.parse(statement) as { subject: readonly unknown[] };
  const other = { digest: { sha256: '0'.repeat(64) }, annotations: { c: '3' } };
  const entity = await signedStatement(JSON.stringify({ ...document, subject: [other, ...document.subject] }));
  assert.equal(await judge(entity, { ...ownPolicy, claims: { kind: 'check', annotations: { a: '1' } } }), 'verified');
  assert.equal(
    await judge(entity, { ...ownPolicy, claims: { kind: 'check', annotations: { c: '3' } } }),
    'rejected claims.annotations',
  );
  const elsewhere = await signedStatement(JSON.stringify({ ...document, subject: [other] }));
  assert.equal(await judge(elsewhere, ownPolicy), 'rejected claims.digest');
  const otherAlgorithm = await signedStatement(statement.replace('"sha256"', '"sha512"'));
  assert.equal(await judge(otherAlgorithm, ownPolicy), 'rejected claims.digest');
});

test('the docker-reference is compared only when asked for, with or without a tag', async () => {
  const reference = (dockerReference: string): ImagePolicy => ({
    ...ownPolicy,
    claims: { kind: 'check', annotations: {}, dockerReference },
  });
  const entity = await signedPayload(payload);
  assert.equal(await judge(entity, reference('index.docker.io/library/alpine')), 'verified');
  assert.equal(
    await judge(
      await signedPayload(payload.replace('/alpine', '/alpine:3.20')),
      reference('index.docker.io/library/alpine'),
    ),
    'verified',
  );
  for (const signedAs of ['/alpine-evil', '/alpine/x', '/alpine:3.20/x', '/alpine:', '/alpine@sha256']) {
    assert.equal(
      await judge(
        await signedPayload(payload.replace('/alpine', signedAs)),
        reference('index.docker.io/library/alpine'),
      ),
      'rejected claims.reference',
      signedAs,
    );
  }
  assert.equal(
    await judge(await signedStatement(statement), reference('index.docker.io/library/alpine')),
    'rejected claims.reference',
  );
});

test('unchecked claims verify the signature, say so, and are marked in the evidence', async () => {
  const policy: ImagePolicy = { ...ownPolicy, digest: digestOf(utf8Of('another')), claims: { kind: 'unchecked' } };
  const verdict = await verifyImageSignature(await signedPayload(payload), policy);
  assert.ok(verdict.status === 'verified');
  assert.equal(verdict.evidence.isClaimsChecked, false);
  assert.deepEqual(verdict.checks.find((check) => check.step === 'claims')?.note, 'claims NOT checked');
  const attestation = await signedStatement(statement.replace('cosign/sign/v1', 'other/v1'));
  assert.equal(await judge(attestation, policy), 'rejected content', 'an attestation stays an attestation');
});

test("a certificate is refused by name; a key that came along must be the caller's", async () => {
  const entity = await signedPayload(payload);
  const pem = parseUtf8(readVector('keys/skopeo.pub'));
  assert.equal(
    await judge({ ...entity, signer: { kind: 'certificate', chain: [new Uint8Array(1)] } }, ownPolicy),
    'rejected signer',
  );
  assert.equal(await judge({ ...entity, signer: { kind: 'embedded-key', pem } }, ownPolicy), 'rejected signer');
  assert.equal(
    await judge({ ...entity, signer: { kind: 'embedded-key', pem: 'nonsense' } }, ownPolicy),
    'rejected signer',
  );
  const foreign = { ...vectorLayer('legacy-skopeo'), signer: { kind: 'embedded-key', pem } } as const;
  assert.equal(await judge(foreign, policyOf('skopeo')), 'verified');
  assert.equal(await judge(foreign, ownPolicy), 'rejected signer', 'the embedded key would have verified it');
});

test('the log step says what was not looked at', async () => {
  const entity = await signedPayload(payload);
  const noteOf = async (log: ImagePolicy['log']): Promise<string | undefined> =>
    (await verifyImageSignature(entity, { ...ownPolicy, log })).checks.find(({ step }) => step === 'log')?.note;
  assert.equal(await noteOf({ kind: 'none-configured' }), 'transparency log: not checked (none configured)');
  assert.equal(
    await noteOf({ kind: 'ignored', by: '--insecure-ignore-tlog' }),
    'transparency log: not checked (--insecure-ignore-tlog)',
  );
  assert.equal(await judge(entity, { ...ownPolicy, log: { kind: 'required', threshold: 1 } }), 'rejected log');
});

async function judgeBundle(text: string): Promise<string> {
  let entity: SignedEntity;
  try {
    entity = parseBundle(utf8Of(text), '');
  } catch {
    return 'refused';
  }
  return judge(entity, policyOf('cosign-3'));
}
