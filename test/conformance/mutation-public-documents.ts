/** The good bundles of the public conformance suite, which real signers made. */

import { readFileSync } from 'node:fs';

import { publicCases } from '../support/public-suite-cases.ts';
import type { PublicCase } from '../support/public-suite-cases.ts';
import { hasPublicSuite } from '../support/public-suite.ts';
import { parsePublicKey } from '../../src/crypto/public-key.ts';
import { parseBundle } from '../../src/formats/bundle/bundle.ts';
import { parseTrustedRoot } from '../../src/formats/trust/trusted-root.ts';
import { verifyBundle } from '../../src/flows/verify-bundle.ts';
import { exactly } from '../../src/verify/policy.ts';
import type { SignaturePolicy } from '../../src/verify/policy.ts';
import { trustMaterialOf } from '../../src/verify/root-material.ts';
import { outcomeBy, traitsOf } from './mutation-documents.ts';
import type { GoodDocument } from './mutation-documents.ts';

/** None where the suite is missing. */
export function publicDocuments(): readonly GoodDocument[] {
  return hasPublicSuite('sigstore-conformance')
    ? publicCases()
        .filter(({ isGood }) => isGood)
        .map(publicDocument)
    : [];
}

function publicDocument(each: PublicCase): GoodDocument {
  const { name } = each;
  const bytes = readFileSync(each.bundleFile);
  const artifact = readFileSync(each.artifactFile);
  const signature = policyOf(each);
  return {
    name: `public suite: ${name}`,
    traits: traitsOf(parseBundle(bytes, name)),
    bytes,
    outcomeOf: outcomeBy(async (bundle) => {
      const stream = { kind: 'stream', chunks: chunksOf(artifact) } as const;
      return (await verifyBundle({ signature, artifact: stream, bundle, name })).verdict;
    }),
  };
}

function policyOf({ trustedRootFile, signer }: PublicCase): SignaturePolicy {
  return {
    signer:
      signer.kind === 'key'
        ? { kind: 'keys', keys: [parsePublicKey(readFileSync(signer.keyFile))] }
        : {
            kind: 'identities',
            identities: [{ subject: exactly(signer.subject), issuer: exactly(signer.issuer), extensions: {} }],
            sct: { kind: 'required' },
          },
    trust: trustMaterialOf(parseTrustedRoot(readFileSync(trustedRootFile))),
    log: { kind: 'required', threshold: 1 },
    timestamps: { kind: 'if-present' },
    now: new Date(),
  };
}

async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
