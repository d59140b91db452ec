/** Paginated listings. @source OCI distribution-spec, sections Listing tags and Listing referrers; RFC 8288 */

import { limits } from '../../base/limits.ts';
import { invalidAnswer } from './answer.ts';
import type { Answer } from './answer.ts';
import { isSameServer, locationOf } from './host-rules.ts';

/** Where the next page is; undefined on the last one. Throws REGISTRY_ANSWER_INVALID for a page on another host: a list
 *  comes from one place. */
export function nextPageOf(answer: Answer): URL | undefined {
  const link = (answer.headers['link'] ?? '')
    .match(/<[^>]*>[^<]*/g)
    ?.find((each) => /;\s*rel\s*=\s*"?next"?\s*(?:[;,]|$)/i.test(each));
  if (link === undefined) {
    return undefined;
  }
  const next = locationOf(link.slice(1, link.indexOf('>')), answer.url);
  if (!isSameServer(next, answer.url)) {
    throw invalidAnswer(answer, `the next page would be on another host (${next.host})`);
  }
  return next;
}

/** Reads pages until `readPage` returns none to go on with. Throws REGISTRY_ANSWER_INVALID when a page comes twice or the
 *  list has more than `limits.listPages`. */
export async function readPages(
  first: string,
  readPage: (target: string | URL) => Promise<{ readonly next: URL | undefined; readonly answer: Answer }>,
): Promise<void> {
  const seen = new Set<string>();
  let target: string | URL = first;
  for (;;) {
    const { next, answer } = await readPage(target);
    if (next === undefined) {
      return;
    }
    if (seen.has(next.href) || seen.size === limits.listPages) {
      throw invalidAnswer(answer, 'the list has no end');
    }
    seen.add(next.href);
    target = next;
  }
}
