/** countersign copy */

import { UsageError } from '../../base/errors.ts';
import { copyImage } from '../../flows/copy-image.ts';
import type { AttachmentKind } from '../../formats/cosign/attachment-tag.ts';
import type { Platform } from '../../formats/oci/manifest.ts';
import { parseReference } from '../../formats/oci/reference.ts';
import { declareCommand } from '../command.ts';
import { mapped, same } from '../flag.ts';
import { registryFlags } from '../flags/registry.ts';
import { openTransferProgress } from '../progress.ts';
import { withRegistry } from '../registry-access.ts';

export const copyCommand = declareCommand({
  path: ['copy'],
  summary: 'Copy an image with its signatures',
  description:
    'Copies an image and everything that is stored about it: signatures, attestations, SBOMs and referrers. The destination tag is set last, so until ' +
    'then it stays what it was; running again goes on where a copy broke off. There is no limit in time unless --timeout sets one; a transfer without a byte for 60 s fails.',
  examples: [
    { what: 'Promote an image', command: 'countersign copy staging.example.com/app:v1 registry.example.com/app:v1' },
    {
      what: 'Put a tag back on what it named before',
      command: 'countersign copy --force registry.example.com/app@sha256:… registry.example.com/app:v1',
    },
  ],
  positional: { usage: 'SOURCE DESTINATION', least: 2, most: 2 },
  flags: {
    ...registryFlags,
    force: {
      type: 'bool',
      short: 'f',
      default: false,
      help: 'replace a destination tag that names another image',
      cosign: same(),
    },
    only: { type: 'strings', placeholder: 'sig,att,sbom', help: 'copy only these, not the image', cosign: same() },
    platform: { type: 'string', placeholder: 'OS/ARCH[/VARIANT]', help: 'copy one image of an index', cosign: same() },
    'sig-only': {
      type: 'bool',
      default: false,
      deprecated: 'use --only=sig',
      help: 'the same as --only=sig',
      cosign: mapped('The same as --only=sig.'),
    },
  },
  isInCosign: true,
  run: async (invocation) => {
    const { values, args, session } = invocation;
    const [source, destination] = [parseReference(args[0] ?? ''), parseReference(args[1] ?? '')];
    const only = onlyOf(values.only, values['sig-only']);
    const platform = platformOf(values.platform);
    const progress = openTransferProgress(session);
    try {
      const report = await withRegistry(invocation, [source, destination], (context) =>
        copyImage(context, {
          source,
          destination,
          ...(only === undefined ? {} : { only }),
          ...(platform === undefined ? {} : { platform }),
          isForced: values.force,
          progress,
        }),
      );
      for (const { name, wasThere } of report.copied)
        session.log.note(`${wasThere ? 'There already:' : 'Copied:'} ${name}`);
      return { text: '', report: { ...report } };
    } finally {
      progress.close();
    }
  },
});

const KINDS: readonly AttachmentKind[] = ['sig', 'att', 'sbom'];

function onlyOf(words: readonly string[], isSigOnly: boolean): readonly AttachmentKind[] | undefined {
  const wanted = isSigOnly ? [...words, 'sig'] : words;
  const wrong = wanted.find((word) => !(KINDS as readonly string[]).includes(word));
  if (wrong !== undefined) {
    throw new UsageError('FLAG_VALUE_INVALID', `--only: expected sig, att or sbom, got ${JSON.stringify(wrong)}`);
  }
  return wanted.length === 0 ? undefined : KINDS.filter((kind) => wanted.includes(kind));
}

function platformOf(text: string | undefined): Platform | undefined {
  if (text === undefined) return undefined;
  const [os = '', architecture = '', variant, ...more] = text.split('/');
  if (os === '' || architecture === '' || variant === '' || more.length > 0) {
    throw new UsageError(
      'FLAG_VALUE_INVALID',
      `--platform: expected os/arch or os/arch/variant, got ${JSON.stringify(text.slice(0, 100))}`,
    );
  }
  return { os, architecture, ...(variant === undefined ? {} : { variant }) };
}
