import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hasCode } from '../../test/support/error-code.ts';
import { pemOf } from '../../test/support/virtual-sigstore/virtual-key.ts';
import { createVirtualSigstore } from '../../test/support/virtual-sigstore/virtual-sigstore.ts';
import { utf8Of } from '../base/bytes.ts';
import type { TrustMaterial } from '../verify/trust-material.ts';
import type { GivenFile } from './given-file.ts';
import { loadTrust } from './trust-source.ts';
import type { TrustRequest } from './trust-source.ts';

const ours = createVirtualSigstore({ name: 'ours' });
const theirs = createVirtualSigstore({ name: 'theirs' });

const file = (name: string, text: string): GivenFile => ({ name, bytes: utf8Of(text) });
const certificatesPem = (chain: readonly Uint8Array[]): string =>
  chain.map((der) => pemOf('CERTIFICATE', der)).join('');
const rootFile = (sigstore: typeof ours): GivenFile => file('root.json', JSON.stringify(sigstore.trustedRoot()));

const caChain = file('ca.pem', certificatesPem(ours.authority.chain));
const caRoots = file('roots.pem', certificatesPem(ours.authority.chain.slice(1)));
const caIntermediates = file('intermediates.pem', certificatesPem(ours.authority.chain.slice(0, 1)));
const timestampChain = file('tsa.pem', certificatesPem(ours.timestampAuthority.chain));
const logKey = file('rekor.pub', pemOf('PUBLIC KEY', ours.rekorV1.key.spki));
const ctLogKey: GivenFile = { name: 'ctfe.der', bytes: new Uint8Array(ours.ctLog.key.spki) };

const neverFetched = (): Promise<undefined> => Promise.reject(new Error('fetched for nothing'));
const load = (request: Partial<TrustRequest>): Promise<TrustMaterial> =>
  loadTrust({ own: {}, fetchTrustedRoot: neverFetched, ...request });

/** What each kind of service is called by. */
const namesOf = ({ authorities, logs, ctLogs, timestampAuthorities }: TrustMaterial): unknown => ({
  authorities: authorities.map(({ uri, chain }) => `${uri} ${chain.length}`),
  logs: logs.map(({ baseUrl }) => baseUrl),
  ctLogs: ctLogs.map(({ baseUrl }) => baseUrl),
  timestamps: timestampAuthorities.map(({ uri }) => uri),
});
const namesOfRoot = (name: string): object => ({
  authorities: [`https://ca.${name}.test 2`],
  logs: [`https://rekor.${name}.test`, `https://log2026.${name}.test`],
  ctLogs: [`https://ct.${name}.test`],
  timestamps: [`https://tsa.${name}.test/api/v1/timestamp`],
});

test('a trusted root alone is all that is believed, and nothing is fetched', async () => {
  assert.deepEqual(namesOf(await load({ trustedRoot: rootFile(theirs) })), namesOfRoot('theirs'));
});

test('what the caller owns replaces its part of the trusted root', async () => {
  const trustedRoot = rootFile(theirs);
  assert.deepEqual(namesOf(await load({ trustedRoot, own: { authority: { kind: 'chain', chain: caChain } } })), {
    ...namesOfRoot('theirs'),
    authorities: ['ca.pem 1', 'ca.pem 2'],
  });
  assert.deepEqual(namesOf(await load({ trustedRoot, own: { timestampChain, logKey, ctLogKey } })), {
    authorities: ['https://ca.theirs.test 2'],
    logs: ['rekor.pub'],
    ctLogs: ['ctfe.der'],
    timestamps: ['tsa.pem'],
  });
});

test('without a trusted root, what the caller owns is all that is believed, and nothing is fetched', async () => {
  const nothing = { authorities: [], logs: [], ctLogs: [], timestamps: [] };
  const authority = { kind: 'roots', roots: caRoots, intermediates: caIntermediates } as const;
  assert.deepEqual(namesOf(await load({ own: { authority } })), {
    ...nothing,
    authorities: ['roots.pem 1', 'roots.pem 2'],
  });
  assert.deepEqual(namesOf(await load({ own: { logKey } })), { ...nothing, logs: ['rekor.pub'] });
});

test('a log known by its key alone is valid from 1970 on without end', async () => {
  const [log] = (await load({ own: { logKey } })).logs;
  assert.deepEqual(log?.validFor, { start: new Date(0) });
  assert.equal(log?.logIdHex, ours.rekorV1.logId.toString('hex'));
});

test('with nothing given the root is fetched; where there is none, nobody is believed', async () => {
  const { bytes } = rootFile(theirs);
  assert.deepEqual(namesOf(await load({ fetchTrustedRoot: async () => bytes })), namesOfRoot('theirs'));
  await assert.rejects(load({ fetchTrustedRoot: async () => undefined }), hasCode('TRUST_ROOT_MISSING'));
});

test('a fault names its file', async () => {
  const cases: readonly (readonly [Partial<TrustRequest>, string, RegExp])[] = [
    [{ trustedRoot: file('r.json', '{}') }, 'TRUSTED_ROOT_MALFORMED', /^r\.json: /],
    [{ own: { authority: { kind: 'chain', chain: logKey } } }, 'CERTIFICATE_MALFORMED', /^rekor\.pub: /],
    [{ own: { timestampChain: file('t.pem', 'no PEM') } }, 'PEM_MALFORMED', /^t\.pem: /],
    [{ own: { logKey: caChain } }, 'PEM_MALFORMED', /^ca\.pem: /],
    [{ fetchTrustedRoot: async () => utf8Of('[]') }, 'TRUSTED_ROOT_MALFORMED', /^trusted_root\.json: /],
  ];
  for (const [request, code, message] of cases) await assert.rejects(load(request), { code, message });
});
