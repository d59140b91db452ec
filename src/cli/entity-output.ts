/** What a signature says of itself, as text and as JSON: of `explain` and `bundle inspect`. Every text from outside is
 *  escaped. */

import { printableOf } from '../base/printable.ts';
import { rfc3339Of } from '../base/time.ts';
import type { CertificateDescription, KeyDescription } from '../flows/explain-certificate.ts';
import type {
  CheckpointDescription,
  ContentDescription,
  EntityDescription,
  EntryDescription,
  SignerDescription,
  StampDescription,
} from '../flows/explain-entity.ts';
import type { Unread } from '../flows/unread.ts';
import type { Report } from './command.ts';

const NAME_COLUMNS = 16;
const SHOWN_SUBJECTS = 10;

/** `  name            value`, the value escaped. */
export function factLine(name: string, value: string): string {
  return `  ${name.padEnd(NAME_COLUMNS)}${name.length >= NAME_COLUMNS ? ' ' : ''}${printableOf(value)}`;
}

/** Who signed, by what it says. */
export function signerLines(signer: SignerDescription): readonly string[] {
  switch (signer.kind) {
    case 'none':
      return [factLine('signer', 'a key; nothing says which')];
    case 'key':
      return [factLine('signer', 'a key'), ...(signer.hint === '' ? [] : [factLine('key hint', signer.hint)])];
    case 'embedded-key':
      return [factLine('signer', `the key ${keyTextOf(signer.key)}, stored beside it`)];
    case 'unread':
      return [factLine('signer', `cannot be read: ${signer.why}`)];
    case 'certificate':
      return certificateLines(signer);
  }
}

/** What the signature covers. */
export function contentLines(content: ContentDescription): readonly string[] {
  switch (content.kind) {
    case 'message':
      return [factLine('file', content.digest ?? 'no digest stated')];
    case 'image':
      return [factLine('image', content.digest), factLine('reference', content.reference)];
    case 'statement': {
      const more = content.subjects.length - SHOWN_SUBJECTS;
      return [
        factLine('predicate type', content.predicateType),
        ...content.subjects.slice(0, SHOWN_SUBJECTS).map(({ name, digest }) => {
          const digests = Object.entries(digest).map(([hash, hex]) => `${hash}:${hex}`);
          return factLine('subject', [...(name === undefined ? [] : [name]), ...digests].join(' '));
        }),
        ...(more > 0 ? [factLine('', `and ${more} more subjects`)] : []),
      ];
    }
    case 'envelope':
      return [
        factLine('envelope', `${content.payloadType}, ${content.payloadBytes} bytes`),
        ...(content.why === undefined ? [] : [factLine('', `no statement: ${content.why}`)]),
      ];
    case 'unread':
      return [factLine('content', `cannot be read: ${content.why}`)];
  }
}

export function entryLines(entry: EntryDescription): readonly string[] {
  const { checkpoint, proof, integratedTime } = entry;
  return [
    factLine('log entry', `${entry.logIndex}, ${entry.kind} ${entry.version}, ${entry.bodyBytes} bytes`),
    factLine('  log', entry.logIdHex),
    ...(integratedTime === undefined ? [] : [factLine('  integrated', rfc3339Of(integratedTime))]),
    factLine('  promise', entry.hasPromise ? 'yes' : 'no'),
    factLine('  proof', proof === undefined ? 'no' : `${proof.hashes} hashes, tree of ${proof.treeSize}`),
    ...(checkpoint === undefined
      ? []
      : checkpoint.kind === 'unread'
        ? [factLine('  checkpoint', `cannot be read: ${checkpoint.why}`)]
        : [factLine('  checkpoint', checkpoint.origin), ...checkpointSignerLines(checkpoint)]),
  ];
}

export function stampLine(stamp: StampDescription): string {
  return factLine(
    'timestamp',
    stamp.kind === 'unread'
      ? `cannot be read: ${stamp.why}`
      : `${rfc3339Of(stamp.instant)}, by ${stamp.by}, ${stamp.bytes} bytes`,
  );
}

function certificateLines({ names, faults, fingerprint, issuerName, key }: CertificateDescription): readonly string[] {
  const { subjects, unread, issuer } = names;
  return [
    ...subjects.map((subject) => factLine('subject', subject)),
    ...unread.map((type) => factLine('subject', `(a ${type})`)),
    factLine('issuer', issuer ?? '(none named)'),
    factLine('certificate', `sha256:${fingerprint}`),
    factLine('issued by', issuerName),
    factLine('key', keyTextOf(key)),
    ...faults.map(({ part, why }) => factLine('faulty', `${part}: ${why}`)),
  ];
}

function keyTextOf(key: KeyDescription | Unread): string {
  return key.kind === 'unread' ? `cannot be read: ${key.why}` : `sha256:${key.fingerprint} (${key.algorithm})`;
}

function checkpointSignerLines({ ownSigners, otherSigners }: CheckpointDescription): readonly string[] {
  return [
    factLine('  signed by', ownSigners.length === 0 ? 'nobody of this name' : ownSigners.join(', ')),
    ...(otherSigners.length === 0 ? [] : [factLine('  and by', `${otherSigners.join(', ')} (witnesses?)`)]),
  ];
}

/** Log indexes and tree sizes as text: they can exceed what JSON numbers hold in every reader. */
export function descriptionJson({ signer, entries, ...rest }: EntityDescription): Report {
  return {
    ...rest,
    signer:
      signer.kind === 'certificate'
        ? { ...signer, names: { ...signer.names, extensions: Object.fromEntries(signer.names.extensions) } }
        : signer,
    entries: entries.map(({ logIndex, proof, ...entry }) => ({
      ...entry,
      logIndex: `${logIndex}`,
      ...(proof === undefined ? {} : { proof: { ...proof, treeSize: `${proof.treeSize}` } }),
    })),
  };
}
