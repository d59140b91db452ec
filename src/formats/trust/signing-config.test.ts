import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hasCode } from '../../../test/support/error-code.ts';
import { utf8Of } from '../../base/bytes.ts';
import { parseSigningConfig, selectServices } from './signing-config.ts';
import type { ServiceSelection, SigningService } from './signing-config.ts';

const service = (url: string, changes: object = {}): object => ({
  url,
  majorApiVersion: 1,
  validFor: { start: '2025-01-01T00:00:00Z' },
  operator: 'example.test',
  ...changes,
});
const parse = (members: object): ReturnType<typeof parseSigningConfig> =>
  parseSigningConfig(
    utf8Of(JSON.stringify({ mediaType: 'application/vnd.dev.sigstore.signingconfig.v0.2+json', ...members })),
  );
const now = new Date('2026-06-01T00:00:00Z');
const select = (services: readonly object[], selection: ServiceSelection = { selector: 'ANY' }): readonly string[] =>
  selectServices(parse({ rekorTlogUrls: services }).logs, selection, now).map(({ url }: SigningService) => url);

test('services, selections and what is left out are read, in both spellings of members', () => {
  const config = parse({
    caUrls: [service('https://ca.example')],
    oidc_urls: [
      service('https://login.example', { validFor: { start: '2025-01-01T00:00:00Z', end: '2027-01-01T00:00:00Z' } }),
    ],
    rekorTlogConfig: { selector: 'EXACT', count: 2 },
  });
  assert.deepEqual(config.authorities[0], {
    url: 'https://ca.example',
    majorApiVersion: 1,
    validFor: { start: new Date('2025-01-01T00:00:00Z') },
    operator: 'example.test',
  });
  assert.deepEqual(config.issuers[0]?.validFor.end, new Date('2027-01-01T00:00:00Z'));
  assert.deepEqual(config.logSelection, { selector: 'EXACT', count: 2 });
  assert.deepEqual(config.timestampSelection, { selector: 'ANY' });
  assert.deepEqual(parse({ tsaConfig: {} }).timestampSelection, { selector: 'ANY' });
  assert.deepEqual([config.logs, config.timestampAuthorities], [[], []]);
});

test('the newest that is valid is chosen, one of each operator, as many as are asked for', () => {
  const old = service('https://old.example');
  const recent = service('https://new.example', { validFor: { start: '2026-01-01T00:00:00Z' } });
  const ended = service('https://ended.example', {
    validFor: { start: '2026-02-01T00:00:00Z', end: '2026-03-01T00:00:00Z' },
  });
  const later = service('https://later.example', { validFor: { start: '2026-07-01T00:00:00Z' } });
  const other = service('https://other.example', { operator: 'other.test' });
  const second = service('https://v2.example', { majorApiVersion: 2, validFor: { start: '2026-05-01T00:00:00Z' } });
  const all = [old, recent, ended, later, other, second];
  assert.deepEqual(select(all), ['https://new.example']);
  assert.deepEqual(select(all, { selector: 'ALL' }), ['https://new.example', 'https://other.example']);
  assert.deepEqual(select(all, { selector: 'EXACT', count: 2 }), ['https://new.example', 'https://other.example']);
  assert.deepEqual(select([]), []);
  for (const [services, selection] of [
    [[ended, later], { selector: 'ANY' }],
    [[second], { selector: 'ALL' }],
    [all, { selector: 'EXACT', count: 3 }],
  ] as const) {
    assert.throws(() => select(services, selection), hasCode('SIGNING_CONFIG_UNUSABLE'));
  }
});

test('what breaks the rules is refused', () => {
  for (const members of [
    { mediaType: 'application/vnd.dev.sigstore.signingconfig.v0.1+json' },
    { more: 1 },
    { caUrls: 'https://ca.example' },
    { caUrls: ['https://ca.example'] },
    { caUrls: [service('x', { majorApiVersion: '1' })] },
    { caUrls: [service('x', { validFor: { start: 'yesterday' } })] },
    { caUrls: [service('x', { operator: undefined })] },
    { rekorTlogConfig: { selector: 'SOME' } },
    { rekorTlogConfig: { selector: 'EXACT' } },
    { tsaConfig: { selector: 'EXACT', count: 0 } },
    { tsaUrls: Array.from({ length: 101 }, () => service('x')) },
  ]) {
    assert.throws(() => parse(members), hasCode('SIGNING_CONFIG_MALFORMED'), JSON.stringify(members).slice(0, 100));
  }
  assert.throws(() => parseSigningConfig(new Uint8Array(2 * 1024 * 1024)), hasCode('INPUT_TOO_LARGE'));
});
