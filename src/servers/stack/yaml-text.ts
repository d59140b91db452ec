/** Writes YAML for people to read and change: manifests for clusters. @source yaml.org/spec/1.2.2 */

export type YamlValue = string | number | boolean | readonly YamlValue[] | { readonly [name: string]: YamlValue };

const INDENT = '  ';
/** What every reader of YAML takes for a text that is neither a number, a truth value, a date nor nothing. */
const PLAIN = /^[A-Za-z][A-Za-z0-9 /._-]*[A-Za-z0-9]$/;
const RESERVED = /^(?:true|false|yes|no|on|off|null|nan|inf|e[0-9_. -]*)$/i;
/** Lines of a PEM block and their like, which people compare by eye. */
const BLOCK = /^(?:[!-~][ -~]*\n)+$/;

/** A document, or several, each with its lists and objects one per line. Neither may be empty inside a document. */
export function encodeYaml(...documents: readonly YamlValue[]): string {
  return documents.map((document) => `${linesOf(document).join('\n')}\n`).join('---\n');
}

function linesOf(value: YamlValue): readonly string[] {
  if (isList(value)) return value.flatMap((item) => prefixed('- ', linesOf(item)));
  if (typeof value === 'object') return Object.entries(value).flatMap(([name, member]) => memberLinesOf(name, member));
  return [scalarOf(value)];
}

function memberLinesOf(name: string, value: YamlValue): readonly string[] {
  const key = scalarOf(name);
  if (typeof value === 'string' && BLOCK.test(value)) {
    return [`${key}: |`, ...indented(value.slice(0, -1).split('\n'))];
  }
  if (typeof value === 'object') return [`${key}:`, ...indented(linesOf(value))];
  return [`${key}: ${scalarOf(value)}`];
}

function scalarOf(value: string | number | boolean): string {
  if (typeof value !== 'string') return String(value);
  // A JSON text is a YAML text.
  return PLAIN.test(value) && !RESERVED.test(value) ? value : JSON.stringify(value);
}

function prefixed(marker: string, [first = '', ...rest]: readonly string[]): readonly string[] {
  return [`${marker}${first}`, ...indented(rest)];
}

function indented(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `${INDENT}${line}`);
}

function isList(value: YamlValue): value is readonly YamlValue[] {
  return Array.isArray(value);
}
