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
  /** Subjects of one statement, as sigstore-go caps them. */
  statementSubjects: 1024,
  /** Certificates of one chain: leaf, a few intermediates, root. */
  chainCertificates: 10,
  /** Bytes of one base64 signature text. ML-DSA-87 would take 6 KiB. */
  signatureBytes: 16 * KiB,
  /** Bytes of a file that Ed25519 signs or verifies, which must be held in memory whole. */
  wholeMessageBytes: 512 * MiB,
  /** Bytes of a file under verification that are held in memory where hashes would do; larger files are hashed. */
  heldFileBytes: 16 * MiB,
  /** Bytes of a key, certificate or certificate chain file. */
  keyFileBytes: 256 * KiB,
  /** Bytes of a password on standard input. */
  passwordBytes: 4 * KiB,
  /** Signature layers of one `.sig` manifest that are looked at, as cosign caps manifests. */
  signatureLayers: 1000,
  /** Referrers of one image that are looked at. */
  referrers: 1000,
  /** Bytes of all signatures of one image in one form. Real ones have 10 KiB each. */
  heldSignatureBytes: 48 * MiB,
  /** Signature fetches under way at once for one image. */
  signaturesInFlight: 16,
  /** Milliseconds after raising its marker in which a signer begins to write; later it raises a new marker first. */
  signerLeaseMs: 30_000,
  /** Milliseconds that a write begun within the lease may take to arrive: the idle timeout of a request and a bit. */
  signerGraceMs: 70_000,
  /** Milliseconds past its written deadline after which a marker counts as left behind, however wrong the clocks are. */
  signerClockSkewMs: 3_600_000,
  /** Markers of other signers of one image that are read. */
  signerMarkers: 1000,
  /** Times that a marker is listed and not there before the listing counts as stale. */
  signerMarkerMisses: 10,
  /** Times that a signer writes its signature again because it was overwritten, before it gives up: 40 seconds. */
  mergeRounds: 30,
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
  /** Bytes of a file of trusted certificates. A whole system's list is 220 KiB. */
  trustFileBytes: 4 * MiB,
  /** Redirects of one blob download. */
  redirects: 5,
  /** Tries of one idempotent request, the first included. */
  requestTries: 5,
  /** Milliseconds before the first repetition; doubled each time, with jitter. */
  retryDelayMs: 200,
  /** Milliseconds that a registry may make us wait before a repetition when no deadline is known. */
  retryAfterMs: 60_000,
  /** Child manifests of an index that recursion signs or verifies, nested ones included. */
  indexChildren: 1000,
  /** Levels of nested indexes. Real ones have one or two. */
  indexDepth: 4,
  /** Milliseconds without a byte before a transfer counts as stalled. */
  idleMs: 60_000,
  /** Milliseconds of a whole sign or verify, as cosign's --timeout. */
  commandMs: 180_000,
  /** Bytes of one uploaded blob. Real layers stay under 10 GiB. */
  blobBytes: 64 * 1024 * MiB,
  /** Blob uploads begun and not finished, held open by the embedded registry. */
  registryUploads: 1000,
  /** Milliseconds without a request after which an upload may be dropped. */
  registryUploadMs: 3_600_000,
  /** Rows of one page of a listing that a server of ours sends: with the longest tags, 1.3 MB. */
  servedRows: 10_000,
  /** Rows of one page of a referrers listing that a server of ours sends. */
  servedReferrers: 1000,
  /** Bytes of one page of a referrers listing that a server of ours sends; a descriptor's annotations can be large. */
  servedPageBytes: 2 * MiB,
  /** Bytes of a request's line and headers. */
  requestHeaderBytes: 32 * KiB,
  /** Milliseconds for a request's headers to arrive. */
  requestHeaderMs: 30_000,
  /** Milliseconds for a whole request to arrive: a large layer over a slow line. */
  requestMs: 3_600_000,
  /** Connections open at once: half of the usual limit of open files. */
  serverConnections: 512,
  /** Milliseconds that a stopping server waits for requests under way. */
  serverStopMs: 5_000,
} as const;
