import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import { hasCode } from '../../test/support/error-code.ts';
import { createSigner, openImageLab } from '../../test/support/image-lab.ts';
import type { ImageLab } from '../../test/support/image-lab.ts';
import { base64Of, utf8Of } from '../base/bytes.ts';
import type { Signer } from '../crypto/signer.ts';
import type { Reference } from '../formats/oci/reference.ts';
import { attachSignature } from './attach-signature.ts';
import type { AttachReport, AttachSource } from './attach-signature.ts';
import type { MadeSignature } from './made-signature.ts';
import { signImage } from './sign-image.ts';
import { keyMethodOf } from './signing-method.ts';
import { verifyImage } from './verify-image.ts';
import { keyPolicyOf } from '../verify/policy.ts';

interface Bench {
  readonly lab: ImageLab;
  readonly signer: Signer;
  readonly reference: Reference;
  readonly said: string[];
  /** Signs without storing: [legacy, bundle]. */
  readonly make: (reference?: Reference, annotations?: Record<string, string>) => Promise<readonly MadeSignature[]>;
  readonly attach: (source: AttachSource) => Promise<AttachReport>;
  readonly outcome: () => Promise<string>;
}

async function openBench(t: TestContext, hasReferrers = true): Promise<Bench> {
  const lab = await openImageLab(t, { hasReferrers });
  await lab.push('one', 'v1');
  const signer = createSigner();
  const reference = lab.named('app/web:v1');
  const said: string[] = [];
  const say = (message: string): void => void said.push(message);
  const log = { note: say, warn: say, noteOnce: say, debug: say };
  const context = { ...lab.context, runtime: { ...lab.context.runtime, log } };
  return {
    lab,
    signer,
    reference,
    said,
    make: async (of = reference, annotations = {}) => {
      const report = await signImage(context, {
        reference: of,
        method: Promise.resolve(keyMethodOf(signer)),
        annotations,
        forms: ['legacy', 'bundle'],
        isUpload: false,
      });
      return report.images[0]?.signatures ?? [];
    },
    attach: (source) => attachSignature(context, { reference, source }),
    outcome: async () => {
      const report = await verifyImage(context, {
        reference,
        signature: keyPolicyOf([signer.publicKey]),
        claims: { kind: 'check', annotations: {}, isReferenceMatched: false, threshold: 1 },
        isRecursive: false,
      });
      return report.outcome;
    },
  };
}

function textOf(made: MadeSignature | undefined): Uint8Array {
  return utf8Of(`${base64Of(made?.signature ?? new Uint8Array())}\n`);
}

test('an attached signature verifies, with its payload or with the implied one, and is attached once', async (t) => {
  const bench = await openBench(t);
  const [legacy] = await bench.make();
  const first = await bench.attach({ kind: 'signature', signature: textOf(legacy) });
  assert.equal(first.stored.status, 'stored');
  assert.ok(bench.said.some((line) => line.startsWith('No payload was given')));
  assert.equal(await bench.outcome(), 'verified');
  const again = await bench.attach({
    kind: 'signature',
    signature: textOf(legacy),
    payload: legacy?.payload ?? new Uint8Array(),
  });
  assert.equal(again.stored.status, 'already-there');
});

for (const hasReferrers of [true, false]) {
  test(`an attached bundle verifies and is attached once, ${hasReferrers ? 'with the referrers API' : 'with the fallback tag'}`, async (t) => {
    const bench = await openBench(t, hasReferrers);
    const bundle = (await bench.make())[1]?.bundle ?? new Uint8Array();
    assert.equal((await bench.attach({ kind: 'bundle', bundle })).stored.status, 'stored');
    assert.equal(await bench.outcome(), 'verified');
    assert.equal((await bench.attach({ kind: 'bundle', bundle })).stored.status, 'already-there');
  });
}

test('a signature of another image is refused in both forms, and nothing is written', async (t) => {
  const bench = await openBench(t);
  await bench.lab.push('two', 'v2');
  const [legacy, made] = await bench.make(bench.lab.named('app/web:v2'));
  const payload = legacy?.payload ?? new Uint8Array();
  await assert.rejects(
    bench.attach({ kind: 'signature', signature: textOf(legacy), payload }),
    hasCode('ATTACHMENT_MISMATCH'),
  );
  await assert.rejects(
    bench.attach({ kind: 'bundle', bundle: made?.bundle ?? new Uint8Array() }),
    hasCode('ATTACHMENT_MISMATCH'),
  );
  assert.deepEqual(await bench.lab.client.listTags(bench.lab.repository, ''), ['v1', 'v2']);
});

test('what no reader could read is not attached', async (t) => {
  const bench = await openBench(t);
  const signature = textOf((await bench.make())[0]);
  await assert.rejects(
    bench.attach({ kind: 'signature', signature: utf8Of('no base64!') }),
    hasCode('BASE64_MALFORMED'),
  );
  await assert.rejects(bench.attach({ kind: 'signature', signature, payload: utf8Of('{}') }), hasCode('JSON_SHAPE'));
  await assert.rejects(
    bench.attach({ kind: 'signature', signature, certificate: utf8Of('no PEM') }),
    hasCode('PEM_MALFORMED'),
  );
  await assert.rejects(
    bench.attach({ kind: 'signature', signature, rekorResponse: utf8Of('{') }),
    hasCode('JSON_MALFORMED'),
  );
  await assert.rejects(bench.attach({ kind: 'bundle', bundle: utf8Of('{}') }), hasCode('JSON_SHAPE'));
});

test('a log entry and a timestamp are stored with the signature', async (t) => {
  const bench = await openBench(t);
  const signature = textOf((await bench.make())[0]);
  const body = base64Of(utf8Of('{"kind":"hashedrekord","apiVersion":"0.0.1"}'));
  const entry = {
    SignedEntryTimestamp: 'AQ==',
    Payload: { body, integratedTime: 1, logIndex: 2, logID: '0'.repeat(64) },
  };
  const report = await bench.attach({
    kind: 'signature',
    signature,
    rekorResponse: utf8Of(JSON.stringify(entry, undefined, 2)),
    timestamp: new Uint8Array([0x30, 0]),
  });
  const manifest = (
    await bench.lab.client.fetchManifest(bench.lab.repository, report.stored.where?.split(':').at(-1) ?? '')
  )?.manifest;
  const [layer] = manifest?.kind === 'image' ? manifest.layers : [];
  assert.equal(layer?.annotations?.['dev.sigstore.cosign/bundle'], JSON.stringify(entry));
  assert.equal(layer?.annotations?.['dev.sigstore.cosign/rfc3161timestamp'], '{"SignedRFC3161Timestamp":"MAA="}');
});
