import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';

import { ClientTrustConfig, SigningConfig, TrustedRoot } from '@sigstore/protobuf-specs';

import { createStackFacts } from '../../../test/support/own-tuf.ts';
import { parseUtf8 } from '../../base/bytes.ts';
import { publicKeyPemOf } from '../../crypto/public-key.ts';
import { encodeClientTrustConfig } from '../../formats/trust/client-trust-config.ts';
import { parseSigningConfig } from '../../formats/trust/signing-config.ts';
import { parseTrustedRoot } from '../../formats/trust/trusted-root.ts';
import { requireUsable } from '../../verify/root-material.ts';
import { sigstoreTargetsOf } from './sigstore-targets.ts';
import { stackSigningConfigOf, stackTrustedRootOf } from './trust-material.ts';

const url = 'https://sigstore.example.com';
const facts = await createStackFacts(url);
const targets = sigstoreTargetsOf(facts);
const textOf = (name: string): string => parseUtf8(targets.get(name)?.bytes ?? new Uint8Array());
const jsonOf = (name: string): unknown => JSON.parse(textOf(name));

test('single files are found by their use, as clients of the first generation look for them', () => {
  const uses = Array.from(targets, ([name, { custom }]) => [name, custom?.['sigstore']]);
  const used = (usage: string, uri: string): object => ({ usage, status: 'Active', uri });
  const stamps = `${url}/api/v1/timestamp`;
  assert.deepEqual(Object.fromEntries(uses), {
    'fulcio_v1.crt.pem': used('Fulcio', url),
    'fulcio_intermediate_v1.crt.pem': used('Fulcio', url),
    'rekor.pub': used('Rekor', url),
    'ctfe.pub': used('CTFE', `${url}/ctlog`),
    'tsa_leaf.crt.pem': used('TSA', stamps),
    'tsa_root.crt.pem': used('TSA', stamps),
    'trusted_root.json': undefined,
    'signing_config.v0.2.json': undefined,
    'signing_config.json': undefined,
  });
  const [root, intermediate] = ['fulcio_v1', 'fulcio_intermediate_v1'].map(
    (name) => new X509Certificate(textOf(`${name}.crt.pem`)),
  );
  assert.ok(root && intermediate);
  assert.ok(intermediate.verify(root.publicKey));
  const [leaf, stampRoot] = ['tsa_leaf', 'tsa_root'].map((name) => new X509Certificate(textOf(`${name}.crt.pem`)));
  assert.ok(leaf && stampRoot);
  assert.ok(leaf.verify(stampRoot.publicKey));
  assert.equal(textOf('rekor.pub'), publicKeyPemOf(facts.rekorKey));
});

test('intermediates of a timestamp authority are numbered', () => {
  const [leaf, root] = facts.timestampChain;
  assert.ok(leaf && root);
  const names = [...sigstoreTargetsOf({ ...facts, timestampChain: [leaf, root, root, root] }).keys()];
  assert.deepEqual(
    names.filter((name) => name.startsWith('tsa_')),
    ['tsa_leaf.crt.pem', 'tsa_intermediate_0.crt.pem', 'tsa_intermediate_1.crt.pem', 'tsa_root.crt.pem'],
  );
});

test('the trusted root is one that verification can use', () => {
  const root = parseTrustedRoot(targets.get('trusted_root.json')?.bytes ?? new Uint8Array());
  requireUsable(root);
  assert.deepEqual(root, stackTrustedRootOf(facts));
  assert.deepEqual(
    [...root.logs, ...root.ctLogs].map(({ baseUrl }) => baseUrl),
    [url, `${url}/ctlog`],
  );
  const [authority] = root.certificateAuthorities;
  assert.deepEqual([authority?.organization, authority?.commonName], ['example', 'DEVELOPMENT code signing root']);
});

test('the reference library reads what is written as what it is', () => {
  const pairs = [
    [jsonOf('trusted_root.json'), TrustedRoot],
    [jsonOf('signing_config.v0.2.json'), SigningConfig],
    [
      JSON.parse(parseUtf8(encodeClientTrustConfig(stackTrustedRootOf(facts), stackSigningConfigOf(facts)))),
      ClientTrustConfig,
    ],
  ] as const;
  for (const [written, message] of pairs) {
    const read = message.toJSON(message.fromJSON(written) as never);
    assert.deepEqual(read, asItWrites(written));
  }
});

test('clients are told to sign here, with one log and timestamps', () => {
  const config = parseSigningConfig(targets.get('signing_config.v0.2.json')?.bytes ?? new Uint8Array());
  assert.deepEqual(config, stackSigningConfigOf(facts));
  const service = { majorApiVersion: 1, validFor: { start: facts.validFrom }, operator: 'DEVELOPMENT example' };
  assert.deepEqual(config.logs, [{ url, ...service }]);
  assert.deepEqual(config.timestampAuthorities, [{ url: `${url}/api/v1/timestamp`, ...service }]);
  assert.deepEqual(config.issuers, [{ url: `${url}/oidc`, ...service }]);
  assert.deepEqual(jsonOf('signing_config.json'), {
    mediaType: 'application/vnd.dev.sigstore.signingconfig.v0.1+json',
    caUrl: url,
    oidcUrl: `${url}/oidc`,
    tlogUrls: [url],
    tsaUrls: [`${url}/api/v1/timestamp`],
  });
});

test('the same facts give the same files, so that nothing is published twice', () => {
  assert.deepEqual(sigstoreTargetsOf(facts), targets);
});

/** The library writes milliseconds always. */
function asItWrites(written: unknown): unknown {
  const instant = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})Z$/;
  return JSON.parse(JSON.stringify(written), (_, value: unknown) =>
    typeof value === 'string' ? value.replace(instant, '$1.000Z') : value,
  ) as unknown;
}
