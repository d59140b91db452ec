/** What monitors ask of a certificate transparency log. @source RFC 6962 sections 4.3 to 4.8 */

import { base64Of } from '../../base/bytes.ts';
import { InputError, NotFoundError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { parseTreeHeadSignature } from '../../formats/ct/tree-head.ts';
import { parseCheckpoint } from '../../formats/tlog/checkpoint.ts';
import { jsonAnswer } from '../../serve/answer.ts';
import type { Answer, Call } from '../../serve/service.ts';
import type { CtEntry, CtLog } from './ct-log.ts';
import { leafKeyOf } from './ct-log.ts';
import { requireCount, requireHash } from './ct-parameters.ts';

type Reading = (ct: CtLog, call: Call) => Promise<Answer>;

/** By their names in the API. */
export const readings: Readonly<Record<string, Reading>> = {
  'get-sth': async ({ log }) => {
    const { size, root, checkpoint } = log.head();
    // The log's own signature over this head stands in its checkpoint; signing again would make a second statement.
    const { origin, signatures } = parseCheckpoint(checkpoint);
    const own = signatures.find(({ name }) => name === origin);
    const { time, signature } = parseTreeHeadSignature(own?.signature ?? new Uint8Array());
    return jsonAnswer(200, {
      tree_size: Number(size),
      timestamp: time.getTime(),
      sha256_root_hash: base64Of(root),
      tree_head_signature: base64Of(signature),
    });
  },

  'get-sth-consistency': async ({ log }, { url }) => {
    const [first, second] = [requireCount(url, 'first'), requireCount(url, 'second')];
    return jsonAnswer(200, { consistency: (await log.consistencyProof(first, second)).map(base64Of) });
  },

  'get-proof-by-hash': async ({ log }, { url }) => {
    const [hash, size] = [requireHash(url, 'hash'), requireCount(url, 'tree_size')];
    const [index] = await log.search({ keys: [leafKeyOf(hash)], operator: 'or', limit: 1 });
    if (index === undefined) throw new NotFoundError('LOG_ENTRY_ABSENT', 'no entry has this hash');
    const path = await log.inclusionProof(index, size);
    return jsonAnswer(200, { leaf_index: Number(index), audit_path: path.map(base64Of) });
  },

  'get-entries': async (ct, { url }) => {
    const [start, end] = [requireCount(url, 'start'), requireCount(url, 'end')];
    if (start > end) {
      throw new InputError('REQUEST_PARAMETER_MALFORMED', 'the parameter start: expected one that is not above end');
    }
    return jsonAnswer(200, { entries: (await readPage(ct, start, end)).map(entryJsonOf) });
  },

  'get-entry-and-proof': async (ct, { url }) => {
    const [index, size] = [requireCount(url, 'leaf_index'), requireCount(url, 'tree_size')];
    const path = await ct.log.inclusionProof(index, size);
    const { entry } = await ct.log.read(index);
    return jsonAnswer(200, { ...entryJsonOf(await ct.entryOf(entry)), audit_path: path.map(base64Of) });
  },

  'get-roots': async ({ roots }) => jsonAnswer(200, { certificates: roots.map(base64Of) }),
};

/** Fewer than were asked for where they are many or large, at least one: clients ask for the rest.
 *  @source RFC 6962 section 4.6 */
async function readPage(ct: CtLog, start: bigint, end: bigint): Promise<readonly CtEntry[]> {
  const wanted = end - start + 1n;
  const most = wanted < BigInt(limits.servedLogEntries) ? Number(wanted) : limits.servedLogEntries;
  const entries: CtEntry[] = [];
  let bytes = 0;
  for (const { entry } of await ct.log.readFrom(start, most)) {
    if (bytes >= limits.servedLogBytes) break;
    const read = await ct.entryOf(entry);
    bytes += read.leaf.length + read.extraData.length;
    entries.push(read);
  }
  return entries;
}

function entryJsonOf({ leaf, extraData }: CtEntry): object {
  return { leaf_input: base64Of(leaf), extra_data: base64Of(extraData) };
}
