/** What the mutations must lead to: the few bytes that may change without harm, and for each member the step that refuses
 *  a change of it. */

import type { Outcome } from '../support/virtual-sigstore/judgement.ts';
import type { Trait } from './mutation-documents.ts';
import type { ByteEdit, MemberChange } from './mutation-edits.ts';

/** Bytes that nothing vouches for and nothing is decided by. */
export interface HarmlessBytes {
  readonly path: RegExp;
  readonly part: ByteEdit['part'];
  /** Only within so many characters from the value's start. */
  readonly within?: number;
  /** Only this change, as `from to`. */
  readonly change?: RegExp;
  readonly reason: string;
}

const CHECKPOINT = /inclusionProof\.checkpoint\.envelope$/;
const HINT = /^verificationMaterial\.publicKey\.hint$/;
const TIMESTAMP = /signedTimestamp$|rfc3161timestamp$/;

export const harmlessBytes: readonly HarmlessBytes[] = [
  {
    path: HINT,
    part: 'value',
    reason: "a hint for finding a key in a store: the caller's key decides, whatever its signer calls it",
  },
  { path: HINT, part: 'decoded', reason: 'the same' },
  {
    path: /^annotations\.dev\.sigstore\.cosign\/(?:chain|rfc3161timestamp)$/,
    part: 'name',
    reason: 'under another name it is another annotation, and without this one the promise still vouches for the time',
  },
  {
    path: /^mediaType$/,
    part: 'value',
    change: /^[123] to [123]$/,
    reason: 'a version whose demands the bundle meets as well as those of its own',
  },
  {
    path: TIMESTAMP,
    part: 'decoded',
    within: 16,
    reason: 'PKIStatus, which the authority does not sign: granted, and granted with changes, are both a stamp',
  },
  {
    path: /^cert$/,
    part: 'value',
    change: /^K to J$/,
    reason: 'the line feed after the PEM block becomes other white space',
  },
  { path: /^cert$/, part: 'decoded', change: /^10 to (?:9|1[1-3]|32)$/, reason: 'the same' },
  {
    path: CHECKPOINT,
    part: 'value',
    change: /^[a-f] to [A-F]$/,
    reason: 'a digit of an escape (\\u003d) in either case is the same text',
  },
];

/** Lines of witnesses, whom nobody here trusts: any number of other parties may add theirs. Only real bundles have some. */
export const witnessLines: HarmlessBytes = {
  path: CHECKPOINT,
  part: 'value',
  reason: 'a signature of a witness, which is passed over',
};

/** Which step, or error, refuses each change of a member. See
 *  `expectedOutcome` for the changes that need no column. */
export interface MemberRow {
  readonly path: string;
  /** The first row whose traits the document all has is the one that counts. */
  readonly traits?: readonly Trait[];
  readonly removed: Outcome;
  readonly emptied?: Outcome;
  readonly swapped?: Outcome;
  /** Of an element of a list. */
  readonly duplicated?: Outcome;
}

const MATERIAL = 'verificationMaterial';
const CHAIN = `${MATERIAL}.x509CertificateChain`;
const ENTRY = `${MATERIAL}.tlogEntries[]`;
const PROOF = `${ENTRY}.inclusionProof`;
const STAMPS = `${MATERIAL}.timestampVerificationData`;
const LAYER = 'annotations.dev.sigstore.cosign/';

const shape = { removed: 'JSON_SHAPE', emptied: 'JSON_SHAPE' } as const;

