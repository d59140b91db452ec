/** countersign initialize */

import { ConfigError, UsageError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { printableOf } from '../../base/printable.ts';
import { rfc3339Of } from '../../base/time.ts';
import { publicMirror, stagingMirror } from '../../clients/tuf/mirror.ts';
import { initializeTrust, parseChecksum } from '../../flows/initialize.ts';
import type { FirstRoot, InitializeReport } from '../../flows/initialize.ts';
import { declareCommand, noArguments } from '../command.ts';
import type { Invocation } from '../command.ts';
import { requireConfirmation } from '../confirmation.ts';
import { tufFlags } from '../flags/tuf.ts';
import { readInputFile } from '../input-file.ts';
import { tufCacheDirOf } from '../tuf-root.ts';
import { withRuntime } from '../with-runtime.ts';

type Values = Invocation<typeof tufFlags>['values'];

export const initializeCommand = declareCommand({
  path: ['initialize'],
  summary: 'Choose which instance of Sigstore to trust',
  description:
    'Fetches the trusted root of an instance by TUF, beginning with a root that is trusted beforehand, and keeps it where verify and cosign find it: ' +
    'in the folder that TUF_ROOT names, else in ~/.sigstore/root. It takes the place of what an earlier run chose. From then on it is kept fresh: ' +
    'a command that needs it asks the mirror once a day, and with --offline never.',
  examples: [
    {
      what: 'Trust a private instance, whose first root you have from its operator',
      command: 'countersign initialize --mirror https://tuf.example.com --root root.json',
    },
    { what: 'Trust the public instance', command: 'countersign initialize --yes' },
  ],
  positional: noArguments,
  flags: tufFlags,
  timeoutMs: 180_000,
  isInCosign: true,
  run: async ({ values, session }) => {
    const mirror = mirrorOf(values);
    const firstRoot = await firstRootOf(values, async (path) => readInputFile(session, path, limits.tufRootBytes));
    if (values.mirror === undefined && !values.staging) {
      session.log.note(
        `Without --mirror this asks the public instance of Sigstore, ${publicMirror}, over the internet.`,
      );
      if (!values.yes) {
        await requireConfirmation(session, 'this machine will trust whom the public instance trusts');
      }
    }
    if (firstRoot.kind === 'carried' && mirror !== publicMirror) {
      session.log.note(
        `Without --root ${mirror} is taken for a copy of the public instance, whose root countersign carries.`,
      );
    }
    const cacheDir = tufCacheDirOf(session);
    const report = await withRuntime(session, async (runtime) =>
      initializeTrust({ cacheDir, mirror, firstRoot }, runtime),
    );
    return { text: textOf(report), report: jsonOf(report) };
  },
});

function mirrorOf({ mirror, staging }: Values): string {
  if (staging && mirror !== undefined) {
    throw new UsageError('FLAGS_CONFLICT', '--staging and --mirror: both name the repository');
  }
  return mirror ?? (staging ? stagingMirror : publicMirror);
}

async function firstRootOf(values: Values, read: (path: string) => Promise<Uint8Array>): Promise<FirstRoot> {
  const { root, 'root-checksum': digits, staging } = values;
  const checksum = digits === undefined ? {} : { checksum: parseChecksum(digits) };
  if (root === undefined) {
    if (digits !== undefined) throw new UsageError('FLAGS_CONFLICT', '--root-checksum goes with --root');
    if (staging) {
      throw new ConfigError('TRUST_ROOT_MISSING', 'there is no root of the staging instance to begin with', {
        hint: 'Give its root with --root FILE: countersign carries only that of the public instance.',
      });
    }
    return { kind: 'carried' };
  }
  if (/^https?:\/\//i.test(root)) return { kind: 'address', address: root, ...checksum };
  return { kind: 'file', bytes: await read(root), ...checksum };
}

const trustTexts: Readonly<Record<InitializeReport['firstRoot']['trustedBy'], string>> = {
  carried: 'carried by countersign',
  checksum: 'with the checksum given',
  'first-use': 'trusted on first use',
  file: 'from the file given',
};

function textOf({ repository, cacheDir, firstRoot }: InitializeReport): string {
  const lines = Object.entries(repository.roles).map(
    ([role, { version, expires }]) => `  ${role.padEnd(12)}version ${version}, expires ${rfc3339Of(expires)}`,
  );
  return [
    `Trusting ${printableOf(repository.mirror)}`,
    `  ${'first root'.padEnd(12)}${trustTexts[firstRoot.trustedBy]}, sha256:${firstRoot.sha256}`,
    ...lines,
    `  ${'files'.padEnd(12)}${printableOf(repository.targets.join(', '))}`,
    `  ${'kept in'.padEnd(12)}${printableOf(cacheDir)}`,
    '',
  ].join('\n');
}

function jsonOf({ repository, cacheDir, firstRoot }: InitializeReport): Record<string, unknown> {
  const roles = Object.entries(repository.roles).map(([role, { version, expires }]) => [
    role,
    { version, expires: rfc3339Of(expires) },
  ]);
  return {
    mirror: repository.mirror,
    cacheDir,
    firstRoot,
    roles: Object.fromEntries(roles),
    targets: repository.targets,
  };
}
