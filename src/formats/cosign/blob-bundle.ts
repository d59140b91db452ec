/** Cosign's first bundle for signed files (LocalSignedPayload). @source sigstore/cosign pkg/cosign/fetch.go */

import { base64Of, parseBase64, parseUtf8, utf8Of } from '../../base/bytes.ts';
import { decodeDocument, decodeObject, decodeString, optional } from '../../base/decode.ts';
import { InputError } from '../../base/errors.ts';
import { parseJson } from '../../base/json.ts';
import { limits } from '../../base/limits.ts';
import { parsePemBlocks } from '../../crypto/pem.ts';
import type { SignatureMaterial } from '../signature-material.ts';
import type { SignedEntity, SignerClaim } from '../signed-entity.ts';
import { encodeCertificatePem } from '../x509/certificate-pem.ts';
import { decodeRekorBundle, rekorBundleOf } from './rekor-bundle.ts';

const decodeBundle = decodeObject({
  base64Signature: decodeString,
  cert: optional(decodeString),
  rekorBundle: optional(decodeRekorBundle),
});
const DER_SEQUENCE = 0x30;

/** Reads a bundle. `cert` holds base64 of PEM, raw PEM, or base64 of DER: cosign wrote all three.
 *  Throws BUNDLE_MALFORMED, BASE64_MALFORMED, PEM_MALFORMED, JSON_MALFORMED, JSON_SHAPE, INPUT_TOO_LARGE, and what
 *  `decodeRekorBundle` throws. */
export function parseBlobBundle(bytes: Uint8Array, origin: string): SignedEntity {
  const what = 'signature bundle';
  const { base64Signature, cert, rekorBundle } = decodeDocument(
    parseJson(bytes, { what, maxBytes: limits.bundleBytes }),
    decodeBundle,
    what,
  );
  if (base64Signature === '') {
    throw new InputError('BUNDLE_MALFORMED', `${what}: the signature is empty`);
  }
  return {
    form: 'legacy',
    origin,
    content: { kind: 'message' },
    signature: parseBase64(base64Signature),
    signer: cert === undefined || cert === '' ? { kind: 'none' } : signerOf(cert),
    logEntries: rekorBundle === undefined ? [] : [rekorBundle],
    logEvidence: 'promise',
    timestamps: [],
  };
}

/** The bundle that cosign writes for a signed file: the certificate as base64 of PEM; no key, which whoever verifies must
 *  have; no timestamps, for which this form has no place. */
export function encodeBlobBundle(signature: Uint8Array, { signer, logEntries }: SignatureMaterial): Uint8Array {
  const [entry] = logEntries;
  return utf8Of(
    JSON.stringify({
      base64Signature: base64Of(signature),
      ...(signer.kind === 'certificate' ? { cert: base64Of(utf8Of(encodeCertificatePem(signer.chain[0]))) } : {}),
      ...(entry === undefined ? {} : { rekorBundle: rekorBundleOf(entry) }),
    }),
  );
}

function signerOf(cert: string): SignerClaim {
  const bytes = cert.startsWith('-----') ? utf8Of(cert) : parseBase64(cert);
  if (bytes[0] === DER_SEQUENCE) {
    return { kind: 'certificate', chain: [bytes] };
  }
  const blocks = parsePemBlocks(bytes);
  if (blocks.every((block) => block.label === 'CERTIFICATE')) {
    return { kind: 'certificate', chain: blocks.map((block) => block.bytes) };
  }
  return { kind: 'embedded-key', pem: parseUtf8(bytes) };
}
