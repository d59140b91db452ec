/** The text of a configuration as plain values: YAML as Go programs read it, or strict JSON. The only file that knows
 *  `yaml`. */

import { Composer, isAlias, isScalar, Lexer, Parser, visit } from 'yaml';
import type { CST, Document } from 'yaml';

import { ConfigError, messageOf } from '../../../base/errors.ts';
import { parseJson } from '../../../base/json.ts';
import type { JsonValue } from '../../../base/json.ts';
import { limits } from '../../../base/limits.ts';

/** Reads one document. Anchors, aliases (as keys too) and "<<" resolve; keys are texts, and none stands twice in a map.
 *  Throws ISSUER_CONFIGURATION_INVALID, also for alias bombs and over the caps. */
export function parseConfigurationFile(text: string): JsonValue {
  const source = { what: 'issuer configuration', maxBytes: limits.issuerConfigurationCharacters };
  if (text.length > source.maxBytes) throw invalid(`${text.length} characters, at most ${source.maxBytes} are read`);
  try {
    return text.trimStart().startsWith('{') ? parseJson(text, source) : plainOf(parseYaml(text), '$', { values: 0 });
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    throw invalid(messageOf(cause), cause);
  }
}

/** An error of the ISSUER_CONFIGURATION_INVALID kind. */
export function invalidConfiguration(why: string, cause?: unknown): ConfigError {
  return new ConfigError('ISSUER_CONFIGURATION_INVALID', why, { cause });
}

function parseYaml(text: string): unknown {
  const documents = [...new Composer({ merge: true, uniqueKeys: false }).compose(tokensOf(text), true, text.length)];
  const [document] = documents;
  if (document === undefined || documents.length > 1) throw invalid(`${documents.length} documents, expected one`);
  // Warnings too: an unknown tag means something that is not known here.
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) {
    const line = text.slice(0, problem.pos[0]).split('\n').length;
    throw invalid(`line ${line}: ${problem.message}`, problem);
  }
  requireUniqueKeys(document);
  return document.toJS({ mapAsMap: true, maxAliasCount: limits.issuerConfigurationAliases });
}

/** The parser would compare keys as they are written, without what aliases stand for. */
function requireUniqueKeys(document: Document.Parsed): void {
  visit(document, {
    Map: (_, { items }) => {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        const named = isAlias(key) ? key.resolve(document) : key;
        if (!isScalar(named)) continue;
        if (seen.has(named.value)) throw invalid(`the key ${JSON.stringify(named.value)} is there twice in one map`);
        seen.add(named.value);
      }
    },
  });
}

/** YAML 1.2 reads "*name:" as an alias whose name ends in a colon; Go's reader, and so Fulcio's own file, means a key. */
function* tokensOf(text: string): Generator<CST.Token> {
  const parser = new Parser();
  for (const lexeme of new Lexer().lex(text)) {
    if (/^\*.+:$/.test(lexeme)) {
      yield* parser.next(lexeme.slice(0, -1));
      yield* parser.next(':');
    } else {
      yield* parser.next(lexeme);
    }
  }
  yield* parser.end();
}

/** Aliases share what they stand for: writing it out at each place is counted. */
function plainOf(value: unknown, path: string, count: { values: number }): JsonValue {
  count.values += 1;
  if (count.values > limits.issuerConfigurationValues) {
    throw invalid(`at most ${limits.issuerConfigurationValues} values are read`);
  }
  if (value instanceof Map) {
    const entries = [...(value as Map<unknown, unknown>)].map(([key, each]) => {
      if (typeof key !== 'string') throw invalid(`${path}: a key that is no text`);
      return [key, plainOf(each, `${path}.${key}`, count)] as const;
    });
    return Object.fromEntries(entries);
  }
  if (Array.isArray(value)) return value.map((each, index) => plainOf(each, `${path}[${index}]`, count));
  if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) return value as JsonValue;
  throw invalid(`${path}: a kind of value that is not read`);
}

function invalid(why: string, cause?: unknown): ConfigError {
  return invalidConfiguration(`issuer configuration: ${why}`, cause);
}
