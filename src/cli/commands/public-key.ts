/** countersign public-key */

import { UsageError } from '../../base/errors.ts';
import { utf8Of } from '../../base/bytes.ts';
import { writeFileAtomic } from '../../clients/files/atomic-file.ts';
import { loadPrivateKey } from '../../clients/keys/key-loader.ts';
import { publicKeyPemOf } from '../../crypto/public-key.ts';
import { declareCommand, noArguments } from '../command.ts';
import { same } from '../flag.ts';
import { hardwareFlags } from '../flags/services.ts';
import { readPassword } from '../password.ts';
import { withRuntime } from '../with-runtime.ts';

export const publicKeyCommand = declareCommand({
  path: ['public-key'],
  summary: 'Print the public half of a private key',
  description: 'Reads a private key (its password as for sign) and prints the public key as PEM.',
  examples: [{ what: 'Print the public key of cosign.key', command: 'countersign public-key --key cosign.key' }],
  positional: noArguments,
  flags: {
    ...hardwareFlags,
    key: {
      type: 'string',
      placeholder: 'KEY',
      completes: 'file',
      help: 'private key: a file, env://VARIABLE or https://… (required)',
      cosign: same(),
    },
    outfile: {
      type: 'string',
      placeholder: 'FILE',
      completes: 'file',
      help: 'write the key to FILE instead of stdout',
      cosign: same(),
    },
  },
  isInCosign: true,
  run: async ({ values, session }) => {
    const { key, outfile } = values;
    if (key === undefined) {
      throw new UsageError('FLAGS_CONFLICT', 'the private key is missing: give --key FILE');
    }
    const { publicKey } = await withRuntime(session, async ({ request, signal }) =>
      loadPrivateKey(key, () => readPassword(session), { request, signal, environment: session.environment }),
    );
    const pem = publicKeyPemOf(publicKey);
    const report = { publicKey: pem, algorithm: publicKey.algorithm, fingerprint: `sha256:${publicKey.fingerprint}` };
    if (outfile === undefined) return { text: pem, report };
    await writeFileAtomic(outfile, utf8Of(pem), { mode: 0o644, overwrite: true });
    session.log.note(`Public key written to ${outfile}`);
    return { text: '', report };
  },
});
