/** countersign triangulate */

import { attachmentTagOf } from '../../formats/cosign/attachment-tag.ts';
import { parseReference, repositoryNameOf } from '../../formats/oci/reference.ts';
import { declareCommand } from '../command.ts';
import { same } from '../flag.ts';
import { registryFlags } from '../flags/registry.ts';
import { placeOf, withRegistry } from '../registry-access.ts';

const KINDS = { signature: 'sig', attestation: 'att', sbom: 'sbom' } as const;

export const triangulateCommand = declareCommand({
  path: ['triangulate'],
  summary: 'Print where signatures of an image are stored',
  description:
    'Prints the name of the tag under which signatures of the image are looked for, or of the image by its digest. Signatures in the second form, bundles, have no tag: see tree.',
  examples: [{ what: 'The tag of the signatures', command: 'countersign triangulate registry.example.com/app:v1' }],
  positional: { usage: 'IMAGE', least: 1, most: 1 },
  flags: {
    ...registryFlags,
    type: {
      type: 'enum',
      values: ['signature', 'attestation', 'sbom', 'digest'],
      default: 'signature',
      help: 'what to look for',
      cosign: same(),
    },
  },
  timeoutMs: 180_000,
  isInCosign: true,
  run: async (invocation) => {
    const { values, session, args } = invocation;
    const reference = parseReference(args[0] ?? '');
    // A digest says it all: nobody is asked.
    const digest =
      reference.digest ??
      (await withRegistry(invocation, [reference], ({ registry }) => registry.fetchImage(reference))).digest;
    const place = placeOf(session).signaturePlace ?? reference.repository;
    const name =
      values.type === 'digest'
        ? `${repositoryNameOf(reference.repository)}@${digest}`
        : `${repositoryNameOf(place)}:${attachmentTagOf(digest, KINDS[values.type], values['attachment-tag-prefix'])}`;
    return { text: `${name}\n`, report: { type: values.type, name, digest } };
  },
});
