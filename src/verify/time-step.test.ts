import assert from 'node:assert/strict';
import { test } from 'node:test';

import { leaf, now, stamp } from '../../test/support/timestamp-question.ts';
import { createVirtualKey } from '../../test/support/virtual-sigstore/virtual-key.ts';
import { parsePublicKey } from '../crypto/public-key.ts';
import type { LogEntry } from '../formats/tlog/log-entry.ts';
import { parseCertificate } from '../formats/x509/certificate.ts';
import type { SignaturePolicy } from './policy.ts';
import type { Proof } from './proof.ts';
import { checkLogValidity } from './log-validity-step.ts';
import { checkTime } from './time-step.ts';
import { noTrustMaterial } from './trust-material.ts';
import type { TrustedLogKey } from './trust-material.ts';
import type { ProvenEntry, ProvenTime } from './verdict.ts';

const key = parsePublicKey(createVirtualKey('p256').spki);
const certificate = parseCertificate(leaf);
const byLog: ProvenTime = { instant: now, source: 'log', by: 'https://log.test' };
const ignored: SignaturePolicy['log'] = { kind: 'ignored', by: '--insecure-ignore-tlog' };

interface Question {
  readonly signer?: 'certificate' | 'key';
  readonly times?: readonly ProvenTime[];
  readonly timestamps?: readonly Uint8Array[];
  readonly logEntries?: readonly LogEntry[];
  readonly entries?: readonly ProvenEntry[];
  readonly policy?: Partial<SignaturePolicy>;
}

function prove(question: Question): Proof {
  const { signer = 'certificate', times = [], timestamps = [], logEntries = [], entries = [] } = question;
  return checkLogValidity(
    checkTime({
      entity: {
        form: 'bundle',
        origin: 'test',
        content: { kind: 'message' },
        signature: new Uint8Array(),
        signer: { kind: 'none' },
        logEntries,
        logEvidence: 'proof',
        timestamps,
      },
      policy: {
        signer: signer === 'key' ? { kind: 'keys', keys: [key] } : { kind: 'unsafe-anyone' },
        trust: noTrustMaterial,
        log: { kind: 'required', threshold: 1 },
        timestamps: { kind: 'if-present' },
        now,
        ...question.policy,
      },
      ...(signer === 'certificate' && { certificate }),
      signed: { kind: 'bytes', bytes: new Uint8Array() },
      checks: [],
      entries,
      times,
    }),
  );
}

const verdict = ({ checks }: Proof): string => checks.map(({ step, status }) => `${step} ${status}`).join(', ');

test('times that somebody vouches for are reported, all of them', () => {
  const byAuthority: ProvenTime = {
    instant: new Date(now.getTime() + 1000),
    source: 'timestamp',
    by: 'https://tsa.test',
  };
  const proof = prove({ times: [byLog, byAuthority] });
  assert.equal(verdict(proof), 'time pass');
  assert.equal(
    proof.checks[0]?.seen,
    '2026-03-01T12:00:00Z by https://log.test, 2026-03-01T12:00:01Z by https://tsa.test',
  );
  assert.equal(proof.times.length, 2);
});

test('a certificate without a proven time proves nothing', () => {
  const proof = prove({});
  assert.equal(verdict(proof), 'time fail');
  assert.equal(proof.checks[0]?.seen, 'none');
});

test('a time that a log entry states and nobody signed is no time', () => {
  const entry: LogEntry = {
    logId: new Uint8Array(32),
    logIndex: 1n,
    kind: 'hashedrekord',
    version: '0.0.1',
    integratedTime: 1_772_366_400n,
    body: new Uint8Array(),
    promise: undefined,
    proof: undefined,
  };
  const { checks, times } = prove({ logEntries: [entry] });
  assert.equal(checks[0]?.status, 'fail');
  assert.match(checks[0]?.seen ?? '', /^log entries with a time .*: 1$/);
  assert.deepEqual(times, []);
});

test('a key needs no time, and its times are reported where there are some', () => {
  assert.equal(verdict(prove({ signer: 'key' })), 'time skip');
  assert.equal(verdict(prove({ signer: 'key', times: [byLog] })), 'time pass');
  assert.equal(verdict(prove({ signer: 'key', policy: { log: ignored } })), 'time skip');
});

test("this machine's clock counts where the log was given up by name and nothing claims another time", () => {
  const proof = prove({ policy: { log: ignored } });
  assert.equal(verdict(proof), 'time pass');
  assert.deepEqual(proof.times, [{ instant: now, source: 'clock', by: "this machine's clock" }]);
  assert.equal(proof.checks[0]?.note, "time: this machine's clock (--insecure-ignore-tlog)");
});

const noClock: Readonly<Record<string, Question>> = {
  'a timestamp is there, however useless': { policy: { log: ignored }, timestamps: [stamp()] },
  'timestamps were asked for': { policy: { log: ignored, timestamps: { kind: 'required', threshold: 1 } } },
  'nobody said which logs to believe': { policy: { log: { kind: 'none-configured' } } },
};
for (const [what, question] of Object.entries(noClock)) {
  test(`this machine's clock does not count where ${what}`, () => {
    const proof = prove(question);
    assert.equal(verdict(proof), 'time fail');
    assert.deepEqual(proof.times, []);
  });
}

test('an entry without a time of its own needs a log key that was in use', () => {
  const log = (start: number, end: number): TrustedLogKey => ({
    baseUrl: 'https://log.test',
    logId: new Uint8Array(32),
    logIdHex: '00'.repeat(32),
    keyHint: new Uint8Array(4),
    key,
    scheme: { name: 'ECDSA P-256 with SHA-256', algorithm: 'ecdsa-p256', kind: 'ecdsa', hash: 'sha256' },
    validFor: { start: new Date(now.getTime() + start), end: new Date(now.getTime() + end) },
  });
  const entries: readonly ProvenEntry[] = [
    { logIdHex: '00'.repeat(32), baseUrl: 'https://log.test', logIndex: 1n, kind: 'hashedrekord', version: '0.0.2' },
  ];
  const judged = (signer: 'certificate' | 'key', start: number, end: number): string => {
    const policy = { trust: { ...noTrustMaterial, logs: [log(start, end)] } };
    return verdict(prove({ signer, entries, policy, times: signer === 'key' ? [] : [byLog] }));
  };
  assert.equal(judged('certificate', -1000, 1000), 'time pass, log.time pass');
  assert.equal(judged('certificate', -2000, -1000), 'time pass, log.time fail');
  // Nobody says when the key's owner signed: the log has to be in use now.
  assert.equal(judged('key', -1000, 1000), 'time skip, log.time pass');
  assert.equal(judged('key', -2000, -1000), 'time skip, log.time fail');
});
