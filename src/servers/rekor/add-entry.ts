/** POST /api/v1/log/entries: verifies a proposed entry and adds it to the log. */

import { CountersignError, InputError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { sha256HexOf } from '../../crypto/hash.ts';
import { parseProposedEntry } from '../../formats/rekor/proposed-entry.ts';
import type { ProposedEntry } from '../../formats/rekor/proposed-entry.ts';
import type { CanonicalEntry } from '../../formats/rekor/proposed-spec.ts';
import { leafHashOf } from '../../formats/tlog/merkle.ts';
import { jsonAnswer } from '../../serve/answer.ts';
import type { Answer, Call } from '../../serve/service.ts';
import type { AddedEntry, Submission } from '../tiles/tile-log.ts';
import { attestationKeyOf, entryJsonOf } from './entry-answer.ts';
import { entryUuidOf } from './entry-uuid.ts';
import type { JudgeRequest } from './large-request.ts';
import { requireMadeSignatures } from './made-signatures.ts';
import type { EntryEvent, Rekor } from './rekor.ts';

const ENTRIES_PATH = '/api/v1/log/entries';

/** 201 with the entry, or 409 with the place of an equal one. Throws what makes the entry refused; then nothing of it is
 *  in the log. */
export async function addEntry(rekor: Rekor, judgeRequest: JudgeRequest, call: Call): Promise<Answer> {
  let kind = 'unknown';
  let outcome: EntryEvent['outcome'] = 'failed';
  try {
    // 1. What is asked, and whether the signatures verify.
    const entry = await judgeRequest(call, 'proposed entry', async (document) => {
      const proposed = parseProposedEntry(document);
      ({ kind } = proposed);
      return requireCanonicalEntry(proposed);
    });

    // 2. The attestation first: an entry must not be there without it.
    await keepAttestation(rekor, entry);

    // 3. The log.
    const added = await rekor.log.add(submissionOf(entry));
    outcome = added.isDuplicate ? 'duplicate' : 'added';
    return await (added.isDuplicate ? duplicateAnswer(rekor, added) : addedAnswer(rekor, added));
  } catch (error) {
    if (error instanceof CountersignError && error.entry.http < 500) outcome = 'refused';
    throw error;
  } finally {
    rekor.onEntry?.({ kind, outcome });
  }
}

/** The entry that follows from a proposed one, whose signatures verify. Throws LOG_ENTRY_REFUSED, CERTIFICATE_MALFORMED,
 *  INPUT_TOO_LARGE. */
export async function requireCanonicalEntry(proposed: ProposedEntry): Promise<CanonicalEntry> {
  const entry = proposed.entryOf(await requireMadeSignatures(proposed));
  if (entry.body.length > limits.logEntryBytes) {
    throw new InputError(
      'INPUT_TOO_LARGE',
      `canonical log entry: ${entry.body.length} bytes, at most ${limits.logEntryBytes} fit into the log`,
    );
  }
  return entry;
}

/** As the log takes it. */
export function submissionOf({ body, keys }: CanonicalEntry): Submission {
  return { identity: leafHashOf(body), recordAt: () => ({ leaf: body, entry: body, keys }) };
}

async function keepAttestation({ log, objects }: Rekor, { attestation }: CanonicalEntry): Promise<void> {
  // A log that takes nothing more says so in the next step.
  if (attestation === undefined || log.trouble() !== undefined) return;
  await objects.create([{ key: attestationKeyOf(sha256HexOf(attestation)), bytes: attestation }]);
}

async function addedAnswer(rekor: Rekor, added: AddedEntry): Promise<Answer> {
  const uuid = entryUuidOf(rekor.treeId, leafHashOf(added.entry));
  const headers = { ETag: uuid, Location: `${ENTRIES_PATH}/${uuid}` };
  return jsonAnswer(201, await entryJsonOf(rekor, added), headers);
}

async function duplicateAnswer({ treeId }: Rekor, { entry }: AddedEntry): Promise<Answer> {
  const uuid = entryUuidOf(treeId, leafHashOf(entry));
  const message = `an equivalent entry already exists in the transparency log with UUID ${uuid}`;
  return jsonAnswer(409, { code: 409, message }, { Location: `${ENTRIES_PATH}/${uuid}` });
}
