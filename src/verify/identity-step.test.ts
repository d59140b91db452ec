import assert from 'node:assert/strict';
import { test } from 'node:test';

import { namedCertificate, withExtension, derElement } from '../../test/support/named-certificate.ts';
import { vectorPublicKey } from '../../test/support/vectors.ts';
import { utf8Of } from '../base/bytes.ts';
import type { Certificate } from '../formats/x509/certificate.ts';
import { compilePattern } from '../policy/pattern.ts';
import { checkIdentity } from './identity-step.ts';
import { exactly, keyPolicyOf } from './policy.ts';
import type { Identity, SignerPolicy } from './policy.ts';
import type { Proof } from './proof.ts';

const workflow = 'https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main';
const github = 'https://token.actions.githubusercontent.com';
const release: Identity = { subject: exactly(workflow), issuer: exactly(github), extensions: {} };
const dev: Identity = {
  subject: exactly('dev@example.com'),
  issuer: exactly('https://accounts.example.com'),
  extensions: {},
};

const keySigner = { kind: 'keys', keys: [vectorPublicKey('cosign-3')] } as const satisfies SignerPolicy;

function proofOf(certificate: Certificate | undefined, signer: SignerPolicy): Proof {
  return {
    entity: {
      form: 'bundle',
      origin: 'a test',
      content: { kind: 'message' },
      signature: new Uint8Array(),
      signer: { kind: 'certificate', chain: certificate === undefined ? [] : [certificate.der] },
      logEntries: [],
      logEvidence: 'proof',
      timestamps: [],
    },
    policy: { ...keyPolicyOf(keySigner.keys), signer },
    signed: { kind: 'bytes', bytes: new Uint8Array() },
    checks: [],
    entries: [],
    times: [],
    ...(certificate === undefined ? {} : { certificate }),
  };
}

function judge(certificate: Certificate | undefined, ...identities: readonly [Identity, ...Identity[]]): Proof {
  return checkIdentity(proofOf(certificate, { kind: 'identities', identities, sct: { kind: 'required' } }));
}

function isAccepted(proof: Proof): boolean {
  const [check, ...others] = proof.checks;
  assert.equal(others.length, 0);
  assert.equal(check?.step, 'identity');
  assert.equal(check?.status === 'pass', proof.identity !== undefined);
  return check?.status === 'pass';
}

test('any one identity of which subject, issuer and extensions all match is enough', () => {
  const proof = judge(namedCertificate('workflow'), dev, release);
  assert.equal(isAccepted(proof), true);
  assert.deepEqual(proof.identity, { subject: workflow, issuer: github });
  assert.equal(proof.checks[0]?.seen, `"${workflow}", issuer "${github}"`);
});

test('the subject of one identity and the issuer of another are nobody', () => {
  const mixed = judge(
    namedCertificate('workflow'),
    { ...release, issuer: dev.issuer },
    { ...dev, issuer: release.issuer },
  );
  assert.equal(isAccepted(mixed), false);
});

test('names are compared to the last byte', () => {
  const others = [
    workflow.toUpperCase(),
    `${workflow}/`,
    ` ${workflow}`,
    `${workflow}\u0000`,
    workflow.slice(0, -1),
    '',
  ];
  for (const other of others) {
    assert.equal(
      isAccepted(judge(namedCertificate('workflow'), { ...release, subject: exactly(other) })),
      false,
      other,
    );
  }
  for (const other of [`${github}/`, github.replace('https', 'http'), `${github} `]) {
    assert.equal(isAccepted(judge(namedCertificate('workflow'), { ...release, issuer: exactly(other) })), false, other);
  }
});

test('extensions are compared by name and by OID, all of them', () => {
  const certificate = namedCertificate('workflow');
  const accepts = (extensions: Identity['extensions']): boolean =>
    isAccepted(judge(certificate, { ...release, extensions }));
  assert.equal(accepts({ githubWorkflowRef: exactly('refs/heads/main'), buildTrigger: exactly('value 20') }), true);
  assert.equal(accepts({ '1.3.6.1.4.1.57264.1.6': exactly('refs/heads/main') }), true);
  assert.equal(accepts({ githubWorkflowRef: exactly('refs/heads/main'), buildTrigger: exactly('push') }), false);
});

test('an extension that the certificate lacks, or that nobody knows, matches nothing', async () => {
  const anything = await compilePattern('.*', { isAnchored: false });
  for (const name of ['deploymentEnvironment', 'constructor', 'githubworkflowref', '1.3.6.1.4.1.57264.1.99']) {
    const identity = { ...dev, extensions: { [name]: anything } };
    assert.equal(isAccepted(judge(namedCertificate('email'), identity)), false, name);
  }
});

test('CVE-2025-29778: both patterns are honoured', async () => {
  const subject = await compilePattern('^https://github\\.com/acme/', { isAnchored: false });
  const issuer = await compilePattern('^https://token\\.actions\\.githubusercontent\\.com$', { isAnchored: false });
  const nobody = await compilePattern('^https://evil\\.example$', { isAnchored: false });
  const certificate = namedCertificate('workflow');
  assert.equal(isAccepted(judge(certificate, { subject, issuer, extensions: {} })), true);
  assert.equal(isAccepted(judge(certificate, { subject: nobody, issuer, extensions: {} })), false);
  assert.equal(isAccepted(judge(certificate, { subject, issuer: nobody, extensions: {} })), false);
});

