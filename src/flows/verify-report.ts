/** What verifying an image found out, as data: for the command line's text, for `--json` and for `--explain`. */

import { base64Of, hexOf, parseUtf8 } from '../base/bytes.ts';
import type { CountersignError } from '../base/errors.ts';
import type { JsonValue } from '../base/json.ts';
import { isReservedAnnotation } from '../formats/cosign/reserved-annotation.ts';
import { encodeGoJson, goMapOf } from '../formats/go-json.ts';
import type { GoJson } from '../formats/go-json.ts';
import type { Digest } from '../formats/oci/digest.ts';
import type { Platform } from '../formats/oci/manifest.ts';
import { referenceNameOf } from '../formats/oci/reference.ts';
import type { Reference } from '../formats/oci/reference.ts';
import type { SignedEntity } from '../formats/signed-entity.ts';
import { fulcioExtensionsOf } from '../formats/x509/fulcio-extensions.ts';
import { signerIdOf } from '../verify/threshold.ts';
import type { Check, Evidence, ProvenSigner, Verdict } from '../verify/verdict.ts';

/** `absent`: every form answered "there is none". `rejected`: found, none acceptable. `unknown`: no accepted signature,
 *  and some source needed for the answer could not be looked at. */
export type ImageOutcome = 'verified' | 'absent' | 'image-absent' | 'rejected' | 'unknown';

export type VerifyExit = 0 | 10 | 11 | 12 | 20;

/** An image that is judged: by the name it was asked for, or as a child of an index. */
export interface NamedImage {
  readonly reference: Reference;
  readonly digest: Digest;
  /** Of a child of an index. */
  readonly platform?: Platform;
}

/** One place where signatures may be. */
export interface SourceReport {
  readonly form: 'legacy' | 'bundle' | 'detached';
  /** "registry/repository:sha256-….sig", "referrers of registry/repository@sha256:…". */
  readonly place: string;
  readonly status: 'absent' | 'found' | 'unreachable';
  /** Signatures listed there, looked at or not. */
  readonly foundCount: number;
  /** Why it could not be looked at, or not wholly. */
  readonly error?: CountersignError;
}

/** One signature and what was made of it. */
export interface SignatureReport {
  readonly form: 'legacy' | 'bundle';
  readonly origin: string;
  readonly verdict: Verdict;
  /** Undefined when it could not be read. */
  readonly entity?: SignedEntity;
}

export interface ImageReport {
  readonly reference: Reference;
  /** Undefined when the image could not be resolved. */
  readonly digest?: Digest;
  /** "registry/repository@sha256:…", for the next step. */
  readonly resolved?: string;
  readonly platform?: Platform;
  readonly outcome: ImageOutcome;
  readonly exit: VerifyExit;
  /** One sentence: why this outcome. Holds text from registries: escape it before a person sees it. */
  readonly summary: string;
  readonly isClaimsChecked: boolean;
  /** The image, the sources, the threshold. The checks of each signature are in its verdict. */
  readonly checks: readonly Check[];
  /** The one check that decided, when the outcome is not `verified`. */
  readonly failed?: Check;
  readonly sources: readonly SourceReport[];
  readonly signatures: readonly SignatureReport[];
  /** With `isRecursive`: the children of an index, in its order. All must verify. */
  readonly children: readonly ImageReport[];
}

export interface VerifyReport {
  /** In the order of the arguments. */
  readonly images: readonly ImageReport[];
  /** That of the first failure in the order of the arguments. */
  readonly exit: VerifyExit;
}

/** A signature that was accepted. */
export interface AcceptedSignature extends SignatureReport {
  readonly evidence: Evidence;
}

/** The accepted signatures, each signer with the same annotations once: the legacy one when both forms hold it. */
export function acceptedSignaturesOf(report: ImageReport): readonly AcceptedSignature[] {
  const accepted = report.signatures.flatMap((each) =>
    each.verdict.status === 'verified' ? [{ ...each, evidence: each.verdict.evidence }] : [],
  );
  const legacy = new Set(
    accepted.filter(({ form }) => form === 'legacy').map(({ evidence }) => signerNameOf(evidence)),
  );
  return accepted.filter(({ form, evidence }) => form === 'legacy' || !legacy.has(signerNameOf(evidence)));
}

/** What cosign's `verify` prints on stdout, without the line feed: a JSON array, a legacy signature as cosign 2.4 prints
 *  it, a bundle as 3.1 does. Annotations under names of proven identities are left out: nothing here proved one. */
export function cosignArrayOf(report: ImageReport): string {
  return jsonOf(acceptedSignaturesOf(report).map((signature) => cosignElementOf(signature, report)));
}

/** What cosign's `verify --output text` prints, without line feeds: of a legacy signature the payload as it was signed, of
 *  a bundle its element of the array. So is a payload that names an identity: its element leaves that out. */
