/** Tag listings. @source OCI distribution-spec, section Listing Tags */

import { decodeArray, decodeDocument, decodeObject, decodeString, optional } from '../../base/decode.ts';
import { CountersignError } from '../../base/errors.ts';
import { parseJson } from '../../base/json.ts';
import { limits } from '../../base/limits.ts';
import { isTag } from '../../formats/oci/reference.ts';
import type { Repository } from '../../formats/oci/reference.ts';
import { invalidAnswer, readBytes, refusalOf, requireStatus } from './answer.ts';
import type { Answer } from './answer.ts';
import type { Exchange } from './exchange.ts';
import { nextPageOf, readPages } from './pages.ts';

const FIRST_PAGE = 'tags/list?n=1000';
/** Statuses by which a registry forbids or lacks listing. */
const NO_LISTING = [401, 403, 404, 405];

const decodePage = decodeObject({ tags: optional(decodeArray(decodeString)) });

/** Tags that start with the prefix, sorted and each once; undefined where there is no listing. A repository that the
 *  registry does not know has no tags. */
export async function listTags(
  exchange: Exchange,
  repository: Repository,
  prefix: string,
): Promise<readonly string[] | undefined> {
  const found = new Set<string>();
  let isForbidden = false;
  await readPages(FIRST_PAGE, (target) =>
    exchange.askRepeatedly({ method: 'GET', repository, target, action: 'pull' }, async (answer) => {
      // Only of the first page: a list that breaks off must not pass for the whole.
      if (target === FIRST_PAGE && NO_LISTING.includes(answer.status)) {
        const { message } = await refusalOf(answer);
        isForbidden = answer.status !== 404 || !message.includes('NAME_UNKNOWN');
        return { next: undefined, answer };
      }
      await requireStatus(answer, 200);
      const tags = parsePage(answer, await readBytes(answer, limits.listPageBytes));
      tags.filter((tag) => tag.startsWith(prefix) && isTag(tag)).forEach((tag) => found.add(tag));
      return { next: nextPageOf(answer), answer };
    }),
  );
  return isForbidden ? undefined : [...found].sort();
}

function parsePage(answer: Answer, bytes: Uint8Array): readonly string[] {
  try {
    return (
      decodeDocument(parseJson(bytes, { what: 'tag list', maxBytes: limits.listPageBytes }), decodePage, 'tag list')
        .tags ?? []
    );
  } catch (cause) {
    throw cause instanceof CountersignError ? invalidAnswer(answer, cause.message, cause) : cause;
  }
}
