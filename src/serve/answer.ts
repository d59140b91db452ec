/** Answers of services. */

import { utf8Of } from '../base/bytes.ts';
import type { Answer } from './service.ts';

export function jsonAnswer(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return bytesAnswer(status, 'application/json', utf8Of(JSON.stringify(value)), headers);
}

export function bytesAnswer(
  status: number,
  contentType: string,
  body: Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return { status, headers: { 'Content-Type': contentType, ...headers }, body };
}
