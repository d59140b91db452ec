import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';

import { explained, sigstore } from '../../test/support/explained.ts';
import type { BundleJson } from '../../test/support/virtual-sigstore/virtual-sigstore.ts';
import { usualIdentity } from '../../test/support/virtual-sigstore/judgement.ts';
import { CountersignError } from '../base/errors.ts';
import type { Explanation } from '../flows/explain.ts';
import { exactly } from '../verify/policy.ts';
import { explainExitOf, explanationJson, explanationText } from './explain-output.ts';

const signer = { kind: 'identities', identities: [usualIdentity], sct: { kind: 'required' } } as const;
const stranger = { ...usualIdentity, subject: exactly('ops@example.test') };

const sound = await explained();
const cases: Readonly<Record<string, readonly [Explanation, 0 | 1 | 20, RegExp]>> = {
  sound: [sound, 0, /^sound: every check passed; whether you trust this signer is your decision$/m],
  'sound without the file': [await explained({ hasArtifact: false }), 0, /^sound: .*; NO FILE was compared with it/m],
  'not sound': [
    await explained({ trust: (root) => void root.tlogs.shift() }),
    1,
    /^NOT sound: The signature is in a transparency log: /m,
  ],
  'without a trusted root': [
    await explained({ trust: 'none' }),
    20,
    /^NOT verified: nothing here was checked against a trusted root$/m,
  ],
  'without a trusted log': [
    await explained({ trust: (root) => void root.tlogs.splice(0) }),
    20,
    /^NOT verified: could not tell: The signature is in a transparency log: no trusted log$/m,
  ],
  accepted: [await explained({ signer }), 0, /^policy: accepts this signature$/m],
  refused: [
    await explained({ signer: { ...signer, identities: [stranger] } }),
    1,
    /^policy: refuses this signature: The certificate names somebody who may sign: /m,
  ],
  'accepted, but for the file': [
    await explained({ signer, hasArtifact: false }),
    20,
    /^policy: cannot judge this signature: The signature is about this file: could not look: no file was given$/m,
  ],
};

for (const [what, [explanation, exit, line]] of Object.entries(cases)) {
  test(`${what}: exit status ${exit}, and a line that says it`, () => {
    const text = explanationText(explanation);
    assert.equal(explainExitOf(explanation), exit);
    assert.match(text, line);
    assert.equal(/^sound: /m.test(text), explanation.soundness.status === 'verified');
    // Only the caveat that it was not may use the word.
    assert.doesNotMatch(text.replaceAll('NOT verified', ''), /\bverified\b|\bOK\b/i);
    assert.equal(explanationJson(explanation)['headline'], text.split('\n')[1]);
  });
}

test('what is wrong without a trusted root is told as wrong, and that nothing was checked against one', async () => {
  const text = explanationText(
    await explained({
      trust: 'none',
      bundle: ({ verificationMaterial: { certificate } }) => {
        if (certificate !== undefined) certificate.rawBytes = 'MAA=';
      },
    }),
  );
  assert.match(text, /^NOT sound: .*\nNOT verified: nothing here was checked against a trusted root$/m);
});

test('times that were proven are told apart from those that are only stated, also of what is rejected', async () => {
  const both = {
    sign: {
      entries: [{ log: sigstore.rekorV1 }],
      timestamps: [{ authority: sigstore.timestampAuthority }],
    },
  };
  const text = explanationText(await explained({ ...both, trust: (root) => void root.timestampAuthorities.splice(0) }));
  assert.match(text, /^ {2}proven +2026-03-01T12:00:00Z by https:\/\/rekor\.virtual\.test$/m);
  assert.match(text, /^ {2}stated +2026-03-01T12:00:00Z by .*, NOT proven: see CHECKS$/m);
  const refused = explanationText(
    await explained({ ...both, trust: (root) => void root.ctlogs.splice(0, 1, { ...root.tlogs[0]! }) }),
  );
  assert.match(refused, /^NOT sound: A trusted log has seen the certificate: /m);
  assert.equal(refused.match(/^ {2}proven/gm)?.length, 2);
});

test('a signature about which nobody says when says so', async () => {
  const text = explanationText(await explained({ sign: { entries: [] } }));
  assert.match(text, /^WHEN\n {2}nobody says when$/m);
});

test('whatever byte of the evidence is changed, there is an explanation or an error with a code', async () => {
  const fields: readonly ((bundle: BundleJson) => { text: string; set: (text: string) => void } | undefined)[] = [
    ({ verificationMaterial: { certificate: each } }) =>
      each && { text: each.rawBytes, set: (text) => (each.rawBytes = text) },
    ({
      verificationMaterial: {
        tlogEntries: [each],
      },
    }) => each && { text: each.canonicalizedBody, set: (text) => (each.canonicalizedBody = text) },
    ({ verificationMaterial: { timestampVerificationData: stamps } }) => {
      const [each] = stamps?.rfc3161Timestamps ?? [];
      return each && { text: each.signedTimestamp, set: (text) => (each.signedTimestamp = text) };
    },
  ];
  const timestamps = [{ authority: sigstore.timestampAuthority }];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...fields),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      async (field, at, bits) => {
        const changed = explained({
          sign: { timestamps },
          bundle: (bundle) => {
            const found = field(bundle);
            assert.ok(found !== undefined);
            const bytes = Buffer.from(found.text, 'base64');
            bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ bits;
            found.set(bytes.toString('base64'));
          },
        });
        const explanation = await changed.catch((error: unknown) => {
          if (!(error instanceof CountersignError)) throw error;
        });
        if (explanation === undefined) return;
        // Which bytes may change a verdict is shown by the tests of verification.
        assert.equal(/^sound: /m.test(explanationText(explanation)), explanation.soundness.status === 'verified');
      },
    ),
    { numRuns: 300 },
  );
});

test('the JSON never calls verified what no policy accepted', async () => {
  const report = JSON.stringify(explanationJson(sound));
  assert.equal(report.includes('"status":"verified"'), false);
  assert.equal((explanationJson(sound)['soundness'] as { status: string }).status, 'sound');
  const accepted = explanationJson(await explained({ signer }));
  assert.equal((accepted['acceptance'] as { status: string }).status, 'verified');
});
