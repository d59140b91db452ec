/** docs/errors.md, from the error catalogue. */

import { catalogue } from '../src/base/catalogue.ts';
import type { CatalogueEntry } from '../src/base/catalogue.ts';

/** The whole page: one section per code, in alphabetical order, so that `docs/errors.md#code` leads there. */
export function errorsPage(): string {
  const entries = Object.entries<CatalogueEntry>(catalogue).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `# Errors

<!-- Generated from src/base/catalogue.ts by \`npm run docs\`: change it there. -->

Every error carries a code. It stays the same when the wording changes, so scripts can rely on it.
The exit status is what the command line ends with; the HTTP status is what a server of ours answers.

${entries.map(section).join('\n')}`;
}

function section([code, { summary, hint, exit, http }]: readonly [string, CatalogueEntry]): string {
  return `## ${code}

${summary} ${hint}

Exit status ${exit}, HTTP status ${http}.
`;
}
