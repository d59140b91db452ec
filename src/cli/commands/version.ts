/** countersign version */

import { declareCommand, noArguments } from '../command.ts';
import { productVersion } from '../version.ts';

export const versionCommand = declareCommand({
  path: ['version'],
  summary: 'Print the version',
  description:
    'Prints the version of countersign and of what it runs on. With --json the members are named as cosign names them.',
  examples: [{ what: 'The version for a program', command: 'countersign version --json' }],
  positional: noArguments,
  flags: {},
  ignoresEnvironment: true,
  isInCosign: true,
  run: async () => {
    const report = {
      gitVersion: `v${productVersion}`,
      gitCommit: 'unknown',
      gitTreeState: 'unknown',
      buildDate: 'unknown',
      goVersion: 'none',
      compiler: `node ${process.version}`,
      platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
    };
    const lines = Object.entries(report).map(
      ([name, value]) => `${`${name[0]?.toUpperCase() ?? ''}${name.slice(1)}:`.padEnd(15)}${value}`,
    );
    const title =
      'countersign: signs and verifies container images and files, and says exactly why it believes what it believes.';
    return { text: `${title}\n\n${lines.join('\n')}\n`, report };
  },
});
