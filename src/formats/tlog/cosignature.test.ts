import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { hasCode } from '../../../test/support/error-code.ts';
import { base64Of, hexOf, parseBase64, utf8Of } from '../../base/bytes.ts';
import { createKeyPair } from '../../crypto/private-key.ts';
import { parsePublicKey } from '../../crypto/public-key.ts';
import { signerOf } from '../../crypto/signer.ts';
import { verifySignature } from '../../crypto/signature.ts';
import { logIdOf } from '../trust/log-id.ts';
import { encodeCheckpoint, parseCheckpoint } from './checkpoint.ts';
import { cosignatureTimeOf, parseWitnessKey } from './cosignature.ts';
import { noteKeyHintOf, signNote, treeHeadNoteSignatureOf } from './note-signature.ts';
import { encodeNote, parseNote, parseSignatureLines } from './note.ts';

interface GoVectors {
  readonly cosigned: { readonly witnessKey: string; readonly checkpoint: string };
  readonly treeHead: {
    readonly spki: string;
    readonly origin: string;
    readonly size: number;
    readonly timestamp: number;
    readonly root: string;
    readonly signature: string;
    readonly checkpoint: string;
  };
}

const { cosigned, treeHead } = JSON.parse(
  readFileSync(new URL('../../../test/vectors/go-tlog/vectors.json', import.meta.url), 'utf8'),
) as GoVectors;

test('a cosignature made in Go is read, and says when', async () => {
  const witness = parseWitnessKey(cosigned.witnessKey);
  const checkpoint = parseCheckpoint(cosigned.checkpoint);
  const [log, cosignature] = checkpoint.signatures;
  assert.ok(log !== undefined && cosignature !== undefined);
  const time = await cosignatureTimeOf(checkpoint, cosignature, witness);
  assert.equal(time?.getTime(), Number(Buffer.from(cosignature.signature).readBigUInt64BE()) * 1000);
  assert.equal(await cosignatureTimeOf(checkpoint, log, witness), undefined);
});

test('a cosignature of another time, text, length or name is none', async () => {
  const witness = parseWitnessKey(cosigned.witnessKey);
  const checkpoint = parseCheckpoint(cosigned.checkpoint);
  const signature = checkpoint.signatures[1];
  assert.ok(signature !== undefined);
  const isGood = async (changed: object, of = checkpoint): Promise<boolean> =>
    (await cosignatureTimeOf(of, { ...signature, ...changed }, witness)) !== undefined;
  assert.equal(await isGood({}), true);
  for (const [at, byte] of signature.signature.entries()) {
    const flipped: Uint8Array = Uint8Array.from(signature.signature);
    flipped[at] = byte ^ 1;
    assert.equal(await isGood({ signature: flipped }), false, `byte ${at}`);
  }
  assert.equal(await isGood({ signature: signature.signature.subarray(1) }), false);
  assert.equal(await isGood({ name: 'witness.example/w2' }), false);
  assert.equal(await isGood({ keyHint: Uint8Array.of(1, 2, 3, 4) }), false);
  const other = parseCheckpoint(cosigned.checkpoint.replace('20852163', '20852164'));
  assert.equal(await isGood({}, other), false);
});

test('keys that are not those of an Ed25519 witness are refused', () => {
  const [name = '', hint = '', key = ''] = cosigned.witnessKey.split('+', 3);
  const point = cosigned.witnessKey.slice(name.length + hint.length + 2);
  const material = parseBase64(point);
  const smallOrder = Uint8Array.of(1, ...new Uint8Array(31));
  const refused = [
    '',
    name,
    `${name}+${hint}`,
    `${name}+${hint}+`,
    `${name}+00000000+${point}`,
    `${name}+${hint.toUpperCase()}x+${point}`,
    `other.example+${hint}+${point}`,
    `${name}+${hint}+${point}=`,
    `${name}+${hint}+${base64Of(Uint8Array.from([1, ...material.subarray(1)]))}`,
    `${name}+${hint}+${base64Of(material.subarray(1))}`,
    `na me+${hint}+${key}`,
    // Of small order: it would verify what nobody signed.
    `w.example+${hexOf(noteKeyHintOf('w.example', 4, smallOrder))}+${base64Of(Uint8Array.of(4, ...smallOrder))}`,
  ];
  for (const text of refused) {
    assert.throws(() => parseWitnessKey(text), hasCode('WITNESS_KEY_INVALID'), text);
  }
});

test('the tree head of a certificate log is written as Go writes it', () => {
  const { origin, size, timestamp } = treeHead;
  const logId = logIdOf(parsePublicKey(parseBase64(treeHead.spki)));
  const text = encodeCheckpoint({ origin, treeSize: BigInt(size), rootHash: parseBase64(treeHead.root) });
  const signature = treeHeadNoteSignatureOf(origin, logId, new Date(timestamp), parseBase64(treeHead.signature));
  assert.equal(encodeNote(text, [signature]), treeHead.checkpoint);
});

test('a note signed by a log of either version is read back and verifies', async () => {
  for (const algorithm of ['ecdsa-p256', 'ed25519'] as const) {
    const signer = signerOf(createKeyPair(algorithm));
    const text = encodeCheckpoint({ origin: 'log.example - 12', treeSize: 5n, rootHash: new Uint8Array(32) });
    const note = encodeNote(text, [await signNote(text, 'log.example', signer)]);
    const { signedBytes, signatures } = parseCheckpoint(note);
    assert.deepEqual([signedBytes, signatures.length], [utf8Of(text), 1]);
    const [own] = signatures;
    assert.ok(own !== undefined);
    assert.deepEqual(own.keyHint, logIdOf(signer.publicKey, 'log.example').subarray(0, 4));
    assert.ok(await verifySignature(signer.publicKey, signedBytes, own.signature));
  }
});

test('a note that could be cut in two ways is not written', () => {
  const signature = { name: 'log.example', keyHint: new Uint8Array(4), signature: Uint8Array.of(1) };
  const refused: readonly (readonly [string, readonly (typeof signature)[]])[] = [
    ['a\n\nb\n', [signature]],
    ['a', [signature]],
    ['\n', [signature]],
    ['a\n', []],
    ['a\u0000\n', [signature]],
    ['a\n', [{ ...signature, name: 'log example' }]],
    ['a\n', [{ ...signature, name: 'a\nb' }]],
    ['a\n', [{ ...signature, signature: new Uint8Array() }]],
  ];
  for (const [text, signatures] of refused) {
    assert.throws(() => encodeNote(text, signatures), hasCode('CHECKPOINT_MALFORMED'), JSON.stringify(text));
  }
  const note = encodeNote('a\n', [signature, signature]);
  assert.deepEqual(parseNote(note), { text: 'a\n', signatures: [signature, signature] });
  assert.deepEqual(parseSignatureLines(note.slice('a\n\n'.length)), [signature, signature]);
  assert.throws(() => parseSignatureLines('\n'), hasCode('CHECKPOINT_MALFORMED'));
});
