import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hasCode } from '../../../test/support/error-code.ts';
import {
  STATEMENT,
  entriesPath,
  envelopeOf,
  keyPemOf,
  openRekorLab,
  problemOf,
  proposeDsse,
  proposeHashedRekord,
  proposeIntotoV1,
  proposeIntotoV2,
  proposeRekord,
  rekorNow,
} from '../../../test/support/rekor-lab.ts';
import type { ProposedJson } from '../../../test/support/rekor-lab.ts';
import { createAuthority, issueLeaf } from '../../../test/support/virtual-sigstore/virtual-authority.ts';
import { createVirtualKey, pemOf, signBytes } from '../../../test/support/virtual-sigstore/virtual-key.ts';
import type { ErrorCode } from '../../base/catalogue.ts';
import { limits } from '../../base/limits.ts';
import type { JsonValue } from '../../base/json.ts';
import { parseProposedEntry } from '../../formats/rekor/proposed-entry.ts';
import { requireCanonicalEntry } from './add-entry.ts';

const key = createVirtualKey();
const other = createVirtualKey();
const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** The entry with one member changed, or without it. */
function changed(proposed: ProposedJson, path: string, value: unknown): ProposedJson {
  const copy = structuredClone(proposed) as unknown as Record<string, unknown>;
  const names = path.split('.');
  const last = names.pop() ?? '';
  let at = copy;
  for (const name of names) at = at[name] as Record<string, unknown>;
  if (value === undefined) delete at[last];
  else at[last] = value;
  return copy as unknown as ProposedJson;
}

const hashedRekord = (): ProposedJson => proposeHashedRekord('artifact', key);
const dsse = (): ProposedJson => proposeDsse(envelopeOf(STATEMENT, key), keyPemOf(key));
const intotoV1 = (): ProposedJson => proposeIntotoV1(envelopeOf(STATEMENT, key), keyPemOf(key));
const intotoV2 = (): ProposedJson => proposeIntotoV2(envelopeOf(STATEMENT, key), keyPemOf(key));
const rekord = (): ProposedJson => proposeRekord('artifact', key);
const envelopeWith = (change: (envelope: Record<string, unknown>) => unknown): ProposedJson =>
  proposeDsse(JSON.stringify(change(JSON.parse(envelopeOf(STATEMENT, key)) as Record<string, unknown>)), keyPemOf(key));

const publicKey = 'spec.signature.publicKey.content';
const openAuthority = (): ReturnType<typeof createAuthority> =>
  createAuthority({
    uri: 'https://ca.example.test',
    organization: 'example',
    purpose: 'codeSigning',
    now: rekorNow,
    keyKind: 'p256',
  });
const authority = openAuthority();
/** Of the same name, with other keys. */
const { chain } = openAuthority();
const leafAt = (at: Date): Buffer => issueLeaf(authority, { spki: key.spki, at, scts: [] });
const chainPem = (...certificates: readonly Uint8Array[]): string =>
  base64(certificates.map((der) => pemOf('CERTIFICATE', der)).join(''));
const DAY_MS = 86_400_000;
const later = new Date(rekorNow.getTime() + 4 * 365 * DAY_MS);

