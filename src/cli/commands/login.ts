/** countersign login */

import { parseUtf8 } from '../../base/bytes.ts';
import { isErrorWithCode, UsageError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { storeCredentials } from '../../clients/credentials/stored-credentials.ts';
import { requireLogin } from '../../clients/registry/login.ts';
import { parseRegistry } from '../../formats/oci/reference.ts';
import { declareCommand } from '../command.ts';
import { mapped, same, withoutCosign } from '../flag.ts';
import type { ValuesOf } from '../flag.ts';
import { connectionFlags } from '../flags/registry.ts';
import { registrySettingsOf } from '../registry-access.ts';
import type { Session } from '../session.ts';
import { readHiddenLine, readLine, readWholeInput } from '../terminal-input.ts';
import { withRuntime } from '../with-runtime.ts';

const loginFlags = {
  ...withoutCosign(connectionFlags),
  username: { type: 'string', short: 'u', placeholder: 'NAME', help: 'user name', cosign: same() },
  password: {
    type: 'string',
    short: 'p',
    placeholder: 'PASSWORD',
    help: 'password; other users of the machine can see it: prefer --password-stdin',
    cosign: mapped('The same, with a warning that other users of the machine can see it.'),
  },
  'password-stdin': { type: 'bool', default: false, help: 'take the password from standard input', cosign: same() },
} as const;

export const loginCommand = declareCommand({
  path: ['login'],
  summary: 'Store credentials for a registry',
  description:
    'Tries a user name and password on the registry and stores them where docker keeps them: in its credential helper when one is set up, else in its ' +
    'config.json. A registry that refuses them stores nothing; one that cannot be reached is stored with a warning.',
  examples: [
    {
      what: 'Log in with a password from a file',
      command: 'countersign login --username me --password-stdin registry.example.com < password',
    },
  ],
  positional: { usage: 'SERVER', least: 1, most: 1 },
  flags: loginFlags,
  ignoresEnvironment: true,
  timeoutMs: 180_000,
  isInCosign: true,
  run: async ({ values, args, session }) => {
    const registry = parseRegistry(args[0] ?? '');
    const login = await readLogin(values, session);
    const state = await tryLogin(values, session, registry, login);
    if (state === 'not-asked')
      session.log.warn(`${registry} let us in without asking who we are: the password was not tried`);
    if (state === 'unreachable') session.log.warn(`${registry} cannot be reached: the password was not tried`);
    const { environment, homeDir } = session;
    const storedIn = await storeCredentials({ environment, homeDir }, registry, login);
    session.log.note(`logged in via ${storedIn}`);
    return { text: '', report: { registry, username: login.username, storedIn, isTried: state === 'accepted' } };
  },
});

interface Login {
  readonly username: string;
  readonly password: string;
}

async function readLogin(values: ValuesOf<typeof loginFlags>, session: Session): Promise<Login> {
  if (values.password !== undefined) {
    if (values['password-stdin'])
      throw new UsageError('FLAGS_CONFLICT', '--password and --password-stdin exclude each other');
    session.log.warn('--password is visible to other users of this machine; prefer --password-stdin');
  }
  if (values['password-stdin'] && values.username === undefined) {
    throw new UsageError('FLAGS_CONFLICT', '--password-stdin needs --username');
  }
  const isTerminal = session.stdin.isTTY;
  const username = values.username ?? (isTerminal ? await readLine(session, 'Username: ') : undefined) ?? '';
  const password =
    values.password ??
    (values['password-stdin']
      ? await passwordFromInput(session)
      : isTerminal
        ? parseUtf8(await readHiddenLine(session, 'Password: '))
        : '');
  if (username === '' || password === '') {
    throw new UsageError('FLAGS_CONFLICT', 'user name and password are needed: give --username and --password-stdin');
  }
  return { username, password };
}

/** One line feed at the end is not part of a password, as with docker. */
async function passwordFromInput(session: Session): Promise<string> {
  return parseUtf8(await readWholeInput(session, limits.passwordBytes)).replace(/\r?\n$/, '');
}

async function tryLogin(
  values: ValuesOf<typeof loginFlags>,
  session: Session,
  registry: string,
  login: Login,
): Promise<'accepted' | 'not-asked' | 'unreachable'> {
  const credentials = { kind: 'password', ...login, foundIn: 'the command line' } as const;
  const settings = await registrySettingsOf({ values, session }, { registry, credentials });
  try {
    return (await withRuntime(session, async (runtime) => requireLogin(settings, runtime, registry)))
      ? 'accepted'
      : 'not-asked';
  } catch (error) {
    if (isErrorWithCode(error, 'HTTP_UNREACHABLE')) return 'unreachable';
    throw error;
  }
}
