/** What each stock verifier reads, observed with the real programs or documented by their makers.
 *  @source docs/decisions (peers); kyverno/kyverno issues 14233 and 16267; sigstore/policy-controller issue 1958;
 *  containers-policy.json(5), containers-registries.d(5) */

import { CountersignError } from '../base/errors.ts';
import { parseSimpleSigning } from '../formats/cosign/simple-signing.ts';
import { repositoryNameOf } from '../formats/oci/reference.ts';
import type { Repository } from '../formats/oci/reference.ts';
import type { SignedEntity } from '../formats/signed-entity.ts';

export type ReaderName =
  | 'countersign'
  | 'cosign 2.x'
  | 'cosign 3.x'
  | 'podman/skopeo'
  | 'Kyverno Cosign'
  | 'Kyverno SigstoreBundle'
  | 'policy-controller';

export interface ReaderAnswer {
  readonly reader: ReaderName;
  readonly canRead: boolean;
  /** One sentence. */
  readonly why: string;
  /** The exact stock command or configuration that reads it; undefined when none does. May have several lines. `cosign.pub`
   *  stands for the signer's public key, capitals for what the user knows. */
  readonly command?: string;
}

/** One signer of an image. */
export interface SignerFacts {
  readonly signer: string;
  readonly isVerified: boolean;
  readonly entities: readonly SignedEntity[];
  /** How the signatures of each form were made, where a given key verified one. */
  readonly schemes: Readonly<Partial<Record<SignedEntity['form'], string>>>;
}

export interface ImageFacts {
  /** "registry/repository@sha256:…". */
  readonly resolved: string;
  readonly repository: Repository;
  /** Whether any bundle refers to the image: cosign 3 then looks at nothing else. */
  readonly hasBundles: boolean;
  readonly signaturePlace?: Repository;
  readonly tagPrefix?: string;
}

interface Case {
  readonly image: ImageFacts;
  readonly hasLegacy: boolean;
  readonly hasBundle: boolean;
  readonly isCertificate: boolean;
  readonly hasLog: boolean;
  /** "sha384" when the legacy signature needs to be told so to readers that assume SHA-256. */
  readonly hash: string | undefined;
  readonly bundleHash: string | undefined;
  readonly isBundleEd25519ph: boolean;
  /** As signed in the legacy form. */
  readonly dockerReference: string | undefined;
}

type Answer = Omit<ReaderAnswer, 'reader'>;

/** Every reader's answer, in the order of `ReaderName`. */
export function answersOf(signer: SignerFacts, image: ImageFacts): readonly ReaderAnswer[] {
  const facts = caseOf(signer, image);
  return [
    { reader: 'countersign', ...countersign(facts) },
    { reader: 'cosign 2.x', ...cosign2(facts) },
    { reader: 'cosign 3.x', ...cosign3(facts) },
    { reader: 'podman/skopeo', ...podman(facts) },
    { reader: 'Kyverno Cosign', ...kyvernoCosign(facts) },
    { reader: 'Kyverno SigstoreBundle', ...kyvernoBundle(facts) },
    { reader: 'policy-controller', ...policyController(facts) },
  ];
}

function caseOf({ entities, schemes }: SignerFacts, image: ImageFacts): Case {
  const legacy = entities.filter(({ form }) => form === 'legacy');
  const dockerReferences = legacy.flatMap(({ content }) =>
    content.kind === 'simple-signing' ? dockerReferenceOf(content.payload) : [],
  );
  return {
    image,
    hasLegacy: legacy.length > 0,
    hasBundle: legacy.length < entities.length,
    isCertificate: entities.some(({ signer }) => signer.kind === 'certificate'),
    hasLog: entities.every(({ logEntries }) => logEntries.length > 0),
    hash: unusualHashOf(schemes.legacy),
    bundleHash: unusualHashOf(schemes.bundle),
    isBundleEd25519ph: schemes.bundle === 'Ed25519ph',
    dockerReference: dockerReferences[0],
  };
}

