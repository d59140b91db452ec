/** New key pairs as files, cosign's names and permissions. */

import { access } from 'node:fs/promises';

import { utf8Of } from '../base/bytes.ts';
import { writeFileAtomic } from '../clients/files/atomic-file.ts';
import { encodePrivateKey } from '../crypto/private-key.ts';
import type { PrivateKey } from '../crypto/private-key.ts';
import { publicKeyPemOf } from '../crypto/public-key.ts';
import { requireConfirmation } from './confirmation.ts';
import { readNewPassword } from './password.ts';
import type { Result } from './command.ts';
import type { Session } from './session.ts';

/** Writes `<prefix>.key` (0600, encrypted) and `<prefix>.pub` (0644), after asking whether to replace what is there.
 *  Throws CONFIRMATION_DECLINED, PASSWORD_MISMATCH, FILE_NOT_WRITABLE, FILE_EXISTS, INTERRUPTED. */
export async function writeKeyPair(
  session: Session,
  key: PrivateKey,
  prefix: string,
  isReplacing: boolean,
): Promise<Result> {
  const files = [`${prefix}.key`, `${prefix}.pub`] as const;
  const [privateFile, publicFile] = files;
  // The password comes first, as in cosign: it may be all of standard input, which then holds no answer.
  const password = await readNewPassword(session);
  const present = await presentAmong(files);
  if (present[0] !== undefined && !isReplacing) {
    await requireConfirmation(session, `File ${present[0]} already exists. Overwrite?`);
  }
  const sealed = await encodePrivateKey(key, password);
  password.fill(0);
  session.interruption.signal.throwIfAborted();
  // A file that appeared since the question is not replaced.
  await writeFileAtomic(privateFile, sealed, { mode: 0o600, overwrite: present.includes(privateFile) });
  session.log.note(`Private key written to ${privateFile}`);
  await writeFileAtomic(publicFile, utf8Of(publicKeyPemOf(key.publicKey)), {
    mode: 0o644,
    overwrite: present.includes(publicFile),
  });
  session.log.note(`Public key written to ${publicFile}`);
  const { algorithm, fingerprint } = key.publicKey;
  return {
    text: '',
    report: { privateKey: privateFile, publicKey: publicFile, algorithm, fingerprint: `sha256:${fingerprint}` },
  };
}

async function presentAmong(files: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(
    files.map(async (file) =>
      access(file).then(
        () => [file],
        () => [],
      ),
    ),
  );
  return found.flat();
}
