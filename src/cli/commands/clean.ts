/** countersign clean */

import { printableOf } from '../../base/printable.ts';
import { cleanImage, planClean } from '../../flows/clean-image.ts';
import { parseReference } from '../../formats/oci/reference.ts';
import { declareCommand } from '../command.ts';
import { requireConfirmation } from '../confirmation.ts';
import { mapped, same } from '../flag.ts';
import { registryFlags } from '../flags/registry.ts';
import { withRegistry } from '../registry-access.ts';

export const cleanCommand = declareCommand({
  path: ['clean'],
  summary: 'Remove the signatures of an image',
  description:
    'Removes what cosign and countersign store about an image, after showing it and asking. The image itself and what other tools attached to it stay.',
  examples: [
    { what: 'Remove everything, after a question', command: 'countersign clean registry.example.com/app:v1' },
    {
      what: 'Remove the signatures without a question',
      command: 'countersign clean --type signature --force registry.example.com/app:v1',
    },
  ],
  positional: { usage: 'IMAGE', least: 1, most: 1 },
  flags: {
    ...registryFlags,
    force: { type: 'bool', short: 'f', default: false, help: 'do not ask', cosign: same() },
    type: {
      type: 'enum',
      values: ['signature', 'attestation', 'referrer', 'sbom', 'all'],
      default: 'all',
      help: 'what to remove',
      cosign: mapped(
        'COSIGN_REPOSITORY and the tag prefix are honoured; markers of concurrent signers go with the signatures.',
      ),
    },
  },
  isInCosign: true,
  run: async (invocation) => {
    const { values, session, args } = invocation;
    const name = args[0] ?? '';
    const reference = parseReference(name);
    return withRegistry(invocation, [reference], async (context) => {
      const plan = await planClean(context, { reference, type: values.type });
      for (const item of plan.items) session.log.note(`To be removed: ${item.name}`);
      if (plan.items.length > 0 && !values.force) {
        await requireConfirmation(session, `this will remove ${plan.items.length} of what is stored about the image`);
      }
      const { removed } = await cleanImage(context, plan);
      const text = removed.map((item) => `Removed ${printableOf(item.name)} from ${printableOf(name)}\n`).join('');
      return { text, report: { image: plan.resolved, removed } };
    });
  },
});
