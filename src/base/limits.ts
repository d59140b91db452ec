/** Caps on every input, each with its unit and reason. Nothing is read, counted or looped over without one. */

const KiB = 1024;
const MiB = 1024 * KiB;

export const limits = {
  /** Levels of JSON nesting. Manifests and bundles use fewer than 12. */
  jsonDepth: 64,
  /** Bytes of an image manifest or index: 4 MiB is the smallest maximum the OCI distribution spec asks of registries. */
  manifestBytes: 4 * MiB,
  /** Bytes of an image config, from which only the platform is read. */
  imageConfigBytes: 4 * MiB,
  /** Bytes of a simple-signing payload. Real ones are under 1 KiB. */
  payloadBytes: 256 * KiB,
  /** Bytes of a signature bundle (with its log entries and an attestation inside). */
  bundleBytes: 16 * MiB,
  /** Bytes of one base64 signature text. ML-DSA-87 would take 6 KiB. */
  signatureBytes: 16 * KiB,
  /** Bytes of a key, certificate or certificate chain file. */
  keyFileBytes: 256 * KiB,
  /** Signature layers of one `.sig` manifest that are looked at, as cosign caps manifests. */
  signatureLayers: 1000,
  /** Referrers of one image that are looked at. */
  referrers: 1000,
  /** Signature fetches under way at once for one image. */
  signaturesInFlight: 16,
  /** Pages of a paginated listing: with 100 rows a page, 100,000 rows. */
  listPages: 1000,
  /** Bytes of one page of a referrers or tag listing. */
  listPageBytes: 4 * MiB,
  /** Bytes of an error answer that are read to tell its reason. */
  errorBodyBytes: 64 * KiB,
  /** Bytes of a token answer. */
  tokenBytes: 256 * KiB,
  /** Bytes of a docker config file. */
  configFileBytes: 4 * MiB,
  /** Bytes that a credential helper may print. */
  credentialHelperBytes: 256 * KiB,
  /** Milliseconds that a credential helper may take. */
  credentialHelperMs: 30_000,
  /** Redirects of one blob download. */
  redirects: 5,
  /** Tries of one idempotent request, the first included. */
  requestTries: 5,
  /** Child manifests of an index that recursion signs or verifies, nested ones included. */
  indexChildren: 1000,
  /** Levels of nested indexes. Real ones have one or two. */
  indexDepth: 4,
  /** Milliseconds without a byte before a transfer counts as stalled. */
  idleMs: 60_000,
  /** Milliseconds of a whole sign or verify, as cosign's --timeout. */
  commandMs: 180_000,
} as const;
