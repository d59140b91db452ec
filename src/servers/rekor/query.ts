/** Parameters after the question mark. */

import { InputError } from '../../base/errors.ts';

/** Of answers that change while the log grows. */
export const NO_CACHE: Readonly<Record<string, string>> = { 'Cache-Control': 'no-cache' };

const NUMBER = /^(?:0|[1-9]\d{0,18})$/;

/** A whole number from 0; `otherwise` where it may be left out. Throws REQUEST_PARAMETER_MALFORMED. */
export function requireNumber(url: URL, name: string, otherwise?: bigint): bigint {
  const [text, ...more] = url.searchParams.getAll(name);
  if (text === undefined && otherwise !== undefined) return otherwise;
  if (text === undefined || more.length > 0 || !NUMBER.test(text)) {
    const seen = text === undefined ? 'nothing' : JSON.stringify(text.slice(0, 40));
    throw new InputError(
      'REQUEST_PARAMETER_MALFORMED',
      `${name}: expected one whole number from 0, got ${more.length > 0 ? `${more.length + 1} values` : seen}`,
    );
  }
  return BigInt(text);
}

/** Throws REQUEST_PARAMETER_MALFORMED where a tree is named that is not this one. */
export function requireTree(url: URL, treeId: bigint): void {
  const named = requireNumber(url, 'treeID', treeId);
  if (named !== treeId) {
    throw new InputError('REQUEST_PARAMETER_MALFORMED', `treeID: this log has the tree ${treeId} only, not ${named}`);
  }
}
