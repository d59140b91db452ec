/** The forms in which cosign stored signatures before bundles. @source sigstore/cosign specs/SIGNATURE_SPEC.md */

import { pemOf } from './virtual-key.ts';
import type { EntryJson } from './virtual-log.ts';
import type { VirtualSignature } from './virtual-sigstore.ts';

/** What cosign writes as `rekorBundle` and into the bundle annotation. */
export interface RekorBundleJson {
  SignedEntryTimestamp: string;
  Payload: { body: string; integratedTime: number; logIndex: number; logID: string };
}

/** Cosign's first bundle for signed files. */
export interface BlobBundleJson {
  base64Signature: string;
  cert: string;
  rekorBundle?: RekorBundleJson;
}

export function blobBundleOf(signed: VirtualSignature): BlobBundleJson {
  const [entry] = signed.bundle().verificationMaterial.tlogEntries;
  return {
    base64Signature: signed.signature.toString('base64'),
    cert: Buffer.from(verifierPemOf(signed)).toString('base64'),
    ...(entry === undefined ? {} : { rekorBundle: rekorBundleOf(entry) }),
  };
}

/** Annotations of a layer of a `.sig` manifest, whose blob is the signed payload. */
export function layerAnnotationsOf(signed: VirtualSignature): Record<string, string> {
  const { tlogEntries, timestampVerificationData } = signed.bundle().verificationMaterial;
  const [entry] = tlogEntries;
  const [timestamp] = timestampVerificationData?.rfc3161Timestamps ?? [];
  return {
    'dev.cosignproject.cosign/signature': signed.signature.toString('base64'),
    ...(signed.certificate === undefined
      ? {}
      : { 'dev.sigstore.cosign/certificate': verifierPemOf(signed), 'dev.sigstore.cosign/chain': '' }),
    ...(entry === undefined ? {} : { 'dev.sigstore.cosign/bundle': JSON.stringify(rekorBundleOf(entry)) }),
    ...(timestamp === undefined
      ? {}
      : {
          'dev.sigstore.cosign/rfc3161timestamp': JSON.stringify({ SignedRFC3161Timestamp: timestamp.signedTimestamp }),
        }),
  };
}

function rekorBundleOf(entry: EntryJson): RekorBundleJson {
  return {
    SignedEntryTimestamp: entry.inclusionPromise?.signedEntryTimestamp ?? '',
    Payload: {
      body: entry.canonicalizedBody,
      integratedTime: Number(entry.integratedTime),
      logIndex: Number(entry.logIndex),
      logID: Buffer.from(entry.logId.keyId, 'base64').toString('hex'),
    },
  };
}

function verifierPemOf({ logged: { verifier } }: VirtualSignature): string {
  return pemOf(verifier.kind === 'certificate' ? 'CERTIFICATE' : 'PUBLIC KEY', verifier.der);
}
