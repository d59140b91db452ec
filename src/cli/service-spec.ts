/** Services as cosign's flags describe them: `url=https://…,public-key=rekor.pub,start-time=2026-01-02T03:04:05Z`. */

import { UsageError } from '../base/errors.ts';

/** Names of members that must be there, and of those that may be. */
export interface SpecMembers<R extends string, O extends string> {
  readonly required: readonly R[];
  readonly optional: readonly O[];
}

export type ServiceSpec<R extends string, O extends string> = Readonly<Record<R, string>> &
  Readonly<Partial<Record<O, string>>>;

/** Reads one value of `--<flag>`. No member may be unknown or twice there; an empty one counts as not given.
 *  Throws FLAG_VALUE_INVALID. */
export function parseServiceSpec<const R extends string, const O extends string>(
  flag: string,
  text: string,
  { required, optional }: SpecMembers<R, O>,
): ServiceSpec<R, O> {
  const known: readonly string[] = [...required, ...optional];
  const spec: Record<string, string> = {};
  for (const pair of text.split(',')) {
    const [, name = '', value = ''] = /^\s*([^=]*?)\s*=\s*(.*?)\s*$/s.exec(pair) ?? [];
    if (!known.includes(name)) throw invalid(flag, `expected ${known.join('=…, ')}=…, got ${quoted(pair)}`);
    if (Object.hasOwn(spec, name)) throw invalid(flag, `${name} is there twice`);
    if (value !== '') spec[name] = value;
  }
  const missing = required.find((name) => spec[name] === undefined);
  if (missing !== undefined) throw invalid(flag, `${missing} is missing in ${quoted(text)}`);
  return spec as ServiceSpec<R, O>;
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 200));
}

function invalid(flag: string, why: string): UsageError {
  return new UsageError('FLAG_VALUE_INVALID', `--${flag}: ${why}`);
}