/** What is proposed, the code of the error, the status of the answer and a part of what it says. */
const refusals: Readonly<Record<string, readonly [() => unknown, ErrorCode, number, RegExp]>> = {
  'no JSON': [() => '{', 'JSON_MALFORMED', 400, /proposed entry/],
  'a member twice': [() => '{"kind":"dsse","kind":"dsse"}', 'JSON_MALFORMED', 400, /twice/],
  'no object': [() => '[]', 'JSON_SHAPE', 422, /expected an object/],
  'no kind': [() => changed(hashedRekord(), 'kind', undefined), 'JSON_SHAPE', 422, /\$\.kind/],
  'no version': [() => changed(hashedRekord(), 'apiVersion', 1), 'JSON_SHAPE', 422, /\$\.apiVersion/],
  'no spec': [() => changed(hashedRekord(), 'spec', undefined), 'JSON_SHAPE', 422, /\$\.spec/],
  'another kind': [
    () => changed(hashedRekord(), 'kind', 'rpm'),
    'LOG_ENTRY_UNSUPPORTED',
    400,
    /unsupported kind "rpm 0\.0\.1", supported are hashedrekord 0\.0\.1, dsse/,
  ],
  'another version': [() => changed(dsse(), 'apiVersion', '0.0.2'), 'LOG_ENTRY_UNSUPPORTED', 400, /"dsse 0\.0\.2"/],
  'a hash that is too short': [() => changed(hashedRekord(), 'spec.data.hash.value', 'ab'), 'JSON_SHAPE', 422, /hash/],
  'a hash that is no hexadecimal': [
    () => changed(hashedRekord(), 'spec.data.hash.value', 'x'.repeat(64)),
    'HEX_MALFORMED',
    400,
    /hexadecimal/,
  ],
  'a hash by another algorithm': [
    () => changed(hashedRekord(), 'spec.data.hash.algorithm', 'sha1'),
    'JSON_SHAPE',
    422,
    /SHA-256/,
  ],
  'a signature that is no base64': [
    () => changed(hashedRekord(), 'spec.signature.content', 'a b'),
    'BASE64_MALFORMED',
    400,
    /signature\.content/,
  ],
  'an empty signature': [
    () => changed(hashedRekord(), 'spec.signature.content', ''),
    'LOG_ENTRY_REFUSED',
    400,
    /verifying signature/,
  ],
  'another hash than the signed one': [
    () => changed(hashedRekord(), 'spec.data.hash.value', '0'.repeat(64)),
    'LOG_ENTRY_REFUSED',
    400,
    /verifying signature: it is not one by the key [0-9a-f]{64} over this sha256 hash/,
  ],
  'a key that did not sign': [
    () => changed(hashedRekord(), publicKey, keyPemOf(other)),
    'LOG_ENTRY_REFUSED',
    400,
    /verifying signature/,
  ],
  'a pure Ed25519 signature over something hashed': [
    () => {
      const ed25519 = createVirtualKey('ed25519');
      const proposed = proposeHashedRekord('artifact', ed25519);
      return changed(
        proposed,
        'spec.signature.content',
        signBytes(ed25519, Buffer.from('artifact')).toString('base64'),
      );
    },
    'LOG_ENTRY_REFUSED',
    400,
    /Ed25519ph/,
  ],
  'a signer that is no PEM': [() => changed(hashedRekord(), publicKey, base64('key')), 'PEM_MALFORMED', 400, /PEM/],
  'a private key': [
    () => changed(hashedRekord(), publicKey, base64(String(key.privateKey.export({ type: 'pkcs8', format: 'pem' })))),
    'KEY_IS_PRIVATE',
    400,
    /public key/,
  ],
  'two keys as one signer': [
    () => changed(hashedRekord(), publicKey, base64(pemOf('PUBLIC KEY', key.spki).repeat(2))),
    'LOG_ENTRY_MALFORMED',
    400,
    /one public key/,
  ],
  'a certificate that is none': [
    () => changed(hashedRekord(), publicKey, chainPem(key.spki)),
    'CERTIFICATE_MALFORMED',
    400,
    /certificate/,
  ],
  'more certificates than a chain has': [
    () => changed(hashedRekord(), publicKey, chainPem(...Array.from({ length: 11 }, () => leafAt(rekorNow)))),
    'LOG_ENTRY_MALFORMED',
    400,
    /11 certificates/,
  ],
  'certificates that did not issue each other': [
    () => changed(hashedRekord(), publicKey, chainPem(leafAt(rekorNow), ...chain)),
    'LOG_ENTRY_REFUSED',
    400,
    /certificate 1 of the chain/,
  ],
  'certificates in another order': [
    () => changed(hashedRekord(), publicKey, chainPem(leafAt(rekorNow), ...authority.chain.toReversed())),
    'LOG_ENTRY_REFUSED',
    400,
    /certificate 1 of the chain/,
  ],
  'an issuer that was not valid when the certificate began': [
    () => changed(hashedRekord(), publicKey, chainPem(leafAt(later), ...authority.chain)),
    'LOG_ENTRY_REFUSED',
    400,
    /certificate 2 of the chain was not valid/,
  ],
  'an envelope that is no JSON': [() => proposeDsse('{', keyPemOf(key)), 'JSON_MALFORMED', 400, /envelope/],
  'an envelope without signatures': [
    () => envelopeWith((envelope) => ({ ...envelope, signatures: [] })),
    'LOG_ENTRY_MALFORMED',
    400,
    /0 signatures/,
  ],
  'an envelope with too many signatures': [
    () => proposeDsse(envelopeOf(STATEMENT, ...Array.from({ length: 11 }, () => key)), keyPemOf(key)),
    'LOG_ENTRY_MALFORMED',
    400,
    /11 signatures/,
  ],
  'a signature twice': [
    () => envelopeWith(({ signatures, ...rest }) => ({ ...rest, signatures: [signatures, signatures].flat() })),
    'LOG_ENTRY_MALFORMED',
    400,
    /repeats/,
  ],
  'another payload than the signed one': [
    () => envelopeWith((envelope) => ({ ...envelope, payload: base64('{}') })),
    'LOG_ENTRY_REFUSED',
    400,
    /verifying signature/,
  ],
  'no verifiers': [() => proposeDsse(envelopeOf(STATEMENT, key)), 'LOG_ENTRY_MALFORMED', 400, /0 verifiers/],
  'too many verifiers': [
    () => proposeDsse(envelopeOf(STATEMENT, key), ...Array.from({ length: 11 }, () => keyPemOf(key))),
    'LOG_ENTRY_MALFORMED',
    400,
    /11 verifiers/,
  ],
  'a verifier that signed nothing': [
    () => proposeDsse(envelopeOf(STATEMENT, key), keyPemOf(key), keyPemOf(other)),
    'LOG_ENTRY_REFUSED',
    400,
    /made none of the signatures/,
  ],
  'a signature that no verifier made': [
    () => proposeDsse(envelopeOf(STATEMENT, key, other), keyPemOf(key)),
    'LOG_ENTRY_REFUSED',
    400,
    /verifying signature/,
  ],
  'what only the log writes': [
    () => changed(dsse(), 'spec', { payloadHash: { algorithm: 'sha256', value: '0'.repeat(64) } }),
    'JSON_SHAPE',
    422,
    /proposedContent/,
  ],
  'intoto 0.0.1 by another key': [
    () => changed(intotoV1(), 'spec.publicKey', keyPemOf(other)),
    'LOG_ENTRY_REFUSED',
    400,
    /verifying/,
  ],
  'intoto 0.0.1 with a signature by another key': [
    () => proposeIntotoV1(envelopeOf(STATEMENT, key, other), keyPemOf(key)),
    'LOG_ENTRY_REFUSED',
    400,
    /verifying/,
  ],
  'intoto 0.0.2 with the keys of its signatures exchanged': [
    () => {
      const proposed = proposeIntotoV2(envelopeOf(STATEMENT, key, other), keyPemOf(other));
      return changed(proposed, 'spec.content.envelope.signatures.1.publicKey', keyPemOf(key));
    },
    'LOG_ENTRY_REFUSED',
    400,
    /verifying/,
  ],
  'intoto 0.0.2 with base64 once': [
    () => changed(intotoV2(), 'spec.content.envelope.payload', base64(STATEMENT)),
    'BASE64_MALFORMED',
    400,
    /base64/,
  ],
  'intoto 0.0.2 without a hash': [
    () => changed(intotoV2(), 'spec.content.hash', undefined),
    'JSON_SHAPE',
    422,
    /content\.hash/,
  ],
  'intoto 0.0.2 with another hash': [
    () => changed(intotoV2(), 'spec.content.hash', { algorithm: 'sha512', value: '0'.repeat(128) }),
    'JSON_SHAPE',
    422,
    /"sha256"/,
  ],
  'an entry that does not fit into the log': [
    () => changed(intotoV2(), 'spec.content.envelope.signatures.0.keyid', 'k'.repeat(limits.logEntryBytes)),
    'INPUT_TOO_LARGE',
    413,
    /at most 65535 fit into the log/,
  ],
  'rekord of another format': [() => changed(rekord(), 'spec.signature.format', 'pgp'), 'JSON_SHAPE', 422, /"x509"/],
  'rekord with the hash of something else': [
    () => changed(rekord(), 'spec.data.hash', { algorithm: 'sha256', value: '0'.repeat(64) }),
    'LOG_ENTRY_MALFORMED',
    400,
    /not the SHA-256/,
  ],
  'rekord with other content': [
    () => changed(rekord(), 'spec.data.content', base64('another')),
    'LOG_ENTRY_REFUSED',
    400,
    /verifying signature/,
  ],
};

