/** The programs of the interoperability matrix: ours and the stock ones, behind the same two calls. */
import { runCountersign } from '../support/countersign.ts';
import { stockClients } from '../support/stock-clients.ts';
import type { ImagePlace, StockClient, StockClientName } from '../support/stock-clients.ts';

export const programNames = ['countersign', 'cosign-2', 'cosign-3', 'skopeo'] as const;
export type ProgramName = 'countersign' | StockClientName;

export const programs: Readonly<Record<ProgramName, StockClient>> = {
  ...stockClients,
  countersign: {
    sign: (image, keys, extraArgs = []) =>
      runCountersign(['sign', '--key', keys.privateFile, '--yes', ...placeArgs(image), ...extraArgs], {
        env: { COSIGN_PASSWORD: keys.password },
      }),
    verify: (image, publicFile, extraArgs = []) =>
      runCountersign(['verify', '--key', publicFile, ...placeArgs(image), ...extraArgs]),
  },
};

function placeArgs({ registry, repository, digest }: ImagePlace): string[] {
  const { caFile, username, password } = registry;
  return [
    ...(caFile === undefined ? [] : ['--registry-cacert', caFile]),
    ...(username === undefined ? [] : ['--registry-username', username, '--registry-password', password ?? '']),
    `${registry.host}/${repository}@${digest}`,
  ];
}
