/** countersign generate-key-pair */

import { UsageError } from '../../base/errors.ts';
import { createKeyPair } from '../../crypto/private-key.ts';
import { declareCommand } from '../command.ts';
import { refused, same } from '../flag.ts';
import { writeKeyPair } from '../key-files.ts';

export const generateKeyPairCommand = declareCommand({
  path: ['generate-key-pair'],
  summary: 'Make a key pair to sign with',
  description:
    'Makes an ECDSA P-256 key pair and writes it to PREFIX.key, encrypted under a password, and PREFIX.pub. The password is taken from ' +
    'COSIGN_PASSWORD (an empty one counts), asked for at the terminal, or read from standard input.',
  examples: [
    { what: 'Make cosign.key and cosign.pub', command: 'countersign generate-key-pair' },
    { what: 'Make release.key and release.pub', command: 'countersign generate-key-pair --output-key-prefix release' },
  ],
  positional: { usage: '', least: 0, most: 1 },
  flags: {
    kms: {
      type: 'string',
      placeholder: 'URI',
      deprecated: 'this version does not have it',
      help: 'make the key in a key management service',
      cosign: refused('This version keeps keys in files: leave this flag out.'),
    },
    'output-key-prefix': {
      type: 'string',
      default: 'cosign',
      placeholder: 'PREFIX',
      completes: 'file',
      help: 'names of the files without .key and .pub',
      cosign: same(),
    },
  },
  isInCosign: true,
  run: async ({ values, args: [place], session }) => {
    if (place !== undefined) {
      throw new UsageError(
        'KEY_REFERENCE_UNSUPPORTED',
        `keys cannot be made in ${JSON.stringify(place)}: this version writes them to files`,
      );
    }
    return writeKeyPair(session, createKeyPair('ecdsa-p256'), values['output-key-prefix'], false);
  },
});
