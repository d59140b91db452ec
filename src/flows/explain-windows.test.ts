import assert from 'node:assert/strict';
import { test } from 'node:test';

import { der, integer } from '../../test/support/der-writer.ts';
import { artifact, explained, now, sigstore, trustedMaterial } from '../../test/support/explained.ts';
import { createVirtualSigstore } from '../../test/support/virtual-sigstore/virtual-sigstore.ts';
import { authorityJsonOf } from '../../test/support/virtual-sigstore/virtual-trusted-root.ts';
import { utf8Of } from '../base/bytes.ts';
import { entityDescriptionOf } from './explain-entity.ts';
import { timelineOf } from './explain-windows.ts';
import type { Timeline } from './explain-windows.ts';
import { parseAnyBundle } from './explain.ts';

const stamped = {
  sign: { entries: [{ log: sigstore.rekorV2 }], timestamps: [{ authority: sigstore.timestampAuthority }] },
};
const hour = 3_600_000;
const after = (ms: number): string => new Date(sigstore.now.getTime() + ms).toISOString();

function windowsOf({ windows }: Timeline): readonly string[] {
  return windows.map(({ name, whose }) => `${name} ${whose}`);
}

function marksOf({ marks }: Timeline): readonly string[] {
  return marks.map(({ kind, by, isProven, outside }) => [kind, by, isProven, ...outside].join(' '));
}

test('Rekor v1: the certificate, its authority and the log that took the entry; the time is proven', async () => {
  const { timeline } = await explained();
  assert.deepEqual(windowsOf(timeline), [
    'certificate dev@example.test',
    'issuing CA O=virtual sigstore, CN=intermediate',
    'log key https://rekor.virtual.test',
  ]);
  assert.deepEqual(marksOf(timeline), ['integrated https://rekor.virtual.test true', "now this machine's clock false"]);
});

test('Rekor v2 with a timestamp: the log that states no time, and the authority that stamped', async () => {
  const { timeline } = await explained(stamped);
  assert.deepEqual(windowsOf(timeline).slice(2), [
    'log key https://log2026.virtual.test',
    'TSA https://tsa.virtual.test/api/v1/timestamp',
  ]);
  assert.equal(marksOf(timeline)[0], 'timestamp https://tsa.virtual.test/api/v1/timestamp true');
});

test('several marks stand in the order of time', async () => {
  const at = new Date(sigstore.now.getTime() + 5_000);
  const { timeline } = await explained({
    sign: {
      entries: [{ log: sigstore.rekorV1 }, { log: sigstore.rekorV2 }],
      timestamps: [{ authority: sigstore.timestampAuthority, at }, { authority: sigstore.timestampAuthority }],
    },
  });
  assert.deepEqual(
    timeline.marks.map(({ kind }) => kind),
    ['integrated', 'timestamp', 'timestamp', 'now'],
  );
  assert.ok(timeline.marks.slice(0, 3).every(({ isProven }) => isProven));
});

test('an authority of the same name with another key is not the one that issued or stamped', async () => {
  const namesake = createVirtualSigstore();
  const { timeline } = await explained({
    ...stamped,
    trust: (root) => {
      const start = after(-2 * hour);
      const other = authorityJsonOf(namesake.authority, 'intermediate', sigstore.now);
      const stamper = authorityJsonOf(namesake.timestampAuthority, 'timestamping', sigstore.now);
      root.certificateAuthorities.unshift({ ...other, uri: 'https://other.test', validFor: { start } });
      root.timestampAuthorities.unshift({ ...stamper, uri: 'https://other.test', validFor: { start } });
    },
  });
  assert.equal(timeline.windows.length, 4);
  assert.ok(
    timeline.windows.every(({ whose, start }) => !whose.includes('other') && start.toISOString() !== after(-2 * hour)),
  );
});

test('a window ends with the trust in it, and a mark behind that is outside', async () => {
  const { timeline, soundness } = await explained({
    ...stamped,
    trust: ({ certificateAuthorities: [ca], timestampAuthorities: [tsa] }) => {
      assert.ok(ca !== undefined && tsa !== undefined);
      ca.validFor.end = after(-hour);
      tsa.validFor.end = after(-hour);
    },
  });
  assert.equal(soundness.status, 'rejected');
  const ends = timeline.windows.map(({ name, end }) => [name, end?.toISOString()]);
  assert.deepEqual(Object.fromEntries(ends)['issuing CA'], after(-hour));
  assert.deepEqual(Object.fromEntries(ends)['TSA'], after(-hour));
  assert.equal(marksOf(timeline)[0], 'timestamp https://tsa.virtual.test/api/v1/timestamp false issuing CA TSA');
});

test('a time that one log proves is not proven for another that states the same', async () => {
  const foreign = createVirtualSigstore({ name: 'foreign' });
  const { timeline } = await explained({ sign: { entries: [{ log: sigstore.rekorV1 }, { log: foreign.rekorV1 }] } });
  const proven = timeline.marks.flatMap(({ kind, isProven }) => (kind === 'now' ? [] : [isProven]));
  assert.deepEqual(proven, [true, false]);
});

test('of two periods of one timestamp authority, that in which it stamped is drawn', async () => {
  const { timeline } = await explained({
    ...stamped,
    trust: ({ timestampAuthorities }) => {
      const [tsa] = timestampAuthorities;
      assert.ok(tsa !== undefined);
      timestampAuthorities.unshift({ ...tsa, validFor: { start: after(-2 * hour), end: after(-hour) } });
    },
  });
  const tsa = timeline.windows.find(({ name }) => name === 'TSA');
  assert.ok(tsa?.end !== undefined && tsa.end > sigstore.now);
  assert.deepEqual(timeline.marks[0]?.outside, []);
});

test('of a log that nobody trusts the time is told, not proven, and there is no window', async () => {
  const { timeline } = await explained({ trust: 'none' });
  assert.deepEqual(windowsOf(timeline), ['certificate dev@example.test']);
  assert.match(marksOf(timeline)[0] ?? '', /^integrated log [0-9a-f]{16}… false$/);
});

test('a stamp with a certificate that cannot be read is told, and is of nobody', async () => {
  const broken = sigstore.sign({
    content: { artifact },
    certificate: {
      changes: {
        extensions: (usual) =>
          usual.map((each) => (each.oid === '2.5.29.14' ? { ...each, value: Buffer.of(5) } : each)),
      },
    },
  });
  const { timeline } = await explained({
    sign: {
      timestamps: [
        {
          authority: sigstore.timestampAuthority,
          embedded: [broken.certificate ?? Buffer.of()],
          signerInfo: ([, , ...rest]) => [integer(3), der(0x80, Buffer.alloc(20)), ...rest],
        },
      ],
    },
    trust: ({ timestampAuthorities: [tsa] }) => void tsa?.certChain.certificates.shift(),
  });
  assert.match(marksOf(timeline).join('|'), /timestamp the key 0{40} false/);
});

test('what cannot be read leaves no mark', () => {
  const bundle = sigstore.sign({ content: { artifact }, ...stamped.sign }).bundle();
  const [stamp] = bundle.verificationMaterial.timestampVerificationData?.rfc3161Timestamps ?? [];
  assert.ok(stamp !== undefined);
  stamp.signedTimestamp = 'MAA=';
  const entity = parseAnyBundle(utf8Of(JSON.stringify(bundle)), 'x');
  const timeline = timelineOf(entity, entityDescriptionOf(entity), trustedMaterial(), undefined, now);
  assert.deepEqual(marksOf(timeline), ["now this machine's clock false"]);
});