export function cosignLinesOf(report: ImageReport): readonly string[] {
  return acceptedSignaturesOf(report).map((signature) => {
    const content = signature.entity?.content;
    const isAsSigned = !Object.keys(signature.evidence.claims.annotations).some(isReservedAnnotation);
    return content?.kind === 'simple-signing' && isAsSigned
      ? parseUtf8(content.payload)
      : jsonOf(cosignElementOf(signature, report));
  });
}

function jsonOf(value: GoJson): string {
  return parseUtf8(encodeGoJson(value));
}

function cosignElementOf({ form, evidence, entity }: AcceptedSignature, report: ImageReport): GoJson {
  return form === 'legacy' ? legacyElementOf(evidence, entity) : bundleElementOf(evidence, report);
}

/** For people: "sha256:…" of a key, "dev@example.com (https://issuer.example)" of a certificate. */
export function signerTextOf(signer: ProvenSigner): string {
  return signer.kind === 'key'
    ? `sha256:${signer.key.fingerprint}`
    : `${signer.subject} (${signer.issuer ?? 'no issuer named'})`;
}

function signerNameOf({ signer, claims }: Evidence): string {
  return `${signerIdOf(signer)} ${jsonOf(goMapOf(claims.annotations))}`;
}

/** With the names of the certificate, proven, under the keys that cosign gives them. */
function legacyElementOf({ claims, signer, entries }: Evidence, entity: SignedEntity | undefined): GoJson {
  const { dockerReference = '', imageDigest = '', type } = claims;
  const optional = new Map<string, GoJson>([
    ...harmlessAnnotationsOf(claims.annotations),
    ...(signer.kind === 'certificate' ? identityMembersOf(signer) : []),
    ...(entries.length > 0 ? bundleMembersOf(entity) : []),
  ]);
  return elementOf(dockerReference, imageDigest, type, optional.size === 0 ? null : optional);
}

/** @source sigstore/cosign cmd/cosign/cli/verify/verify.go, PrintVerification */
function identityMembersOf(
  signer: ProvenSigner & { readonly kind: 'certificate' },
): readonly (readonly [string, GoJson])[] {
  const extensions = fulcioExtensionsOf(signer.certificate);
  const workflow = WORKFLOW_MEMBERS.flatMap(([name, member, oid]) => {
    const value = extensions.get(name);
    return value === undefined ? [] : [[member, value] as const, [oid, value] as const];
  });
  const { issuer } = signer;
  const issued = issuer === undefined ? [] : [['Issuer', issuer] as const, ['1.3.6.1.4.1.57264.1.1', issuer] as const];
  return [['Subject', signer.subject], ...issued, ...workflow];
}

const WORKFLOW_MEMBERS = [
  ['githubWorkflowTrigger', 'githubWorkflowTrigger', '1.3.6.1.4.1.57264.1.2'],
  ['githubWorkflowSha', 'githubWorkflowSha', '1.3.6.1.4.1.57264.1.3'],
  ['githubWorkflowName', 'githubWorkflowName', '1.3.6.1.4.1.57264.1.4'],
  ['githubWorkflowRepository', 'githubWorkflowRepository', '1.3.6.1.4.1.57264.1.5'],
  ['githubWorkflowRef', 'githubWorkflowRef', '1.3.6.1.4.1.57264.1.6'],
] as const;

/** The log entry stored with a layer, once it is proven, as cosign prints it. */
function bundleMembersOf(entity: SignedEntity | undefined): readonly (readonly [string, GoJson])[] {
  const [entry] = entity?.logEntries ?? [];
  if (entry?.promise === undefined) return [];
  const payload = {
    body: base64Of(entry.body),
    integratedTime: Number(entry.integratedTime ?? 0n),
    logIndex: Number(entry.logIndex),
    logID: hexOf(entry.logId),
  };
  return [['Bundle', { SignedEntryTimestamp: base64Of(entry.promise), Payload: payload }]];
}

function bundleElementOf({ claims }: Evidence, { reference }: ImageReport): GoJson {
  const { repository, digest } = reference;
  return elementOf(
    // As cosign names it: beside a digest the tag says nothing.
    referenceNameOf(digest === undefined ? reference : { repository, digest }),
    claims.imageDigest ?? '',
    claims.type,
    harmlessAnnotationsOf(claims.annotations),
  );
}

function elementOf(dockerReference: string, digest: string, type: string, optional: GoJson): GoJson {
  return {
    critical: { identity: { 'docker-reference': dockerReference }, image: { 'docker-manifest-digest': digest }, type },
    optional,
  };
}

function harmlessAnnotationsOf(annotations: Readonly<Record<string, JsonValue>>): ReadonlyMap<string, GoJson> {
  return new Map(Object.entries(annotations).filter(([name]) => !isReservedAnnotation(name)));
}
