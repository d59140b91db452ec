/** countersign bundle inspect */

import { printableOf } from '../../base/printable.ts';
import { limits } from '../../base/limits.ts';
import { rfc3339Of } from '../../base/time.ts';
import { entityDescriptionOf } from '../../flows/explain-entity.ts';
import { bundleMediaTypeOf, parseAnyBundle } from '../../flows/explain.ts';
import { declareCommand } from '../command.ts';
import { contentLines, descriptionJson, entryLines, factLine, signerLines, stampLine } from '../entity-output.ts';
import { readInputFile } from '../input-file.ts';
import { originLines } from '../origin-output.ts';

const FIRST_GENERATION = "cosign's first, which names no version";

export const bundleInspectCommand = declareCommand({
  path: ['bundle', 'inspect'],
  summary: 'Show what a bundle holds, without judging it',
  description:
    'Prints the parts of a bundle of either generation: what is signed, the certificate or key, log entries and timestamps. Nothing is verified: for that, use "explain" or the commands that verify. Exit status 0 when it can be read, 1 otherwise.',
  examples: [
    { what: 'Look into a bundle', command: 'countersign bundle inspect app.sigstore.json' },
    { what: 'The same as data', command: 'countersign bundle inspect --json - < app.sigstore.json' },
  ],
  positional: { usage: 'FILE', least: 1, most: 1, completes: 'file' },
  flags: {},
  isInCosign: false,
  run: async ({ args, session }) => {
    const [file = ''] = args;
    const bytes = await readInputFile(session, file, limits.bundleBytes);
    const description = entityDescriptionOf(parseAnyBundle(bytes, file));
    const mediaType = bundleMediaTypeOf(bytes);
    const { signer, content, entries, timestamps, signatureBytes, schemes } = description;
    const lines = [
      `${printableOf(file)}: inspected, not verified`,
      factLine('version', mediaType ?? FIRST_GENERATION),
      factLine('size', `${bytes.length} bytes, of which the signature has ${signatureBytes}`),
      factLine('signed with', schemes.length === 0 ? 'a key that is not in it' : schemes.join(', or ')),
      ...contentLines(content),
      ...signerLines(signer),
      ...(signer.kind === 'certificate'
        ? [
            factLine('valid', `${rfc3339Of(signer.notBefore)} to ${rfc3339Of(signer.notAfter)}`),
            ...originLines(signer.names),
          ]
        : []),
      ...entries.flatMap(entryLines),
      ...timestamps.map(stampLine),
    ];
    return {
      text: `${lines.join('\n')}\n`,
      report: { isVerified: false, file, mediaType, bytes: bytes.length, ...descriptionJson(description) },
    };
  },
});
