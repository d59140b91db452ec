/** Entries that Rekor really logged, proposed again: our log makes the same bodies of them. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { publicCases } from '../support/public-suite-cases.ts';
import { requirePublicSuite } from '../support/public-suite.ts';
import type { JsonObject, JsonValue } from '../../src/base/json.ts';
import { parseProposedEntry } from '../../src/formats/rekor/proposed-entry.ts';
import { requireCanonicalEntry } from '../../src/servers/rekor/add-entry.ts';

interface Bundle {
  readonly verificationMaterial: { readonly tlogEntries: readonly { readonly canonicalizedBody: string }[] };
  readonly dsseEnvelope?: {
    readonly payload: string;
    readonly payloadType: string;
    readonly signatures: readonly { readonly sig: string }[];
  };
}

interface Body {
  readonly kind: string;
  readonly apiVersion: string;
  readonly spec: { readonly [member: string]: JsonValue };
}

/** Cases by the kind of their entry. */
const cases: Readonly<Record<string, readonly string[]>> = {
  'hashedrekord 0.0.1': [
    'happy-path-v0.1',
    'happy-path-v0.3',
    'managed-key-happy-path',
    'managed-key-and-trusted-root',
  ],
  'dsse 0.0.1': ['happy-path-intoto-in-dsse-v3'],
  'intoto 0.0.2': ['intoto-with-custom-trust-root'],
};

for (const [kind, names] of Object.entries(cases)) {
  for (const name of names) {
    test(`an entry proposed again has the body that is in the log: ${kind}, ${name}`, async (t) => {
      if (!requirePublicSuite(t, 'sigstore-conformance')) return;
      const { logged, proposed } = proposalOf(name);
      assert.equal(`${logged.kind} ${logged.apiVersion}`, kind);
      const { body } = await requireCanonicalEntry(parseProposedEntry(proposed));
      assert.equal(Buffer.from(body).toString('utf8'), JSON.stringify(logged));
    });
  }
}

function proposalOf(name: string): { readonly logged: Body; readonly proposed: JsonValue } {
  const file = publicCases().find((each) => each.name === name)?.bundleFile;
  assert.ok(file !== undefined, `the suite has ${name}`);
  const { verificationMaterial, dsseEnvelope: envelope } = JSON.parse(readFileSync(file, 'utf8')) as Bundle;
  const text = Buffer.from(verificationMaterial.tlogEntries[0]?.canonicalizedBody ?? '', 'base64').toString('utf8');
  const logged = JSON.parse(text) as Body;
  const { kind, apiVersion, spec } = logged;
  if (kind === 'hashedrekord') return { logged, proposed: { kind, apiVersion, spec } };
  assert.ok(envelope !== undefined);
  if (kind === 'dsse') {
    const { payload, payloadType, signatures } = envelope;
    // As the client wrote it that made this bundle: the log keeps the hash of the text.
    const sent = JSON.stringify({ payload, payloadType, signatures: signatures.map(({ sig }) => ({ sig })) });
    const verifiers = (spec['signatures'] as readonly { readonly verifier: string }[]).map(({ verifier }) => verifier);
    return { logged, proposed: { kind, apiVersion, spec: { proposedContent: { envelope: sent, verifiers } } } };
  }
  const content = spec['content'] as JsonObject & { readonly envelope: JsonObject };
  const payload = Buffer.from(envelope.payload).toString('base64');
  // The log of this case kept the payload, which Rekor takes out.
  const { payload: _kept, ...kept } = content.envelope;
  return {
    logged: { ...logged, spec: { content: { ...content, envelope: kept } } },
    proposed: { kind, apiVersion, spec: { content: { ...content, envelope: { ...kept, payload } } } },
  };
}
