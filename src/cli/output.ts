/** Where results go: stdout, or the file of `--output-file`. */

import { utf8Of } from '../base/bytes.ts';
import type { Report, Result } from './command.ts';
import type { StandardStreams } from './standard-streams.ts';

export interface OutputSettings {
  readonly isJson: boolean;
  readonly file: string | undefined;
  readonly streams: StandardStreams;
}

/** Prints a command's answer, as text or as one JSON document. Throws FILE_NOT_WRITABLE. */
export async function printResult(
  result: Pick<Result, 'text' | 'report'>,
  { isJson, file, streams }: OutputSettings,
): Promise<void> {
  const text = isJson ? jsonTextOf(result.report) : result.text;
  if (file !== undefined) {
    const { writeFileAtomic } = await import('../clients/files/atomic-file.ts');
    await writeFileAtomic(file, utf8Of(text), { mode: 0o644, overwrite: true });
  } else if (text !== '') {
    await writeText(streams.stdout, text);
  }
}

/** Indented, with every character that could act on a terminal escaped: the document stays the same to a parser. */
function jsonTextOf(report: Report): string {
  return `${harmlessJsonOf(JSON.stringify(report, undefined, 2))}\n`;
}

/** JSON text with every character escaped that could act on a terminal. */
export function harmlessJsonOf(json: string): string {
  return json.replace(UNSAFE, (char) =>
    // By UTF-16 unit: JSON knows no other escapes.
    char.replace(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  );
}

// JSON.stringify escapes C0 controls and lone surrogates itself; the rest of what printable.ts escapes can still reorder
// or hide text.
const UNSAFE = /[\u007f-\u009f\u2028\u2029\ufff9-\ufffb]|\p{Default_Ignorable_Code_Point}/gu;

async function writeText(stream: NodeJS.WritableStream, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => {
      if (error === null || error === undefined || isClosedPipe(error)) resolve();
      else reject(error);
    });
  });
}

/** The reader has gone (`| head`): nobody is left to tell. */
function isClosedPipe(error: Error): boolean {
  return 'code' in error && error.code === 'EPIPE';
}
