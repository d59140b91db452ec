/** The trusted roots of the public instances, and those of the conformance suite, as they are published. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { encodeTrustedRoot, parseTrustedRoot } from '../../src/formats/trust/trusted-root.ts';
import { requireUsable, trustMaterialOf } from '../../src/verify/root-material.ts';
import { hasCode } from '../support/error-code.ts';
import { publicSuiteFolder, requirePublicSuite } from '../support/public-suite.ts';

const read = (...path: readonly string[]): Uint8Array => readFileSync(join(publicSuiteFolder(), ...path));

// By kind: authorities, logs, logs of certificates, authorities of timestamps.
const instances = {
  production: [2, 2, 2, 1],
  staging: [2, 5, 5, 2],
} as const;

for (const [name, counts] of Object.entries(instances)) {
  test(`the root of the ${name} instance loads whole`, (t) => {
    if (!requirePublicSuite(t, 'trusted-roots')) return;
    const root = parseTrustedRoot(read('trusted-roots', name, 'trusted_root.json'));
    const { authorities, logs, ctLogs, timestampAuthorities } = trustMaterialOf(root);
    assert.deepEqual(
      [authorities, logs, ctLogs, timestampAuthorities].map(({ length }) => length),
      counts,
    );
    assert.deepEqual(parseTrustedRoot(encodeTrustedRoot(root)), root);
  });
}

test('the staging instance has an RSA key in the older encoding, and an id of the newer', (t) => {
  if (!requirePublicSuite(t, 'trusted-roots')) return;
  const { ctLogs } = trustMaterialOf(parseTrustedRoot(read('trusted-roots', 'staging', 'trusted_root.json')));
  const rsa = ctLogs.find(({ key }) => key.algorithm === 'rsa');
  assert.equal(rsa?.logIdHex, rsa?.key.fingerprint);
  assert.equal(rsa?.key.keyObject.asymmetricKeyDetails?.modulusLength, 4096);
});

test('every root of the conformance suite loads whole, but one that says nowhere when a log begins', (t) => {
  if (!requirePublicSuite(t, 'sigstore-conformance')) return;
  const paths = globSync('**/trusted_root.json', { cwd: join(publicSuiteFolder(), 'sigstore-conformance') });
  assert.ok(paths.length >= 25, `${paths.length}`);
  for (const path of paths) {
    const load = (): void => requireUsable(parseTrustedRoot(read('sigstore-conformance', path)));
    if (path.includes('missing-validity-start_fail')) assert.throws(load, hasCode('TRUSTED_ROOT_MALFORMED'));
    else assert.doesNotThrow(load, path);
  }
});
