/** countersign download signature */

import { downloadSignatures } from '../../flows/download-signatures.ts';
import { parseReference } from '../../formats/oci/reference.ts';
import { declareCommand } from '../command.ts';
import { registryFlags } from '../flags/registry.ts';
import { harmlessJsonOf } from '../output.ts';
import { withRegistry } from '../registry-access.ts';

export const downloadSignatureCommand = declareCommand({
  path: ['download', 'signature'],
  summary: 'Print the signatures of an image',
  description:
    'Prints each signature as one line of JSON: the bundles when there are any, else those under the .sig tag. With --json all of both forms. Nothing is verified.',
  examples: [
    {
      what: 'Keep the signatures of an image',
      command: 'countersign download signature registry.example.com/app:v1 > signatures.jsonl',
    },
  ],
  positional: { usage: 'IMAGE', least: 1, most: 1 },
  flags: registryFlags,
  timeoutMs: 180_000,
  isInCosign: true,
  run: async (invocation) => {
    const reference = parseReference(invocation.args[0] ?? '');
    const found = await withRegistry(invocation, [reference], (context) => downloadSignatures(context, reference));
    const signatures = found.signatures.map(({ form, digest, line }) => ({
      form,
      digest,
      signature: JSON.parse(line) as unknown,
    }));
    return {
      text: found.lines.map((line) => `${harmlessJsonOf(line)}\n`).join(''),
      report: { image: found.resolved, signatures },
    };
  },
});
