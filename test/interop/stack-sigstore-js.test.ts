/** The official JavaScript client against a whole stack, as library and as program. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { TestContext } from 'node:test';

import { attest, sign, verify } from 'sigstore';
import type { Bundle, SignOptions, VerifyOptions } from 'sigstore';

import { runCountersign } from '../support/countersign.ts';
import { buildImage, pushImage } from '../support/image.ts';
import { peerEnvironment, requirePeer, runPeer } from '../support/peers.ts';
import { registryRequest } from '../support/registry-request.ts';
import { createScratchFolder } from '../support/scratch.ts';
import { reply, startScriptedServer } from '../support/scripted-server.ts';
import { startStack } from '../support/stack.ts';
import type { TestStack } from '../support/stack.ts';

const PAYLOAD_TYPE = 'application/vnd.in-toto+json';
const program = createRequire(import.meta.url).resolve('@sigstore/cli/bin/run');
const folder = createScratchFolder('stack-sigstore-js');
const artifact = Buffer.from('something that is signed\n');
const statement = statementOf('artifact', createHash('sha256').update(artifact).digest('hex'));
let stack: TestStack;

before(async () => {
  stack = await startStack();
});
after(() => stack.close());

test('§11.3 #6 the library signs a blob, and believes it from this identity only and for these bytes only', async () => {
  const bundle = await sign(artifact, await signing());
  assert.equal(kindOf(bundle), 'hashedrekord 0.0.1');
  await verify(bundle, artifact, trusting());
  await assert.rejects(
    verify(bundle, artifact, trusting({ certificateIdentityEmail: '^eve@example\\.com$' })),
    /identity/,
  );
  await assert.rejects(verify(bundle, artifact, trusting({ certificateIssuer: 'https://issuer.test' })), /issuer/i);
  await assert.rejects(verify(bundle, Buffer.from('another'), trusting()), /signature|digest/i);
});

test('§11.3 #6 the library refuses a bundle whose promise, checkpoint or proof was touched', async () => {
  const bundle = await sign(artifact, await signing());
  type Entry = NonNullable<Bundle['verificationMaterial']['tlogEntries'][number]>;
  const touches: readonly (readonly [what: string, code: string, touch: (entry: Entry) => void])[] = [
    [
      'promise',
      'TLOG_INCLUSION_PROMISE_ERROR',
      (entry) => {
        entry.integratedTime = `${Number(entry.integratedTime) + 1}`;
      },
    ],
    [
      'checkpoint',
      'TLOG_INCLUSION_PROOF_ERROR',
      ({ inclusionProof }) => {
        const checkpoint = inclusionProof?.checkpoint;
        if (checkpoint) checkpoint.envelope = checkpoint.envelope.replace(/\n\d+\n/, '\n1000\n');
      },
    ],
    [
      'proof',
      'TLOG_INCLUSION_PROOF_ERROR',
      ({ inclusionProof }) => inclusionProof?.hashes.push(Buffer.alloc(32).toString('base64')),
    ],
  ];
  for (const [what, code, touch] of touches) {
    const touched = structuredClone(bundle);
    touch(touched.verificationMaterial.tlogEntries[0] ?? assert.fail());
    await assert.rejects(verify(touched, artifact, trusting()), { code }, what);
  }
});

test('§11.3 #7 the library takes timestamps in place of the log, and both together', async () => {
  const tsaServerURL = stack.url;
  const stamped = await sign(artifact, { ...(await signing()), tsaServerURL, tlogUpload: false });
  assert.deepEqual(stamped.verificationMaterial.tlogEntries ?? [], []);
  await verify(stamped, artifact, trusting({ tlogThreshold: 0 }));
  await assert.rejects(verify(stamped, artifact, trusting()), /log entries|tlog/i);
  const both = await sign(artifact, { ...(await signing()), tsaServerURL });
  assert.equal(both.verificationMaterial.timestampVerificationData?.rfc3161Timestamps.length, 1);
  await verify(both, artifact, trusting());
});

test('§11.3 #7 the library attests, logged by either kind of entry', async () => {
  for (const [legacyCompatibility, kind] of [
    [false, 'dsse 0.0.1'],
    [true, 'intoto 0.0.2'],
  ] as const) {
    const bundle = await attest(Buffer.from(statement), PAYLOAD_TYPE, { ...(await signing()), legacyCompatibility });
    assert.equal(kindOf(bundle), kind);
    await verify(bundle, trusting());
    const other = statementOf('artifact', '0'.repeat(64));
    const touched = structuredClone(bundle);
    (touched.dsseEnvelope ?? assert.fail()).payload = Buffer.from(other).toString('base64');
    await assert.rejects(verify(touched, trusting()), /signature|digest|hash/i);
  }
});

test('§11.3 #9 the program attests a statement and verifies it by the stack’s TUF repository', async () => {
  const input = fileOf('statement.json', statement);
  const output = join(folder, 'attested.json');
  const services = ['--fulcio-url', stack.url, '--rekor-url', stack.url, '--tsa-server-url', stack.url];
  const made = await runProgram(['attest', input, ...services, '-o', output], {
    CI: 'true',
    SIGSTORE_ID_TOKEN: await stack.token(),
  });
  assert.equal(made.status, 0, made.output);
  assert.equal(kindOf(JSON.parse(readFileSync(output, 'utf8')) as Bundle), 'intoto 0.0.2');
  const trust = ['--tuf-mirror-url', `${stack.url}/tuf`, '--tuf-root-path', stack.rootFile];
  const cache = ['--tuf-cache-path', join(folder, 'program-cache')];
  const signer = ['--certificate-issuer', `${stack.url}/oidc`, '--certificate-identity-email'];
  const verifyAs = (email: string) => runProgram(['verify', output, ...trust, ...cache, ...signer, email]);
  const good = await verifyAs('dev@example.com');
  assert.equal(good.status, 0, good.output);
  const bad = await verifyAs('eve@example.com');
  assert.notEqual(bad.status, 0);
  assert.match(bad.output, /certificate identity|email/i);
});

test('§11.3 #9 the program is told why its token will not do', async () => {
  const [head, claims = '', signature] = (await stack.token()).split('.');
  const bent = JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, unknown>;
  const token = [
    head,
    Buffer.from(JSON.stringify({ ...bent, email: 'eve@example.com' })).toString('base64url'),
    signature,
  ];
  const services = ['--fulcio-url', stack.url, '--rekor-url', stack.url];
  const input = fileOf('statement.json', statement);
  const size = await logSize();
  const run = await runProgram(['attest', input, ...services], { CI: 'true', SIGSTORE_ID_TOKEN: token.join('.') });
  assert.notEqual(run.status, 0);
  assert.match(run.output, /\(400\) the token is not signed by the key/);
  assert.equal(await logSize(), size);
});

test('§11.3 #10 what the program attaches to an image is found and believed by cosign 3 and by us', async (t) => {
  if (!requirePeer(t, 'cosign-3')) return;
  const image = buildImage('sigstore-js');
  await pushImage({ host: stack.host, scheme: 'http' }, 'app/js', 'v1', image);
  const { digest } = image.manifest;
  const about = statementOf(`${stack.host}/app/js`, digest.slice('sha256:'.length));
  const bundle = fileOf('image.json', JSON.stringify(await attest(Buffer.from(about), PAYLOAD_TYPE, await signing())));
  const reference = `${stack.host}/app/js@${digest}`;
  const locked = `${await serveLocked(t)}/app/js@${digest}`;
  const attached = await runProgram(['attach', locked, '--attestation', bundle, '-u', 'anyone', '-p', 'anything']);
  assert.equal(attached.status, 0, attached.output);

  const env = { TUF_ROOT: join(folder, 'cosign') };
  const place = ['--mirror', `${stack.url}/tuf`, '--root', stack.rootFile];
  const initialized = await runPeer('cosign-3', ['initialize', ...place], { env });
  assert.equal(initialized.status, 0, initialized.stderr);
  const signer = ['--certificate-identity', 'dev@example.com', '--certificate-oidc-issuer', `${stack.url}/oidc`];
  const words = ['verify-attestation', '--type', 'https://example.test/predicate', ...signer, reference];
  const theirs = await runPeer('cosign-3', words, { env });
  assert.equal(theirs.status, 0, theirs.stderr);
  const ours = await runCountersign(words, { env });
  assert.equal(ours.status, 0, ours.stderr);
});

/** The stack's registry behind a password: this program cannot write to a registry that asks for none. */
async function serveLocked(t: TestContext): Promise<string> {
  const registry = { host: stack.host, scheme: 'http' } as const;
  const { host } = await startScriptedServer(t, async ({ method, path, headers: asked, body }, response) => {
    if (asked.authorization === undefined) return reply(response, 401, { 'www-authenticate': 'Basic realm="here"' });
    const { authorization: _, host: _host, ...headers } = asked;
    const answer = await registryRequest(registry, method, path, { headers: headers as Record<string, string>, body });
    response.writeHead(answer.status, answer.headers).end(answer.body);
  });
  return host;
}