for (const [name, [propose, code, status, why]] of Object.entries(refusals)) {
  test(`is refused, and nothing of it is kept: ${name}`, async (t) => {
    const lab = await openRekorLab(t);
    const proposed = propose();
    if (typeof proposed !== 'string') {
      const judged = async (): Promise<unknown> => requireCanonicalEntry(parseProposedEntry(proposed as JsonValue));
      await assert.rejects(judged, hasCode(code));
    }
    assert.match(problemOf(await lab.post(entriesPath, proposed), status), why);
    assert.equal(lab.rekor.log.head().size, 0n);
    assert.deepEqual(await lab.rekor.objects.list('rekor/attestation/'), []);
    assert.deepEqual(
      lab.events.map(({ outcome }) => outcome),
      ['refused'],
    );
  });
}

test('what the refusals change is taken unchanged', async (t) => {
  const lab = await openRekorLab(t);
  const chained = changed(hashedRekord(), publicKey, chainPem(leafAt(rekorNow), ...authority.chain));
  const two = proposeIntotoV2(envelopeOf(STATEMENT, key, other), keyPemOf(key));
  const good = [
    hashedRekord(),
    chained,
    dsse(),
    proposeDsse(envelopeOf(STATEMENT, key, other), keyPemOf(other), keyPemOf(key)),
    intotoV1(),
    intotoV2(),
    changed(two, 'spec.content.envelope.signatures.1.publicKey', keyPemOf(other)),
    rekord(),
  ];
  for (const proposed of good) {
    const answer = await lab.post(entriesPath, proposed);
    assert.equal(answer.status, 201, answer.text);
  }
});
