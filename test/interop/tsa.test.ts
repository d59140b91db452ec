/** OpenSSL and other people's verifiers believe the stamps of our timestamp authority. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import { parseTimestampRequest } from '../../src/formats/tsp/timestamp-request.ts';
import { timestampService } from '../../src/servers/tsa/tsa-service.ts';
import { askVerifiers } from '../support/ask-verifiers.ts';
import { openOwnTimestamps, timestampQuery } from '../support/own-timestamps.ts';
import { createScratchFolder } from '../support/scratch.ts';
import { serveServices } from '../support/serve-services.ts';
import { pemOf } from '../support/virtual-sigstore/virtual-key.ts';
import { createVirtualSigstore } from '../support/virtual-sigstore/virtual-sigstore.ts';

const QUERY = { 'content-type': 'application/timestamp-query' };

function openssl(args: readonly string[]): string {
  return execFileSync('openssl', args, { encoding: 'utf8', timeout: 20_000, stdio: ['ignore', 'pipe', 'pipe'] });
}

interface Scene {
  /** A path in the scene's folder. */
  readonly at: (name: string) => string;
  /** Has what these options ask for stamped: q.tsq, r.tsr. */
  readonly stamp: (...options: readonly string[]) => Promise<void>;
}

async function openScene(t: TestContext): Promise<Scene> {
  const folder = createScratchFolder('tsa');
  const at = (name: string): string => join(folder, name);
  const authority = await openOwnTimestamps(() => new Date());
  const { ask } = await serveServices(t, [timestampService(authority)]);
  const [leaf = new Uint8Array(), root = new Uint8Array()] = authority.chain;
  writeFileSync(at('leaf.pem'), pemOf('CERTIFICATE', leaf));
  writeFileSync(at('root.pem'), pemOf('CERTIFICATE', root));
  writeFileSync(at('f'), 'something that is signed\n');
  return {
    at,
    stamp: async (...options) => {
      openssl(['ts', '-query', '-data', at('f'), ...options, '-out', at('q.tsq')]);
      const answer = await ask('POST', '/api/v1/timestamp', { headers: QUERY, body: readFileSync(at('q.tsq')) });
      assert.equal(answer.status, 200, answer.body.toString());
      writeFileSync(at('r.tsr'), answer.body);
    },
  };
}

for (const hash of ['sha256', 'sha384', 'sha512']) {
  test(`openssl verifies a stamp over ${hash} (sheet 11.2, number 3): without certificates, with them, without nonce`, async (t) => {
    const { at, stamp } = await openScene(t);
    const verify = (...untrusted: readonly string[]): string =>
      openssl([
        'ts',
        '-verify',
        '-in',
        at('r.tsr'),
        '-queryfile',
        at('q.tsq'),
        '-CAfile',
        at('root.pem'),
        ...untrusted,
      ]);
    await stamp(`-${hash}`);
    assert.match(verify('-untrusted', at('leaf.pem')), /Verification: OK/);
    assert.throws(() => verify(), /Verification: FAILED|Command failed/);
    await stamp(`-${hash}`, '-cert');
    assert.match(verify(), /Verification: OK/);
    await stamp(`-${hash}`, '-no_nonce', '-tspolicy', '1.3.6.1.4.1.57264.2');
    assert.match(verify('-untrusted', at('leaf.pem')), /Verification: OK/);
  });
}

test('openssl reads in the reply what the authority states', async (t) => {
  const { at, stamp } = await openScene(t);
  await stamp('-sha256');
  const text = openssl(['ts', '-reply', '-in', at('r.tsr'), '-text']);
  assert.match(text, /Status: Granted/);
  assert.match(text, /Policy OID: 1\.3\.6\.1\.4\.1\.57264\.2/);
  assert.match(text, /Hash Algorithm: sha256/);
  assert.match(text, /Accuracy: 0x01 seconds, unspecified millis, unspecified micros/);
  assert.match(text, /Ordering: no/);
  assert.match(text, /Nonce: 0x/);
  assert.match(text, /TSA: DirName:\/?O ?= ?stamps\.test/);
  assert.match(text, /Extensions:\s*$/);
});

test('openssl refuses a stamp for another file', async (t) => {
  const { at, stamp } = await openScene(t);
  await stamp('-sha256', '-cert');
  writeFileSync(at('other'), 'something else\n');
  assert.throws(() => openssl(['ts', '-verify', '-in', at('r.tsr'), '-data', at('other'), '-CAfile', at('root.pem')]));
});

test('every verifier believes a bundle in Rekor v2 that our authority stamped', async (t) => {
  const sigstore = createVirtualSigstore();
  const authority = await openOwnTimestamps(() => sigstore.now);
  const artifact = Buffer.from('something that is signed\n');
  const signed = sigstore.sign({ content: { artifact }, entries: [{ log: sigstore.rekorV2 }] });
  for (const wantsCertificates of [false, true]) {
    const query = timestampQuery(signed.signature, { wantsCertificates });
    const stamp = Buffer.from(await authority.answer(parseTimestampRequest(query)));
    const bundle = signed.bundle();
    bundle.verificationMaterial.timestampVerificationData = {
      rfc3161Timestamps: [{ signedTimestamp: stamp.toString('base64') }],
    };
    const root = sigstore.trustedRoot();
    for (const trusted of root.timestampAuthorities) {
      trusted.certChain.certificates = authority.chain.map((der) => ({
        rawBytes: Buffer.from(der).toString('base64'),
      }));
    }
    await askVerifiers(t, { name: `stamped, certificates ${wantsCertificates}`, artifact, bundle, root });
  }
});