test('every kind of name is compared, and the one that matched is told', () => {
  const many = namedCertificate('many');
  for (const name of ['ops@example.com', 'example.com', workflow, '192.0.2.1', '2001:db8::1']) {
    const proof = judge(many, { ...dev, subject: exactly(name) });
    assert.equal(proof.identity?.subject, name);
    assert.match(proof.checks[0]?.note ?? '', /one of several names/);
  }
  assert.equal(isAccepted(judge(namedCertificate('user-name'), { ...dev, subject: exactly('dev!example.com') })), true);
});

test('a certificate without a name or without an issuer is nobody, whatever is expected', async () => {
  const anything = await compilePattern('', { isAnchored: false });
  const anyone: Identity = { subject: anything, issuer: anything, extensions: {} };
  assert.equal(isAccepted(judge(namedCertificate('nobody'), anyone)), false);
  assert.equal(isAccepted(judge({ ...namedCertificate('email'), extensions: [] }, anyone)), false);
  const withoutIssuer = namedCertificate('email').extensions.filter(
    ({ oid }) => !oid.startsWith('1.3.6.1.4.1.57264.1'),
  );
  assert.equal(isAccepted(judge({ ...namedCertificate('email'), extensions: withoutIssuer }, anyone)), false);
});

test('names that cannot be read fail the check and are not thrown', () => {
  const broken = withExtension(namedCertificate('email'), '2.5.29.17', Uint8Array.of(0x30, 0x05));
  const disputed = withExtension(
    namedCertificate('email'),
    '1.3.6.1.4.1.57264.1.8',
    derElement(0x0c, utf8Of('https://evil.example')),
  );
  for (const certificate of [broken, disputed]) {
    const proof = judge(certificate, dev);
    assert.equal(isAccepted(proof), false);
    assert.notEqual(proof.checks[0]?.seen, undefined);
  }
});

test('a failure tells who was expected, who signed and how near that is', () => {
  const [check] = judge(namedCertificate('workflow'), dev, {
    ...release,
    subject: exactly(workflow.replace('refs/heads/main', 'refs/tags/v1')),
  }).checks;
  assert.match(check?.expected ?? '', /"dev@example\.com".* or subject ".*refs\/tags\/v1", issuer/);
  assert.match(check?.seen ?? '', /refs\/heads\/main", issuer "https:\/\/token/);
  assert.equal(
    check?.note,
    'issuer as expected; subject differs in ref: expected "refs/tags/v1", seen "refs/heads/main"',
  );
  assert.notEqual(check?.next, undefined);
});

test('a long list of identities is cut in the report', () => {
  const others = Array.from({ length: 40 }, (_, index) => ({ ...dev, subject: exactly(`dev${index}@example.com`) }));
  const [check] = judge(namedCertificate('workflow'), dev, ...others).checks;
  assert.match(check?.expected ?? '', /36 more$/);
});

test('with keys there is nothing to say, nor without a certificate', () => {
  assert.deepEqual(checkIdentity(proofOf(namedCertificate('email'), keySigner)).checks, []);
  assert.deepEqual(judge(undefined, dev).checks, []);
});

test('where anyone may sign the check is skipped and says who did; nobody is still nobody', () => {
  const proof = checkIdentity(proofOf(namedCertificate('email'), { kind: 'unsafe-anyone' }));
  assert.equal(proof.checks[0]?.status, 'skip');
  assert.match(proof.checks[0]?.seen ?? '', /dev@example\.com/);
  assert.deepEqual(proof.identity, { subject: 'dev@example.com', issuer: 'https://accounts.example.com' });
  const nobody = checkIdentity(proofOf(namedCertificate('nobody'), { kind: 'unsafe-anyone' }));
  assert.equal(nobody.checks[0]?.status, 'fail');
});

test('control characters of a name cannot reach a terminal by quotes alone', () => {
  const certificate = withExtension(
    namedCertificate('email'),
    '2.5.29.17',
    derElement(0x30, derElement(0x81, utf8Of('dev@example.com", issuer "https://accounts.example.com\u001b[2K\n'))),
  );
  const { seen = '' } = judge(certificate, dev).checks[0] ?? {};
  assert.doesNotMatch(seen, /[\u0000-\u001f]/);
  assert.match(seen, /^"dev@example\.com\\", issuer \\"https/);
});

test('an identity without an issuer, or a policy without an identity, does not compile', () => {
  // @ts-expect-error: the issuer is missing
  const half: Identity = { subject: exactly('dev@example.com'), extensions: {} };
  // @ts-expect-error: no identity at all
  const none: SignerPolicy = { kind: 'identities', identities: [], sct: { kind: 'required' } };
  // @ts-expect-error: not saying who may sign is not "anyone"
  const unsaid: SignerPolicy = {};
  assert.ok([half, none, unsaid].length === 3);
});
