/** What the running stack says on stderr: lines for people, or one JSON object a line for machines. */

import { printableOf } from '../../base/printable.ts';
import type { Log } from '../../base/runtime.ts';
import { rfc3339Of } from '../../base/time.ts';

export type LogFormat = 'text' | 'json';

export type EventFields = Readonly<Record<string, string | number | boolean>>;

export interface StackLog extends Log {
  /** Something that happened, with its facts: never a token, a key or a body. */
  readonly event: (level: 'info' | 'warn' | 'debug', message: string, fields: EventFields) => void;
}

export interface StackLogOptions {
  readonly format: LogFormat;
  readonly isVerbose: boolean;
  readonly now: () => Date;
  readonly write: (text: string) => void;
}

export async function openStackLog(options: StackLogOptions): Promise<StackLog> {
  const event = options.format === 'json' ? await openJsonEvents(options) : openTextEvents(options);
  const said = new Set<string>();
  return {
    event,
    note: (message) => event('info', message, {}),
    warn: (message) => event('warn', message, {}),
    debug: (message) => event('debug', message, {}),
    noteOnce: (message) => {
      if (said.has(message)) return;
      said.add(message);
      event('info', message, {});
    },
  };
}

async function openJsonEvents({ isVerbose, now, write }: StackLogOptions): Promise<StackLog['event']> {
  // By its default export, the one form that both Node and the built program have.
  const { default: pino } = await import('pino');
  const log = pino(
    {
      base: {},
      level: isVerbose ? 'debug' : 'info',
      messageKey: 'message',
      formatters: { level: (label) => ({ level: label }) },
      timestamp: () => `,"time":"${now().toISOString()}"`,
    },
    { write },
  );
  return (level, message, fields) => log[level](fields, message);
}

function openTextEvents({ isVerbose, now, write }: StackLogOptions): StackLog['event'] {
  return (level, message, fields) => {
    if (level === 'debug' && !isVerbose) return;
    const facts = Object.entries(fields).map(([name, value]) => ` ${name}=${textOf(value)}`);
    const warning = level === 'warn' ? 'WARNING: ' : '';
    write(`${rfc3339Of(now())} ${warning}${printableOf(`${message}${facts.join('')}`)}\n`);
  };
}

/** In quotation marks where it could be taken for more than one word. */
function textOf(value: EventFields[string]): string {
  return typeof value === 'string' && !/^[\w./:@{}+-]+$/.test(value) ? JSON.stringify(value) : String(value);
}
