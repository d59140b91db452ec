/** countersign tree */

import { printableOf } from '../../base/printable.ts';
import { treeOf } from '../../flows/tree.ts';
import type { ImageTree, TreeBranch } from '../../flows/tree.ts';
import { parseReference } from '../../formats/oci/reference.ts';
import { declareCommand } from '../command.ts';
import { noted } from '../flag.ts';
import { referrersModeFlag, registryFlags } from '../flags/registry.ts';
import { withRegistry } from '../registry-access.ts';

export const treeCommand = declareCommand({
  path: ['tree'],
  summary: 'Show what is stored about an image',
  description:
    'Shows the signatures, attestations, SBOMs and other things that are stored about an image, under tags and as referrers.',
  examples: [{ what: 'What is stored about an image', command: 'countersign tree registry.example.com/app:v1' }],
  positional: { usage: 'IMAGE', least: 1, most: 1 },
  flags: {
    ...registryFlags,
    'registry-referrers-mode': {
      ...referrersModeFlag,
      cosign: noted(referrersModeFlag.cosign.text ?? '', '2.6', '3.1'),
    },
    'experimental-oci11': {
      type: 'bool',
      default: true,
      deprecated: 'referrers are always shown',
      help: 'show referrers',
      cosign: noted('Has no effect: referrers are always shown.', '2.6', '3.1'),
    },
  },
  timeoutMs: 180_000,
  isInCosign: true,
  run: async (invocation) => {
    const name = invocation.args[0] ?? '';
    const reference = parseReference(name);
    const tree = await withRegistry(invocation, [reference], (context) => treeOf(context, reference));
    return { text: treeText(printableOf(name), tree), report: { image: tree.resolved, branches: tree.branches } };
  },
});

/** As cosign prints it. @source sigstore/cosign cmd/cosign/cli/tree.go */
function treeText(name: string, { branches }: ImageTree): string {
  const title = `📦 Supply Chain Security Related artifacts for an image: ${name}\n`;
  if (branches.length === 0) {
    return `${title}No Supply Chain Security Related Artifacts found for image ${name},\n start creating one with simply running$ countersign sign ${name}\n`;
  }
  return title + branches.map(branchText).join('');
}

function branchText(branch: TreeBranch): string {
  const children = branch.layers.map(
    (digest, index) => `   ${index === branch.layers.length - 1 ? '└──' : '├──'} 🍒 ${digest}\n`,
  );
  return `└── ${headingOf(branch)}: ${printableOf(branch.name)}\n${children.join('')}`;
}

function headingOf({ kind, artifactType }: TreeBranch): string {
  switch (kind) {
    case 'signatures':
      return '🔐 Signatures for an image tag';
    case 'attestations':
      return '💾 Attestations for an image tag';
    case 'sboms':
      return '📦 SBOMs for an image tag';
    case 'marker':
      return '✍ Signer under way, marked by tag';
    case 'referrer':
      return `🔗 ${printableOf(artifactType ?? 'unknown')} artifacts via OCI referrer`;
  }
}
