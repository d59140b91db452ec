/** Bounded concurrency. */

/** Maps items with at most `inFlight` under way, results in the items' order. The first failure stops the start of
 *  further items and is thrown once those under way have ended, so nothing runs on behind the caller's back. */
export async function mapPool<T, R>(
  items: readonly T[],
  inFlight: number,
  run: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  return mapPoolUntil(items, inFlight, run, () => false);
}

/** As `mapPool`, but starts no further item once `isEnough` says so of a finished result. The results are those of the
 *  items that were started: always a prefix of the list. */
export async function mapPoolUntil<T, R>(
  items: readonly T[],
  inFlight: number,
  run: (item: T, index: number) => Promise<R>,
  isEnough: (result: R) => boolean,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  let isStopped = false;
  let failure: { readonly error: unknown } | undefined;
  const worker = async (): Promise<void> => {
    while (!isStopped && next < items.length) {
      const index = next;
      next += 1;
      try {
        const result = await run(items[index] as T, index);
        results[index] = result;
        isStopped ||= isEnough(result);
      } catch (error) {
        failure ??= { error };
        isStopped = true;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(inFlight, items.length) }, worker));
  if (failure !== undefined) {
    throw failure.error;
  }
  return results;
}
