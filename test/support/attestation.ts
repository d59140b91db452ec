/** Attestations made by hand, in both forms: what the flows that read them are tested with. */
import { base64Of, utf8Of } from '../../src/base/bytes.ts';
import type { Signer } from '../../src/crypto/signer.ts';
import { encodeBundle } from '../../src/formats/bundle/bundle.ts';
import { keyMaterialOf } from '../../src/formats/signature-material.ts';
import { preAuthEncodingOf } from '../../src/formats/dsse/envelope.ts';
import { IN_TOTO_PAYLOAD_TYPE } from '../../src/formats/intoto/statement.ts';
import { digestOf } from '../../src/formats/oci/digest.ts';
import type { Descriptor } from '../../src/formats/oci/manifest.ts';
import { mediaTypes } from '../../src/formats/oci/media-type.ts';

export const CUSTOM_TYPE = 'https://cosign.sigstore.dev/attestation/v1';

export interface StatementOptions {
  readonly predicateType?: string;
  readonly predicate?: unknown;
}

/** A statement about one sha256 digest, as cosign writes it. */
export function statementAbout(digest: string, { predicateType, predicate }: StatementOptions = {}): Uint8Array {
  return utf8Of(
    JSON.stringify({
      _type: 'https://in-toto.io/Statement/v0.1',
      predicateType: predicateType ?? CUSTOM_TYPE,
      subject: [{ name: 'app', digest: { sha256: digest.replace('sha256:', '') } }],
      predicate: predicate ?? { Data: 'tested' },
    }),
  );
}

/** The envelope of a statement, with its members in cosign 2's order. */
export async function signedEnvelope(signer: Signer, statement: Uint8Array): Promise<Uint8Array> {
  const signature = await signer.sign(preAuthEncodingOf(IN_TOTO_PAYLOAD_TYPE, statement));
  const signatures = [{ keyid: '', sig: base64Of(signature) }];
  return utf8Of(JSON.stringify({ payloadType: IN_TOTO_PAYLOAD_TYPE, payload: base64Of(statement), signatures }));
}

/** A layer of an `.att` manifest with its envelope. */
export function attestationLayer(envelope: Uint8Array): { readonly layer: Descriptor; readonly payload: Uint8Array } {
  const annotations = { 'dev.cosignproject.cosign/signature': '' };
  const layer = { mediaType: mediaTypes.dsseEnvelope, digest: digestOf(envelope), size: envelope.length, annotations };
  return { layer, payload: envelope };
}

/** A bundle of version 0.3 that holds the statement. */
export async function attestationBundle(signer: Signer, statement: Uint8Array): Promise<Uint8Array> {
  const signature = await signer.sign(preAuthEncodingOf(IN_TOTO_PAYLOAD_TYPE, statement));
  const content = { kind: 'dsse', payloadType: IN_TOTO_PAYLOAD_TYPE, payload: statement } as const;
  return encodeBundle(keyMaterialOf(signer.publicKey), content, signature);
}