const bundleRows: readonly MemberRow[] = [
  { path: 'mediaType', removed: 'JSON_SHAPE', emptied: 'BUNDLE_UNSUPPORTED' },
  { path: MATERIAL, traits: ['by-key'], removed: 'JSON_SHAPE', emptied: 'BUNDLE_MALFORMED', swapped: 'log.body' },
  { path: MATERIAL, removed: 'JSON_SHAPE', emptied: 'BUNDLE_MALFORMED', swapped: 'signature' },

  // Who signed.
  { path: `${MATERIAL}.certificate`, removed: 'BUNDLE_MALFORMED', emptied: 'JSON_SHAPE', swapped: 'signature' },
  {
    path: `${MATERIAL}.certificate.rawBytes`,
    removed: 'JSON_SHAPE',
    emptied: 'certificate.parse',
    swapped: 'signature',
  },
  { path: CHAIN, removed: 'BUNDLE_MALFORMED', emptied: 'BUNDLE_MALFORMED', swapped: 'signature' },
  { path: `${CHAIN}.certificates`, removed: 'BUNDLE_MALFORMED', emptied: 'BUNDLE_MALFORMED', swapped: 'signature' },
  {
    path: `${CHAIN}.certificates[]`,
    removed: 'BUNDLE_MALFORMED',
    emptied: 'JSON_SHAPE',
    swapped: 'signature',
    // Certificates after the first are not trusted and not used.
    duplicated: 'verified',
  },
  {
    path: `${CHAIN}.certificates[].rawBytes`,
    removed: 'JSON_SHAPE',
    emptied: 'certificate.parse',
    swapped: 'signature',
  },
  // The caller's key decides: a hint may be missing or wrong.
  { path: `${MATERIAL}.publicKey`, removed: 'BUNDLE_MALFORMED', emptied: 'verified' },
  { path: `${MATERIAL}.publicKey.hint`, removed: 'verified', emptied: 'verified' },

  // What was logged.
  { path: `${MATERIAL}.tlogEntries`, removed: 'log', emptied: 'log', swapped: 'log.body' },
  { path: ENTRY, removed: 'log', emptied: 'JSON_SHAPE', swapped: 'log.body', duplicated: 'BUNDLE_MALFORMED' },
  {
    path: `${ENTRY}.logIndex`,
    traits: ['promised'],
    removed: 'log.promise',
    emptied: 'JSON_SHAPE',
    swapped: 'log.promise',
  },
  { path: `${ENTRY}.logIndex`, removed: 'log.entry', emptied: 'JSON_SHAPE', swapped: 'log.entry' },
  { path: `${ENTRY}.logId`, ...shape },
  { path: `${ENTRY}.logId.keyId`, removed: 'JSON_SHAPE', emptied: 'LOG_ENTRY_MALFORMED' },
  { path: `${ENTRY}.kindVersion`, ...shape },
  { path: `${ENTRY}.kindVersion.kind`, removed: 'JSON_SHAPE', emptied: 'log.entry' },
  { path: `${ENTRY}.kindVersion.version`, removed: 'JSON_SHAPE', emptied: 'log.entry' },
  { path: `${ENTRY}.canonicalizedBody`, removed: 'JSON_SHAPE', emptied: 'log.body', swapped: 'log.body' },

  // What the log promised.
  {
    path: `${ENTRY}.integratedTime`,
    traits: ['promised'],
    removed: 'log.promise',
    emptied: 'JSON_SHAPE',
    swapped: 'log.promise',
  },
  // Without a promise nobody looks at it.
  { path: `${ENTRY}.integratedTime`, removed: 'verified', emptied: 'JSON_SHAPE' },
  {
    path: `${ENTRY}.inclusionPromise`,
    traits: ['early'],
    removed: 'log.promise',
    emptied: 'log.promise',
    swapped: 'log.promise',
  },
  // A proof remains; but only a promise vouches for the time, which a certificate needs and a stamp would tell as well.
  {
    path: `${ENTRY}.inclusionPromise`,
    traits: ['by-key'],
    removed: 'verified',
    emptied: 'log.promise',
    swapped: 'log.promise',
  },
  { path: `${ENTRY}.inclusionPromise`, traits: ['stamped'], removed: 'verified', emptied: 'log.promise' },
  { path: `${ENTRY}.inclusionPromise`, removed: 'time', emptied: 'log.promise', swapped: 'log.promise' },
  {
    path: `${ENTRY}.inclusionPromise.signedEntryTimestamp`,
    removed: 'log.promise',
    emptied: 'log.promise',
    swapped: 'log.promise',
  },

  // What the log proved. A bundle of version 0.1 needs the promise only.
  { path: PROOF, traits: ['early'], removed: 'verified', emptied: 'log.proof', swapped: 'log.proof' },
  { path: PROOF, removed: 'log.proof', emptied: 'log.proof', swapped: 'log.proof' },
  { path: `${PROOF}.logIndex`, removed: 'log.proof', emptied: 'JSON_SHAPE', swapped: 'log.proof' },
  { path: `${PROOF}.rootHash`, removed: 'log.proof', emptied: 'log.proof', swapped: 'log.proof' },
  { path: `${PROOF}.treeSize`, removed: 'log.proof', emptied: 'JSON_SHAPE', swapped: 'log.proof' },
  { path: `${PROOF}.hashes`, removed: 'log.proof', emptied: 'log.proof', swapped: 'log.proof' },
  {
    path: `${PROOF}.hashes[]`,
    removed: 'log.proof',
    emptied: 'log.proof',
    swapped: 'log.proof',
    duplicated: 'log.proof',
  },
  {
    path: `${PROOF}.checkpoint`,
    traits: ['early'],
    removed: 'verified',
    emptied: 'log.checkpoint',
    swapped: 'log.checkpoint',
  },
  { path: `${PROOF}.checkpoint`, removed: 'log.checkpoint', emptied: 'log.checkpoint', swapped: 'log.checkpoint' },
  {
    path: `${PROOF}.checkpoint.envelope`,
    removed: 'log.checkpoint',
    emptied: 'log.checkpoint',
    swapped: 'log.checkpoint',
  },

  // What was stamped. A key needs no time, and a promise tells one, too.
  ...(['by-key', 'promised'] as const).flatMap((trait): readonly MemberRow[] => [
    { path: STAMPS, traits: [trait], removed: 'verified', emptied: 'verified', swapped: 'timestamp.imprint' },
    {
      path: `${STAMPS}.rfc3161Timestamps`,
      traits: [trait],
      removed: 'verified',
      emptied: 'verified',
      swapped: 'timestamp.imprint',
    },
    {
      path: `${STAMPS}.rfc3161Timestamps[]`,
      traits: [trait],
      removed: 'verified',
      emptied: 'JSON_SHAPE',
      swapped: 'timestamp.imprint',
      duplicated: 'BUNDLE_MALFORMED',
    },
  ]),
  { path: STAMPS, removed: 'time', emptied: 'time', swapped: 'timestamp.imprint' },
  { path: `${STAMPS}.rfc3161Timestamps`, removed: 'time', emptied: 'time', swapped: 'timestamp.imprint' },
  {
    path: `${STAMPS}.rfc3161Timestamps[]`,
    removed: 'time',
    emptied: 'JSON_SHAPE',
    swapped: 'timestamp.imprint',
    duplicated: 'BUNDLE_MALFORMED',
  },
  {
    path: `${STAMPS}.rfc3161Timestamps[].signedTimestamp`,
    removed: 'JSON_SHAPE',
    emptied: 'timestamp.token',
    swapped: 'timestamp.imprint',
  },

  // What was signed. With one key for both, the other signature is as good, and not the one that was logged.
  ...(['messageSignature', 'dsseEnvelope'] as const).flatMap((path): readonly MemberRow[] => [
    { path, traits: ['by-key'], removed: 'BUNDLE_MALFORMED', emptied: 'JSON_SHAPE', swapped: 'log.body' },
    { path, removed: 'BUNDLE_MALFORMED', emptied: 'JSON_SHAPE', swapped: 'signature' },
  ]),
  // It need not be there: the signature covers the file.
  { path: 'messageSignature.messageDigest', removed: 'verified', emptied: 'JSON_SHAPE' },
  { path: 'messageSignature.messageDigest.algorithm', ...shape },
  { path: 'messageSignature.messageDigest.digest', ...shape },
  {
    path: 'messageSignature.signature',
    traits: ['by-key'],
    removed: 'JSON_SHAPE',
    emptied: 'BUNDLE_MALFORMED',
    swapped: 'log.body',
  },
  { path: 'messageSignature.signature', removed: 'JSON_SHAPE', emptied: 'BUNDLE_MALFORMED', swapped: 'signature' },
  { path: 'dsseEnvelope.payload', removed: 'JSON_SHAPE', emptied: 'content', swapped: 'signature' },
  { path: 'dsseEnvelope.payloadType', removed: 'JSON_SHAPE', emptied: 'content' },
  { path: 'dsseEnvelope.signatures', removed: 'JSON_SHAPE', emptied: 'BUNDLE_MALFORMED', swapped: 'signature' },
  {
    path: 'dsseEnvelope.signatures[]',
    removed: 'BUNDLE_MALFORMED',
    emptied: 'JSON_SHAPE',
    swapped: 'signature',
    duplicated: 'BUNDLE_MALFORMED',
  },
  { path: 'dsseEnvelope.signatures[].sig', removed: 'JSON_SHAPE', emptied: 'BUNDLE_MALFORMED', swapped: 'signature' },
  { path: 'dsseEnvelope.signatures[].keyid', removed: 'verified', emptied: 'verified' },
];

