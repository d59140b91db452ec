/** A log of texts, and a reader of it that shares nothing with the engine but the format. */

import assert from 'node:assert/strict';
import { createHash, verify } from 'node:crypto';

import { createKeyPair } from '../../src/crypto/private-key.ts';
import { signerOf } from '../../src/crypto/signer.ts';
import { encodeCheckpoint } from '../../src/formats/tlog/checkpoint.ts';
import { signNote } from '../../src/formats/tlog/note-signature.ts';
import { encodeNote } from '../../src/formats/tlog/note.ts';
import type { LogKind, Submission } from '../../src/servers/tiles/tile-log.ts';
import type { ObjectStore } from '../../src/storage/object-store.ts';
import { leafHashOf, rootHashOf } from './virtual-sigstore/merkle-tree.ts';

const signer = signerOf(createKeyPair('ecdsa-p256'));
const ORIGIN = 'texts.test';

export const textLogKind: LogKind = {
  name: 'texts',
  bundleFolder: 'entries',
  frame: (entry) => Buffer.concat([Uint8Array.of(entry.length >> 8, entry.length & 255), entry]),
  cut: cutTexts,
  leafOf: (entry) => entry,
  signHead: async ({ size, root }) => {
    const text = encodeCheckpoint({ origin: ORIGIN, treeSize: size, rootHash: root });
    return encodeNote(text, [await signNote(text, ORIGIN, signer)]);
  },
};

/** Equal texts count as the same; each is found by its letters and by the text itself. */
export function textSubmission(text: string): Submission {
  const entry = new Uint8Array(Buffer.from(text));
  return {
    identity: new Uint8Array(createHash('sha256').update(text).digest()),
    recordAt: () => ({ leaf: entry, entry, keys: [`text:${text}`, 'all'] }),
  };
}

export interface PlainLog {
  readonly size: number;
  readonly root: string;
  readonly texts: readonly string[];
}

/** The published log, read from its objects, each of which must be there and lead to the signed root. */
export async function readPlainLog(objects: ObjectStore): Promise<PlainLog> {
  const note = Buffer.from((await objects.read('texts/checkpoint'))?.bytes ?? []).toString();
  const { size, root } = readPlainCheckpoint(note);
  const texts: string[] = [];
  for (let at = 0; at < size; at += 256) {
    const path = `texts/tile/entries/${plainPathOf(at / 256, Math.min(256, size - at))}`;
    const bundle = await objects.read(path);
    assert.ok(bundle !== undefined, `${path} is missing`);
    texts.push(...cutTexts(bundle.bytes).map((text) => Buffer.from(text).toString()));
  }
  assert.equal(texts.length, size);
  assert.equal(rootOfTexts(texts), root, 'the entries do not lead to the signed root');
  return { size, root, texts };
}

/** What a checkpoint says, when its signature is the log's. */
export function readPlainCheckpoint(note: string): { readonly size: number; readonly root: string } {
  const [text = '', lines = ''] = note.split('\n\n');
  const [, size, root] = text.split('\n');
  const signature = Buffer.from(lines.split('\n')[0]?.split(' ')[2] ?? '', 'base64').subarray(4);
  assert.ok(verify('sha256', Buffer.from(`${text}\n`), signer.publicKey.keyObject, signature), `forged: ${note}`);
  return { size: Number(size), root: Buffer.from(root ?? '', 'base64').toString('hex') };
}

export function rootOfTexts(texts: readonly string[]): string {
  return rootHashOf(texts.map((text) => leafHashOf(Buffer.from(text)))).toString('hex');
}

function plainPathOf(index: number, width: number): string {
  const digits = `${index}`.padStart(Math.ceil(`${index}`.length / 3) * 3, '0');
  const path = digits.replaceAll(/\d{3}(?=\d)/g, 'x$&/');
  return width === 256 ? path : `${path}.p/${width}`;
}

function cutTexts(bundle: Uint8Array): readonly Uint8Array[] {
  const texts: Uint8Array[] = [];
  const view = new DataView(bundle.buffer, bundle.byteOffset, bundle.length);
  for (let at = 0; at < bundle.length;) {
    const length = view.getUint16(at);
    texts.push(bundle.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return texts;
}
