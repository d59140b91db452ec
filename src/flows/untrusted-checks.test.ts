import assert from 'node:assert/strict';
import { test } from 'node:test';

import { explained, sigstore } from '../../test/support/explained.ts';
import type { ExplainRequest } from '../../test/support/explained.ts';
import { statementOf } from '../../test/support/virtual-sigstore/virtual-sigstore.ts';
import type { Explanation } from './explain.ts';

const stamped = {
  sign: { entries: [{ log: sigstore.rekorV2 }], timestamps: [{ authority: sigstore.timestampAuthority }] },
};

function unknownsOf({ soundness }: Explanation): readonly string[] {
  return soundness.checks.flatMap(({ step, status, note }) => (status === 'unknown' ? [`${step}: ${note}`] : []));
}

const cases: Readonly<Record<string, readonly [ExplainRequest, readonly string[]]>> = {
  'no trusted root': [{ trust: 'none' }, ['time: no trusted root', 'certificate.chain: no trusted root']],
  'no log': [
    { trust: (root) => void root.tlogs.splice(0) },
    ['log: no trusted log', 'time: no trusted log', 'certificate.time: no trusted log'],
  ],
  'no authority': [
    { trust: (root) => void root.certificateAuthorities.splice(0) },
    ['certificate.chain: no trusted certificate authority'],
  ],
  'no timestamp authority, where only stamps say when': [
    { ...stamped, trust: (root) => void root.timestampAuthorities.splice(0) },
    ['time: no trusted timestamp authority', 'certificate.time: no trusted timestamp authority'],
  ],
};

for (const [what, [request, unknowns]] of Object.entries(cases)) {
  test(`with ${what} trusted, what that would have answered is unknown, and nothing failed`, async () => {
    const explanation = await explained(request);
    assert.equal(explanation.soundness.status, 'unknown');
    assert.deepEqual(unknownsOf(explanation), unknowns);
    assert.ok(explanation.soundness.checks.every(({ status }) => status !== 'fail'));
  });
}

test('a time is unknown, not missing, where the entry that states it could not be compared', async () => {
  // Nothing says which file it was: neither the bundle nor the caller.
  const explanation = await explained({
    hasArtifact: false,
    bundle: ({ messageSignature }) => void delete messageSignature?.messageDigest,
  });
  assert.equal(explanation.soundness.status, 'unknown');
  assert.deepEqual(
    unknownsOf(explanation).map((text) => text.split(':')[0]),
    ['signature', 'log.body', 'time', 'certificate.time'],
  );
});

test('what is wrong whoever is trusted decides, also after what nobody can tell', async () => {
  const decidedBy = async (request: ExplainRequest): Promise<readonly string[]> => {
    const { soundness } = await explained(request);
    return soundness.status === 'verified' ? [] : [soundness.status, soundness.failed.step];
  };
  const elsewhere = statementOf(Buffer.from('another file'));
  assert.deepEqual(await decidedBy({ sign: { content: { payload: elsewhere } }, trust: 'none' }), [
    'rejected',
    'claims.digest',
  ]);
  const late = new Date(sigstore.now.getTime() + 3_600_000);
  const stampedLate = { ...stamped.sign, timestamps: [{ authority: sigstore.timestampAuthority, at: late }] };
  assert.deepEqual(await decidedBy({ sign: stampedLate, trust: (root) => void root.tlogs.splice(0), now: late }), [
    'rejected',
    'certificate.time',
  ]);
});

test('trust in others than those who signed is a failure, as everywhere', async () => {
  const { soundness } = await explained({ trust: (root) => void root.tlogs.shift() });
  assert.deepEqual([soundness.status, soundness.status !== 'verified' && soundness.failed.step], ['rejected', 'log']);
});

test('what is wrong whoever is trusted stays wrong without trust', async () => {
  const { soundness } = await explained({
    trust: 'none',
    bundle: ({ verificationMaterial }) => {
      if (verificationMaterial.certificate !== undefined) verificationMaterial.certificate.rawBytes = 'MAA=';
    },
  });
  const failed = soundness.status === 'verified' ? undefined : soundness.failed.step;
  assert.deepEqual([soundness.status, failed], ['rejected', 'certificate.parse']);
});
