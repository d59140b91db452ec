import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';

import fc from 'fast-check';

import { integer } from '../../../test/support/der-writer.ts';
import { hasCode } from '../../../test/support/error-code.ts';
import { createTimestampOptions, openOwnTimestamps, timestampQuery } from '../../../test/support/own-timestamps.ts';
import { prove, trusted } from '../../../test/support/timestamp-question.ts';
import { hexOf, isSameBytes, utf8Of } from '../../base/bytes.ts';
import { createKeyPair } from '../../crypto/private-key.ts';
import { signerOf } from '../../crypto/signer.ts';
import { parseTimestampRequest } from '../../formats/tsp/timestamp-request.ts';
import { parseTimestampResponse } from '../../formats/tsp/timestamp.ts';
import { SIGSTORE_POLICY, openTimestampAuthority } from './timestamp-authority.ts';

const signature = utf8Of('a signature');
const now = new Date('2026-03-01T12:00:00.789Z');
const stampedAt = new Date('2026-03-01T12:00:00Z');

test('verification believes the stamp by a trusted root with the chain alone, and takes its time', async () => {
  const authority = await openOwnTimestamps(() => now);
  const stamp = await authority.answer(parseTimestampRequest(timestampQuery(signature)));
  const proof = prove({
    timestamps: [stamp],
    authorities: [trusted(authority.chain)],
    policy: { kind: 'required', threshold: 1 },
    now,
    entity: { signature },
  });
  assert.deepEqual(
    proof.checks.map(({ step, status }) => [step, status]),
    [['timestamp', 'pass']],
  );
  assert.deepEqual(
    proof.times.map(({ instant }) => instant),
    [stampedAt],
  );
});

test('certificates come along where they are asked for: all but the root', async () => {
  const authority = await openOwnTimestamps(() => now);
  const certificatesOf = async (wantsCertificates: boolean): Promise<readonly Uint8Array[]> => {
    const request = parseTimestampRequest(timestampQuery(signature, { wantsCertificates }));
    return parseTimestampResponse(await authority.answer(request)).certificates.map(({ der }) => der);
  };
  assert.deepEqual(await certificatesOf(false), []);
  assert.deepEqual(
    (await certificatesOf(true)).map((der) => hexOf(der)),
    [authority.chain[0]].map((der) => hexOf(der ?? new Uint8Array())),
  );
});

test('whatever is asked for stands in the stamp: hash, nonce and the policy; no two have one serial number', async () => {
  const authority = await openOwnTimestamps(() => now);
  const serials = new Set<string>();
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('sha256', 'sha384', 'sha512'),
      fc.uint8Array({ minLength: 1, maxLength: 40 }),
      async (hash, nonce) => {
        const digest = createHash(hash).update(signature).digest();
        const hashOid = `2.16.840.1.101.3.4.2.${{ sha256: 1, sha384: 2, sha512: 3 }[hash]}`;
        const query = timestampQuery(signature, { hashOid, digest, nonce, policy: SIGSTORE_POLICY });
        const { info, content } = parseTimestampResponse(await authority.answer(parseTimestampRequest(query)));
        assert.equal(info.imprint.hash, hash);
        assert.ok(isSameBytes(info.imprint.value, digest));
        assert.equal(info.policy, SIGSTORE_POLICY);
        assert.deepEqual(info.instant, stampedAt);
        assert.ok(Buffer.from(content).includes(integer(nonce)));
        serials.add(hexOf(info.serialNumber));
      },
    ),
    { numRuns: 100 },
  );
  assert.equal(serials.size, 100);
});

test('another policy is refused', async () => {
  const authority = await openOwnTimestamps(() => now);
  const request = parseTimestampRequest(timestampQuery(signature, { policy: '1.2.3.4' }));
  await assert.rejects(authority.answer(request), hasCode('TIMESTAMP_REQUEST_REFUSED'));
});

test('a clock that steps back by more than a second stops the authority until it has caught up', async () => {
  let clock = now;
  const authority = await openOwnTimestamps(() => clock, now);
  const request = parseTimestampRequest(timestampQuery(signature));
  await authority.answer(request);
  clock = new Date(now.getTime() - 900);
  await authority.answer(request);
  clock = new Date(now.getTime() - 1100);
  await assert.rejects(authority.answer(request), hasCode('CLOCK_BEHIND'));
  assert.match(authority.trouble() ?? '', /clock/);
  clock = now;
  await authority.answer(request);
  assert.equal(authority.trouble(), undefined);
});

test('no stamp is given at a time when its own certificates are not valid, at which nobody would believe it', async () => {
  let clock = now;
  const authority = await openOwnTimestamps(() => clock, now);
  const request = parseTimestampRequest(timestampQuery(signature));
  for (const wrong of ['2026-02-01T00:00:00Z', '2036-01-01T00:00:00Z']) {
    clock = new Date(wrong);
    await assert.rejects(authority.answer(request), hasCode('TIMESTAMP_AUTHORITY_LAPSED'), wrong);
  }
});

test('an authority whose stamps would not verify does not open', async () => {
  const invalid = hasCode('TIMESTAMP_AUTHORITY_INVALID');
  const options = await createTimestampOptions(() => now);
  const [leaf = new Uint8Array(), root = new Uint8Array()] = options.chain;
  const stranger = await createTimestampOptions(() => now);
  const p384 = signerOf(createKeyPair('ecdsa-p384'));
  const broken = { publicKey: options.signer.publicKey, sign: async () => randomBytes(70) };
  const cases: Readonly<Record<string, Partial<typeof options>>> = {
    'no chain': { chain: [] },
    'no root': { chain: [leaf] },
    'a root alone': { chain: [root] },
    "another authority's root": { chain: [leaf, ...stranger.chain.slice(1)] },
    'bytes that are no certificate': { chain: [leaf, new Uint8Array(3)] },
    'a key that is not the one of the certificate': { signer: p384 },
    'a signer that does not sign': { signer: broken },
  };
  for (const [what, changes] of Object.entries(cases)) {
    await assert.rejects(openTimestampAuthority({ ...options, ...changes }), invalid, what);
  }
});
