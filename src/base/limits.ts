/** Caps on every input, each with its unit and reason. Nothing is read, counted or looped over without one. */

const KiB = 1024;
const MiB = 1024 * KiB;

export const limits = {
  /** Levels of JSON nesting. Manifests and bundles use fewer than 12. */
  jsonDepth: 64,
  /** Values of one JSON document, each of which may take 30 times the memory of its text: a whole bundle of texts of 13
   *  letters. */
  jsonValues: 1_000_000,
  /** Bytes of an image manifest or index: 4 MiB is the smallest maximum the OCI distribution spec asks of registries. */
  manifestBytes: 4 * MiB,
  /** Bytes of an image config, from which only the platform is read. */
  imageConfigBytes: 4 * MiB,
  /** Bytes of a simple-signing payload. Real ones are under 1 KiB. */
  payloadBytes: 256 * KiB,
  /** Bytes of a signature bundle (with its log entries and an attestation inside). */
  bundleBytes: 16 * MiB,
  /** Bytes of one DER document: a certificate, a timestamp with its chain. Real ones have up to 10 KiB. */
  derBytes: 1 * MiB,
  /** Subjects of one statement, as sigstore-go caps them. */
  statementSubjects: 1024,
  /** Digests of one subject, as sigstore-go caps them. */
  subjectDigests: 32,
  /** Characters of a predicate type that somebody asks for. */
  predicateTypeLength: 2048,
  /** Bytes of all names of one certificate, and of one of its Fulcio extensions. Real ones are under 500. */
  certificateTextBytes: 8 * KiB,
  /** UTF-16 units of a user's pattern: an alternation of 50 long workflow names. */
  patternUnits: 4 * KiB,
  /** Instructions that a pattern may compile to: the longest without a repetition. Matching takes up to that many steps
   *  for each character, half a second for the longest text. */
  patternInstructions: 5_000,
  /** Certificates of one chain: leaf, a few intermediates, root. */
  chainCertificates: 10,
  /** Certificates of one PEM file of trusted ones. */
  pemCertificates: 100,
  /** Bytes of a trusted root. The public one has 7 KiB. */
  trustedRootBytes: 1 * MiB,
  /** Logs, or authorities, of one kind in a trusted root. Old ones stay in it for ever; the public one has 2 of each. */
  trustedServices: 100,
  /** Extensions of one certificate. Fulcio writes up to 28. */
  certificateExtensions: 64,
  /** Names or subtrees in one extension of a certificate. */
  certificateNames: 64,
  /** Signed certificate timestamps in one certificate. */
  certificateTimestamps: 32,
  /** Log entries beside one signature, as sigstore-go caps them. */
  logEntries: 32,
  /** Milliseconds by which clocks of honest machines may differ: a time further in the future is refused. */
  clockSkewMs: 300_000,
  /** Characters of a checkpoint with its signatures. Real ones have under 1 KiB. */
  checkpointCharacters: 16 * KiB,
  /** Signatures under one checkpoint: the log's and its witnesses'. */
  checkpointSignatures: 32,
  /** Bytes of one RFC 3161 timestamp. Real ones have up to 7 KiB, with the whole chain of an RSA authority. */
  timestampBytes: 64 * KiB,
  /** Signed attributes of one timestamp. Real ones have four or five. */
  timestampAttributes: 16,
  /** Timestamps over one signature, as sigstore-go caps them. */
  timestamps: 32,
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
  /** Characters of an identity token. Those of build systems have 2 KiB. */
  identityTokenCharacters: 64 * KiB,
  /** Bytes of an answer of a certificate authority, a log or an OIDC issuer. Real ones have under 20 KiB. */
  serviceAnswerBytes: 1 * MiB,
  /** Milliseconds for the whole answer of one of these. */
  serviceAnswerMs: 60_000,
  /** Milliseconds that a person has to log in, in a browser or on another device. */
  loginMs: 120_000,
  /** Seconds between two questions whether a person has logged in on another device. */
  devicePollSeconds: 60,
  /** Bytes of a signing configuration. Real ones have 2 KiB. */
  signingConfigBytes: 1 * MiB,
  /** Bytes of a file that is attested: base64 and JSON make it larger, and readers take 16 MiB. */
  predicateBytes: 8 * MiB,
  /** Bytes of a docker config file. */
  configFileBytes: 4 * MiB,
  /** Bytes that a credential helper may print. */
  credentialHelperBytes: 256 * KiB,
  /** Milliseconds that a credential helper may take. */
  credentialHelperMs: 30_000,
  /** Bytes of a TUF root document. The public one has 6 KiB; the cap is that of other clients. */
  tufRootBytes: 512_000,
  /** Bytes of a TUF timestamp document. Real ones are under 1 KiB. */
  tufTimestampBytes: 16 * KiB,
  /** Bytes of a TUF snapshot document. Real ones are under 1 KiB. */
  tufSnapshotBytes: 2_000_000,
  /** Bytes of a TUF targets document. The public one has 6 KiB. */
  tufTargetsBytes: 5_000_000,
  /** Bytes of a TUF target. A trusted root has 10 KiB. */
  tufTargetBytes: 16 * MiB,
  /** Keys, roles, signatures, files or targets that one TUF document lists: the library's work grows with the square. */
  tufEntries: 1024,
  /** Characters of a TUF role's, key's, target's or path pattern's name. */
  tufNameLength: 512,
  /** Root documents that are walked through in one update: one for each rotation since the last. */
  tufRootRotations: 256,
  /** Delegated TUF roles that are asked for one target. */
  tufDelegations: 32,
  /** Milliseconds for one file of a TUF repository to arrive whole, however steadily its bytes drip. */
  tufFileMs: 60_000,
  /** Milliseconds that a TUF cache is used before the repository is asked again, when nothing in it has expired. */
  tufRefreshMs: 24 * 3_600_000,
  /** Milliseconds to wait for another process that refreshes the same TUF cache. */
  tufLockMs: 90_000,
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
  /** Requests of one connection that have no answer yet. Real clients wait for each. */
  pipelinedRequests: 16,
  /** Milliseconds for the body of a request to one of the small services to arrive. */
  serviceBodyMs: 30_000,
  /** Bytes that a command and the running stack send each other. */
  controlBytes: 1 * MiB,
  /** Bytes of a request to a certificate authority: a token, a key of 4096 bits and a signature have 10 KiB. */
  certificateRequestBytes: 256 * KiB,
  /** Characters of the configuration of token issuers. Fulcio's public one has 20 KiB. */
  issuerConfigurationCharacters: 1 * MiB,
  /** Values in it, those that aliases repeat counted each time. */
  issuerConfigurationValues: 100_000,
  /** Uses of one anchor in it: one for each issuer that shares a setting. */
  issuerConfigurationAliases: 1000,
  /** Characters of one template of claims. Real ones have under 200. */
  templateCharacters: 2 * KiB,
  /** Bytes of an issuer's discovery document, and of its keys. Real ones have under 10 KiB. */
  issuerDocumentBytes: 256 * KiB,
  /** Milliseconds for one of them to arrive whole, as Fulcio has it. */
  issuerDocumentMs: 10_000,
  /** Keys of one issuer. Real ones have up to 10; a token that names none is tried with each. */
  issuerKeys: 64,
  /** Milliseconds for which an issuer's keys are believed without asking again. */
  issuerKeysMs: 600_000,
  /** Milliseconds between two questions to one issuer, however many bad tokens come or however often it fails. */
  issuerPauseMs: 10_000,
  /** Issuers found by a pattern whose keys are kept. */
  foundIssuers: 100,
  /** Issuers found by a pattern that are asked at once: anyone can make up more. */
  issuersInFlight: 16,
  /** Bytes of one log entry as it stands in a bundle: its frame has a length of two octets. */
  logEntryBytes: 65_535,
  /** Keys by which one log entry is found. A certificate has a few names, a statement may have many subjects. */
  indexKeys: 256,
  /** Characters of one of them. */
  indexKeyCharacters: 2_048,
  /** Bytes of a submission to a certificate transparency log: a certificate and its issuers have 6 KiB in base64. */
  submissionBytes: 256 * KiB,
  /** Entries of a certificate transparency log in one answer, as many as a tile has. */
  servedLogEntries: 256,
  /** Bytes of them: one more is added while they are fewer. */
  servedLogBytes: 2 * MiB,
  /** Bytes of a request for a timestamp. With the longest hash, a policy and a nonce it has under 200. */
  timestampRequestBytes: 4 * KiB,
  /** Milliseconds by which a timestamp authority's clock may step back, as time servers correct it, before it stamps no
   *  more: the accuracy that each stamp states. */
  stampClockStepMs: 1_000,
  /** Bytes of a request to Rekor: the envelope around the bill of materials of a large image is sent whole. */
  rekorRequestBytes: 32 * MiB,
  /** Bytes of all requests to Rekor that are held at once: four of the largest. */
  rekorHeldBytes: 128 * MiB,
  /** Bytes above which a request to Rekor waits for its turn: what stands there takes several times its memory. */
  rekorSmallRequestBytes: 1 * MiB,
  /** Larger ones that are judged at once: half a gigabyte of memory. */
  rekorLargeRequests: 2,
  /** Larger ones that wait for their turn. */
  rekorWaitingRequests: 32,
  /** Signatures of one log entry that is proposed, and signers sent with it. Real ones have one. */
  entrySignatures: 10,
  /** Bytes of an attestation that is kept beside the log, as upstream caps them. */
  attestationBytes: 100 * KiB,
  /** Entries that one request to Rekor asks for, as upstream caps them. */
  retrievedEntries: 10,
  /** Entries that one search of Rekor finds: the newest, a thousand pages of a tile's bytes at most. */
  foundEntries: 1000,
  /** Characters of a name that Rekor is searched for, as upstream caps them. */
  searchedNameLength: 512,
  /** Bytes of all keys of one log entry. Real ones have under 1 KiB, statements over many files more. */
  indexKeyBytes: 64 * KiB,
  /** Submissions that wait for their place in a log: more than five seconds of work. */
  logWaiting: 4096,
  /** Entries that are given their place together: those of one bundle. */
  logBatch: 256,
  /** Milliseconds by which the clock may stand behind a log's last head: more, and one of the two times is wrong. */
  logClockBackMs: 60_000,
  /** Bytes of full tiles that a log holds in memory to read from: those of a million entries. A tile that is read again is
   *  hashed again, which is most of what a proof costs. */
  logTileCacheBytes: 64 * MiB,
  /** Bytes of full bundles that a log holds in memory: some dozen. Who reads one entry after the other needs no more. */
  logBundleCacheBytes: 8 * MiB,
  /** Bytes of a witness's answer: a few lines. */
  witnessAnswerBytes: 16 * KiB,
  /** Milliseconds that a witness may take. */
  witnessMs: 10_000,
  /** Bytes that stay free on the disk of a store: with less, no batch of a log is begun, so that one that was begun, of
   *  the largest entries and for both logs, can be ended. */
  storeReserveBytes: 64 * MiB,
  /** Keys of one listing of an object store. */
  storeListing: 100_000,
  /** Characters of the key of one object: that is what object storage takes. */
  storeKeyCharacters: 1024,
  /** Folders of a store known to be on the disk: beyond, they are looked at again. */
  storeFolders: 10_000,
  /** Sign-ins, codes or devices under way at once with the development issuer, of each. */
  issuerState: 1000,
  /** Bytes of a form or token request to it. */
  issuerFormBytes: 16 * KiB,
  /** Characters of a code that a client repeats to it. */
  issuerCodeCharacters: 256,
  /** Wrong device codes in ten minutes: of 25 billion, so that guessing is hopeless. */
  issuerGuesses: 20,
  /** Milliseconds that a stopping server waits for requests under way. */
  serverStopMs: 5_000,
} as const;