async function signing(): Promise<SignOptions> {
  return { fulcioURL: stack.url, rekorURL: stack.url, identityToken: await stack.token() };
}

function trusting(changes: VerifyOptions = {}): VerifyOptions {
  return {
    tufMirrorURL: `${stack.url}/tuf`,
    tufRootPath: stack.rootFile,
    tufCachePath: join(folder, 'library-cache'),
    certificateIdentityEmail: '^dev@example\\.com$',
    certificateIssuer: `${stack.url}/oidc`,
    ...changes,
  };
}

function kindOf(bundle: Bundle): string {
  const { kind, version } = bundle.verificationMaterial.tlogEntries[0]?.kindVersion ?? {};
  return `${kind} ${version}`;
}

function statementOf(name: string, sha256: string): string {
  return JSON.stringify({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name, digest: { sha256 } }],
    predicateType: 'https://example.test/predicate',
    predicate: { made: 'here' },
  });
}

async function logSize(): Promise<unknown> {
  return ((await (await fetch(`${stack.url}/api/v1/log`)).json()) as { readonly treeSize: unknown }).treeSize;
}

function fileOf(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

/** The program `sigstore`; its output is what it wrote to either stream. */
function runProgram(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly output: string }> {
  const { promise, resolve } = Promise.withResolvers<{ readonly status: number; readonly output: string }>();
  const options = { env: { ...peerEnvironment(), ...env }, timeout: 30_000 };
  const child = execFile(process.execPath, [program, ...args], options, (_error, stdout, stderr) =>
    resolve({ status: child.exitCode ?? -1, output: `${stdout}${stderr}` }),
  );
  return promise;
}
