import assert from 'node:assert/strict';
import { test } from 'node:test';

import { artifact, sigstore } from '../../test/support/explained.ts';
import { createVirtualKey } from '../../test/support/virtual-sigstore/virtual-key.ts';
import type { KeyKind, SchemeName } from '../../test/support/virtual-sigstore/virtual-key.ts';
import { statementOf } from '../../test/support/virtual-sigstore/virtual-sigstore.ts';
import type { BundleJson, SignRequest } from '../../test/support/virtual-sigstore/virtual-sigstore.ts';
import { utf8Of } from '../base/bytes.ts';
import { entityDescriptionOf } from './explain-entity.ts';
import type { EntityDescription } from './explain-entity.ts';
import { parseAnyBundle } from './explain.ts';

function describe(request: Partial<SignRequest>, change: (bundle: BundleJson) => void = () => {}): EntityDescription {
  const bundle = sigstore.sign({ content: { artifact }, ...request }).bundle();
  change(bundle);
  return entityDescriptionOf(parseAnyBundle(utf8Of(JSON.stringify(bundle)), 'app.sigstore.json'));
}

const guesses: readonly (readonly [KeyKind, SchemeName | undefined, readonly string[]])[] = [
  ['p256', undefined, ['ECDSA P-256 with SHA-256']],
  ['p384', undefined, ['ECDSA P-384 with SHA-384']],
  ['ed25519', undefined, ['Ed25519', 'Ed25519ph']],
];

for (const [kind, scheme, schemes] of guesses) {
  test(`a signature by ${kind} may have been made by ${schemes.join(' or ')}`, () => {
    const request = { key: createVirtualKey(kind), ...(scheme === undefined ? {} : { scheme }) };
    const { schemes: seen } = describe(request);
    assert.deepEqual(seen, schemes);
  });
}

test('where no digest is stated every scheme of the key is left; where no key is there, none', () => {
  const payload = statementOf(artifact);
  assert.deepEqual(describe({ key: createVirtualKey('p384'), content: { payload } }).schemes, [
    'ECDSA P-384 with SHA-384',
    'ECDSA P-384 with SHA-256',
  ]);
  assert.deepEqual(describe({ signer: 'key' }).schemes, []);
});

test('the signers of a checkpoint are the log and others', () => {
  const [v1] = describe({ entries: [{ log: sigstore.rekorV1 }] }).entries;
  assert.deepEqual(v1?.checkpoint?.kind === 'checkpoint' && [v1.checkpoint.ownSigners, v1.checkpoint.otherSigners], [
    ['rekor.virtual.test'],
    [],
  ]);
  const witnesses = [createVirtualKey('ed25519'), createVirtualKey('ed25519')];
  const [v2] = describe({ entries: [{ log: sigstore.rekorV2, witnesses }] }).entries;
  assert.deepEqual(v2?.checkpoint?.kind === 'checkpoint' && [v2.checkpoint.ownSigners, v2.checkpoint.otherSigners], [
    ['log2026.virtual.test'],
    ['witness-0.test', 'witness-1.test'],
  ]);
});

test('parts that cannot be read say why, beside those that can', () => {
  const { signer, timestamps, content } = describe(
    { timestamps: [{ authority: sigstore.timestampAuthority }] },
    ({ verificationMaterial }) => {
      const [stamp] = verificationMaterial.timestampVerificationData?.rfc3161Timestamps ?? [];
      if (stamp !== undefined) stamp.signedTimestamp = 'MAA=';
      if (verificationMaterial.certificate !== undefined) verificationMaterial.certificate.rawBytes = 'MAA=';
    },
  );
  assert.deepEqual([signer.kind, timestamps[0]?.kind, content.kind], ['unread', 'unread', 'message']);
});

test('an envelope says what it is: a statement, one that is broken, something else', () => {
  const of = (payload: string, payloadType?: string): EntityDescription['content'] =>
    describe({ content: { payload: utf8Of(payload), ...(payloadType === undefined ? {} : { payloadType }) } }).content;
  const statement = of(statementOf(artifact, 'https://example.test/p').toString());
  assert.deepEqual(statement.kind === 'statement' && statement.predicateType, 'https://example.test/p');
  const broken = of('{"_type":1}');
  assert.ok(broken.kind === 'envelope' && broken.why !== undefined);
  assert.deepEqual(of('hello', 'text/plain'), { kind: 'envelope', payloadType: 'text/plain', payloadBytes: 5 });
});
