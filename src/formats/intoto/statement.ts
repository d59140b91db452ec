/** in-toto statements: what an attestation, or a cosign 3 image signature, says about its subjects.
 *  @source github.com/in-toto/attestation, spec/v1/statement.md and spec/v0.1.0; sigstore/cosign `sign` predicate */

import { utf8Of } from '../../base/bytes.ts';
import { decodeArray, decodeDocument, decodeMap, decodeObject, decodeString, optional } from '../../base/decode.ts';
import type { Decoder } from '../../base/decode.ts';
import { InputError } from '../../base/errors.ts';
import { parseJson } from '../../base/json.ts';
import type { JsonValue } from '../../base/json.ts';
import { limits } from '../../base/limits.ts';
import { encodeGoJson, goMapOf } from '../go-json.ts';
import { digestAlgorithmOf, digestHexOf } from '../oci/digest.ts';
import type { Digest } from '../oci/digest.ts';

export const IN_TOTO_PAYLOAD_TYPE = 'application/vnd.in-toto+json';
/** The predicate type that makes a statement an image signature; any other is an attestation about the image. */
export const COSIGN_SIGN_PREDICATE = 'https://sigstore.dev/cosign/sign/v1';

export interface Subject {
  readonly name?: string;
  /** Algorithm to hex, as signed. */
  readonly digest: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, JsonValue>>;
}

export interface Statement {
  readonly subjects: readonly Subject[];
  readonly predicateType: string;
  /** What is stated, as signed; undefined where the predicate type says it all. */
  readonly predicate?: JsonValue;
}

const STATEMENT_V1 = 'https://in-toto.io/Statement/v1';
const STATEMENT_V01 = 'https://in-toto.io/Statement/v0.1';
const STATEMENT_TYPES: ReadonlySet<string> = new Set([STATEMENT_V1, STATEMENT_V01]);

const decodeJson: Decoder<JsonValue> = (value) => value as JsonValue;
const decodeStatement = decodeObject({
  _type: decodeString,
  subject: decodeArray(
    decodeObject({
      name: optional(decodeString),
      digest: decodeMap(decodeString),
      annotations: optional(decodeMap(decodeJson)),
    }),
  ),
  predicateType: decodeString,
  predicate: optional(decodeJson),
});

/** Reads a statement of version 1 or 0.1. Throws STATEMENT_MALFORMED, INPUT_TOO_LARGE, TEXT_NOT_UTF8, JSON_MALFORMED,
 *  JSON_TOO_DEEP, JSON_SHAPE. */
export function parseStatement(payload: Uint8Array): Statement {
  const what = 'in-toto statement';
  const { _type, subject, ...stated } = decodeDocument(
    parseJson(payload, { what, maxBytes: limits.bundleBytes }),
    decodeStatement,
    what,
  );
  if (!STATEMENT_TYPES.has(_type)) {
    throw new InputError('STATEMENT_MALFORMED', `${what}: unknown type ${JSON.stringify(_type.slice(0, 100))}`);
  }
  if (subject.length === 0 || subject.length > limits.statementSubjects) {
    throw new InputError(
      'STATEMENT_MALFORMED',
      `${what}: ${subject.length} subjects, expected 1 to ${limits.statementSubjects}`,
    );
  }
  const crowded = subject.find(({ digest }) => Object.keys(digest).length > limits.subjectDigests);
  if (crowded !== undefined) {
    throw new InputError(
      'STATEMENT_MALFORMED',
      `${what}: a subject with ${Object.keys(crowded.digest).length} digests, at most ${limits.subjectDigests} are read`,
    );
  }
  return { subjects: subject.map((each) => ({ ...each, annotations: each.annotations ?? {} })), ...stated };
}

/** The statement that cosign 3 signs for an image. */
export function encodeSignStatement(claims: {
  readonly imageDigest: Digest;
  readonly annotations: Readonly<Record<string, string>>;
}): Uint8Array {
  const digest = { [digestAlgorithmOf(claims.imageDigest)]: digestHexOf(claims.imageDigest) };
  const statement = {
    _type: STATEMENT_V1,
    subject: [{ digest, annotations: goMapOf(claims.annotations) }],
    predicateType: COSIGN_SIGN_PREDICATE,
    predicate: {},
  };
  return encodeGoJson(statement, 'protobuf');
}

/** The statement of an attestation, as cosign writes it. `predicate` is JSON text, which is kept as it is. */
export function encodeAttestation(attested: {
  readonly subjectName: string;
  readonly digest: Digest;
  readonly predicateType: string;
  readonly predicate: string;
}): Uint8Array {
  const { subjectName, digest, predicateType, predicate } = attested;
  const subject = [{ name: subjectName, digest: { [digestAlgorithmOf(digest)]: digestHexOf(digest) } }];
  const head = JSON.stringify({ _type: STATEMENT_V01, predicateType, subject });
  return utf8Of(`${head.slice(0, -1)},"predicate":${predicate}}`);
}
