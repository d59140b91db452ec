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
  DER_MALFORMED: entry('Bytes that should be DER are not.', 'Ask whoever made the certificate, key or timestamp for a correct one.'),
  HEX_MALFORMED: entry('A text that should be hexadecimal is not.', 'Check that the value was copied whole.'),
  TEXT_NOT_UTF8: entry('A text is not valid UTF-8.', 'Check that the file is the one you mean and was not converted.'),
  JSON_MALFORMED: entry('A document is not valid JSON, or repeats a member name.', 'Ask whoever made the document for a correct one.'),
  JSON_TOO_DEEP: entry('A JSON document nests deeper than allowed.', 'Documents of this kind are shallow: look at where this one comes from.'),
  JSON_SHAPE: entry('A JSON document lacks a member, or a member has the wrong type.', 'The message names the path, what was expected and what came.'),
  INPUT_TOO_LARGE: entry('An input is larger than its cap.', 'The message names the cap; a larger input of this kind is not honest.', 1, 413),
  DURATION_MALFORMED: entry('A duration is not in Go notation.', 'Write a number with a unit, such as 90s, 3m or 1h30m.'),
  INSTANT_MALFORMED: entry('A time is not in RFC 3339 notation.', 'Write it such as 2026-01-02T03:04:05Z.'),
  PATTERN_MALFORMED: entry('A pattern is not a regular expression that is read here, or is too large.', 'Write RE2 syntax (as in Go): no back-references and no look-around.'),

  // References, digests, manifests
  DIGEST_MALFORMED: entry('A digest is malformed or of an unsupported algorithm.', 'Write sha256: and 64 lower-case hex digits.'),
  MANIFEST_TYPE_MISMATCH: entry('Header, body and structure of a manifest disagree about what it is.', "Do not trust this manifest: ask the registry's operator how it came there."),
  REFERENCE_MALFORMED: entry('An image reference does not follow the grammar.', 'Write [registry/]repository[:tag][@sha256:digest] in lower case.'),

  // Keys and signatures
  ANNOTATION_RESERVED: entry('An annotation has a name under which verification reports proven identities.', 'Choose another annotation name, for example with a prefix of your own.'),
  BUNDLE_MALFORMED: entry('A signature bundle breaks the rules of its format.', 'Ask whoever made the bundle for a correct one.'),
  BUNDLE_UNSUPPORTED: entry('A signature bundle names a media type or form that is not read.', 'Bundles of versions 0.1, 0.2 and 0.3 are read.'),
  CERTIFICATE_MALFORMED: entry('A certificate breaks the rules of its format.', 'Ask whoever issued the certificate for a correct one.'),
  CHECKPOINT_MALFORMED: entry('The checkpoint of a transparency log breaks the rules of its format.', 'Ask whoever made the bundle for a correct one.'),
  CSR_MALFORMED: entry('A certificate signing request breaks the rules of its format.', 'Give a PKCS#10 request as openssl or a Sigstore client makes it, PEM or DER.'),
  KEY_FETCH_FAILED: entry('A key could not be fetched from its address.', 'Check the address; redirects are not followed.', 1, 502),
  KEY_IS_PRIVATE: entry('A private key was given where a public key is wanted.', 'Write its public half with "countersign public-key --key FILE" and give that; keep the private key where it is.'),
  KEY_IS_PUBLIC: entry('A public key was given where a private key is wanted.', 'Give the private key (cosign.key rather than cosign.pub).'),
  KEY_MALFORMED: entry('A key cannot be read.', 'Check that the file is the key you mean and is whole.'),
  KEY_NOT_FOUND: entry('A key reference names nothing that is there.', 'Check the path, variable or address.'),
  KEY_PASSWORD_WRONG: entry('The password does not open the private key.', 'Give the right password in COSIGN_PASSWORD or at the prompt.'),
  KEY_REFERENCE_MALFORMED: entry('A key reference cannot be read.', 'Write a path, env://VARIABLE or an https:// address.'),
  KEY_REFERENCE_UNSUPPORTED: entry('A key reference has a scheme that this version does not read.', 'Use a key file, env://VARIABLE or an https:// address.'),
  KEY_UNREADABLE: entry('A key file could not be read.', 'Check the permissions of the file.'),
  KEY_UNSUPPORTED: entry('A key has an algorithm, size or protection that is not accepted.', 'Use ECDSA on P-256, P-384 or P-521, Ed25519, or RSA of 2048 to 4096 bits.'),
  KEY_WEAK: entry('A key is too weak to prove anything.', 'Make a new key with "countersign generate-key-pair".'),
  LAYER_MALFORMED: entry('A signature layer lacks what a signature needs.', 'Ask whoever pushed the signature to sign again.'),
  LOG_ENTRY_MALFORMED: entry('An entry of a transparency log breaks the rules of its format.', 'Ask whoever made the signature for a correct one.'),
  LOG_ENTRY_UNSUPPORTED: entry('An entry of a transparency log is of a kind that is not read.', 'Entries hashedrekord, dsse and intoto 0.0.1 and 0.0.2, and rekord 0.0.1, are read.'),
  PEM_MALFORMED: entry('A text is not strict PEM.', 'Give the file exactly as the tool that made it wrote it: blocks from BEGIN to END and nothing else.'),
  PREDICATE_MALFORMED: entry('A file cannot be the predicate of an attestation.', 'Give the file that the type asks for: for most types a JSON object.'),
  PREDICATE_TYPE_INVALID: entry('A predicate type is neither a known name nor an absolute URI.', 'Give one of the names that the message lists, or the URI exactly as the attestation states it.'),
  STATEMENT_MALFORMED: entry('An in-toto statement breaks the rules of its format.', 'Ask whoever signed it for a correct one.'),
  SUBMISSION_REFUSED: entry('A certificate transparency log does not take a certificate.', 'The message says what it lacks; the log takes what authorities below its own roots issued.'),
  TIMESTAMP_MALFORMED: entry('A timestamp breaks the rules of its format.', 'Ask whoever made the signature for a correct one.'),
  TIMESTAMP_REQUEST_MALFORMED: entry('A request for a timestamp breaks the rules of its format.', 'Make it with "openssl ts -query" or a Sigstore client.'),
  TIMESTAMP_REQUEST_REFUSED: entry('A request asks for a timestamp that the authority does not give.', 'Ask with SHA-256, SHA-384 or SHA-512, without extensions, and without a policy or under the one that the message names.'),
  TRUST_ROOT_MISSING: entry('Nothing says which services to trust.', 'Name a trusted root with --trusted-root FILE, fetch one once with "countersign initialize --mirror URL --root FILE", or give your own authority with --ca-roots FILE.'),
  TRUSTED_ROOT_MALFORMED: entry('A trusted root, or a file of trusted certificates or keys, cannot be used.', 'Get the file again from whoever runs the services that it describes.'),

  // Reading what is stored about an image
  CLEAN_FORBIDDEN: entry('A registry does not allow deletion.', "Ask the registry's operator to allow deletion, or to remove what the message names."),
  COPY_TAG_TAKEN: entry('The destination tag names another image already.', 'Choose another tag, or replace that image with --force.'),
  INDEX_OVER_CAP: entry('An image index holds more than is looked at.', 'Verify the images of the index one by one, by digest.', 20, 502),
  PLATFORM_NOT_FOUND: entry('An image has no variant for the platform asked for.', 'Choose one of the platforms that the message names.'),
  REFERRER_MISSING: entry('A registry lists something about an image that it does not have.', 'Have it pushed again, or remove what is listed with "countersign clean".', 20, 502),
  SIGNATURE_MALFORMED: entry('A signature that was given is not base64.', 'Give the signature as "sign --output-signature" or "sign-blob" wrote it.'),
  SIGNATURES_NOT_FOUND: entry('An image has no signatures.', 'Check that this is the digest that was signed; a tag may have been moved.', 10, 404),
  SIGNATURES_OVER_CAP: entry('An image has more signatures than are looked at.', 'Remove those that are not wanted with "countersign clean", and sign again.', 20, 502),
  THRESHOLD_INVALID: entry('A threshold cannot be met by the keys given.', 'Give at least as many different keys as must have signed.'),

  // Signing
  ATTACHMENT_MISMATCH: entry('A signature that should be attached is about another image.', 'Attach it to the image that the message names, by digest.'),
  CERTIFICATE_UNFIT: entry('A certificate authority issued a certificate that was not asked for, or that nobody would believe.', 'Nothing was signed. Check that the address of the authority and the trusted root belong together, then ask its operator.', 1, 502),
  DIGEST_UNEXPECTED: entry('A reference does not resolve to the expected digest.', 'Find out who moved the tag before you sign anything.'),
  LOGIN_FAILED: entry('Logging in at an OIDC issuer failed.', 'The message says why; with --identity-token no login is needed.', 1, 502),
  LOGIN_IMPOSSIBLE: entry('Somebody must log in, and there is no terminal.', 'Give an identity token with --identity-token FILE or SIGSTORE_ID_TOKEN, or choose a flow with --fulcio-auth-flow.'),
  SERVICE_ANSWER_INVALID: entry("A service's answer is not what was asked for.", 'Nothing was stored. Check that the address is that of the service; then ask its operator.', 20, 502),
  SERVICE_FAILED: entry('A service answered with an error.', "Nothing was stored. The message holds the service's reason.", 20, 502),
  SERVICE_URL_INVALID: entry('The address of a service cannot be used.', 'Write https://host/path; http:// is for loopback only.'),
  SIGNATURE_IMMUTABLE: entry('A registry does not let the signature tag of an image be written again.', 'Exempt tags that end in .sig from the immutability rule; signatures stored as referrers need no tag.'),
  SIGNATURE_NOT_KEPT: entry('A registry takes a signature and does not keep it.', "Look for a program that overwrites this image's signatures, or a cache in front of the registry; then sign again."),
  SIGNATURE_UNPROVEN: entry('A signature that was just made does not verify, and was not stored.', 'Check that the trusted root is that of the services that signed, and that the clocks of all machines are right.', 1, 502),
  SIGNING_CONFIG_MALFORMED: entry('A signing configuration cannot be read.', 'Get the file again from whoever runs the services; version 0.2 is read.'),
  SIGNING_CONFIG_UNUSABLE: entry('A signing configuration names no services that can be used now.', 'Get a newer one from whoever runs the services, or name the services with --fulcio-url, --rekor-url and --timestamp-server-url.'),
  SIGNING_SERVICE_MISSING: entry('Something is to be signed for which no service is named.', 'Name the services with --fulcio-url, --rekor-url and --oidc-issuer, give a --signing-config FILE, or fetch one with "countersign initialize"; or sign with --key FILE.'),

  // Files
  FILE_EXISTS: entry('A file that would be written is there already.', 'Choose another name or allow overwriting.'),
  FILE_NOT_READABLE: entry('A file cannot be read.', 'Check the path and the permissions.'),
  FILE_NOT_WRITABLE: entry('A file cannot be written.', 'Check that the folder exists, is writable and has space.'),

  // Command line
  ARGUMENTS_INVALID: entry('A command was given too few, too many or the wrong arguments.', 'Run the command with --help for its usage.'),
  COMMAND_UNKNOWN: entry('There is no such command.', 'Run "countersign --help" for the list.'),
  CONFIRMATION_DECLINED: entry('A question was not answered with yes.', 'Answer y, or give --yes (or --force) where the command has it.'),
  ENVIRONMENT_INVALID: entry('An environment variable cannot be read.', 'Correct or unset the variable that the message names.'),
  ENVIRONMENT_WEAKENS: entry('An environment variable would weaken what a command assures.', 'Unset the variable: such a flag must be visible on the command line.'),
  FLAGS_CONFLICT: entry('Flags were given that do not go together, or one is missing.', 'Run the command with --help for its flags.'),
  FLAG_NOT_AVAILABLE: entry('A flag asks for something that this version does not have.', 'See docs/cli/compatibility.md for what each flag of cosign does here.'),
  FLAG_UNKNOWN: entry('There is no such flag.', 'Run the command with --help for its flags.'),
  FLAG_VALUE_INVALID: entry('The value of a flag cannot be read.', 'The message says what was expected.'),
  FLAG_VALUE_MISSING: entry('A flag needs a value.', 'Write --flag=VALUE or --flag VALUE.'),
  IDENTITY_ANYONE: entry('An identity was given that everybody has.', 'Say who must have signed: the whole name, or a pattern that only your names match.'),
  IDENTITY_INCOMPLETE: entry('An identity was given by half.', 'Give both who must have signed and the OIDC issuer that vouches for the name.'),
  INTERRUPTED: entry('The command was interrupted.', 'Run it again: what was done already is kept.', 130, 503),
  PASSWORD_MISSING: entry("There is no password for a stack's keys.", 'Give --password-file FILE, set COUNTERSIGN_STACK_PASSWORD, or run the command at a terminal.'),
  PASSWORD_MISMATCH: entry('The two entries of a new password differ.', 'Run the command again and type the same password twice.'),

  // Registries and HTTP
  AUTH_HOST_REFUSED: entry('A registry asks for credentials to be sent to a host that is not its own.', "If that host really issues this registry's tokens, name it with --registry-auth-host HOST.", 20, 502),
  BLOB_NOT_FOUND: entry('A blob that a manifest names is not in the registry.', 'Push the image or the signature again: the registry lost a part of it.', 20, 502),
  CONFIG_MALFORMED: entry('A configuration file cannot be read.', 'Correct the file that the message names, or move it away.'),
  CREDENTIAL_HELPER_FAILED: entry('A credential helper failed.', 'Run the named docker-credential program by hand to see why.'),
  HTTP_ADDRESS_PRIVATE: entry('A name that strangers may choose leads to an address that is not public.', 'If that host is meant, configure it by its exact name.', 20, 502),
  HTTP_CUT: entry('A connection broke off before the answer was whole.', 'Try again; if it stays so, look at what stands between here and the host.', 20, 502),
  HTTP_STALLED: entry('A host stopped sending.', 'Try again; if it stays so, look at the host and the network.', 20, 504),
  HTTP_UNREACHABLE: entry('A host cannot be reached.', 'Check the name, the port, the network and the proxy settings.', 20, 502),
  IMAGE_NOT_FOUND: entry('The image is not in the registry.', 'Check the name and tag for spelling; it may also have been deleted.', 11, 404),
  PROXY_INVALID: entry('A proxy setting cannot be used.', 'Write http://host:port in HTTP_PROXY or HTTPS_PROXY.'),
  REGISTRY_ANSWER_INVALID: entry("A registry's answer is not what was asked for.", "Ask the registry's operator; the message says what was expected and what came.", 20, 502),
  REGISTRY_DENIED: entry('A registry refuses access.', 'Log in with an account that may read (or write) this repository.', 20, 502),
  REGISTRY_FAILED: entry('A registry answered with an error.', "Try again later, or ask the registry's operator.", 20, 502),
  REGISTRY_THROTTLED: entry('A registry allows no more requests for now.', 'Wait as long as the message says, or log in: accounts have higher limits.', 20, 503),
  REGISTRY_TIMEOUT: entry('The time for the command ran out while a registry was asked.', 'Give more time with --timeout.', 20, 504),
  TLS_CA_INVALID: entry('A file of trusted certificates holds none.', 'Name a file with PEM certificates.'),
  TLS_CLIENT_CERTIFICATE_INVALID: entry('A client certificate cannot be used.', 'Give the PEM certificate and the PEM key that belongs to it.'),
  TLS_UNTRUSTED: entry("A server's certificate is not trusted.", "Name the authority that issued it with --registry-cacert FILE, or have the server's certificate corrected.", 20, 502),

  // Trust from TUF repositories
  TUF_CACHE_LOCKED: entry('Another process is using the cache of the trust root and does not finish.', 'Wait for it to end, or give this one a cache of its own with TUF_ROOT=FOLDER.', 20, 503),
  TUF_CHECKSUM_MISMATCH: entry('A first root does not have the checksum that was given.', 'Do not use this file: get the root and its checksum again from people you trust.'),
  TUF_EXPIRED: entry('A document of a TUF repository has expired.', "Ask the repository's operator to publish newer documents, and check this machine's clock."),
  TUF_METADATA_MALFORMED: entry('A document of a TUF repository breaks the rules of its format.', "Check that the address is that of a TUF repository; if it is, tell the repository's operator.", 1, 502),
  TUF_MIRROR_FAILED: entry('A TUF repository does not give a file that it should have.', "Check the mirror's address, or ask the repository's operator.", 20, 502),
  TUF_MIRROR_INVALID: entry('The address of a TUF repository cannot be used.', 'Write https://host/path, http://host/path or file:///path, without user name, password and query.'),
  TUF_OFFLINE: entry('Something of a TUF repository is needed that is not in the cache, and offline nothing is fetched.', 'Run "countersign initialize" once while online, or name a file with --trusted-root.', 20, 503),
  TUF_ROLLBACK: entry('A TUF repository offers an older state than it showed before, or its documents do not belong together.', 'Do not trust this mirror: an old state may hide that a key was withdrawn. Tell its operator.', 1, 502),
  TUF_SIGNATURES_INSUFFICIENT: entry('A document of a TUF repository is not signed by enough of the keys that must sign it.', 'Do not trust this mirror. If the repository was set up anew, get its first root from people you trust and run "countersign initialize --mirror URL --root FILE".', 1, 502),
  TUF_TARGET_INVALID: entry('A target of a TUF repository is not what the signed documents say, or has a name that is not accepted.', 'Do not trust this mirror; tell its operator.', 1, 502),
  TUF_TARGET_MISSING: entry('A TUF repository has no target of the wanted name.', 'Check that the mirror is a Sigstore repository; ask its operator to publish trusted_root.json.', 1, 502),

  // Logs and stores of a private Sigstore
  INDEX_FAILED: entry('The index of the logs cannot be read or written.', 'Look at the disk and its free space, then start again.', 1, 500),
  INDEX_GAP: entry('Entries were to be indexed that do not follow those indexed before.', 'Stop the stack and start it again: the index is made anew from the log.', 1, 500),
  INDEX_VERSION_NEWER: entry('The index of the logs was written by a newer version.', 'Use the version of countersign that wrote it, or move the index file away: it is made anew from the logs.'),
  LOG_BUSY: entry('A log has more to do than it can take.', 'Try again in a moment.', 20, 503),
  LOG_DAMAGED: entry('What a log has stored is missing, broken or contradicts itself.', 'Restore the data directory from its newest backup, and never a part of it; run "countersign stack verify-log" to see how far the log is whole.', 1, 500),
  LOG_ENTRY_ABSENT: entry('A log has no such entry.', 'Check the index, the UUID and which log is asked.', 1, 404),
  LOG_ENTRY_REFUSED: entry('A log does not take an entry: a signature in it does not verify, or its signer cannot be judged.', 'Send the signature, what it is over and the key or certificate that made it, as they belong together.'),
  LOG_READ_ONLY: entry('A log takes no entries.', 'Run "countersign stack doctor": it says why and what to do.', 20, 503),
  LOG_SIZE_UNKNOWN: entry('A proof was asked for a tree that the log has not reached.', 'Ask for a size up to the one of the newest checkpoint.', 1, 400),
  STORE_CONFLICT: entry('An object of the store is not what the writer believed it to be.', 'Make sure that only one process writes to the data directory; run "countersign stack doctor".', 1, 500),
  STORE_FAILED: entry('The store failed while writing, so that nobody knows what is on the disk.', 'Look at the disk and its free space, then start again: what was acknowledged is there.', 1, 500),
  STORE_FULL: entry('The store has no room for what was to be written, and nothing of it counts.', 'Free space on the disk of the data directory; then write again.', 20, 507),
  STORE_KEY_INVALID: entry('The key of an object is not a path of plain names.', 'Report this: it is a fault of the program.', 1, 500),

  // Certificate authority of a private Sigstore
  CA_CERTIFICATE_INVALID: entry("The certificate authority's own certificates cannot issue.", 'Check this machine\'s clock, then run "countersign stack doctor".', 1, 500),
  CA_SELF_CHECK_FAILED: entry('A certificate that the authority made does not pass its own check, and was not given away.', 'Run "countersign stack doctor", and report what it says.', 1, 500),
  ISSUER_CONFIGURATION_INVALID: entry('The configuration of the token issuers cannot be used.', 'Correct the file at the place that the message names.'),
  PROOF_INVALID: entry('The proof that the sender of a certificate request holds its key does not verify.', 'Sign the e-mail address or subject of the token with the key, or send a certificate signing request that the key signed.'),
  PROOF_MISSING: entry('A certificate request brings no key, or no proof that its sender holds it.', 'Send publicKeyRequest with a proofOfPossession, or a certificateSigningRequest, and not both.'),

  // Timestamp authority of a private Sigstore
  CLOCK_BEHIND: entry('The clock stands before a time that a timestamp stated already.', "Correct this machine's clock; timestamps are given again once it has caught up.", 20, 503),
  TIMESTAMP_AUTHORITY_INVALID: entry("A timestamp authority's key and certificates do not make timestamps that verify.", 'Run "countersign stack doctor"; it says which certificate is at fault.', 1, 500),
  TIMESTAMP_AUTHORITY_LAPSED: entry("A timestamp authority's certificates are not valid at this time.", "Check this machine's clock, then renew the timestamp authority.", 20, 503),

  TILE_ABSENT: entry('A log has no such tile.', 'Ask for tiles of the tree of the newest checkpoint.', 1, 404),
  TILE_MALFORMED: entry('A tile or bundle of a log does not hold what its name says.', 'Restore the data directory from its newest backup, and never a part of it.', 1, 500),
  TILE_PATH_MALFORMED: entry('An address is not that of a tile.', 'Ask for tiles as c2sp.org/tlog-tiles writes them, such as tile/0/x001/234.', 1, 404),
  WITNESS_KEY_INVALID: entry('The key of a witness cannot be used.', 'Give it as its operator publishes it: name+hint+base64, an Ed25519 key for cosignatures (type 4).'),
  WITNESS_REFUSED: entry('A witness does not cosign the head of a log.', "Look at the witness's answer; ask its operator whether it knows this log and its key.", 20, 502),

  // TUF repository of a private Sigstore
  TUF_KEY_ABSENT: entry('Something is to be signed for the TUF repository by a key that is not in the data directory.', 'Bring the exported keys back with "countersign stack root import", do it again, and take them out again.'),
  TUF_REPOSITORY_DAMAGED: entry('What the TUF repository has stored is missing, broken or signed by other keys.', 'Restore the data directory from its newest backup, and never a part of it.', 1, 500),

  // Identity tokens
  TOKEN_AUDIENCE: entry('An identity token is meant for somebody else.', 'Ask the issuer for a token with the audience that the message names.'),
  TOKEN_CLAIMS: entry('An identity token lacks a claim, or a claim cannot be put into a certificate.', 'The message names the claim; look at how the issuer is configured.'),
  TOKEN_EXPIRED: entry('An identity token is not valid at this time.', 'Get a fresh token, and check the clocks of both machines.'),
  TOKEN_ISSUER_UNKNOWN: entry('An identity token comes from an issuer that is not configured.', 'Get a token from one of the issuers that the message names.'),
  TOKEN_ISSUER_UNREACHABLE: entry("The keys of an identity token's issuer could not be fetched.", 'Check from the machine of the certificate authority that the issuer answers.', 20, 503),
  TOKEN_MALFORMED: entry('An identity token is not a signed JSON web token.', 'Give the token as the issuer made it.'),
  TOKEN_MISSING: entry('A certificate request brings no identity token.', 'Send it as credentials.oidcIdentityToken, or as "Authorization: Bearer TOKEN".'),
  TOKEN_SIGNATURE: entry("An identity token is not signed by its issuer's keys.", 'Get the token from the issuer itself.'),

  // Servers
  CONTROL_REFUSED: entry('The running stack refuses what a command asks of it.', 'The message says why.'),
  CONTROL_SOCKET_FAILED: entry('The socket by which commands speak to the stack cannot be opened.', 'Choose a data directory with a shorter path, on a file system that has sockets.'),
  DATA_DIR_LOCKED: entry('Another process uses the data directory.', 'Stop the other process, or give this one a directory of its own.'),
  FORM_REFUSED: entry('A form was not sent from the page that it belongs to.', 'Begin again: start the program that asked you to sign in once more.', 1, 403),
  HOST_REFUSED: entry('A server on loopback was called by a name that is not loopback.', 'Call it as 127.0.0.1, [::1] or localhost.', 1, 421),
  LISTEN_FAILED: entry('A server cannot listen on its address.', 'Choose a free port, or port 0 to be given one.'),
  MEDIA_TYPE_UNSUPPORTED: entry('A request has a body of a kind that its address does not take.', 'Send it with the Content-Type that the message names.', 1, 415),
  METHOD_NOT_SERVED: entry('An address of a server does not answer this method.', "See the service's API for what it answers to.", 1, 405),
  ORIGIN_REFUSED: entry('A web page of another origin called a server.', 'Call the server from a program, not from a page of another site.', 1, 403),
  REQUEST_PARAMETER_MALFORMED: entry('A parameter of a request is missing, is given twice or cannot be read.', 'The message names the parameter and what it should be.'),
  REQUEST_PATH_MALFORMED: entry('The path of a request cannot be read.', 'Percent-encode what stands in the path.'),
  REQUEST_SLOW: entry('The body of a request did not arrive in time.', 'Send it again over a faster connection.', 1, 408),
  ROOT_KEYS_ABSENT: entry('The keys that would be taken out of a data directory are not in it.', 'Look for the file that the first export wrote.'),
  SERVER_FAILED: entry('A server failed in a way that was not foreseen.', "Look at the server's log, which says more.", 1, 500),
  STACK_DATA_INVALID: entry('A data directory does not hold what a stack has left there.', 'Restore the data directory from a backup, whole; or choose an empty one for a new stack.'),
  STACK_FIXED: entry('Something was asked of a stack that was decided when its data directory was made.', 'Start it as it was made, or make another stack in another data directory.'),
  STACK_NOT_FOUND: entry('There is no stack in the data directory.', 'Name its directory with --data, or make one with "countersign up".'),
  STACK_NOT_RUNNING: entry('No stack runs on the data directory.', 'Start it with "countersign up", and name the same --data.', 20, 503),
  STACK_URL_INVALID: entry('The URL of a stack is not the origin of a web server.', 'Write http:// or https://, a host name, and a port where it is not the usual one; no path.'),
  STACK_VERSION_NEWER: entry('A data directory was written by a newer version.', 'Use the version of countersign that wrote it, or a newer one.'),
  WITNESS_INVALID: entry('A witness cannot be used.', 'Write its verifier key, an equals sign and its address: NAME+HASH+KEY=https://witness.example.'),
  SERVER_TLS_INVALID: entry('The certificate and key of a server cannot be used.', 'Give a PEM certificate chain and its unencrypted PEM private key.'),
} as const satisfies Record<string, CatalogueEntry>;
