/** Why another verifier answers otherwise than ours. Every difference needs exactly one explanation, and every case that an
 *  explanation is about must differ. */

import type { VerifierName } from '../support/oracles.ts';

export interface Explanation {
  readonly verifiers: readonly VerifierName[];
  /** What they answer; ours is the other. */
  readonly verdict: 'accepts' | 'rejects';
  /** Which cases, by their names. */
  readonly about: RegExp;
  readonly why: string;
}

type Cause = Pick<Explanation, 'about' | 'why'>;

const cosign: readonly VerifierName[] = ['cosign-3'];
const js: readonly VerifierName[] = ['sigstore-js'];
const python: readonly VerifierName[] = ['sigstore-python'];

/** Where ours is the stricter. */
const acceptances: readonly (readonly [readonly VerifierName[], readonly Cause[]])[] = [
  [
    ['cosign-3', 'sigstore-js'],
    [
      {
        about: /^spelling: (base64 without its padding|base64 in the URL's alphabet|an enumeration by its number)$/,
        why: 'Reads what protocol buffers allow a reader to accept. No signer writes it so, and one spelling of a document leaves no room for readers that see two things in it. Ours is stricter by choice',
      },
      {
        about: /^certificate: a certificate (for no purpose|of an authority)$/,
        why: 'Takes a certificate without a purpose for one of every purpose, and does not ask whether it is an authority. Fulcio gives every signer the purpose of signing code, and no authority',
      },
    ],
  ],
  [
    ['cosign-3', 'sigstore-js', 'sigstore-python'],
    [
      {
        about: /^spelling: base64 with line breaks$/,
        why: 'Its base64 decoder skips line breaks. No signer writes them',
      },
    ],
  ],
  [
    ['sigstore-js', 'sigstore-python'],
    [
      {
        about: /^spelling: a member twice$/,
        why: 'The last of two members wins. Another reader may take the first, and then the two judge different bundles',
      },
      {
        about: /^document: base64 with something else in it$/,
        why: 'Skips what is not base64, so that two readers may see different bytes',
      },
      {
        about: /^binding: an index beside the proof that is not the index in it$/,
        why: 'Does not compare the two. In Rekor v2 nothing else vouches for the one outside, which reports show',
      },
      {
        about: /^log: a checkpoint of another origin$/,
        why: "Does not compare the checkpoint's first line with the log that the trusted root names",
      },
    ],
  ],
  [
    ['cosign-3', 'sigstore-python'],
    [
      {
        about: /^log: a Rekor v1 that signs by another name than its checkpoint says$/,
        why: "Compares the key alone. Every Rekor signs by the name in its checkpoint's first line; a signature line of another name is not the log's",
      },
    ],
  ],
  [
    cosign,
    [
      {
        about: /^binding: a kind beside the entry that is not the kind in it$/,
        why: 'Reads the kind inside of the entry only. Reports would show the one outside',
      },
      {
        about: /^counting: one timestamp twice$/,
        why: 'Counts it once. No signer writes it twice',
      },
    ],
  ],
  [
    js,
    [
      {
        about:
          /^public: trust-root-tlog-missing-validity-start_fail$|^document: a trusted root that does not say since when$/,
        why: 'Reads a missing start of validity as "since ever"; the public suite wants it rejected',
      },
      {
        about:
          /^document: (a member that nobody declared(, deep inside)?|a trusted root with a member that nobody declared)$/,
        why: 'Drops members that it does not know; they may be what a later version depends on',
      },
      {
        about: /^document: a media type of the future$/,
        why: 'Reads a version that it cannot know',
      },
      {
        about: /^document: a message and an envelope in one bundle$/,
        why: 'Takes the first of two that exclude each other',
      },
      {
        about: /^document: a certificate, where a key is asked for$/,
        why: 'Has no way to insist on a key: its caller must look at who signed',
      },
      {
        about: /^document: an envelope of another type$|^binding: an attestation about another artifact$/,
        why: 'Leaves the content of an envelope to its caller',
      },
      {
        about: /^binding: an entry with the other key that fits the signature$/,
        why: "Does not compare the entry's key with the signer's (as cosign did not before GHSA-whqx-f9j3-ch6m)",
      },
      {
        about: /^binding: an entry about the artifact of an envelope, not about the envelope$/,
        why: 'Accepts an entry for files about an envelope in Rekor v1, which has kinds of its own for envelopes',
      },
      {
        about: /^binding: a (size|root) of the tree that is not the checkpoint's$/,
        why: "Does not read the proof's own members, and proves against the checkpoint",
      },
      {
        about: /^certificate: a certificate for clients$/,
        why: "Does not look at a signer's purpose",
      },
      {
        about: /^certificate: a (critical extension that nobody knows|name that the authority may not give)$/,
        why: 'Knows neither critical extensions nor name constraints',
      },
      {
        about: /^timestamp: a timestamp by a certificate (for|that does not insist)/,
        why: "Does not look at the purpose of a timestamp authority's certificate",
      },
      {
        about: /^timestamp: an answer that refuses$/,
        why: "Does not look at the answer's status",
      },
    ],
  ],
  [
    python,
    [
      {
        about: /^document: a trusted root whose log has another key's id$/,
        why: "Computes a log's id from its key and ignores the one that is written; a root that contradicts itself is not one to trust",
      },
      {
        about:
          /^log: (a signer of a checkpoint whose name is a pattern|a checkpoint of another log that has the same key)$/,
        why: 'Compares neither the name of the signer nor the origin, only the key and its hint',
      },
    ],
  ],
];

/** Where ours is the wider. */
const rejections: readonly (readonly [readonly VerifierName[], readonly Cause[]])[] = [
  [
    ['cosign-3', 'sigstore-js', 'sigstore-python'],
    [
      {
        about: /^certificate: an intermediate that came with the signature, where the root is trusted$/,
        why: 'Takes intermediates from the trusted root only. Ours proves the one that came to be issued by the trusted root, as any other verifier of certificates does, and checks its constraints',
      },
      {
        about: /^good: rekord 0\.0\.1$/,
        why: 'Does not know entries rekord 0.0.1, which old signatures have',
      },
      {
        about: /^identity: (a host name|an IP address)$/,
        why: 'Reads neither host names nor IP addresses',
      },
    ],
  ],
  [
    ['cosign-3', 'sigstore-python'],
    [
      { about: /^good: dsse 0\.0\.2$/, why: 'Does not know entries dsse 0.0.2, which Rekor v2 had' },
      {
        about: /^good: p(384|521) by ecdsa-sha256, .* in Rekor v2$/,
        why: 'Writes the entry of Rekor v2 anew with the hash that belongs to the curve; the old combination with SHA-256 gives another entry',
      },
    ],
  ],
  [
    ['sigstore-js', 'sigstore-python'],
    [
      {
        about: /^counting: an (entry|SCT) of an unknown log beside a good one$/,
        why: 'Wants one, or each of them, to be of a known log. Ours counts those of known logs: anybody can add another, and nothing follows from it',
      },
      {
        about: /^identity: a user name$/,
        why: 'Does not read names of other forms, which Fulcio gives to users of some issuers',
      },
    ],
  ],
  [
    ['cosign-3', 'sigstore-js'],
    [
      {
        about: /^good: rsa-2048 by rsa-pss-sha256/,
        why: 'Knows RSA signatures of PKCS#1 v1.5 only',
      },
    ],
  ],
  [
    cosign,
    [
      {
        about: /^cosign: blobs\/p(384|521)\.3$|^good: p(384|521), alone/,
        why: 'Verifies with SHA-256 by key unless `--signature-digest-algorithm` says otherwise, although it signs with the hash that belongs to the curve',
      },
      {
        about: /^good: ed25519, (alone, )?a file in Rekor v1$/,
        why: 'Does not read an entry hashedrekord 0.0.1 with plain Ed25519, which cannot be verified by the digest in the entry. Ours verifies the bytes, and compares the digest',
      },
      {
        about: /^good: ed25519, .* in Rekor v2$/,
        why: 'Writes the entry of Rekor v2 anew as Ed25519ph, the usual scheme of such a key; plain Ed25519 gives another entry',
      },
      {
        about: /^good: ed25519 by ed25519ph, (alone|an envelope)/,
        why: 'Verifies by Ed25519ph only files that are signed by certificate, although it signs so by key as well',
      },
    ],
  ],
  [
    js,
    [
      {
        about: /^good: ed25519( by ed25519ph)?, (alone, )?a file|^cosign: blobs\/ed25519\.2$/,
        why: 'Asks Node for Ed25519 together with the hash that the bundle states, which Node refuses',
      },
      {
        about: /^good: ed25519 by ed25519ph, an envelope in Rekor v1$/,
        why: 'Knows plain Ed25519 only',
      },
      {
        about: /^good: p(384|521), an envelope in Rekor v1$/,
        why: 'Verifies envelopes with SHA-256 whatever the key; signers use the hash that belongs to the curve',
      },
      {
        about: /^good: (p384|p521|ed25519|ed25519 by ed25519ph), (alone, )?an envelope in Rekor v2$/,
        why: "Compares the entry of an envelope by SHA-256; Rekor v2 logs the signature's own hash",
      },
      {
        about: /^counting: a timestamp of an unknown authority beside a good one$/,
        why: 'Wants each timestamp to be of a known authority. Ours counts those of known ones',
      },
      {
        about: /^counting: an (SCT of an unknown log, where SCTs|entry of an unknown log, where logs) are ignored$/,
        why: 'Has no way to ignore them: with a threshold of 0 those that are there must still be of known logs',
      },
      {
        about: /^certificate: an intermediate as the one trust anchor$/,
        why: 'Wants every chain to end in a certificate that signed itself',
      },
      {
        about: /^document: names in the spelling of protocol buffers$/,
        why: 'Does not read the spelling, which protocol buffers prescribe readers to accept',
      },
      {
        about: /^log: a private Rekor v1 that signs by another name than its address$/,
        why: "Wants the checkpoint's signer to be part of the log's address; private logs sign by the name of their host",
      },
      {
        about: /^log: a (log with a key on P-384|CT log with an RSA key)$/,
        why: 'Does not read such keys of logs: another hash, or RSA keys that are not PKCS#1',
      },
    ],
  ],
  [
    python,
    [
      {
        about: /^good: (intoto 0\.0\.2)$|^public: intoto-with-custom-trust-root$/,
        why: 'Takes the time of entries hashedrekord 0.0.1 and dsse 0.0.1 only; the public suite wants this verified',
      },
      {
        about: /^public: trust-root-tsa-validity-end-inclusive$/,
        why: "Takes the end of an authority's validity for the first instant outside of it; the public suite wants this verified",
      },
      {
        about: /^good: bundle 0\.1 with a promise alone$/,
        why: 'Wants a proof in every bundle; version 0.1 only wants a promise',
      },
      { about: /^good: entries in both logs$/, why: 'Reads bundles with one entry only' },
      { about: /^good: (rsa-\d|ed25519)/, why: 'Verifies signatures on elliptic curves only' },
      {
        about: /^good: p(384|521), (a file|an envelope) in Rekor v[12]$/,
        why: 'Verifies with SHA-256 whatever the key; signers use the hash that belongs to the curve',
      },
      {
        about: /^spelling: a 64-bit number as a number$/,
        why: 'Wants a string, which is how protocol buffers write it; they prescribe readers to accept both',
      },
    ],
  ],
];

export const explanations: readonly Explanation[] = [
  ...acceptances.flatMap(([verifiers, causes]) =>
    causes.map((each) => ({ ...each, verifiers, verdict: 'accepts' as const })),
  ),
  ...rejections.flatMap(([verifiers, causes]) =>
    causes.map((each) => ({ ...each, verifiers, verdict: 'rejects' as const })),
  ),
];
