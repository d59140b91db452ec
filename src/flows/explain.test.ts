import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hasCode } from '../../test/support/error-code.ts';
import { artifact, explained, sigstore } from '../../test/support/explained.ts';
import { usualIdentity } from '../../test/support/virtual-sigstore/judgement.ts';
import { blobBundleOf } from '../../test/support/virtual-sigstore/legacy-forms.ts';
import { statementOf } from '../../test/support/virtual-sigstore/virtual-sigstore.ts';
import { parsePublicKey } from '../crypto/public-key.ts';
import { createVirtualKey } from '../../test/support/virtual-sigstore/virtual-key.ts';
import { utf8Of } from '../base/bytes.ts';
import { exactly } from '../verify/policy.ts';
import type { Identity } from '../verify/policy.ts';
import type { Verdict } from '../verify/verdict.ts';
import { bundleMediaTypeOf, parseAnyBundle } from './explain.ts';
import type { ExplainTerms } from './explain.ts';

const expecting = (identity: Identity = usualIdentity): NonNullable<ExplainTerms['signer']> => ({
  kind: 'identities',
  identities: [identity],
  sct: { kind: 'required' },
});
const attested = { sign: { content: { payload: statementOf(artifact) } } };

function decidedBy(verdict: Verdict | undefined): readonly [string, string, string] | string | undefined {
  if (verdict === undefined || verdict.status === 'verified') return verdict?.status;
  return [verdict.status, verdict.failed.step, verdict.failed.note ?? verdict.failed.seen ?? ''];
}

test('a good signature is sound without a policy, of a file and of a statement', async () => {
  for (const request of [{}, attested]) {
    const { soundness, acceptance, nearMiss } = await explained(request);
    assert.deepEqual([decidedBy(soundness), acceptance, nearMiss], ['verified', undefined, undefined]);
  }
});

test('what is sound without a policy satisfies no threshold', async () => {
  const { soundness } = await explained();
  assert.equal(soundness.status === 'verified' && soundness.evidence.isClaimsChecked, false);
});

test('a policy accepts the file it is given, and only could not look without one', async () => {
  for (const request of [{}, attested]) {
    const given = await explained({ ...request, signer: expecting() });
    assert.equal(decidedBy(given.acceptance), 'verified');
    const blind = await explained({ ...request, signer: expecting(), hasArtifact: false });
    assert.equal(blind.isArtifactGiven, false);
    assert.equal(decidedBy(blind.soundness), 'verified');
    assert.deepEqual(decidedBy(blind.acceptance), ['unknown', 'digest', 'could not look: no file was given']);
  }
});

test('a signature by a given key is sound by it, and proves nothing about a file that was not given', async () => {
  const key = createVirtualKey();
  const signer = { kind: 'keys', keys: [parsePublicKey(key.spki)] } as const;
  const { soundness, acceptance } = await explained({ sign: { signer: 'key', key }, signer, hasArtifact: false });
  assert.equal(soundness.status === 'verified' && soundness.evidence.isClaimsChecked, false);
  assert.equal(acceptance?.status, 'unknown');
  const given = await explained({ sign: { signer: 'key', key }, signer });
  assert.equal(decidedBy(given.acceptance), 'verified');
});

test('a policy that refuses does so without the file as well, with the near miss', async () => {
  const other = { ...usualIdentity, subject: exactly('dev@example.tent') };
  const { acceptance, nearMiss } = await explained({ signer: expecting(other), hasArtifact: false });
  assert.deepEqual([acceptance?.status, nearMiss?.differences.map(({ member }) => member)], ['rejected', ['subject']]);
});

test('what is found before a rejection is told', async () => {
  const late = new Date(sigstore.now.getTime() + 3_600_000);
  const { soundness } = await explained({
    sign: { entries: [{ log: sigstore.rekorV1, integratedTime: late }] },
    now: late,
  });
  assert.deepEqual(decidedBy(soundness)?.slice(0, 2), ['rejected', 'certificate.time']);
  const found = soundness.status === 'verified' ? undefined : soundness.found;
  assert.deepEqual(found?.times, [{ instant: late, source: 'log', by: sigstore.rekorV1.baseUrl }]);
  assert.equal(found?.entries.length, 1);
  assert.equal(found?.path?.issuers.length, 2);
});

test('every step is told, not only the first that fails', async () => {
  const { soundness } = await explained({
    bundle: ({ messageSignature }) => {
      const signature = Buffer.from(messageSignature?.signature ?? '', 'base64');
      signature[signature.length - 1] = (signature.at(-1) ?? 0) ^ 1;
      if (messageSignature !== undefined) messageSignature.signature = signature.toString('base64');
    },
  });
  assert.deepEqual(decidedBy(soundness)?.slice(0, 2), ['rejected', 'signature']);
  assert.ok(soundness.checks.some(({ step }) => step === 'certificate.chain'));
});

test('a bundle is read in either generation, with an envelope in the place of the signature too', async () => {
  const signed = sigstore.sign({ content: { artifact } });
  const [first, second] = [blobBundleOf(signed), signed.bundle()].map((each) => utf8Of(JSON.stringify(each)));
  assert.ok(first !== undefined && second !== undefined);
  assert.deepEqual([parseAnyBundle(first, 'a').form, bundleMediaTypeOf(first)], ['legacy', undefined]);
  assert.deepEqual(
    [parseAnyBundle(second, 'b').form, bundleMediaTypeOf(second)],
    ['bundle', 'application/vnd.dev.sigstore.bundle.v0.3+json'],
  );
  const statement = sigstore.sign({ content: { payload: statementOf(artifact) } });
  const envelope = utf8Of(JSON.stringify(statement.bundle().dsseEnvelope));
  const legacy = { ...blobBundleOf(statement), base64Signature: Buffer.from(envelope).toString('base64') };
  assert.equal(parseAnyBundle(utf8Of(JSON.stringify(legacy)), 'c').content.kind, 'dsse');
  assert.throws(() => parseAnyBundle(utf8Of('{'), 'd'), hasCode('JSON_MALFORMED'));
});
