/** The public instance's TUF root, put into what is built: the sources read it out of a package that is only there for
 *  development (src/clients/tuf/public-root.ts), and no copy of it is committed. */

import type { Plugin } from 'esbuild';

import { base64Of } from '../src/base/bytes.ts';
import { readPublicRoot } from '../src/clients/tuf/public-root.ts';

/** The module that takes the place of src/clients/tuf/public-root.ts, as JavaScript. */
export function publicRootModule(): string {
  return `export function readPublicRoot() { return new Uint8Array(Buffer.from('${base64Of(readPublicRoot())}', 'base64')); }\n`;
}

/** Exchanges the module in a bundle. */
export const publicRootInside: Plugin = {
  name: 'public-root',
  setup: (bundle) =>
    bundle.onLoad({ filter: /[/\\]clients[/\\]tuf[/\\]public-root\.ts$/ }, () => ({
      contents: publicRootModule(),
      loader: 'js',
    })),
};
