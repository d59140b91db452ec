import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { hasCode } from '../../../../test/support/error-code.ts';
import { limits } from '../../../base/limits.ts';
import { parseTemplate, renderTemplate } from './template.ts';

const values = new Map([
  ['url', 'https://ci.example'],
  ['ref', 'main'],
  ['kind', 'branch'],
  ['none', ''],
  ['a.b/c-d', 'dotted'],
]);

function render(source: string, isName = false): string {
  return renderTemplate(parseTemplate(source), { values: (name) => values.get(name), isName });
}

test('templates give what Go gives', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['ref', 'main'],
    ['a.b/c-d', 'dotted'],
    ['{{ .url }}/{{.ref}}', 'https://ci.example/main'],
    ['{{index . "a.b/c-d"}}', 'dotted'],
    ['x{{(index . "a.b/c-d")}}y', 'xdottedy'],
    ['[{{ index . "absent" }}]', '[]'],
    ['refs/{{if eq .kind "branch"}}heads/{{ else }}tags/{{end}}{{ .ref }}', 'refs/heads/main'],
    ['refs/{{if eq .kind "tag"}}heads/{{ else }}tags/{{end}}{{ .ref }}', 'refs/tags/main'],
    ['{{if eq (index . "absent") "true"}}yes{{ else }}""{{end}}', '""'],
    ['{{if eq "branch" (index . "kind")}}{{if eq .ref "main"}}both{{end}}{{end}}!', 'both!'],
    ['{{if eq .kind "tag"}}never{{end}}', ''],
    ['{{ "a }} \\"b\\"" }}', 'a }} "b"'],
    ['}} { {{ .none }}', '}} { '],
  ];
  for (const [source, text] of cases) assert.equal(render(source), text, source);
});

test('a value that is not there is an error, and in a name one that is empty too', () => {
  for (const source of ['absent', '{{ .absent }}', '{{if eq .absent "x"}}{{end}}']) {
    assert.throws(() => render(source), hasCode('TOKEN_CLAIMS'), source);
  }
  for (const source of ['none', '{{ .url }}/{{ .none }}', '{{ .url }}/{{ index . "absent" }}']) {
    assert.doesNotThrow(() => render(source), source);
    assert.throws(() => render(source, true), hasCode('TOKEN_CLAIMS'), source);
  }
  assert.equal(
    render('{{if eq .none ""}}{{ .url }}{{end}}', true),
    'https://ci.example',
    'what is compared may be empty',
  );
});

test('what is not read is refused when the template is read', () => {
  const refused = [
    '{{',
    '{{ .url',
    '{{}}',
    '{{ . }}',
    '{{ .a.b }}',
    '{{ .url | printf "%s" }}',
    '{{ printf "%s" .url }}',
    '{{- .url -}}',
    '{{/* note */}}',
    '{{ index . "a" "b" }}',
    '{{ index .url "a" }}',
    '{{ (.url) }}x{{ ((index . "a")) }}',
    '{{ `raw` }}',
    '{{ "bad \\q" }}',
    '{{ "open }}',
    '{{ if .url }}x{{ end }}',
    '{{ if eq .url }}x{{ end }}',
    '{{ if eq .url index . "a" }}x{{ end }}',
    '{{ if eq index . "a" .url }}x{{ end }}',
    '{{ if eq .url "a" "b" }}x{{ end }}',
    '{{ if eq .url "a" }}x',
    '{{ if eq .url "a" }}x{{ else }}y',
    '{{ if eq .url "a" }}x{{ else }}y{{ else }}z{{ end }}',
    '{{ if eq .url "a" }}x{{ else if eq .url "b" }}y{{ end }}',
    'x{{ end }}',
    'x{{ else }}',
    '{{ range .url }}x{{ end }}',
    '{{ with .url }}x{{ end }}',
    '{{ define "x" }}{{ end }}',
    '{{ $x := .url }}',
    `{{ .url }}${'x'.repeat(limits.templateCharacters)}`,
  ];
  for (const source of refused)
    assert.throws(() => parseTemplate(source), hasCode('ISSUER_CONFIGURATION_INVALID'), source);
});

test('whatever is written, a template is read or refused, and a text between the values stays as it is', () => {
  const piece = fc.constantFrom(
    '{{',
    '}}',
    '{',
    '"',
    '\\',
    ' ',
    '.url',
    'if eq ',
    'else',
    'end',
    'index . "a"',
    '(',
    ')',
    'x',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      try {
        parseTemplate(pieces.join(''));
      } catch (error) {
        assert.ok(hasCode('ISSUER_CONFIGURATION_INVALID')(error));
      }
    }),
  );
  fc.assert(
    fc.property(fc.string(), fc.string(), (before, after) => {
      fc.pre(!`${before}{{ .url }}${after}`.replace('{{ .url }}', '').includes('{{') && !before.endsWith('{'));
      assert.equal(render(`${before}{{ .url }}${after}`), `${before}https://ci.example${after}`);
    }),
  );
});
