import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import fc from 'fast-check';

import { hasCode } from '../../../test/support/error-code.ts';
import { canonicalJsonOf } from '../../../test/support/virtual-sigstore/entry-body.ts';
import { base64Of, parseUtf8 } from '../../base/bytes.ts';
import { CountersignError } from '../../base/errors.ts';
import type { JsonValue } from '../../base/json.ts';
import { parseEntryBody, parseEntryKind } from '../../formats/rekor/entry-body.ts';
import { parseProposedEntry } from '../../formats/rekor/proposed-entry.ts';
import { requireCanonicalEntry } from './add-entry.ts';

/** See make.go beside the vectors: what Rekor's own packages make of each entry. */
interface EntryVector {
  readonly name: string;
  readonly proposed: JsonValue;
  /** Missing where Rekor refuses. */
  readonly body?: string;
  readonly keys?: readonly string[];
  readonly attestation?: string;
}

const vectors = JSON.parse(
  readFileSync(new URL('../../../test/vectors/rekor/entries.json', import.meta.url), 'utf8'),
) as readonly EntryVector[];
const PEM_HASH = /^[0-9a-f]{64}$/;

for (const { name, proposed, body, keys = [], attestation } of vectors) {
  if (body === undefined) {
    test(`an entry that Rekor refuses is refused: ${name}`, async () => {
      await assert.rejects(requireCanonicalEntry(parseProposedEntry(proposed)), hasCode('LOG_ENTRY_REFUSED'));
    });
    continue;
  }
  test(`body, search keys and attestation are those of Rekor: ${name}`, async () => {
    const entry = await requireCanonicalEntry(parseProposedEntry(proposed));
    assert.equal(parseUtf8(entry.body), body);
    // Searches are for keys in lower case, and a search for a public key asks without the algorithm: Rekor does not find
    // envelopes by it, and we do.
    const own = entry.keys.filter((key) => !(PEM_HASH.test(key) && entry.keys.includes(`sha256:${key}`)));
    assert.deepEqual(own.toSorted(), [...new Set(keys.map((key) => key.toLowerCase()))].toSorted());
    assert.equal(entry.attestation && base64Of(entry.attestation), attestation);
    // What is written can be read for verification.
    assert.ok(parseEntryBody({ body: entry.body, ...parseEntryKind(entry.body) }).signatures.length > 0);
  });
}

test('the vectors hold both answers for each kind', () => {
  const kinds = vectors.map(({ name, body }) => `${name.split(':')[0]} ${body === undefined ? 'refused' : 'taken'}`);
  assert.deepEqual([...new Set(kinds)].toSorted(), [
    'dsse refused',
    'dsse taken',
    'hashedrekord refused',
    'hashedrekord taken',
    'intoto 0.0.1 refused',
    'intoto 0.0.1 taken',
    'intoto 0.0.2 refused',
    'intoto 0.0.2 taken',
    'rekord taken',
  ]);
});

/** Every path to a member or item of the value. */
function pathsOf(value: unknown): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => [[name], ...pathsOf(member).map((path) => [name, ...path])]);
}

test('whatever stands in place of a member, the entry is refused with an error of the catalogue or canonical', async () => {
  const good = vectors.filter(({ body }) => body !== undefined).map(({ proposed }) => proposed);
  const property = fc.asyncProperty(fc.constantFrom(...good), fc.nat(), fc.jsonValue(), async (proposed, at, value) => {
    const copy = structuredClone(proposed) as unknown as Record<string, unknown>;
    const paths = pathsOf(copy);
    const path = [...(paths[at % paths.length] ?? [])];
    const last = path.pop() ?? '';
    let holder = copy;
    for (const name of path) holder = holder[name] as Record<string, unknown>;
    holder[last] = value;
    try {
      const { body } = await requireCanonicalEntry(parseProposedEntry(copy as unknown as JsonValue));
      assert.equal(parseUtf8(body), canonicalJsonOf(JSON.parse(parseUtf8(body))));
    } catch (error) {
      if (!(error instanceof CountersignError)) throw error;
    }
  });
  await fc.assert(property, { numRuns: 300 });
});
