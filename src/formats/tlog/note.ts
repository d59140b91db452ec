/** Signed notes: a text and signatures under it. @source c2sp.org/signed-note */

import { base64Of, concatBytes, parseBase64 } from '../../base/bytes.ts';
import { InputError, isErrorWithCode } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';

export interface NoteSignature {
  /** Who is said to have signed. */
  readonly name: string;
  /** Which of that name's keys: 4 bytes. */
  readonly keyHint: Uint8Array;
  readonly signature: Uint8Array;
}

export interface SignedNote {
  /** What is signed, as UTF-8: the text with its last line feed. */
  readonly text: string;
  /** At least one. */
  readonly signatures: readonly NoteSignature[];
}

const SEPARATOR = '\n\n';
const SIGNATURE_LINE = /^\u2014 ([^\s+]+) (\S+)$/;
const HINT_BYTES = 4;

/** Reads a note with exactly one blank line (a second one would be no signature), so that no two readers cut it in
 *  different places. Checks no signature. Throws CHECKPOINT_MALFORMED. */
export function parseNote(note: string): SignedNote {
  if (note.length > limits.checkpointCharacters) {
    throw malformed(`${note.length} characters, at most ${limits.checkpointCharacters} are read`);
  }
  // eslint-disable-next-line no-control-regex -- these are what must not be there
  if (/[\u0000-\u0009\u000b-\u001f]/.test(note) || !note.isWellFormed()) {
    throw malformed('a control character, or what is no text');
  }
  const cut = note.indexOf(SEPARATOR);
  if (cut <= 0 || !note.endsWith('\n')) {
    throw malformed('expected a text, one blank line, and lines with signatures');
  }
  const lines = note.slice(cut + SEPARATOR.length, -1).split('\n');
  if (lines.length > limits.checkpointSignatures) {
    throw malformed(`${lines.length} signatures, at most ${limits.checkpointSignatures} are read`);
  }
  return { text: note.slice(0, cut + 1), signatures: lines.map(signatureOf) };
}

/** Writes a note: the text, a blank line, and a line for each signature, in this order. Throws CHECKPOINT_MALFORMED for
 *  what `parseNote` would not give back. */
export function encodeNote(text: string, signatures: readonly NoteSignature[]): string {
  const note = `${text}\n${signatures.map(lineOf).join('')}`;
  if (parseNote(note).text !== text) {
    throw malformed('a text that holds a blank line');
  }
  return note;
}

/** Reads signature lines that stand alone, as witnesses answer them. Throws CHECKPOINT_MALFORMED. */
export function parseSignatureLines(lines: string): readonly NoteSignature[] {
  return parseNote(`-\n\n${lines}`).signatures;
}

function lineOf({ name, keyHint, signature }: NoteSignature): string {
  return `\u2014 ${name} ${base64Of(concatBytes([keyHint, signature]))}\n`;
}

function signatureOf(line: string): NoteSignature {
  const [, name, text] = SIGNATURE_LINE.exec(line) ?? [];
  if (name === undefined || text === undefined) {
    throw malformed('a line that is no signature after the blank line');
  }
  const bytes = noteBytesOf(text);
  if (bytes.length <= HINT_BYTES) {
    throw malformed('a signature that is empty');
  }
  return { name, keyHint: bytes.subarray(0, HINT_BYTES), signature: bytes.subarray(HINT_BYTES) };
}

/** Base64 inside a note. Throws CHECKPOINT_MALFORMED. */
export function noteBytesOf(text: string): Uint8Array {
  try {
    return parseBase64(text);
  } catch (error) {
    throw isErrorWithCode(error, 'BASE64_MALFORMED') ? malformed('a value that is not base64') : error;
  }
}

function malformed(why: string): InputError {
  return new InputError('CHECKPOINT_MALFORMED', `checkpoint: ${why}`);
}
