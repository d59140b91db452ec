import assert from 'node:assert/strict';
import { constants, sign } from 'node:crypto';
import { test } from 'node:test';

import { integer, nullValue, octetString, oid, sequence, tagged } from '../../test/support/der-writer.ts';
import { openSslAuthority, readOpenSslFile } from '../../test/support/openssl-stamps.ts';
import {
  authority,
  issuer,
  issuers,
  leaf,
  now,
  organization,
  prove,
  stamp,
  stranger,
  trusted,
  uri,
} from '../../test/support/timestamp-question.ts';
import { issueLeaf } from '../../test/support/virtual-sigstore/virtual-authority.ts';
import { digestOf } from '../../test/support/virtual-sigstore/virtual-key.ts';
import type { KeyKind } from '../../test/support/virtual-sigstore/virtual-key.ts';
import { createTimestampAuthority } from '../../test/support/virtual-sigstore/virtual-timestamp-authority.ts';
import { limits } from '../base/limits.ts';
import type { Proof } from './proof.ts';
const verdict = ({ checks }: Proof): string => checks.map(({ step, status }) => `${step} ${status}`).join(', ');

test('a stamp of a trusted authority proves a time', () => {
  const proof = prove({});
  assert.equal(verdict(proof), 'timestamp pass');
  assert.deepEqual(proof.times, [{ instant: now, source: 'timestamp', by: uri }]);
});

test('authorities may stamp with any accepted kind of key', () => {
  for (const keyKind of ['p256', 'p384', 'p521', 'rsa-2048', 'ed25519'] satisfies readonly KeyKind[]) {
    const other = createTimestampAuthority({ uri, organization, now, keyKind });
    const proof = prove({ timestamps: [stamp({ authority: other })], authorities: [trusted(other.chain)] });
    assert.equal(verdict(proof), 'timestamp pass', keyKind);
  }
});

test('authorities may stamp with RSA-PSS', () => {
  const other = createTimestampAuthority({ uri, organization, now, keyKind: 'rsa-2048' });
  const padding = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
  const stamped = stamp({
    authority: other,
    signerInfo: (usual) => {
      const attributes = Buffer.from(usual[3] ?? []);
      attributes[0] = 0x31;
      return [
        ...usual.slice(0, 4),
        pssWithSha256,
        octetString(sign('sha256', attributes, { key: other.key.privateKey, ...padding })),
      ];
    },
  });
  const { checks } = prove({ timestamps: [stamped], authorities: [trusted(other.chain)] });
  assert.match(checks[0]?.seen ?? '', /RSA-PSS with SHA-256$/);
});

test('stamps that OpenSSL made are believed', () => {
  for (const [name, inRoot, scheme] of [
    ['p256', 'p256', 'ECDSA P-256 with SHA-256'],
    ['p256-embedded', 'p256', 'ECDSA P-256 with SHA-256'],
    ['p256-embedded', undefined, 'ECDSA P-256 with SHA-256'],
    ['p384-talkative', undefined, 'ECDSA P-384 with SHA-512'],
    ['rsa', 'rsa', 'RSA PKCS#1 v1.5 with SHA-256'],
    ['rsa-embedded', undefined, 'RSA PKCS#1 v1.5 with SHA-512'],
  ] as const) {
    const { checks } = prove({
      timestamps: [readOpenSslFile(`${name}.tsr`)],
      authorities: [openSslAuthority(inRoot)],
      entity: { signature: readOpenSslFile('signature.bin') },
      now: new Date('2100-01-01T00:00:00Z'),
    });
    assert.deepEqual(
      checks.map(({ status }) => status),
      ['pass'],
      name,
    );
    assert.ok(checks[0]?.seen?.endsWith(scheme), name);
  }
});

test('a certificate comes with the stamp where the trusted root names only its issuer', () => {
  const proof = prove({ timestamps: [stamp({ embedded: [leaf] })], authorities: [trusted(issuers)] });
  assert.equal(verdict(proof), 'timestamp pass');
  assert.deepEqual(
    proof.times.map(({ by }) => by),
    [uri],
  );
});

test('the whole chain may come with the stamp, even certified by another authority too', () => {
  const crossed = issueLeaf(stranger.issuer, {
    spki: issuer.rootKey.spki,
    at: now,
    scts: [],
    changes: { subject: subjectOf(issuers.at(-1) ?? Buffer.alloc(0)) },
  });
  const timestamps = [stamp({ embedded: [...authority.chain, crossed] })];
  assert.equal(verdict(prove({ timestamps })), 'timestamp pass');
});

test('a key id names the certificate as well as its serial number does', () => {
  const keyId = digestOf('sha256', authority.key.spki).subarray(0, 20);
  const named = (id: Buffer): Buffer =>
    stamp({
      signerInfo: (usual) => [integer(3), Buffer.concat([Buffer.from([0x80, id.length]), id]), ...usual.slice(2)],
    });
  assert.equal(verdict(prove({ timestamps: [named(keyId)] })), 'timestamp pass');
  assert.equal(verdict(prove({ timestamps: [named(Buffer.alloc(20, 1))] })), 'timestamp.certificate fail');
});

