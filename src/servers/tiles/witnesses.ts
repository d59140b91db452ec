/** Asks witnesses to cosign heads: each says that the log grew only since it last looked.
 *  @source c2sp.org/tlog-witness, add-checkpoint */

import { base64Of, concatBytes, parseUtf8, utf8Of } from '../../base/bytes.ts';
import { RemoteError, isErrorWithCode } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { HttpResponse, Request } from '../../base/runtime.ts';
import { parseCheckpoint } from '../../formats/tlog/checkpoint.ts';
import { cosignatureTimeOf } from '../../formats/tlog/cosignature.ts';
import type { WitnessKey } from '../../formats/tlog/cosignature.ts';
import { isConsistent } from '../../formats/tlog/merkle.ts';
import { parseSignatureLines } from '../../formats/tlog/note.ts';
import type { NoteSignature } from '../../formats/tlog/note.ts';
import type { Cosign } from './cosigning.ts';
import { damaged } from './log-damage.ts';
import type { TreeHead } from './tile-log.ts';

export interface Witness {
  readonly key: WitnessKey;
  /** Submission prefix, without a slash at the end. */
  readonly url: string;
}

type Log = Parameters<Cosign>[1];

/** Asks all witnesses at once; what one of them does wrong is reported and leaves the others' signatures. Rejects with
 *  LOG_DAMAGED when a witness has seen more of the log than there is: then going on would be a fork. */
export function openWitnesses(
  witnesses: readonly Witness[],
  request: Request,
  onFailure: (witness: Witness, error: unknown) => void,
): Cosign {
  // What each has seen: a guess, which the witness corrects.
  const seenSizes = new Map<Witness, bigint>();
  return async (head, log) => {
    const signatures = await Promise.all(
      witnesses.map(async (witness) => {
        try {
          const signature = await askWitness(request, witness, head, log, seenSizes.get(witness) ?? 0n);
          seenSizes.set(witness, head.size);
          return [signature];
        } catch (error) {
          if (isErrorWithCode(error, 'LOG_DAMAGED')) throw error;
          onFailure(witness, error);
          return [];
        }
      }),
    );
    return signatures.flat();
  };
}

async function askWitness(
  request: Request,
  witness: Witness,
  head: TreeHead,
  log: Log,
  seenSize: bigint,
): Promise<NoteSignature> {
  const first = await sendCheckpoint(request, witness, head, log, seenSize);
  if (first.status !== 409) return requireCosignature(witness, head, first);
  const size = sizeOf(first);
  if (size === undefined) throw refused(witness, 'it has seen another head, and does not say which', first.status);
  if (size > head.size) {
    throw damaged(
      `witness ${witness.key.name} has seen ${size} entries and the log has ${head.size}: was the data directory restored from an old backup?`,
    );
  }
  return requireCosignature(witness, head, await sendCheckpoint(request, witness, head, log, size));
}

interface WitnessAnswer {
  readonly status: number;
  readonly text: string;
}

async function sendCheckpoint(
  request: Request,
  { url }: Witness,
  head: TreeHead,
  log: Log,
  oldSize: bigint,
): Promise<WitnessAnswer> {
  const old = { size: oldSize, root: await log.rootAt(oldSize) };
  const proof = await log.consistencyProof(oldSize, head.size);
  if (!isConsistent(old, head, proof)) throw damaged(`the tree of ${oldSize} entries does not lead to the newest head`);
  const lines = [`old ${oldSize}`, ...proof.map(base64Of), '', head.checkpoint];
  const response = await request({
    method: 'POST',
    url: new URL(`${url}/add-checkpoint`),
    headers: { 'Content-Type': 'text/plain; charset=utf-8' },
    body: utf8Of(lines.join('\n')),
    signal: AbortSignal.timeout(limits.witnessMs),
  });
  return { status: response.status, text: await textOf(response, url) };
}

async function requireCosignature(
  witness: Witness,
  head: TreeHead,
  { status, text }: WitnessAnswer,
): Promise<NoteSignature> {
  if (status !== 200) throw refused(witness, `it answers with status ${status}`, status);
  const checkpoint = parseCheckpoint(head.checkpoint);
  for (const signature of parseSignatureLines(text)) {
    if ((await cosignatureTimeOf(checkpoint, signature, witness.key)) !== undefined) return signature;
  }
  throw refused(witness, 'its answer holds no signature of its key over the checkpoint', status);
}

function sizeOf({ text }: WitnessAnswer): bigint | undefined {
  return /^(?:0|[1-9]\d{0,18})\n$/.test(text) ? BigInt(text.trim()) : undefined;
}

async function textOf({ body }: HttpResponse, url: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > limits.witnessAnswerBytes) {
      throw new RemoteError('WITNESS_REFUSED', `an answer of more than ${limits.witnessAnswerBytes} bytes`, { url });
    }
    chunks.push(chunk);
  }
  return parseUtf8(concatBytes(chunks));
}

function refused({ key, url }: Witness, why: string, status?: number): RemoteError {
  return new RemoteError('WITNESS_REFUSED', `witness ${key.name} does not cosign: ${why}`, {
    url,
    ...(status === undefined ? {} : { status }),
  });
}