function unusualHashOf(scheme = ''): string | undefined {
  return /SHA-(384|512)$/.exec(scheme)?.[0].toLowerCase().replace('-', '');
}

function dockerReferenceOf(payload: Uint8Array): readonly string[] {
  try {
    return [parseSimpleSigning(payload).dockerReference];
  } catch (error) {
    if (error instanceof CountersignError) {
      return [];
    }
    throw error;
  }
}

const no = (why: string): Answer => ({ canRead: false, why });
const yes = (why: string, command: string): Answer => ({ canRead: true, why, command });

function countersign({ image, isCertificate }: Case): Answer {
  return isCertificate
    ? no('this version verifies keys, not certificates')
    : yes('reads both forms', `countersign verify --key cosign.pub ${image.resolved}`);
}

function cosign2(facts: Case): Answer {
  return facts.hasLegacy
    ? yes('reads the .sig tag', cosignCommand(facts, facts.hash))
    : no('reads the .sig tag only, and this signer left none there');
}

function cosign3(facts: Case): Answer {
  if (facts.hasBundle && facts.isBundleEd25519ph) {
    return no('makes Ed25519ph signatures like this one and reads plain Ed25519 only');
  }
  if (facts.hasBundle) {
    return yes('reads bundles among the referrers', cosignCommand(facts, facts.bundleHash));
  }
  return facts.image.hasBundles
    ? yes(
        'overlooks the .sig tag once an image has any bundle, unless told to',
        cosignCommand(facts, facts.hash, '--new-bundle-format=false'),
      )
    : yes('reads the .sig tag while the image has no bundle', cosignCommand(facts, facts.hash));
}

function cosignCommand(
  { image, isCertificate, hasLog }: Case,
  hash: string | undefined,
  ...more: readonly string[]
): string {
  const words = [
    ...(image.signaturePlace === undefined ? [] : [`COSIGN_REPOSITORY=${repositoryNameOf(image.signaturePlace)}`]),
    'cosign verify',
    isCertificate ? '--certificate-identity IDENTITY --certificate-oidc-issuer ISSUER' : '--key cosign.pub',
    ...(hash === undefined ? [] : [`--signature-digest-algorithm ${hash}`]),
    // Both versions ask the public log for an entry that was never made.
    ...(hasLog ? [] : ['--insecure-ignore-tlog=true']),
    ...(image.tagPrefix === undefined ? [] : [`--attachment-tag-prefix ${image.tagPrefix}`]),
    ...more,
    image.resolved,
  ];
  return words.join(' ');
}

function podman({ image, hasLegacy, isCertificate, hash, dockerReference }: Case): Answer {
  if (!hasLegacy) {
    return no('reads the .sig tag only, and this signer left none there');
  }
  if (image.signaturePlace !== undefined || image.tagPrefix !== undefined) {
    return no('looks for signatures beside the image only, under the tag without a prefix');
  }
  if (hash !== undefined) {
    return no(`verifies with SHA-256 only, and this signature was made with ${hash}`);
  }
  const signer = isCertificate
    ? '"fulcio": {"caPath": "ca.pem", "oidcIssuer": "ISSUER", "subjectEmail": "IDENTITY"}, "rekorPublicKeyPath": "rekor.pub"'
    : '"keyPath": "cosign.pub"';
  const scope = hubNameOf(repositoryNameOf(image.repository));
  const command = [
    `# registries.d/signed.yaml: {"docker": {"${scope}": {"use-sigstore-attachments": true}}}`,
    `# policy.json: {"default": [{"type": "reject"}], "transports": {"docker": {"${scope}": [{"type": "sigstoreSigned", ${signer}, "signedIdentity": ${identityRuleOf(image, dockerReference)}}]}}}`,
    `skopeo --policy policy.json --registries.d registries.d copy docker://${hubNameOf(image.resolved)} dir:verified`,
  ].join('\n');
  return yes('reads the .sig tag where use-sigstore-attachments is on', command);
}

