/** Files that hold what goes with a signature: its certificate, a timestamp. */

import { parseBase64, parseUtf8 } from '../base/bytes.ts';
import { decodeDocument, decodeObject, decodeString } from '../base/decode.ts';
import { InputError } from '../base/errors.ts';
import { parseJson } from '../base/json.ts';
import { limits } from '../base/limits.ts';
import { reading } from '../flows/given-file.ts';
import { parsePemBlocks } from '../crypto/pem.ts';
import { readInputFile } from './input-file.ts';
import type { Session } from './session.ts';

const DER_SEQUENCE = 0x30;
const PEM_START = 0x2d;
const JSON_START = 0x7b;

/** Certificates, leaf first, DER: of a file with PEM, with base64 of PEM (as `sign-blob --output-certificate` of cosign
 *  writes it) or with one certificate in DER. Throws PEM_MALFORMED, BASE64_MALFORMED, FILE_NOT_READABLE, INPUT_TOO_LARGE. */
export async function readCertificateFile(session: Session, path: string): Promise<readonly Uint8Array[]> {
  const bytes = await readInputFile(session, path, limits.keyFileBytes);
  return bytes[0] === DER_SEQUENCE ? [bytes] : reading({ name: path, bytes }, certificatesOf);
}

function certificatesOf(file: Uint8Array): readonly Uint8Array[] {
  const blocks = parsePemBlocks(file[0] === PEM_START ? file : parseBase64(parseUtf8(file).trim()));
  const other = blocks.find(({ label }) => label !== 'CERTIFICATE');
  if (other !== undefined) {
    throw new InputError('PEM_MALFORMED', `expected certificates, found a PEM block ${other.label}`);
  }
  return blocks.map(({ bytes }) => bytes);
}

const decodeTimestamp = decodeObject({ SignedRFC3161Timestamp: decodeString });

/** A timestamp response, DER: of a file with DER, or with the JSON that cosign writes. Throws JSON_MALFORMED, JSON_SHAPE,
 *  BASE64_MALFORMED, FILE_NOT_READABLE, INPUT_TOO_LARGE. */
export async function readTimestampFile(session: Session, path: string): Promise<Uint8Array> {
  const file = await readInputFile(session, path, limits.derBytes);
  if (file[0] !== JSON_START) return file;
  const document = parseJson(file, { what: path, maxBytes: limits.derBytes });
  return parseBase64(decodeDocument(document, decodeTimestamp, path).SignedRFC3161Timestamp);
}
