/** Regular expressions that users give, in Go's RE2 syntax and in linear time. The one file that knows the engine. */

import { InputError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { TextMatcher } from '../verify/policy.ts';

export interface PatternOptions {
  /** Whether the whole text must match. Our own files anchor; cosign's flags match anywhere, as Go's MatchString. */
  readonly isAnchored: boolean;
}

/** Reads a pattern. The engine is loaded when it is first needed: it costs a start 10 ms. Throws PATTERN_MALFORMED.
 *  @source github.com/google/re2/wiki/Syntax; Go package regexp/syntax */
export async function compilePattern(source: string, { isAnchored }: PatternOptions): Promise<TextMatcher> {
  if (source.length > limits.patternUnits) {
    throw malformed(source, `${source.length} characters, at most ${limits.patternUnits} are read`);
  }
  // Go reads UTF-8, in which half a pair has no place.
  if (!source.isWellFormed()) throw malformed(source, 'not valid Unicode');
  const { RE2JS, RE2JSSyntaxException } = await import('re2js');
  try {
    const pattern = RE2JS.compile(source);
    const size = pattern.programSize();
    if (size > limits.patternInstructions) {
      throw malformed(source, `compiles to ${size} instructions, at most ${limits.patternInstructions} are run`);
    }
    return {
      description: `/${source}/ (${isAnchored ? 'the whole text' : 'anywhere in the text'})`,
      isMatch: isAnchored ? (text) => pattern.testExact(text) : (text) => pattern.test(text),
    };
  } catch (error) {
    if (!(error instanceof RE2JSSyntaxException)) throw error;
    throw malformed(source, error.error, error.input ?? '');
  }
}

/** `part` is the part of the pattern that the engine complains about; its place is told when there is only one. */
function malformed(source: string, why: string, part = ''): InputError {
  const at = source.indexOf(part);
  const isPlaceKnown = part !== '' && at !== -1 && at === source.lastIndexOf(part);
  const place = isPlaceKnown ? ` at character ${at + 1}` : '';
  const what = part === '' ? '' : `: ${JSON.stringify(part.slice(0, 100))}`;
  return new InputError('PATTERN_MALFORMED', `pattern ${JSON.stringify(source.slice(0, 100))}: ${why}${what}${place}`, {
    details: isPlaceKnown ? { offset: at } : {},
  });
}
