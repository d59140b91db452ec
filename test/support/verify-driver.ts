/** A verify in a process of its own, to be measured from outside: `verify-driver.ts REFERENCE PUBLIC_KEY_FILE`. Prints one
 *  line of JSON. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { openRequest } from '../../src/clients/http/request.ts';
import { openRegistryClient } from '../../src/clients/registry/open-registry-client.ts';
import { parsePublicKey } from '../../src/crypto/public-key.ts';
import { verifyImage } from '../../src/flows/verify-image.ts';
import { parseReference } from '../../src/formats/oci/reference.ts';
import { keyPolicyOf } from '../../src/verify/policy.ts';

const [, , name = '', keyFile = ''] = process.argv;
const { request, close } = openRequest({ environment: {} });
const ignore = (): void => undefined;
const runtime = {
  request,
  now: () => new Date(),
  random: (byteCount: number) => randomBytes(byteCount),
  log: { note: ignore, warn: ignore, noteOnce: ignore, debug: ignore },
  signal: new AbortController().signal,
  sleep: async () => undefined,
};
const registry = openRegistryClient(
  { credentials: { credentialsFor: async () => undefined }, userAgent: 'countersign/test', idleTimeoutMs: 10_000 },
  runtime,
);
const started = performance.now();
const report = await verifyImage(
  { runtime, registry },
  {
    reference: parseReference(name),
    signature: keyPolicyOf([parsePublicKey(readFileSync(keyFile))]),
    claims: { kind: 'check', annotations: {}, isReferenceMatched: false, threshold: 1 },
    isRecursive: false,
  },
);
const ms = performance.now() - started;
close();
const { exit, signatures, sources } = report;
const errors = sources.flatMap(({ error }) => (error === undefined ? [] : [error.code]));
console.log(JSON.stringify({ exit, looked: signatures.length, errors, ms, maxRssKiB: process.resourceUsage().maxRSS }));
