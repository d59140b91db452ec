import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';

import { createScratchFolder } from '../../../test/support/scratch.ts';
import { createKeyPair } from '../../crypto/private-key.ts';
import { openSelfMadeTls } from './self-made-tls.ts';

test('a certificate is made for the host and loopback, kept, and made anew before it ends', async () => {
  const folder = createScratchFolder('tls');
  const key = createKeyPair('ecdsa-p256');
  const start = new Date('2026-01-02T03:04:05Z');
  const made = await openSelfMadeTls(folder, 'sigstore.example.com', key, () => start);
  const certificate = new X509Certificate(readFileSync(made.file));
  assert.equal(
    certificate.subjectAltName,
    'DNS:sigstore.example.com, DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1',
  );
  assert.ok(certificate.verify(certificate.publicKey));
  assert.ok(certificate.checkPrivateKey(key.keyObject));
  assert.deepEqual(await openSelfMadeTls(folder, 'sigstore.example.com', key, () => start), made);
  writeFileSync(made.file, made.identity.certificatePem.slice(0, 100));
  const again = await openSelfMadeTls(folder, 'sigstore.example.com', key, () => start);
  assert.ok(new X509Certificate(again.identity.certificatePem).checkPrivateKey(key.keyObject));
  const late = new Date(made.expires.getTime() - 30 * 86_400_000);
  const next = await openSelfMadeTls(folder, '2001:db8::1:2', key, () => late);
  assert.match(
    new X509Certificate(next.identity.certificatePem).subjectAltName ?? '',
    /IP Address:2001:DB8:0:0:0:0:1:2,/,
  );
});
