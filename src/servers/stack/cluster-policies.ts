/** What Kubernetes' admission controllers are told so that they let in only what was signed with a stack. */

import { base64Of, utf8Of } from '../../base/bytes.ts';
import { printableOf } from '../../base/printable.ts';
import { publicKeyPemOf } from '../../crypto/public-key.ts';
import type { Certificate } from '../../formats/x509/certificate.ts';
import { stackTrustedRootOf } from '../tuf/trust-material.ts';
import { chainPemOf } from './client-file.ts';
import { exampleIdentityOf, exampleIssuerOf } from './client-scripts.ts';
import type { ConfigurationContext } from './client-scripts.ts';
import { operatorOf, serviceUrlsOf } from './stack-facts.ts';
import type { StackFacts } from './stack-facts.ts';
import { encodeYaml } from './yaml-text.ts';
import type { YamlValue } from './yaml-text.ts';

/** By file name. */
export function clusterPoliciesOf(context: ConfigurationContext): ReadonlyMap<string, string> {
  const manifests = {
    'kyverno-cluster-policy.yaml': OLDER_FORM + encodeYaml(kyvernoClusterPolicy(context)),
    'kyverno-image-validating-policy.yaml': encodeYaml(kyvernoImageValidatingPolicy(context)),
    'policy-controller.yaml':
      OLDER_FORM + encodeYaml(trustRoot(context), trustRootByKeys(context), clusterImagePolicy(context)),
  };
  const heading = headingOf(context.facts);
  return new Map(Object.entries(manifests).map(([name, text]) => [name, heading + text]));
}

const POLICY_NAME = 'signed-images';
const TRUST_ROOT_NAME = 'private-sigstore';
const IMAGES = 'registry.example.com/*';
/** Tried with policy-controller 0.13.1 and Kyverno 1.19.1. */
const OLDER_FORM =
  '# Only signatures in .sig tags are found, which countersign and cosign 2 write, but not the bundles of cosign 3.\n';

function headingOf(facts: StackFacts): string {
  return [
    `# For the Sigstore ${printableOf(operatorOf(facts))} at ${facts.url}, which must be reached from the cluster by this address.`,
    '# Change the images and whose signatures are asked for.',
    '',
  ].join('\n');
}

/** Keys and certificates stand in it: it must be written anew when the stack's change. */
function kyvernoClusterPolicy({ facts }: ConfigurationContext): YamlValue {
  const urls = serviceUrlsOf(facts);
  const keyless = {
    issuer: exampleIssuerOf(facts),
    subject: exampleIdentityOf(facts),
    roots: chainPemOf(facts.caChain.toReversed()),
    rekor: { url: urls.rekor, pubkey: publicKeyPemOf(facts.rekorKey) },
    ctlog: { pubkey: publicKeyPemOf(facts.ctlogKey), tsaCertChain: chainPemOf(facts.timestampChain) },
  };
  return {
    apiVersion: 'kyverno.io/v1',
    kind: 'ClusterPolicy',
    metadata: { name: POLICY_NAME },
    spec: {
      webhookConfiguration: { failurePolicy: 'Fail', timeoutSeconds: 30 },
      background: false,
      rules: [
        {
          name: POLICY_NAME,
          match: { any: [{ resources: { kinds: ['Pod'] } }] },
          verifyImages: [
            {
              failureAction: 'Enforce',
              imageReferences: [IMAGES],
              attestors: [{ count: 1, entries: [{ keyless }] }],
            },
          ],
        },
      ],
    },
  };
}

/** Whom to trust comes from the stack's TUF repository and stays up to date. */
function kyvernoImageValidatingPolicy({ facts, tufRoot }: ConfigurationContext): YamlValue {
  const identities = [{ issuer: exampleIssuerOf(facts), subject: exampleIdentityOf(facts) }];
  const tuf = { mirror: serviceUrlsOf(facts).tuf, root: { data: base64Of(tufRoot) } };
  return {
    apiVersion: 'policies.kyverno.io/v1',
    kind: 'ImageValidatingPolicy',
    metadata: { name: POLICY_NAME },
    spec: {
      failurePolicy: 'Fail',
      validationActions: ['Deny'],
      webhookConfiguration: { timeoutSeconds: 30 },
      matchConstraints: {
        resourceRules: [
          { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['pods'] },
        ],
      },
      matchImageReferences: [{ glob: IMAGES }],
      attestors: [{ name: 'sigstore', cosign: { keyless: { identities }, tuf } }],
      validations: [
        {
          expression: 'images.containers.map(image, verifyImageSignatures(image, [attestors.sigstore])).all(e, e > 0)',
          message: 'the image is not signed by whom it must be',
        },
      ],
    },
  };
}

/** Follows the stack's TUF repository. */
function trustRoot({ facts, tufRoot }: ConfigurationContext): YamlValue {
  return {
    apiVersion: 'policy.sigstore.dev/v1alpha1',
    kind: 'TrustRoot',
    metadata: { name: TRUST_ROOT_NAME },
    spec: { remote: { mirror: serviceUrlsOf(facts).tuf, root: base64Of(tufRoot) } },
  };
}

/** The same without a TUF repository: keys and certificates stand in it. */
function trustRootByKeys({ facts }: ConfigurationContext): YamlValue {
  const { logs, ctLogs, certificateAuthorities, timestampAuthorities } = stackTrustedRootOf(facts);
  const keyOf = (pem: string): string => base64Of(utf8Of(pem));
  const logOf = ([log]: typeof logs, pem: string): YamlValue => ({
    baseURL: log?.baseUrl ?? '',
    hashAlgorithm: 'sha-256',
    publicKey: keyOf(pem),
  });
  const authorityOf = ([authority]: typeof certificateAuthorities, chain: readonly Certificate[]): YamlValue => ({
    subject: { organization: authority?.organization ?? '', commonName: authority?.commonName ?? '' },
    uri: authority?.uri ?? '',
    certChain: keyOf(chainPemOf(chain)),
  });
  return {
    apiVersion: 'policy.sigstore.dev/v1alpha1',
    kind: 'TrustRoot',
    metadata: { name: `${TRUST_ROOT_NAME}-keys` },
    spec: {
      sigstoreKeys: {
        certificateAuthorities: [authorityOf(certificateAuthorities, facts.caChain)],
        tLogs: [logOf(logs, publicKeyPemOf(facts.rekorKey))],
        ctLogs: [logOf(ctLogs, publicKeyPemOf(facts.ctlogKey))],
        timestampAuthorities: [authorityOf(timestampAuthorities, facts.timestampChain)],
      },
    },
  };
}

function clusterImagePolicy({ facts }: ConfigurationContext): YamlValue {
  const urls = serviceUrlsOf(facts);
  const identities = [{ issuer: exampleIssuerOf(facts), subject: exampleIdentityOf(facts) }];
  return {
    apiVersion: 'policy.sigstore.dev/v1beta1',
    kind: 'ClusterImagePolicy',
    metadata: { name: POLICY_NAME },
    spec: {
      images: [{ glob: '**' }],
      authorities: [
        {
          name: 'sigstore',
          keyless: { url: urls.ca, trustRootRef: TRUST_ROOT_NAME, identities },
          ctlog: { url: urls.rekor, trustRootRef: TRUST_ROOT_NAME },
        },
      ],
    },
  };
}
