/** countersign import-key-pair */

import { UsageError } from '../../base/errors.ts';
import { loadPrivateKey } from '../../clients/keys/key-loader.ts';
import { declareCommand, noArguments } from '../command.ts';
import { mapped, same } from '../flag.ts';
import { writeKeyPair } from '../key-files.ts';
import { readHiddenLine } from '../terminal-input.ts';
import { withRuntime } from '../with-runtime.ts';
import type { Session } from '../session.ts';
import { utf8Of } from '../../base/bytes.ts';

export const importKeyPairCommand = declareCommand({
  path: ['import-key-pair'],
  summary: "Bring a private key from elsewhere into cosign's form",
  description:
    'Reads a PEM private key (RSA, ECDSA or Ed25519; PKCS#8, SEC1 or PKCS#1) and writes it to PREFIX.key, encrypted under a new password, ' +
    'and PREFIX.pub. An encrypted PKCS#8 file is opened with COUNTERSIGN_IMPORT_PASSWORD, else with COSIGN_PASSWORD, else with what is typed at the terminal.',
  examples: [
    {
      what: 'Import an OpenSSL key as release.key and release.pub',
      command: 'countersign import-key-pair --key openssl.pem --output-key-prefix release',
    },
  ],
  positional: noArguments,
  flags: {
    key: {
      type: 'string',
      short: 'k',
      placeholder: 'FILE',
      completes: 'file',
      help: 'the private key to import (required)',
      cosign: mapped('Encrypted PKCS#8 files are read too.'),
    },
    'output-key-prefix': {
      type: 'string',
      short: 'o',
      default: 'import-cosign',
      placeholder: 'PREFIX',
      completes: 'file',
      help: 'names of the files without .key and .pub',
      cosign: same(),
    },
    yes: {
      type: 'bool',
      short: 'y',
      default: false,
      help: 'replace files that are there without asking',
      cosign: same(),
    },
  },
  isInCosign: true,
  run: async ({ values, session }) => {
    const { key } = values;
    if (key === undefined) {
      throw new UsageError('FLAGS_CONFLICT', 'the key to import is missing: give --key FILE');
    }
    const imported = await withRuntime(session, async ({ request, signal }) =>
      loadPrivateKey(key, () => readOldPassword(session), { request, signal, environment: session.environment }),
    );
    return writeKeyPair(session, imported, values['output-key-prefix'], values.yes);
  },
});

/** COSIGN_PASSWORD is the password of the new file; it opens the old one too unless that has its own. */
async function readOldPassword(session: Session): Promise<Uint8Array> {
  const variable = session.environment['COUNTERSIGN_IMPORT_PASSWORD'] ?? session.environment['COSIGN_PASSWORD'];
  if (variable !== undefined) return utf8Of(variable);
  if (!session.stdin.isTTY) {
    throw new UsageError(
      'FLAGS_CONFLICT',
      'the key to import is encrypted: give its password in COUNTERSIGN_IMPORT_PASSWORD',
    );
  }
  return readHiddenLine(session, 'Enter password of the key to import: ');
}
