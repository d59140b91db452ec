/** Where the command line writes. What Node makes of a pipe costs a quick command 3 ms: streams are opened when they are
 *  first used. */

import { writeSync } from 'node:fs';

import { utf8Of } from '../base/bytes.ts';

export interface StandardStreams {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Writes to stderr, in order with what is written to its stream. */
  readonly writeError: (text: string) => void;
  /** Resolves when everything is written, also where the reader has gone. */
  readonly flush: () => Promise<void>;
}

const STDERR = 2;

/** The streams of this process. */
export function openStandardStreams(): StandardStreams {
  const opened = new Map<'stdout' | 'stderr', NodeJS.WriteStream>();
  const open = (name: 'stdout' | 'stderr'): NodeJS.WriteStream => {
    const stream = opened.get(name) ?? process[name];
    // A reader that has gone (`| head`) is no defect of ours.
    if (!opened.has(name)) stream.on('error', () => undefined);
    opened.set(name, stream);
    return stream;
  };
  return {
    get stdout() {
      return open('stdout');
    },
    get stderr() {
      return open('stderr');
    },
    writeError: (text) => {
      const bytes = utf8Of(text);
      const written = opened.has('stderr') ? 0 : writtenAtOnce(bytes);
      if (written < bytes.length) open('stderr').write(bytes.subarray(written));
    },
    flush: async () => {
      await Promise.all([...opened.values()].map(flushed));
    },
  };
}

/** How many bytes stderr took: fewer when it is a pipe that is full, and none when it cannot be written to. */
function writtenAtOnce(bytes: Uint8Array): number {
  try {
    return writeSync(STDERR, bytes);
  } catch {
    return 0;
  }
}

async function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write('', () => resolve());
  });
}
