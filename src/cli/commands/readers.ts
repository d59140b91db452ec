/** countersign readers */

import { printableOf } from '../../base/printable.ts';
import { loadPublicKey } from '../../clients/keys/key-loader.ts';
import { readersOf } from '../../flows/readers.ts';
import type { ReadersReport, SignerReaders } from '../../flows/readers.ts';
import { parseReference } from '../../formats/oci/reference.ts';
import { declareCommand } from '../command.ts';
import { registryFlags } from '../flags/registry.ts';
import { withRegistry } from '../registry-access.ts';

export const readersCommand = declareCommand({
  path: ['readers'],
  summary: 'Say which programs can read the signatures of an image',
  description:
    'For every signer of an image: which of cosign 2.x, cosign 3.x, podman and skopeo, Kyverno, policy-controller and countersign can read the ' +
    'signature, why or why not, and the command that does. Give the keys you know, so that signers can be told apart.',
  examples: [
    {
      what: 'Who can read what cosign.pub signed',
      command: 'countersign readers --key cosign.pub registry.example.com/app:v1',
    },
  ],
  positional: { usage: 'IMAGE', least: 1, most: 1 },
  flags: {
    ...registryFlags,
    key: {
      type: 'stringArray',
      placeholder: 'KEY',
      completes: 'file',
      help: 'public key to recognise a signer by (may repeat)',
    },
  },
  timeoutMs: 180_000,
  isInCosign: false,
  run: async (invocation) => {
    const { values, args, session } = invocation;
    const reference = parseReference(args[0] ?? '');
    const report = await withRegistry(invocation, [reference], async (context) => {
      const { request, signal } = context.runtime;
      const keys = await Promise.all(
        values.key.map((each) => loadPublicKey(each, { request, signal, environment: session.environment })),
      );
      return readersOf(context, { reference, keys });
    });
    return { text: readersText(report), report: { image: report.resolved, signers: report.signers } };
  },
});

function readersText({ resolved, signers }: ReadersReport): string {
  if (signers.length === 0) return `Nobody has signed ${printableOf(resolved)}\n`;
  return `${printableOf(resolved)}\n${signers.map(signerText).join('')}`;
}

function signerText({ signer, isVerified, origins, readers }: SignerReaders): string {
  const state = isVerified ? '' : ' (as the signature says; not verified)';
  const lines = readers.map(({ reader, canRead, why, command }) => {
    const how = (command ?? '').split('\n').filter((line) => line !== '');
    return [
      `  ${canRead ? 'yes' : 'no '}  ${reader}: ${printableOf(why)}`,
      ...how.map((line) => `         ${printableOf(line)}`),
    ].join('\n');
  });
  return `\nSigned by ${printableOf(signer)}${state}\n  in ${origins.map(printableOf).join(', ')}\n${lines.join('\n')}\n`;
}
