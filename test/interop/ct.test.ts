/** Other people's verifiers believe the timestamps that our certificate transparency log puts into certificates. */

import { test } from 'node:test';

import { askVerifiers } from '../support/ask-verifiers.ts';
import { issueLogged, openLoggingAuthority } from '../support/own-ct-log.ts';
import { createVirtualKey, digestOf } from '../support/virtual-sigstore/virtual-key.ts';
import { createVirtualSigstore } from '../support/virtual-sigstore/virtual-sigstore.ts';

test('every verifier believes a certificate of our authority with the timestamp of our log', async (t) => {
  const { own, authority } = await openLoggingAuthority();
  const sigstore = createVirtualSigstore();
  const artifact = Buffer.from('something that is signed\n');
  // Not the first: the place in the log is a part of what is signed.
  await issueLogged(authority);
  const key = createVirtualKey('p256');
  const [leaf = new Uint8Array()] = await issueLogged(authority, key);
  const signed = sigstore.sign({ content: { artifact }, key, certificate: { issued: Buffer.from(leaf) } });

  const root = sigstore.trustedRoot();
  for (const trusted of root.certificateAuthorities) {
    trusted.certChain.certificates = authority.chain.map((der) => ({ rawBytes: Buffer.from(der).toString('base64') }));
  }
  const { spki } = own.signer.publicKey;
  for (const trusted of root.ctlogs) {
    trusted.publicKey.rawBytes = Buffer.from(spki).toString('base64');
    trusted.logId.keyId = digestOf('sha256', spki).toString('base64');
  }
  await askVerifiers(t, { name: 'logged in our own log', artifact, bundle: signed.bundle(), root });
});