test('a stamp of the envelope counts only for attestations that are stored as one', () => {
  const envelope = Buffer.from('{"payload":""}');
  const timestamps = [stamp({ stamped: envelope })];
  const content = { kind: 'dsse', payloadType: 'text', payload: new Uint8Array() } as const;
  assert.equal(verdict(prove({ timestamps, entity: { content: { ...content, envelope } } })), 'timestamp pass');
  assert.equal(verdict(prove({ timestamps, entity: { content } })), 'timestamp.imprint fail');
  assert.equal(verdict(prove({ entity: { content: { ...content, envelope } } })), 'timestamp pass');
});

test('an authority without an address goes by the name of its certificate', () => {
  const { times } = prove({ authorities: [{ ...trusted(), uri: '' }] });
  assert.deepEqual(
    times.map(({ by }) => by),
    ['O=test, CN=timestamping'],
  );
});

test('a stamp of an authority that nobody trusts counts for nothing, and spoils nothing', () => {
  const foreign = stamp({ authority: stranger, embedded: stranger.chain });
  const { checks, times } = prove({ timestamps: [foreign, stamp()] });
  assert.deepEqual(
    checks.map(({ status }) => status),
    ['skip', 'pass'],
  );
  assert.match(checks[0]?.seen ?? '', /O=stranger/);
  assert.equal(times.length, 1);
});

test('without a trusted authority no stamp is looked at', () => {
  const { checks, times } = prove({ timestamps: [Buffer.from('junk')], authorities: [] });
  assert.deepEqual([checks.map(({ status }) => status), times], [['skip'], []]);
});

test('no stamp is no fault unless one was asked for', () => {
  assert.equal(verdict(prove({ timestamps: [] })), 'timestamp skip');
  const policy = { kind: 'required', threshold: 1 } as const;
  assert.equal(verdict(prove({ timestamps: [], policy })), 'timestamp fail');
  assert.equal(verdict(prove({ policy })), 'timestamp pass');
  assert.equal(verdict(prove({ policy, authorities: [] })), 'timestamp fail');
});

test('an authority that stamps twice counts once, under two names too', () => {
  const policy = { kind: 'required', threshold: 2 } as const;
  const later = stamp({ at: new Date(now.getTime() + 1000) });
  assert.equal(
    verdict(prove({ policy, timestamps: [stamp(), later] })),
    'timestamp pass, timestamp pass, timestamp fail',
  );

  const twoNames = [trusted(), { ...trusted(), uri: 'https://another-name.test' }];
  assert.equal(
    verdict(prove({ policy, timestamps: [stamp(), later], authorities: twoNames })),
    'timestamp pass, timestamp pass, timestamp fail',
  );

  const second = createTimestampAuthority({ uri: 'https://tsa2.test', organization: 'two', now, keyKind: 'p256' });
  const authorities = [trusted(), { ...trusted(second.chain), uri: second.uri }];
  const timestamps = [stamp(), stamp({ authority: second })];
  assert.equal(verdict(prove({ policy, timestamps, authorities })), 'timestamp pass, timestamp pass');
});

test('more stamps than anybody makes are refused', () => {
  const timestamps = Array.from({ length: limits.timestamps + 1 }, () => stamp());
  assert.equal(verdict(prove({ timestamps })), 'timestamp fail');
});

test('a time in the future is refused, but clocks may differ a little', () => {
  assert.equal(verdict(prove({ now: new Date(now.getTime() - limits.clockSkewMs) })), 'timestamp pass');
  assert.equal(verdict(prove({ now: new Date(now.getTime() - limits.clockSkewMs - 1) })), 'timestamp fail');
});

test('both ends of the period in which an authority is trusted belong to it', () => {
  const at = (start: number, end: number): string =>
    verdict(
      prove({
        authorities: [
          trusted(authority.chain, { start: new Date(now.getTime() + start), end: new Date(now.getTime() + end) }),
        ],
      }),
    );
  assert.equal(at(0, 0), 'timestamp pass');
  assert.equal(at(-2000, -1000), 'timestamp.certificate fail');
  assert.equal(at(1000, 2000), 'timestamp.certificate fail');
});

test('of several periods of one authority, one that fits is enough', () => {
  const retired = trusted(authority.chain, { start: new Date(0), end: new Date(1) });
  assert.equal(verdict(prove({ authorities: [retired, trusted()] })), 'timestamp pass');
});

test("an authority does not borrow another's period", () => {
  const retired = trusted(authority.chain, { start: new Date(0), end: new Date(1) });
  const authorities = [retired, trusted(stranger.chain)];
  assert.equal(verdict(prove({ authorities })), 'timestamp.certificate fail');
});

test('a refused stamp spoils a good one', () => {
  const timestamps = [stamp(), stamp({ stamped: Buffer.from('another signature') })];
  assert.equal(verdict(prove({ timestamps })), 'timestamp pass, timestamp.imprint fail');
});

/** @source RFC 4055 section 3.1 */
const pssWithSha256 = ((): Buffer => {
  const sha256 = sequence(oid('2.16.840.1.101.3.4.2.1'), nullValue());
  const mask = sequence(oid('1.2.840.113549.1.1.8'), sha256);
  return sequence(oid('1.2.840.113549.1.1.10'), sequence(tagged(0, sha256), tagged(1, mask), tagged(2, integer(32))));
})();

function subjectOf(certificate: Buffer): Buffer {
  return Buffer.from(trusted([certificate]).issuers[0]?.subject ?? []);
}
