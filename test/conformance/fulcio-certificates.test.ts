/** The certificates that the public Fulcio issued are, byte for byte, what our certificate authority would have had its key
 *  sign. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import { publicCases } from '../support/public-suite-cases.ts';
import { publicSuiteFolder, requirePublicSuite } from '../support/public-suite.ts';
import { hexOf } from '../../src/base/bytes.ts';
import { CountersignError } from '../../src/base/errors.ts';
import { parsePublicKey } from '../../src/crypto/public-key.ts';
import { parseBundle } from '../../src/formats/bundle/bundle.ts';
import { trustMaterialOf } from '../../src/verify/root-material.ts';
import { parseTrustedRoot } from '../../src/formats/trust/trusted-root.ts';
import { extensionIds, encodeExtension } from '../../src/formats/x509/extensions.ts';
import { extensionOf, parseCertificate } from '../../src/formats/x509/certificate.ts';
import type { Certificate } from '../../src/formats/x509/certificate.ts';
import { fulcioExtensionsOf, fulcioExtensionNameOf } from '../../src/formats/x509/fulcio-extensions.ts';
import { subjectAlternativeNamesOf } from '../../src/formats/x509/subject-alternative-names.ts';
import { encodeTbs } from '../../src/formats/x509/tbs-certificate.ts';
import { leafWriterOf } from '../../src/servers/ca/leaf-certificate.ts';
import type { PrincipalName } from '../../src/servers/ca/principal.ts';
import { issuanceFaultOf } from '../../src/verify/issuance.ts';

/** Certificates of the suite that the public instance, or its staging, has issued, each once. */
function* issuances(): Generator<{ readonly leaf: Certificate; readonly issuer: Certificate }> {
  const issuers = ['production', 'staging'].flatMap((instance) => {
    const root = readFileSync(join(publicSuiteFolder(), 'trusted-roots', instance, 'trusted_root.json'));
    return trustMaterialOf(parseTrustedRoot(root)).authorities.flatMap(({ chain }) => chain);
  });
  const seen = new Set<string>();
  for (const { bundleFile } of publicCases()) {
    const leaf = leafIn(bundleFile);
    const issuer = leaf && issuers.find((each) => issuanceFaultOf(leaf, each) === undefined);
    if (leaf === undefined || issuer === undefined || seen.has(hexOf(leaf.der))) continue;
    seen.add(hexOf(leaf.der));
    yield { leaf, issuer };
  }
}

function leafIn(bundleFile: string): Certificate | undefined {
  try {
    const { signer } = parseBundle(readFileSync(bundleFile), 'test');
    const [leaf] = signer.kind === 'certificate' ? signer.chain : [];
    return leaf && parseCertificate(leaf);
  } catch (error) {
    if (error instanceof CountersignError) return undefined;
    throw error;
  }
}

function principalNameOf(leaf: Certificate): PrincipalName {
  const [name] = subjectAlternativeNamesOf(leaf);
  if (name?.kind === 'email' || name?.kind === 'uri') return { kind: name.kind, value: name.text };
  throw new Error(`a name of kind ${name?.kind}`);
}

test('what the public Fulcio signed is what our authority would have signed, byte for byte', (t) => {
  if (!requirePublicSuite(t, 'sigstore-conformance') || !requirePublicSuite(t, 'trusted-roots')) return;
  let count = 0;
  for (const { leaf, issuer } of issuances()) {
    const texts = fulcioExtensionsOf(leaf);
    const arcs = Array.from({ length: 30 }, (_, arc) => [arc, fulcioExtensionNameOf(arc)] as const);
    const extensions = new Map(
      arcs.flatMap(([arc, name]) => {
        const text = name === undefined ? undefined : texts.get(name);
        return text === undefined ? [] : [[arc, text] as const];
      }),
    );
    const written = leafWriterOf(issuer)({ ...leaf, principal: { name: principalNameOf(leaf), extensions } });
    const timestamps = extensionOf(leaf, extensionIds.sctList);
    const all = timestamps === undefined ? [] : [encodeExtension(timestamps)];
    const tbs = encodeTbs({ ...written, extensions: [...written.extensions, ...all] }, parsePublicKey(issuer.spki));
    // The algorithm is the issuer's choice: the public one signs with SHA-384.
    assert.equal(withoutAlgorithm(tbs), withoutAlgorithm(leaf.tbs));
    count += 1;
  }
  assert.ok(count >= 10, `${count} certificates`);
});

/** AlgorithmIdentifiers of ECDSA with SHA-256 and SHA-384 differ in their last byte. */
function withoutAlgorithm(tbs: Uint8Array): string {
  return hexOf(tbs).replace('2a8648ce3d040303', '2a8648ce3d040302');
}
