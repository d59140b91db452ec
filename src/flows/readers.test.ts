import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import { hasCode } from '../../test/support/error-code.ts';
import { createSigner, openImageLab, putReferrer, signBundle, signLegacy } from '../../test/support/image-lab.ts';
import type { ImageLab, LabOptions } from '../../test/support/image-lab.ts';
import { utf8Of } from '../base/bytes.ts';
import type { PublicKey } from '../crypto/public-key.ts';
import type { Digest } from '../formats/oci/digest.ts';
import { answersOf } from './reader-rules.ts';
import type { ReaderAnswer } from './reader-rules.ts';
import { readersOf } from './readers.ts';
import type { ReadersReport, SignerReaders } from './readers.ts';

interface Signed {
  readonly lab: ImageLab;
  readonly digest: Digest;
  readonly read: (...keys: readonly PublicKey[]) => Promise<ReadersReport>;
}

async function openSigned(t: TestContext, options: LabOptions = {}): Promise<Signed> {
  const lab = await openImageLab(t, options);
  return {
    lab,
    digest: await lab.push('one', 'v1'),
    read: (...keys) => readersOf(lab.context, { reference: lab.named('app/web:v1'), keys }),
  };
}

function canRead(signer: SignerReaders | undefined): Readonly<Record<string, boolean>> {
  return Object.fromEntries(signer?.readers.map(({ reader, canRead: can }) => [reader, can]) ?? []);
}

function commandOf(signer: SignerReaders | undefined, reader: string): string {
  return signer?.readers.find((each) => each.reader === reader)?.command ?? '';
}

test('a signer in the .sig tag alone is read by all but the bundle readers', async (t) => {
  const { lab, digest, read } = await openSigned(t);
  await signLegacy(lab, digest, [createSigner()]);
  const { signers, resolved } = await read();
  assert.deepEqual(canRead(signers[0]), {
    countersign: true,
    'cosign 2.x': true,
    'cosign 3.x': true,
    'podman/skopeo': true,
    'Kyverno Cosign': true,
    'Kyverno SigstoreBundle': false,
    'policy-controller': true,
  });
  assert.equal(
    commandOf(signers[0], 'cosign 2.x'),
    `cosign verify --key cosign.pub --insecure-ignore-tlog=true ${resolved}`,
  );
  assert.equal(
    commandOf(signers[0], 'cosign 3.x'),
    `cosign verify --key cosign.pub --insecure-ignore-tlog=true ${resolved}`,
  );
});

test('a signer in a bundle alone is read by cosign 3 and us', async (t) => {
  const { lab, digest, read } = await openSigned(t);
  await signBundle(lab, digest, createSigner());
  const can = canRead((await read()).signers[0]);
  assert.deepEqual(
    Object.entries(can)
      .filter(([, yes]) => yes)
      .map(([reader]) => reader),
    ['countersign', 'cosign 3.x'],
  );
});

test('an Ed25519ph bundle, which cosign 3 makes, is not promised to cosign 3', async (t) => {
  const { lab } = await openSigned(t);
  const entity = {
    form: 'bundle',
    origin: 'a referrer',
    content: { kind: 'dsse', payloadType: '', payload: new Uint8Array() },
    signature: new Uint8Array(),
    signer: { kind: 'none' },
    logEntries: [],
    logEvidence: 'promise',
    timestamps: [],
  } as const;
  const image = { resolved: 'image', repository: lab.repository, hasBundles: true };
  const cosign3 = (bundle: string): ReaderAnswer | undefined =>
    answersOf(
      { signer: 'key', isVerified: true, entities: [entity], schemes: { legacy: 'Ed25519', bundle } },
      image,
    ).find(({ reader }) => reader === 'cosign 3.x');
  assert.deepEqual([cosign3('Ed25519ph')?.canRead, cosign3('Ed25519')?.canRead], [false, true]);
  assert.match(cosign3('ECDSA P-384 with SHA-384')?.command ?? '', /--signature-digest-algorithm sha384/);
});

test('once anybody left a bundle, even an attestation, cosign 3 must be told to read the .sig tag', async (t) => {
  const { lab, digest, read } = await openSigned(t);
  await signLegacy(lab, digest, [createSigner()]);
  await signBundle(lab, digest, createSigner(), { predicateType: 'https://spdx.dev/Document' });
  const [signer, ...more] = (await read()).signers;
  assert.deepEqual(more, []);
  assert.match(commandOf(signer, 'cosign 3.x'), /--new-bundle-format=false/);
});

test('a key given recognises its signer in both forms as one', async (t) => {
  const { lab, digest, read } = await openSigned(t);
  const alice = createSigner();
  await signLegacy(lab, digest, [alice, createSigner()]);
  await signBundle(lab, digest, alice);
  const { signers } = await read(alice.publicKey);
  assert.deepEqual(
    signers.map(({ signer, isVerified, forms }) => [signer, isVerified, forms]),
    [
      [`key sha256:${alice.publicKey.fingerprint}`, true, ['legacy', 'bundle']],
      ['a key that the signature does not name', false, ['legacy']],
    ],
  );
  // Without the key only the bundle names its signer.
  assert.deepEqual(
    (await read()).signers.map(({ signer, forms }) => [signer, forms]),
    [
      ['a key that the signature does not name', ['legacy']],
      [`key sha256:${alice.publicKey.fingerprint}`, ['bundle']],
    ],
  );
});

test('podman is told the repository that was signed where that is another', async (t) => {
  const { lab, digest, read } = await openSigned(t);
  await signLegacy(lab, digest, [createSigner()]);
  assert.match(commandOf((await read()).signers[0], 'podman/skopeo'), /"type": "matchRepository"/);
  await signLegacy(lab, digest, [createSigner()], { dockerReference: 'index.docker.io/library/web:v1' });
  assert.match(
    commandOf((await read()).signers[0], 'podman/skopeo'),
    /"exactRepository", "dockerRepository": "docker.io\/library\/web"/,
  );
});

test('signatures in another repository are read by those that can be told so', async (t) => {
  const { lab, digest } = await openSigned(t);
  const signaturePlace = { registry: lab.repository.registry, path: 'sigs/web' };
  const context = { ...lab.context, signaturePlace };
  await signLegacy({ ...lab, context }, digest, [createSigner()], { repository: signaturePlace });
  const [signer] = (await readersOf(context, { reference: lab.named('app/web:v1'), keys: [] })).signers;
  assert.equal(canRead(signer)['podman/skopeo'], false);
  assert.match(commandOf(signer, 'cosign 2.x'), /^COSIGN_REPOSITORY=\S+\/sigs\/web cosign verify /);
});

test('an unsigned image has no signers; an unreadable signature is an error, not a missing signer', async (t) => {
  const { lab, digest, read } = await openSigned(t);
  assert.deepEqual((await read()).signers, []);
  await putReferrer(lab, digest, utf8Of('{'));
  await assert.rejects(read(), hasCode('JSON_MALFORMED'));
});
