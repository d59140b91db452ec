import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  anIdentity,
  certificateProof,
  failedSteps,
  signedAt,
  vectorAuthority,
} from '../../test/support/certificate-proof.ts';
import type { ProofRequest } from '../../test/support/certificate-proof.ts';
import { oid, sequence } from '../../test/support/der-writer.ts';
import { vectorCertificate, vectorDer, vectorNames } from '../../test/support/x509-vectors.ts';
import { InputError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { parseCertificate } from '../formats/x509/certificate.ts';
import type { Certificate } from '../formats/x509/certificate.ts';
import { checkCertificate } from './certificate-step.ts';

const authorities = [vectorAuthority(['issuing', 'root'])];
const rootAlone = [vectorAuthority(['root'])];

/** What fails about this leaf when only the root is trusted and the bundle brings its issuer. */
function faultsBelow(issuer: string, leaf = `${issuer}/good`): readonly string[] {
  return faultsOf({ leaf, intermediates: [issuer], trust: { authorities: rootAlone } });
}

function faultsOf(request: ProofRequest): readonly string[] {
  return failedSteps(checkCertificate(certificateProof(request)));
}

/** The extensions of the issuing authority, with another extended key usage. */
function withPurpose(purpose: string): Certificate['extensions'] {
  const value = sequence(oid(purpose));
  return vectorCertificate('issuing').extensions.map((each) => (each.oid === '2.5.29.37' ? { ...each, value } : each));
}

function readOrUndefined(der: Uint8Array): Certificate | undefined {
  try {
    return parseCertificate(der);
  } catch (error) {
    assert.ok(error instanceof InputError);
    return undefined;
  }
}

function at(offsetMs: number): Date {
  return new Date(signedAt.getTime() + offsetMs);
}

test('a good path passes every check, and names the issuer', () => {
  const proof = checkCertificate(certificateProof({ leaf: 'issuing/good', trust: { authorities } }));
  assert.deepEqual(
    proof.checks.map(({ step, status }) => [step, status]),
    [
      ['certificate.chain', 'pass'],
      ['certificate.usage', 'pass'],
      ['certificate.extensions', 'pass'],
      ['certificate.time', 'pass'],
    ],
  );
  assert.deepEqual(proof.issuer?.der, vectorCertificate('issuing').der);
});

test('a leaf may be used for signing code, and for nothing that forbids it', () => {
  const leaves: Readonly<Record<string, readonly string[]>> = {
    'critical-eku': [],
    'is-no-ca': [],
    'no-key-usage': [],
    'no-aki': [],
    unknown: [],
    'with-subject': [],
    'is-ca': ['certificate.usage'],
    'key-encipherment': ['certificate.usage'],
    'no-eku': ['certificate.usage'],
    'client-auth': ['certificate.usage'],
    'any-eku': ['certificate.usage'],
    'unknown-critical': ['certificate.extensions'],
    poison: ['certificate.extensions'],
    'poison-not-critical': ['certificate.extensions'],
    'wrong-aki': ['certificate.chain'],
  };
  for (const [leaf, expected] of Object.entries(leaves)) {
    assert.deepEqual(faultsOf({ leaf: `issuing/${leaf}`, trust: { authorities } }), expected, leaf);
  }
});

test('an authority that the bundle brings must be one', () => {
  assert.deepEqual(faultsBelow('issuing'), []);
  assert.deepEqual(faultsBelow('no-ku'), []);
  assert.deepEqual(faultsBelow('any-purpose'), []);
  assert.deepEqual(faultsBelow('no-ca'), ['certificate.chain']);
  assert.deepEqual(faultsBelow('no-bc'), ['certificate.chain']);
  assert.deepEqual(faultsBelow('no-cert-sign'), ['certificate.chain']);
  assert.deepEqual(faultsBelow('namesake', 'issuing/good'), ['certificate.chain']);
  assert.deepEqual(faultsBelow('server'), ['certificate.usage']);
  assert.deepEqual(faultsBelow('critical'), ['certificate.extensions']);
  // A leaf that signs certificates.
  assert.deepEqual(faultsBelow('issuing/good', 'issuing/good'), ['certificate.chain']);
});

test('every scheme of certificate authorities is verified, weak ones are refused', () => {
  for (const authority of vectorNames('by-').filter((name) => !name.endsWith('/good') && !name.startsWith('by-bad-'))) {
    const trust = { authorities: [vectorAuthority([authority])] };
    assert.deepEqual(faultsOf({ leaf: `${authority}/good`, trust }), [], authority);
  }
  for (const authority of vectorNames('by-bad-').filter((name) => !name.endsWith('/good'))) {
    const trust = { authorities: [vectorAuthority([authority])] };
    assert.deepEqual(faultsOf({ leaf: `${authority}/good`, trust }), ['certificate.chain'], authority);
  }
});

test('an authority may not issue below more authorities than its path length allows', () => {
  const trust = { authorities: rootAlone };
  assert.deepEqual(faultsOf({ leaf: 'lower/good', intermediates: ['lower', 'upper'], trust }), []);
  assert.deepEqual(faultsOf({ leaf: 'below/good', intermediates: ['below', 'issuing'], trust }), ['certificate.chain']);
  assert.deepEqual(faultsOf({ leaf: 'below/good', intermediates: ['below'], trust: { authorities } }), [
    'certificate.chain',
  ]);
});

test('certificates of the bundle are taken in its order, and none of them is trusted', () => {
  const anchors = { authorities: [vectorAuthority(['upper'])] };
  assert.deepEqual(faultsOf({ leaf: 'lower/good', intermediates: ['lower'], trust: anchors }), []);
  assert.deepEqual(faultsOf({ leaf: 'lower/good', intermediates: ['lower', 'upper'], trust: anchors }), []);
  assert.deepEqual(
    faultsOf({ leaf: 'lower/good', intermediates: ['upper', 'lower'], trust: { authorities: rootAlone } }),
    ['certificate.chain'],
  );
  assert.deepEqual(faultsOf({ leaf: 'lower/good', intermediates: ['lower', 'upper'], trust: { authorities } }), []);
  const strangers = { authorities: [vectorAuthority(['large'])] };
  assert.deepEqual(faultsOf({ leaf: 'lower/good', intermediates: ['lower', 'upper'], trust: strangers }), [
    'certificate.chain',
  ]);
});

test('a root that came with the signature is not looked at', () => {
  const request = { leaf: 'issuing/good', intermediates: ['issuing', 'root'] } as const;
  assert.deepEqual(faultsOf({ ...request, trust: { authorities } }), []);
  assert.deepEqual(faultsOf({ ...request, trust: { authorities }, form: 'legacy' }), []);
  const strangers = { authorities: [vectorAuthority(['other-root'])] };
  assert.deepEqual(faultsOf({ ...request, trust: strangers }), ['certificate.chain']);
});

test('certificates of the bundle are read, and at most so many', () => {
  const many = Array.from({ length: limits.chainCertificates }, () => 'issuing');
  assert.deepEqual(faultsOf({ leaf: 'issuing/good', intermediates: many, trust: { authorities } }), [
    'certificate.chain',
  ]);
  assert.deepEqual(faultsOf({ leaf: 'issuing/good', intermediates: many.slice(1), trust: { authorities } }), []);
  assert.deepEqual(faultsOf({ leaf: 'issuing/good', intermediates: ['ct-log'], trust: { authorities } }), [
    'certificate.chain',
  ]);
});

test('at each proven time the leaf must have been valid, first and last instant included', () => {
  const minutes10 = 600_000;
  for (const instant of [at(0), at(minutes10)]) {
    assert.deepEqual(faultsOf({ leaf: 'issuing/good', trust: { authorities }, times: [instant] }), []);
  }
  for (const instant of [at(-1), at(minutes10 + 1)]) {
    const faults = faultsOf({ leaf: 'issuing/good', trust: { authorities }, times: [at(0), instant] });
    assert.deepEqual(faults, ['certificate.time']);
  }
});

test('without a proven time no certificate is valid', () => {
  assert.deepEqual(faultsOf({ leaf: 'issuing/good', trust: { authorities }, times: [] }), ['certificate.time']);
});

test('CVE-2026-24122: an authority that had expired vouches for nothing', () => {
  assert.deepEqual(faultsBelow('expired'), ['certificate.time']);
  const trust = { authorities: [vectorAuthority(['expired', 'root'])] };
  assert.deepEqual(faultsOf({ leaf: 'expired/good', trust }), ['certificate.time']);
});

test('the trust in an authority has its own first and last instant, both included', () => {
  const within = (start: Date, end: Date): readonly string[] =>
    faultsOf({
      leaf: 'issuing/good',
      trust: { authorities: [vectorAuthority(['issuing', 'root'], { start, end })] },
      times: [at(1000)],
    });
  assert.deepEqual(within(at(1000), at(1000)), []);
  assert.deepEqual(within(at(1001), at(2000)), ['certificate.time']);
  assert.deepEqual(within(at(0), at(999)), ['certificate.time']);
});

test('of several authorities that fit, any one that passes is enough', () => {
  const old = vectorAuthority(['issuing', 'root'], { start: new Date(0), end: new Date(1) });
  const [current] = authorities;
  assert.ok(current !== undefined);
  for (const trusted of [
    [old, current],
    [current, old],
    [vectorAuthority(['namesake']), current],
  ]) {
    assert.deepEqual(faultsOf({ leaf: 'issuing/good', trust: { authorities: trusted } }), []);
  }
  assert.deepEqual(faultsOf({ leaf: 'issuing/good', trust: { authorities: [old] } }), ['certificate.time']);
});

test('an issuer of another name is not the issuer, even with the same key', () => {
  const [{ chain, ...rest }] = [vectorAuthority(['issuing', 'root'])];
  const renamed = { ...rest, chain: [{ ...chain[0], subject: vectorCertificate('upper').subject }] } as const;
  assert.deepEqual(faultsOf({ leaf: 'issuing/good', trust: { authorities: [renamed] } }), ['certificate.chain']);
});

test('of several authorities that fail, the nearest is explained', () => {
  const old = vectorAuthority(['issuing', 'root'], { start: new Date(0), end: new Date(1) });
  const proof = checkCertificate(
    certificateProof({ leaf: 'issuing/good', trust: { authorities: [vectorAuthority(['namesake']), old] } }),
  );
  assert.deepEqual(failedSteps(proof), ['certificate.time']);
  assert.deepEqual(proof.issuer?.der, vectorCertificate('issuing').der);
  const [{ chain, ...rest }] = [old];
  const server = { ...rest, chain: [{ ...chain[0], extensions: withPurpose('1.2.3') }] } as const;
  for (const trusted of [
    [old, server],
    [server, old],
  ]) {
    assert.deepEqual(faultsOf({ leaf: 'issuing/good', trust: { authorities: trusted } }), ['certificate.time']);
  }
});

test('an authority may issue only for the names that it is constrained to', () => {
  assert.deepEqual(faultsBelow('named', 'named/inside-two'), []);
  assert.deepEqual(faultsBelow('named', 'named/outside-two'), ['certificate.extensions']);
  assert.deepEqual(faultsBelow('named', 'named/outside-uri-no-host'), ['certificate.extensions']);
});

test('whatever byte of a leaf is changed, it is not read or not believed', () => {
  const good = vectorDer('issuing/good');
  for (let index = 0; index < good.length; index += 1) {
    const der = good.map((octet, at) => (at === index ? octet ^ 1 : octet));
    const leaf = readOrUndefined(der);
    assert.ok(leaf === undefined || faultsOf({ leaf, trust: { authorities } }).length > 0, `byte ${index}`);
  }
});

test('a changed signature is not the authority’s', () => {
  const good = vectorCertificate('issuing/good');
  const leaf = { ...good, signature: good.signature.map((octet, at) => (at === 20 ? octet ^ 1 : octet)) };
  assert.deepEqual(faultsOf({ leaf, trust: { authorities } }), ['certificate.chain']);
});

test('an extension that cannot be read fails where it is looked at', () => {
  const good = vectorCertificate('issuing/good');
  const broken = (oid: string) => ({
    ...good,
    extensions: good.extensions.map((each) => (each.oid === oid ? { ...each, value: new Uint8Array([5]) } : each)),
  });
  assert.deepEqual(faultsOf({ leaf: broken('2.5.29.37'), trust: { authorities } }), ['certificate.usage']);
  assert.deepEqual(faultsOf({ leaf: broken('2.5.29.35'), trust: { authorities } }), ['certificate.chain']);
});

test('nobody trusted, nothing to judge', () => {
  assert.deepEqual(faultsOf({ leaf: 'issuing/good', trust: {} }), ['certificate.chain']);
  const { certificate, ...keyed } = certificateProof({ leaf: 'issuing/good', trust: {} });
  assert.ok(certificate !== undefined);
  assert.deepEqual(checkCertificate({ ...keyed, policy: { ...keyed.policy, signer: anIdentity } }).checks, []);
});
