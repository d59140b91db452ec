import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  anIdentity,
  certificateProof,
  failedSteps,
  signedAt,
  vectorCtLog,
} from '../../test/support/certificate-proof.ts';
import { vectorCertificate } from '../../test/support/x509-vectors.ts';
import { schemes } from '../crypto/key-algorithm.ts';
import type { Certificate } from '../formats/x509/certificate.ts';
import { checkSct } from './sct-step.ts';
import type { SignerPolicy } from './policy.ts';
import type { TrustedLogKey } from './trust-material.ts';
import type { Check } from './verdict.ts';

const LIST = '1.3.6.1.4.1.11129.2.4.2';

async function checkOf(
  leaf: string | Certificate,
  ctLogs: readonly TrustedLogKey[],
  signer: SignerPolicy = anIdentity,
  issuer = 'issuing',
): Promise<Check> {
  const proof = certificateProof({ leaf, trust: { ctLogs }, signer, issuer: vectorCertificate(issuer) });
  const { checks } = await checkSct(proof);
  const [check] = checks;
  assert.ok(check !== undefined && checks.length === 1 && check.step === 'sct');
  return check;
}

async function statusOf(...request: Parameters<typeof checkOf>): Promise<string> {
  return (await checkOf(...request)).status;
}

test('a timestamp of a trusted log passes: with and without extensions, small and large, by every kind of key', async () => {
  assert.equal(await statusOf('issuing/logged', [vectorCtLog('log')]), 'pass');
  assert.equal(await statusOf('issuing/logged-static', [vectorCtLog('static')]), 'pass');
  assert.equal(await statusOf('issuing/logged-large', [vectorCtLog('log')]), 'pass');
  assert.equal(await statusOf('issuing/logged-rsa', [vectorCtLog('rsa')]), 'pass');
  assert.equal(await statusOf('issuing/logged-ed25519', [vectorCtLog('ed25519')]), 'pass');
  assert.equal(await statusOf('large/logged-static', [vectorCtLog('static')], anIdentity, 'large'), 'pass');
});

test('a certificate without a timestamp of a trusted log fails', async () => {
  assert.equal(await statusOf('issuing/good', [vectorCtLog('log')]), 'fail');
  assert.equal(await statusOf('issuing/logged', []), 'fail');
  const { seen } = await checkOf('issuing/logged', [vectorCtLog('static')]);
  assert.ok(seen?.includes(vectorCtLog('log').logIdHex));
});

test('timestamps of unknown logs do not count, and are told', async () => {
  const check = await checkOf('issuing/logged-twice', [vectorCtLog('log')]);
  assert.equal(check.status, 'pass');
  assert.ok(check.note?.includes(vectorCtLog('static').logIdHex));
});

test('a timestamp of a known log that is wrong fails, whatever the others say', async () => {
  const impostor = vectorCtLog('static', { key: vectorCtLog('log').key });
  assert.equal(await statusOf('issuing/logged-static', [impostor]), 'fail');
  assert.equal(await statusOf('issuing/logged-twice', [vectorCtLog('log'), impostor]), 'fail');
});

test('a timestamp is for this certificate by this issuer', async () => {
  assert.equal(await statusOf('issuing/logged', [vectorCtLog('log')], anIdentity, 'namesake'), 'fail');
  const [other, logged] = [vectorCertificate('issuing/logged-rsa'), vectorCertificate('issuing/logged')];
  const swapped = { ...other, extensions: logged.extensions };
  assert.equal(await statusOf(swapped, [vectorCtLog('log')]), 'fail');
});

test('a timestamp lies within the time in which its log was trusted, both ends included', async () => {
  const during = (startMs: number, endMs: number): Promise<string> => {
    const at = (offset: number): Date => new Date(signedAt.getTime() + offset);
    return statusOf('issuing/logged', [vectorCtLog('log', { validFor: { start: at(startMs), end: at(endMs) } })]);
  };
  assert.equal(await during(0, 0), 'pass');
  assert.equal(await during(1, 9), 'fail');
  assert.equal(await during(-9, -1), 'fail');
});

test('the signature is of the kind that the log makes', async () => {
  const claims = vectorCtLog('log', { scheme: schemes['ecdsa-p256'].sha512 });
  assert.equal(await statusOf('issuing/logged', [claims]), 'fail');
  assert.equal(
    await statusOf('issuing/logged-rsa', [vectorCtLog('rsa', { scheme: schemes['rsa-pss'].sha256 })]),
    'fail',
  );
});

test('whatever byte of the timestamps is changed, they do not pass', async () => {
  const logged = vectorCertificate('issuing/logged-static');
  const list = logged.extensions.find(({ oid }) => oid === LIST);
  assert.ok(list !== undefined);
  for (let at = 0; at < list.value.length; at += 1) {
    const value: Uint8Array = list.value.map((octet, index) => (index === at ? octet ^ 0x41 : octet));
    const extensions: Certificate['extensions'] = logged.extensions.map((each) =>
      each.oid === LIST ? { ...each, value } : each,
    );
    assert.equal(await statusOf({ ...logged, extensions }, [vectorCtLog('static')]), 'fail', `byte ${at}`);
  }
});

test('where timestamps are ignored the report says by what, and where anyone may sign logs are checked if there are any', async () => {
  const ignored: SignerPolicy = {
    ...anIdentity,
    sct: { kind: 'ignored', by: '--insecure-ignore-sct' },
  } as SignerPolicy;
  const check = await checkOf('issuing/good', [vectorCtLog('log')], ignored);
  assert.deepEqual([check.status, check.note], ['skip', 'not checked: --insecure-ignore-sct']);
  const anyone: SignerPolicy = { kind: 'unsafe-anyone' };
  assert.equal(await statusOf('issuing/good', [], anyone), 'skip');
  assert.equal(await statusOf('issuing/good', [vectorCtLog('log')], anyone), 'fail');
});

test('without an issuer there is nothing to compare with', async () => {
  const proof = certificateProof({ leaf: 'issuing/logged', trust: { ctLogs: [vectorCtLog('log')] } });
  assert.deepEqual(failedSteps(await checkSct(proof)), []);
});
