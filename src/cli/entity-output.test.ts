import assert from 'node:assert/strict';
import { test } from 'node:test';

import { artifact, explained, sigstore } from '../../test/support/explained.ts';
import { createVirtualKey } from '../../test/support/virtual-sigstore/virtual-key.ts';
import { digestOf } from '../formats/oci/digest.ts';
import type { EntityDescription } from '../flows/explain-entity.ts';
import { contentLines, descriptionJson, entryLines, factLine, signerLines, stampLine } from './entity-output.ts';

const { description } = await explained();
const { signer } = description;

test('a fact is one line, whatever its value', () => {
  assert.equal(factLine('name', 'a\nb\u001b\u202e'), '  name            a\\x0ab\\x1b\\u202e');
  assert.equal(factLine('sourceRepositoryIdentifier', '1'), '  sourceRepositoryIdentifier 1');
});

test('signers are told as what they are, with what cannot be read', () => {
  assert.deepEqual(signerLines({ kind: 'none' }), ['  signer          a key; nothing says which']);
  assert.deepEqual(signerLines({ kind: 'key', hint: 'abc' }), ['  signer          a key', '  key hint        abc']);
  const key = { kind: 'key', fingerprint: '00', algorithm: 'rsa' } as const;
  assert.deepEqual(signerLines({ kind: 'embedded-key', key }), [
    '  signer          the key sha256:00 (rsa), stored beside it',
  ]);
  assert.deepEqual(signerLines({ kind: 'unread', why: 'not DER' }), ['  signer          cannot be read: not DER']);
  assert.ok(signer.kind === 'certificate');
  const lines = signerLines({
    ...signer,
    key: { kind: 'unread', why: 'DSA' },
    faults: [{ part: 'buildTrigger', why: 'not UTF-8' }],
  });
  assert.ok(lines.includes('  key             cannot be read: DSA'));
  assert.ok(lines.includes('  faulty          buildTrigger: not UTF-8'));
  assert.ok(lines.includes('  subject         dev@example.test'));
});

test('contents are told as what they are', () => {
  assert.deepEqual(contentLines(description.content), [`  file            ${digestOf(artifact)}`]);
  assert.deepEqual(contentLines({ kind: 'message' }), ['  file            no digest stated']);
  assert.deepEqual(contentLines({ kind: 'image', reference: 'r/a', digest: 'sha256:00', payloadBytes: 9 }), [
    '  image           sha256:00',
    '  reference       r/a',
  ]);
  const envelope = { kind: 'envelope', payloadType: 'text/plain', payloadBytes: 5 } as const;
  assert.deepEqual(contentLines({ ...envelope, why: 'no JSON' }), [
    '  envelope        text/plain, 5 bytes',
    '                  no statement: no JSON',
  ]);
  assert.deepEqual(contentLines({ kind: 'unread', why: 'x' }), ['  content         cannot be read: x']);
});

test('of many subjects the first are told, and how many more there are', () => {
  const subjects = Array.from({ length: 12 }, (_, index) => ({
    name: `s${index}`,
    digest: { sha256: 'aa' },
    annotations: {},
  }));
  const lines = contentLines({ kind: 'statement', payloadType: 'x', predicateType: 'p', subjects, payloadBytes: 1 });
  assert.equal(lines.length, 12);
  assert.equal(lines[1], '  subject         s0 sha256:aa');
  assert.match(lines.at(-1) ?? '', /and 2 more subjects$/);
});

test('an entry tells its evidence, and who signed the checkpoint besides the log', async () => {
  const witnesses = [createVirtualKey('ed25519')];
  const { description: witnessed } = await explained({ sign: { entries: [{ log: sigstore.rekorV2, witnesses }] } });
  const [entry] = witnessed.entries;
  assert.ok(entry !== undefined);
  const lines = entryLines(entry);
  assert.ok(lines.includes('    promise       no'));
  assert.ok(lines.includes('    signed by     log2026.virtual.test'));
  assert.ok(lines.includes('    and by        witness-0.test (witnesses?)'));
  const unread = { ...entry, checkpoint: { kind: 'unread', why: 'no note' } } as const;
  assert.ok(entryLines(unread).includes('    checkpoint    cannot be read: no note'));
});

test('a timestamp tells when and by whom, or why not', () => {
  assert.equal(stampLine({ kind: 'unread', why: 'x' }), '  timestamp       cannot be read: x');
  const stamp = { kind: 'timestamp', instant: sigstore.now, by: 'CN=tsa', policy: '1.2', bytes: 7 } as const;
  assert.equal(stampLine(stamp), '  timestamp       2026-03-01T12:00:00Z, by CN=tsa, 7 bytes');
});

test('numbers that may exceed those of JSON are texts, and maps are objects', () => {
  const json = JSON.parse(JSON.stringify(descriptionJson(description))) as {
    readonly entries: readonly { readonly logIndex: unknown; readonly proof: { readonly treeSize: unknown } }[];
    readonly signer: { readonly names: { readonly extensions: Record<string, string> } };
  };
  assert.equal(typeof json.entries[0]?.logIndex, 'string');
  assert.equal(typeof json.entries[0]?.proof.treeSize, 'string');
  assert.equal(json.signer.names.extensions['issuerV2'], 'https://issuer.example.test');
  const none: EntityDescription = { ...description, entries: [], signer: { kind: 'none' } };
  assert.deepEqual(descriptionJson(none)['entries'], []);
});