const rekorBundleRows = (prefix: string): readonly MemberRow[] => [
  { path: `${prefix}.SignedEntryTimestamp`, removed: 'JSON_SHAPE', emptied: 'log.promise', swapped: 'log.promise' },
  { path: `${prefix}.Payload`, ...shape, swapped: 'log.body' },
  { path: `${prefix}.Payload.body`, removed: 'JSON_SHAPE', emptied: 'JSON_MALFORMED', swapped: 'log.body' },
  { path: `${prefix}.Payload.integratedTime`, removed: 'JSON_SHAPE', emptied: 'log.promise', swapped: 'log.promise' },
  { path: `${prefix}.Payload.logIndex`, removed: 'JSON_SHAPE', emptied: 'log.promise', swapped: 'log.promise' },
  { path: `${prefix}.Payload.logID`, removed: 'JSON_SHAPE', emptied: 'LOG_ENTRY_MALFORMED' },
];

const legacyRows: readonly MemberRow[] = [
  { path: 'base64Signature', removed: 'JSON_SHAPE', emptied: 'BUNDLE_MALFORMED', swapped: 'signature' },
  { path: 'cert', removed: 'signer', emptied: 'signer', swapped: 'signature' },
  { path: 'rekorBundle', removed: 'log', emptied: 'JSON_SHAPE', swapped: 'log.body' },
  ...rekorBundleRows('rekorBundle'),

  { path: 'mediaType', removed: 'JSON_SHAPE', emptied: 'LAYER_MALFORMED' },
  // All of another signature of the same image is a good signature.
  { path: 'annotations', removed: 'JSON_SHAPE', emptied: 'LAYER_MALFORMED', swapped: 'verified' },
  {
    path: 'annotations.dev.cosignproject.cosign/signature',
    removed: 'LAYER_MALFORMED',
    emptied: 'LAYER_MALFORMED',
    swapped: 'signature',
  },
  { path: `${LAYER}certificate`, removed: 'signer', emptied: 'signer', swapped: 'signature' },
  { path: `${LAYER}chain`, removed: 'verified' },
  { path: `${LAYER}bundle`, removed: 'log', emptied: 'log', swapped: 'log.body' },
  ...rekorBundleRows(`${LAYER}bundle`),
  { path: `${LAYER}rfc3161timestamp`, removed: 'verified', emptied: 'verified', swapped: 'timestamp.imprint' },
  {
    path: `${LAYER}rfc3161timestamp.SignedRFC3161Timestamp`,
    removed: 'JSON_SHAPE',
    emptied: 'timestamp.token',
    swapped: 'timestamp.imprint',
  },

  { path: 'payload', removed: 'JSON_SHAPE', emptied: 'content' },
  ...['', '.identity', '.identity.docker-reference', '.image'].map((path): MemberRow => ({
    path: `payload.critical${path}`,
    removed: 'content',
    emptied: 'content',
  })),
  // What it says is looked at after the signature.
  ...['image.docker-manifest-digest', 'type'].map((path): MemberRow => ({
    path: `payload.critical.${path}`,
    removed: 'content',
    emptied: 'signature',
  })),
  { path: 'payload.optional', removed: 'signature' },
];

/** What must become of a document whose member is changed so; undefined where the tables have no word for it. */
export function expectedOutcome(traits: readonly Trait[], path: string, change: MemberChange): Outcome | undefined {
  const isLegacy = traits.includes('legacy');
  const row = (isLegacy ? legacyRows : bundleRows).find(
    (each) => each.path === path && (each.traits ?? []).every((trait) => traits.includes(trait)),
  );
  const inPayload = path.startsWith('payload.');
  switch (change) {
    case 'retyped':
      return inPayload ? 'content' : 'JSON_SHAPE';
    case 'duplicated':
      return path.endsWith('[]') ? row?.duplicated : inPayload ? 'content' : 'JSON_MALFORMED';
    case 'renamed':
      return isLegacy ? row?.removed : 'JSON_SHAPE';
    case 'null':
      // Of lists and maps, no element is null; where a name may be missing, null says that it is.
      return path.endsWith('[]') || path.startsWith('annotations.dev') ? 'JSON_SHAPE' : row?.removed;
    default:
      return row?.[change];
  }
}
