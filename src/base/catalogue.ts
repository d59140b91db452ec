/** Every error code with its summary, hint, exit status and HTTP status. docs/errors.md is made from this table.
 *  A hint says what to do next and never suggests weakening a check. */

export interface CatalogueEntry {
  /** One sentence: what happened. */
  readonly summary: string;
  /** One sentence: what to do. */
  readonly hint: string;
  /** Exit status of the command line. 0 verified, 10 absent, 11 image absent, 12 none acceptable, 20 could not look, 130 interrupted, 1 the rest. */
  readonly exit: 1 | 10 | 11 | 12 | 20 | 130;
  /** Status a server of ours answers with when it raises this. */
  readonly http: number;
}

export type ErrorCode = keyof typeof catalogue;

const entry = (summary: string, hint: string, exit: CatalogueEntry['exit'] = 1, http = 400): CatalogueEntry => ({ summary, hint, exit, http });

export const catalogue = {
  // Text and structure
  BASE64_MALFORMED: entry('A text that should be base64 is not.', 'Check that the value was copied whole, with its padding and without line breaks.'),
  HEX_MALFORMED: entry('A text that should be hexadecimal is not.', 'Check that the value was copied whole.'),
  TEXT_NOT_UTF8: entry('A text is not valid UTF-8.', 'Check that the file is the one you mean and was not converted.'),
  JSON_MALFORMED: entry('A document is not valid JSON, or repeats a member name.', 'Ask whoever made the document for a correct one.'),
  JSON_TOO_DEEP: entry('A JSON document nests deeper than allowed.', 'Documents of this kind are shallow: look at where this one comes from.'),
  JSON_SHAPE: entry('A JSON document lacks a member, or a member has the wrong type.', 'The message names the path, what was expected and what came.'),
  INPUT_TOO_LARGE: entry('An input is larger than its cap.', 'The message names the cap; a larger input of this kind is not honest.', 1, 413),
  DURATION_MALFORMED: entry('A duration is not in Go notation.', 'Write a number with a unit, such as 90s, 3m or 1h30m.'),

  // References, digests, manifests
  DIGEST_MALFORMED: entry('A digest is malformed or of an unsupported algorithm.', 'Write sha256: and 64 lower-case hex digits.'),
  MANIFEST_TYPE_MISMATCH: entry('Header, body and structure of a manifest disagree about what it is.', 'Do not trust this manifest: ask the registry\'s operator how it came there.'),
  REFERENCE_MALFORMED: entry('An image reference does not follow the grammar.', 'Write [registry/]repository[:tag][@sha256:digest] in lower case.'),
} as const satisfies Record<string, CatalogueEntry>;
