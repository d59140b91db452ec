import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { derElement, namedCertificate, withExtension } from '../../../test/support/named-certificate.ts';
import { hasCode } from '../../../test/support/error-code.ts';
import { utf8Of } from '../../base/bytes.ts';
import { InputError } from '../../base/errors.ts';
import {
  encodeFulcioExtension,
  fulcioExtensionNameOf,
  fulcioExtensionNames,
  fulcioExtensionsOf,
  issuerOf,
} from './fulcio-extensions.ts';

const PREFIX = '1.3.6.1.4.1.57264.1';
const utf8String = (text: string): Uint8Array => derElement(0x0c, utf8Of(text));

test('every extension of a workflow certificate is read by its name', () => {
  const read = fulcioExtensionsOf(namedCertificate('workflow'));
  assert.deepEqual(Object.fromEntries(read), {
    issuer: 'https://token.actions.githubusercontent.com',
    githubWorkflowTrigger: 'push',
    githubWorkflowSha: '0123456789abcdef0123456789abcdef01234567',
    githubWorkflowName: 'release',
    githubWorkflowRepository: 'acme/app',
    githubWorkflowRef: 'refs/heads/main',
    issuerV2: 'https://token.actions.githubusercontent.com',
    buildSignerUri: 'value 9',
    buildSignerDigest: 'value 10',
    runnerEnvironment: 'value 11',
    sourceRepositoryUri: 'value 12',
    sourceRepositoryDigest: 'value 13',
    sourceRepositoryRef: 'value 14',
    sourceRepositoryIdentifier: 'value 15',
    sourceRepositoryOwnerUri: 'value 16',
    sourceRepositoryOwnerIdentifier: 'value 17',
    buildConfigUri: 'value 18',
    buildConfigDigest: 'value 19',
    buildTrigger: 'value 20',
    runInvocationUri: 'value 21',
    sourceRepositoryVisibilityAtSigning: 'value 22',
    deploymentEnvironment: 'value 23',
    tokenSubject: 'value 24',
  });
  assert.deepEqual([...read.keys()].sort(), [...fulcioExtensionNames].sort());
});

test('an extension is called by its name or its OID, and by nothing else', () => {
  assert.equal(fulcioExtensionNameOf('sourceRepositoryUri'), 'sourceRepositoryUri');
  assert.equal(fulcioExtensionNameOf(`${PREFIX}.12`), 'sourceRepositoryUri');
  for (const other of [`${PREFIX}.7`, `${PREFIX}.25`, '12', 'SourceRepositoryUri', 'constructor', '__proto__', '']) {
    assert.equal(fulcioExtensionNameOf(other), undefined, other);
  }
});

test('the issuer is the newer extension, the older one alone, or nobody', () => {
  const old = namedCertificate('issuer-v1');
  const noIssuer = { ...old, extensions: [] };
  assert.equal(issuerOf(fulcioExtensionsOf(old)), 'https://accounts.example.com');
  assert.equal(
    issuerOf(fulcioExtensionsOf(withExtension(noIssuer, `${PREFIX}.8`, utf8String('https://new.example')))),
    'https://new.example',
  );
  assert.equal(issuerOf(fulcioExtensionsOf(noIssuer)), undefined);
});

test('two issuers that differ are malformed: no reader may choose', () => {
  for (const other of ['https://evil.example', 'https://accounts.example.com/', '']) {
    const certificate = withExtension(namedCertificate('email'), `${PREFIX}.8`, utf8String(other));
    assert.throws(() => fulcioExtensionsOf(certificate), { code: 'CERTIFICATE_MALFORMED' }, other);
  }
});

const malformed: Readonly<Record<string, readonly [string, Uint8Array]>> = {
  'a newer extension without DER': [`${PREFIX}.9`, utf8Of('https://example.com')],
  'a newer extension of another string type': [`${PREFIX}.9`, derElement(0x13, utf8Of('text'))],
  'a newer extension with bytes behind it': [`${PREFIX}.24`, Uint8Array.of(...utf8String('a'), 0)],
  'an empty newer extension': [`${PREFIX}.8`, new Uint8Array()],
  'a newer extension that is not UTF-8': [`${PREFIX}.20`, derElement(0x0c, Uint8Array.of(0xff))],
  'an older extension that is not UTF-8': [`${PREFIX}.5`, Uint8Array.of(0xc3)],
  'an extension of more than 8 KiB': [`${PREFIX}.6`, utf8Of('a'.repeat(9000))],
};

for (const [what, [oid, value]] of Object.entries(malformed)) {
  test(`${what}: malformed`, () => {
    const certificate = withExtension(namedCertificate('workflow'), oid, value);
    assert.throws(() => fulcioExtensionsOf(certificate), { code: 'CERTIFICATE_MALFORMED' });
  });
}

test('extensions of others, and a byte order mark, are left as they are', () => {
  const bom = withExtension(namedCertificate('nobody'), `${PREFIX}.6`, utf8Of('\ufeffrefs/heads/main'));
  assert.equal(fulcioExtensionsOf(bom).get('githubWorkflowRef'), '\ufeffrefs/heads/main');
  const foreign = withExtension(namedCertificate('nobody'), '1.2.3', Uint8Array.of(0xff));
  assert.equal(fulcioExtensionsOf(foreign).size, 2);
});

test('whatever the bytes, an extension is read or the certificate is malformed', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 26 }), fc.uint8Array({ maxLength: 40 }), (arc, value) => {
      try {
        fulcioExtensionsOf(withExtension(namedCertificate('workflow'), `${PREFIX}.${arc}`, value));
      } catch (error) {
        assert.ok(error instanceof InputError && error.code === 'CERTIFICATE_MALFORMED', String(error));
      }
    }),
  );
});

test('an extension is written as Go writes it: raw up to 6, a UTF8String from 8', () => {
  const { der, extensions } = namedCertificate('workflow');
  for (const { oid } of extensions.filter((each) => each.oid.startsWith(`${PREFIX}.`))) {
    const text = fulcioExtensionsOf(namedCertificate('workflow')).get(fulcioExtensionNameOf(oid) ?? 'issuer') ?? '';
    const written = encodeFulcioExtension(Number(oid.slice(PREFIX.length + 1)), text);
    assert.equal(Buffer.from(der).includes(Buffer.from(written)), true, oid);
  }
});

test('an extension that Fulcio does not write, and a text that would not be read again, are refused', () => {
  for (const [arc, text] of [
    [0, 'a'],
    [7, 'a'],
    [25, 'a'],
    [1.5, 'a'],
    [8, ''],
    [24, '\ud800'],
    [8, 'a'.repeat(8192)],
  ] as const) {
    assert.throws(() => encodeFulcioExtension(arc, text), hasCode('CERTIFICATE_MALFORMED'), `${arc}`);
  }
});