/** Cosign signs a repository without a tag, which the default rule (repository and tag) does not take. */
function identityRuleOf(image: ImageFacts, dockerReference: string | undefined): string {
  const own = repositoryNameOf(image.repository);
  const signed = dockerReference?.replace(/:[^/:]*$/, '') ?? own;
  return signed === own
    ? '{"type": "matchRepository"}'
    : `{"type": "exactRepository", "dockerRepository": ${JSON.stringify(hubNameOf(signed))}}`;
}

function kyvernoCosign({ image, hasLegacy, isCertificate, hash }: Case): Answer {
  if (!hasLegacy) {
    return no('reads the .sig tag only, and this signer left none there');
  }
  if (image.tagPrefix !== undefined) {
    return no('looks for the tag without a prefix');
  }
  const attestor = isCertificate
    ? '{"keyless": {"subject": "IDENTITY", "issuer": "ISSUER"}}'
    : `{"keys": {"publicKeys": "CONTENTS OF cosign.pub"${hash === undefined ? '' : `, "signatureAlgorithm": "${hash}"`}, "rekor": {"ignoreTlog": true}, "ctlog": {"ignoreSCT": true}}}`;
  const place =
    image.signaturePlace === undefined ? '' : `, "repository": "${hubNameOf(repositoryNameOf(image.signaturePlace))}"`;
  return yes('reads the .sig tag', `verifyImages: [${kyvernoRule('Cosign', image, attestor, place)}]`);
}

function kyvernoBundle({ image, hasBundle, isCertificate }: Case): Answer {
  if (!hasBundle) {
    return no('reads bundles among the referrers only, and this signer left none there');
  }
  if (!isCertificate) {
    return no('reads bundles by certificates only: a key given with this type is ignored');
  }
  return yes(
    'reads bundles by certificates',
    `verifyImages: [${kyvernoRule('SigstoreBundle', image, '{"keyless": {"subject": "IDENTITY", "issuer": "ISSUER"}}', '')}]`,
  );
}

function kyvernoRule(type: string, image: ImageFacts, attestor: string, more: string): string {
  return `{"type": "${type}", "imageReferences": ["${hubNameOf(repositoryNameOf(image.repository))}*"], "attestors": [{"entries": [${attestor}]}]${more}}`;
}

function policyController({ image, hasLegacy, hasBundle, isCertificate, hash }: Case): Answer {
  const keyless = '"keyless": {"identities": [{"subject": "IDENTITY", "issuer": "ISSUER"}]}';
  const rule = (authority: string): string =>
    `{"images": [{"glob": "${repositoryNameOf(image.repository)}**"}], "authorities": [{${authority}${sourceOf(image)}}]}`;
  if (hasLegacy) {
    const key = `"key": {"data": "CONTENTS OF cosign.pub"${hash === undefined ? '' : `, "hashAlgorithm": "${hash}"`}}`;
    return yes('reads the .sig tag', `spec: ${rule(isCertificate ? keyless : key)}`);
  }
  return hasBundle && isCertificate
    ? yes('reads bundles by certificates when told to', `spec: ${rule(`${keyless}, "signatureFormat": "bundle"`)}`)
    : no('reads bundles by certificates only, and this signer left none under the .sig tag');
}

function sourceOf({ signaturePlace, tagPrefix }: ImageFacts): string {
  if (signaturePlace === undefined && tagPrefix === undefined) {
    return '';
  }
  const oci = signaturePlace === undefined ? [] : [`"oci": "${repositoryNameOf(signaturePlace)}"`];
  const prefix = tagPrefix === undefined ? [] : [`"tagPrefix": "${tagPrefix}"`];
  return `, "source": [{${[...oci, ...prefix].join(', ')}}]`;
}

/** Docker Hub as everybody but cosign names it. */
function hubNameOf(name: string): string {
  return name.replace(/^index\.docker\.io\//, 'docker.io/');
}
