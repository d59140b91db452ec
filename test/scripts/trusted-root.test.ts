/** `trusted-root create`, and where verification gets its trust from, as a person at the command line sees them. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { runCountersign } from '../support/countersign.ts';
import type { PeerRun } from '../support/peers.ts';
import { createScratchFolder } from '../support/scratch.ts';
import { createTufRepository } from '../support/tuf-repository.ts';
import { virtualIdentity } from '../support/virtual-sigstore/virtual-authority.ts';
import { pemOf } from '../support/virtual-sigstore/virtual-key.ts';
import { createVirtualSigstore } from '../support/virtual-sigstore/virtual-sigstore.ts';
import { errorCodeOf, jsonOf } from './scene.ts';

const sigstore = createVirtualSigstore();
const { authority, timestampAuthority, rekorV1, rekorV2, ctLog } = sigstore;
const folder = createScratchFolder('trusted-root');
const write = (name: string, content: string | Uint8Array): void => writeFileSync(join(folder, name), content);
const certificates = (chain: readonly Uint8Array[]): string => chain.map((der) => pemOf('CERTIFICATE', der)).join('');

write('ca.pem', certificates(authority.chain));
write('roots.pem', certificates(authority.chain.slice(1)));
write('intermediates.pem', certificates(authority.chain.slice(0, 1)));
write('tsa.pem', certificates(timestampAuthority.chain));
write('rekor.pub', pemOf('PUBLIC KEY', rekorV1.key.spki));
write('rekor2.pub', pemOf('PUBLIC KEY', rekorV2.key.spki));
write('ctfe.der', ctLog.key.spki);
write('ctfe.pub', pemOf('PUBLIC KEY', ctLog.key.spki));
write('root.json', JSON.stringify(sigstore.trustedRoot()));
write('app.txt', 'something that is signed\n');
write(
  'app.json',
  JSON.stringify(sigstore.sign({ content: { artifact: readFileSync(join(folder, 'app.txt')) } }).bundle()),
);

const run = (args: readonly string[], env: Record<string, string> = {}): Promise<PeerRun> =>
  runCountersign(args, { cwd: folder, env: { TUF_ROOT: join(folder, 'no-tuf'), ...env } });
const create = (...args: readonly string[]): Promise<PeerRun> => run(['trusted-root', 'create', ...args]);
const identity = ['--certificate-identity', virtualIdentity.email, '--certificate-oidc-issuer', virtualIdentity.issuer];
const verify = (trust: readonly string[], env: Record<string, string> = {}): Promise<PeerRun> =>
  run(['verify-blob', '--bundle', 'app.json', ...identity, ...trust, 'app.txt'], env);
const specs = [
  ['--fulcio', `url=${authority.uri},certificate-chain=ca.pem`],
  ['--rekor', `url=${rekorV1.baseUrl},public-key=rekor.pub,start-time=2025-03-01T12:00:00Z`],
  [
    '--rekor',
    `url=${rekorV2.baseUrl},public-key=rekor2.pub,start-time=2025-03-01T12:00:00Z,origin=log2026.virtual.test`,
  ],
  ['--ctfe', `url=${ctLog.baseUrl},public-key=ctfe.pub,start-time=2025-03-01T12:00:00Z`],
  ['--tsa', `url=${timestampAuthority.uri},certificate-chain=tsa.pem`],
].flat();

test('a created root is printed, or written, and verifies', async () => {
  const printed = await create(...specs);
  assert.equal(printed.status, 0, printed.stderr);
  assert.equal(jsonOf(printed)['mediaType'], 'application/vnd.dev.sigstore.trustedroot+json;version=0.1');
  const written = await create(...specs, '--out', 'created.json', '--json');
  assert.equal(written.status, 0, written.stderr);
  assert.equal(readFileSync(join(folder, 'created.json'), 'utf8'), printed.stdout);
  assert.deepEqual(jsonOf(written)['trustedRoot'], jsonOf(printed));
  assert.equal(jsonOf(written)['file'], 'created.json');
  const verified = await verify(['--trusted-root', 'created.json']);
  assert.equal(verified.status, 0, verified.stderr);
});

test('the flags before specs say the same', async () => {
  const specified = await create(...specs.slice(0, 4), ...specs.slice(6));
  const flags = [
    ['--certificate-chain', 'ca.pem', '--fulcio-uri', authority.uri],
    ['--rekor-key', 'rekor.pub', '--rekor-url', rekorV1.baseUrl, '--rekor-start-time', '2025-03-01T12:00:00Z'],
    ['--ctfe-key', 'ctfe.pub', '--ctfe-url', ctLog.baseUrl, '--ctfe-start-time', '2025-03-01T12:00:00Z'],
    ['--timestamp-certificate-chain', 'tsa.pem', '--timestamp-uri', timestampAuthority.uri],
  ];
  const earlier = await create(...flags.flat());
  assert.equal(earlier.status, 0, earlier.stderr);
  assert.equal(earlier.stdout, specified.stdout);
  assert.match(earlier.stderr, /--rekor-key has been deprecated, use --rekor instead/);
  const named = await create('--rekor-key', 'rekor2.pub,log2026.virtual.test', '--rekor-url', rekorV2.baseUrl);
  assert.equal(named.status, 0, named.stderr);
  assert.match(named.stdout, /1970-01-01T00:00:00Z/);
});

test('what does not go together, or cannot be used, is refused', async () => {
  const cases: readonly (readonly [readonly string[], string])[] = [
    [['--fulcio', 'url=a,certificate-chain=ca.pem', '--certificate-chain', 'ca.pem'], 'FLAGS_CONFLICT'],
    [['--rekor-key', 'rekor.pub', '--rekor-url', 'https://a', '--rekor-url', 'https://b'], 'FLAGS_CONFLICT'],
    [['--fulcio', 'url=a'], 'FLAG_VALUE_INVALID'],
    [['--rekor', 'url=a,public-key=rekor.pub,start-time=today'], 'INSTANT_MALFORMED'],
    [['--fulcio', 'url=a,certificate-chain=nothing.pem'], 'FILE_NOT_READABLE'],
    [['--tsa', 'url=a,certificate-chain=ca.pem'], 'TRUSTED_ROOT_MALFORMED'],
    [['--with-default-services'], 'TRUST_ROOT_MISSING'],
  ];
  for (const [args, code] of cases) {
    const refused = await create(...args, '--json');
    assert.equal(refused.status, 1, args.join(' '));
    assert.equal(errorCodeOf(refused), code, args.join(' '));
  }
});

test('verification believes the trusted root that it is given', async () => {
  assert.equal((await verify(['--trusted-root', 'root.json'])).status, 0);
  const none = await verify(['--json']);
  assert.equal(errorCodeOf(none), 'TRUST_ROOT_MISSING');
  write('broken.json', '{}');
  assert.equal(errorCodeOf(await verify(['--trusted-root', 'broken.json', '--json'])), 'TRUSTED_ROOT_MALFORMED');
});

const logKeys = { SIGSTORE_REKOR_PUBLIC_KEY: 'rekor.pub', SIGSTORE_CT_LOG_PUBLIC_KEY_FILE: 'ctfe.der' };

test('own authorities stand in for those of a root, or for all of it together with keys from the environment', async () => {
  const own = [
    ['--ca-roots', 'roots.pem', '--ca-intermediates', 'intermediates.pem'],
    ['--certificate-chain', 'ca.pem'],
  ];
  for (const flags of own) {
    for (const [trust, env] of [
      [['--trusted-root', 'root.json', ...flags], {}],
      [flags, logKeys],
    ] as const) {
      const verified = await verify(trust, env);
      assert.equal(verified.status, 0, verified.stderr);
    }
  }
  const ambient = await verify([], { ...logKeys, SIGSTORE_ROOT_FILE: 'ca.pem' });
  assert.equal(ambient.status, 0, ambient.stderr);
  assert.match(ambient.stderr, /Trusting what SIGSTORE_ROOT_FILE names: ca\.pem/);
});

test('an own timestamp authority is believed where the trusted root has none', async () => {
  const signed = sigstore.sign({
    content: { artifact: readFileSync(join(folder, 'app.txt')) },
    entries: [{ log: rekorV2 }],
    timestamps: [{ authority: timestampAuthority }],
  });
  write('stamped.json', JSON.stringify(signed.bundle()));
  write('timeless.json', JSON.stringify({ ...sigstore.trustedRoot(), timestampAuthorities: [] }));
  const stamped = [
    'verify-blob',
    '--bundle',
    'stamped.json',
    ...identity,
    '--trusted-root',
    'timeless.json',
    'app.txt',
  ];
  const own = ['--timestamp-certificate-chain', 'tsa.pem', '--use-signed-timestamps'];
  assert.equal((await run(stamped)).status, 1);
  // A variable says nothing where a trusted root is named.
  assert.equal((await run(stamped, { SIGSTORE_TSA_CERTIFICATE_FILE: 'tsa.pem' })).status, 1);
  const verified = await run([...stamped, ...own]);
  assert.equal(verified.status, 0, verified.stderr);
});

test('what the command line names is not added to by the environment', async () => {
  const foreign = createVirtualSigstore({ name: 'foreign' });
  write('foreign.json', JSON.stringify(foreign.trustedRoot()));
  write('foreign.pem', certificates(foreign.authority.chain));
  const environment = { ...logKeys, SIGSTORE_ROOT_FILE: 'ca.pem' };
  const cases = [
    [['--trusted-root', 'foreign.json'], 'log'],
    [['--ca-roots', 'foreign.pem'], 'certificate.chain'],
  ] as const;
  for (const [trust, step] of cases) {
    const rejected = await verify([...trust, '--json'], environment);
    assert.deepEqual([rejected.status, (jsonOf(rejected)['failed'] as { readonly step: string }).step], [1, step]);
  }
});

test('flags that name one thing twice, or half of one, are refused', async () => {
  for (const flags of [
    ['--ca-roots', 'roots.pem', '--certificate-chain', 'ca.pem'],
    ['--ca-intermediates', 'intermediates.pem'],
    ['--ca-intermediates', 'intermediates.pem', '--trusted-root', 'root.json'],
  ]) {
    const refused = await verify([...flags, '--json']);
    assert.equal(errorCodeOf(refused), 'FLAGS_CONFLICT', flags.join(' '));
  }
});

test('without a trusted root on the command line, the one that TUF gives is believed, and can be built upon', async () => {
  const repository = createTufRepository({ 'trusted_root.json': JSON.stringify(sigstore.trustedRoot()) });
  for (const [path, bytes] of repository.files) {
    mkdirSync(dirname(join(folder, 'mirror', path)), { recursive: true });
    write(join('mirror', path), bytes);
  }
  write('first.json', repository.firstRoot);
  const environment = {
    TUF_ROOT: join(folder, 'tuf'),
    TUF_MIRROR: pathToFileURL(join(folder, 'mirror')).href,
    TUF_ROOT_JSON: 'first.json',
  };
  const verified = await verify([], environment);
  assert.equal(verified.status, 0, verified.stderr);
  const ct = `url=https://ct.example.test,public-key=rekor2.pub,start-time=2020-01-01T00:00:00Z`;
  const created = await run(
    ['trusted-root', 'create', '--with-default-services', '--no-default-tsa', '--no-default-fulcio', '--ctfe', ct],
    environment,
  );
  assert.equal(created.status, 0, created.stderr);
  const root = jsonOf(created) as Record<string, readonly { readonly baseUrl?: string }[]>;
  assert.deepEqual([root['certificateAuthorities'], root['timestampAuthorities']], [[], []]);
  assert.deepEqual(
    root['tlogs']?.map(({ baseUrl }) => baseUrl),
    [rekorV1.baseUrl, rekorV2.baseUrl],
  );
  assert.deepEqual(
    root['ctlogs']?.map(({ baseUrl }) => baseUrl),
    ['https://ct.example.test', ctLog.baseUrl],
  );
});
