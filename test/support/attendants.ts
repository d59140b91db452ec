/** Who sits before a client of Sigstore that asks somebody to sign in at a development issuer, each for one way to do it. */

import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { delimiter, join } from 'node:path';

import type { Attendant } from './peers.ts';
import { createScratchFolder } from './scratch.ts';
import { enterCodeAt, signInAt } from './sign-in-pages.ts';

/** Enters the code that the client shows on the issuer's page. */
export function deviceAttendant(email: string): Attendant {
  return {
    question: /Enter the verification code (\S+) in your browser at: (\S+)\n/,
    answer: async ([, code = '', page = '']) => {
      await enterCodeAt(page, code, email);
      return '';
    },
  };
}

/** Follows the link that the client opens; the issuer sends the browser back to the client. Needs `browserEnvironment`. */
export function browserAttendant(email: string): Attendant {
  return {
    question: /(?:browser will now be opened to:\s|opened )\s*(http\S+)\n/,
    answer: async ([, link = '']) => {
      const { status, text } = await signInAt(link, email);
      assert.equal(status, 200, text);
      return '';
    },
  };
}

/** Follows the link that the client shows, and types the code that the page shows into the client. */
export function copyingAttendant(email: string): Attendant {
  return {
    question: /\b(http\S+redirect_uri=urn\S+)\s/,
    answer: async ([, link = '']) => {
      const { text } = await signInAt(link, email);
      const [, code] = /<code>([^<]+)<\/code>/.exec(text) ?? assert.fail(text);
      return `${code}\n`;
    },
  };
}

/** Programs find a browser here that does nothing: the attendant is it. */
export function browserEnvironment(): Readonly<Record<string, string>> {
  const folder = createScratchFolder('browser');
  symlinkSync('/bin/true', join(folder, 'xdg-open'));
  // Python's clients do not show the link themselves.
  return { PATH: `${folder}${delimiter}${process.env['PATH'] ?? ''}`, BROWSER: 'echo opened %s' };
}

/** A machine without a browser. */
export function browserlessEnvironment(): Readonly<Record<string, string>> {
  return { PATH: createScratchFolder('no-browser'), BROWSER: '' };
}
