import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hasCode } from '../../../../test/support/error-code.ts';
import { limits } from '../../../base/limits.ts';
import { configurationDocumentOf } from './configuration-document.ts';
import { findIssuer, parseIssuerConfiguration } from './issuer-configuration.ts';
import type { Issuer } from './issuer.ts';

/** The shape of Fulcio's own file: anchors, aliases as values and as keys, comments, templates with and without quotes. */
const file = `
# comment
define:
  - &forge-type "forge-pipeline"
  - &hub-type "github-workflow"
oidc-issuers:
  https://accounts.example.com:
    issuer-url: https://accounts.example.com
    client-id: sigstore
    type: email
    contact: ops@example.com
    description: "People"
  https://dex.example.com/auth:
    issuer-url: https://dex.example.com/auth
    client-id: sigstore
    type: email
    issuer-claim: $.federated_claims.connector_id
    environment: production
    skip-email-verification: true
  https://forge.example.com:
    client-id: forge
    type: ci-provider
    ci-provider: *forge-type
  https://token.actions.githubusercontent.com:
    client-id: sigstore
    type: ci-provider
    ci-provider: *hub-type
  https://agent.buildkite.com:
    client-id: sigstore
    type: buildkite-job
  https://spire.example.com:
    client-id: sigstore
    type: spiffe
    spiffe-trust-domain: prod.example.com
  https://users.example.com:
    client-id: sigstore
    type: username
    subject-domain: example.com
  https://pages.example.com:
    client-id: sigstore
    type: uri
    subject-domain: https://www.example.com
    challenge-claim: sub
  http://127.0.0.1:8080/oidc:
    client-id: sigstore
    type: email
meta-issuers:
  # regions
  https://oidc.eks.*.amazonaws.com/id/*:
    client-id: sigstore
    type: kubernetes
  https://token.actions.githubusercontent.com/*:
    client-id: sigstore
    type: ci-provider
    ci-provider: *hub-type
ci-issuer-metadata:
  *forge-type:
    default-template-values:
      url: "https://forge.example.com"
    extension-templates:
      build-trigger: "event"
      source-repository-ref: refs/{{if eq .ref_type "branch"}}heads/{{ else }}tags/{{end}}{{ .ref }}
      run-invocation-uri: '{{.url}}/{{(index . "forge/run-id")}}'
    subject-alternative-name-template: "{{ .url }}/{{ .workflow }}"
`;

test('a file of the shape of Fulcio’s is read, aliases as keys included', () => {
  const configuration = parseIssuerConfiguration(file);
  const issuerAt = (url: string): Issuer | undefined => findIssuer(configuration, url);
  assert.equal(configuration.issuers.size, 9);
  assert.deepEqual(issuerAt('https://dex.example.com/auth')?.naming, {
    kind: 'email',
    issuerClaim: ['federated_claims', 'connector_id'],
    isVerificationSkipped: true,
  });
  assert.deepEqual(issuerAt('https://spire.example.com')?.naming, { kind: 'spiffe', trustDomain: 'prod.example.com' });
  assert.deepEqual(issuerAt('https://users.example.com')?.naming, { kind: 'username', domain: 'example.com' });
  assert.deepEqual(issuerAt('https://pages.example.com')?.naming, { kind: 'uri', origin: 'https://www.example.com' });
  const forge = issuerAt('https://forge.example.com');
  assert.equal(forge?.audience, 'forge');
  assert.ok(forge?.naming.kind === 'ci');
  assert.deepEqual([...forge.naming.provider.extensions.keys()], [14, 20, 21]);
  assert.equal(issuerAt('https://agent.buildkite.com')?.naming.kind, 'ci');
  const cluster = issuerAt('https://oidc.eks.us-west-2.amazonaws.com/id/B02C93');
  assert.equal(cluster?.url, 'https://oidc.eks.*.amazonaws.com/id/*');
  assert.equal(issuerAt('https://token.actions.githubusercontent.com')?.pattern, undefined);
  assert.notEqual(issuerAt('https://token.actions.githubusercontent.com/acme')?.pattern, undefined);
  assert.equal(issuerAt('https://token.actions.githubusercontent.com/acme/x'), undefined);
});

test('clients are told which issuers there are', () => {
  const { issuers } = configurationDocumentOf(parseIssuerConfiguration(file)) as { issuers: unknown[] };
  const common = { audience: 'sigstore', spiffeTrustDomain: '', subjectDomain: '', skipEmailVerification: false };
  assert.deepEqual(issuers[0], {
    ...common,
    issuerUrl: 'https://accounts.example.com',
    challengeClaim: 'email',
    issuerType: 'email',
  });
  assert.deepEqual(issuers[9], {
    ...common,
    wildcardIssuerUrl: 'https://oidc.eks.*.amazonaws.com/id/*',
    challengeClaim: 'sub',
    issuerType: 'kubernetes',
  });
  assert.equal((issuers[7] as { subjectDomain: string }).subjectDomain, 'https://www.example.com');
});

test('the older JSON form says the same', () => {
  const older = {
    OIDCIssuers: {
      'https://a.example.com': {
        IssuerURL: 'https://a.example.com',
        ClientID: 'sigstore',
        Type: 'email',
        IssuerClaim: '$.x',
        SkipEmailVerification: true,
      },
      'https://s.example.com': { ClientID: 'sigstore', Type: 'spiffe', SPIFFETrustDomain: 'example.com' },
      'https://c.example.com': { ClientID: 'sigstore', Type: 'ci-provider', CIProvider: 'own' },
    },
    MetaIssuers: { 'https://*.example.com/x': { ClientID: 'sigstore', Type: 'kubernetes' } },
    CIIssuerMetadata: {
      own: {
        DefaultTemplateValues: { url: 'https://x' },
        ExtensionTemplates: {
          GithubWorkflowSHA: 'sha',
          BuildSignerURI: '{{ .url }}',
          SourceRepositoryVisibilityAtSigning: 'v',
        },
        SubjectAlternativeNameTemplate: '{{ .url }}/{{ .sub }}',
      },
    },
  };
  const { issuers, metaIssuers } = parseIssuerConfiguration(JSON.stringify(older));
  assert.deepEqual(
    [...issuers.values(), ...metaIssuers].map(({ naming }) => naming.kind),
    ['email', 'spiffe', 'ci', 'kubernetes'],
  );
  const own = issuers.get('https://c.example.com')?.naming;
  assert.deepEqual(own?.kind === 'ci' && [...own.provider.extensions.keys()], [3, 9, 22]);
});

test('an empty configuration trusts nobody', () => {
  for (const text of ['oidc-issuers: {}', 'define: []', '{}', 'oidc-issuers:\nmeta-issuers:\n']) {
    const { issuers, metaIssuers } = parseIssuerConfiguration(text);
    assert.equal(issuers.size + metaIssuers.length, 0, text);
  }
});

const one = (settings: string, url = 'https://a.example.com'): string =>
  `oidc-issuers:\n  ${url}: {client-id: sigstore, ${settings}}`;
const meta = (pattern: string, settings = 'type: kubernetes'): string =>
  `meta-issuers:\n  ${pattern}: {client-id: sigstore, ${settings}}`;

const refused: Readonly<Record<string, readonly [string, RegExp]>> = {
  'an unknown key at the top': ['oidc-issuer: {}', /\$: the key "oidc-issuer" is not known/],
  'an unknown key of an issuer': [
    one('type: email, client_id: x'),
    /a\.example\.com: the key "client_id" is not known/,
  ],
  'an unknown extension': [
    'ci-issuer-metadata:\n  x: {subject-alternative-name-template: a, extension-templates: {issuer: y}}',
    /"issuer" is not known/,
  ],
  'two spellings of one key': ['{"oidc-issuers":{},"OIDCIssuers":{}}', /oidc-issuers is there in both spellings/],
  'a missing audience': ['oidc-issuers:\n  https://a.example.com: {type: email}', /client-id: expected a string/],
  'an empty audience': ['oidc-issuers:\n  https://a.example.com: {type: email, client-id: ""}', /client-id is empty/],
  'an unknown type': [one('type: emails'), /the type "emails" is not known; known are/],
  'another URL inside': [
    one('type: email, issuer-url: https://b.example.com'),
    /issuer-url must be the same as the key/,
  ],
  'plain http': [one('type: email', 'http://a.example.com'), /must be an https:\/\/ URL/],
  'no URL': [one('type: email', 'a.example.com'), /must be an https:\/\/ URL/],
  'credentials in the URL': [one('type: email', 'https://u:p@a.example.com'), /a host and a path alone/],
  'a fragment in the URL': [one('type: email', '"https://a.example.com/#x"'), /a host and a path alone/],
  'an unknown provider': [
    one('type: ci-provider, ci-provider: nobody'),
    /"nobody" is not defined; defined are github-workflow/,
  ],
  'no provider': [one('type: ci-provider'), /"ci-provider" is not defined/],
  'a setting of another type': [
    one('type: kubernetes, subject-domain: example.com'),
    /subject-domain has no use for the type "kubernetes"/,
  ],
  'a skipped check of another type': [
    one('type: uri, skip-email-verification: true, subject-domain: https://a.example.com'),
    /has no use/,
  ],
  'a truth value as text': [one('type: email, skip-email-verification: "true"'), /expected true or false/],
  'an issuer claim with an expression': [one('type: email, issuer-claim: "$..x"'), /issuer-claim must be of the form/],
  'another challenge': [one('type: email, challenge-claim: name'), /challenge-claim must be/],
  'authorities that are none': [one('type: email, ca-cert: "nonsense"'), /ca-cert holds no PEM certificate/],
  'no subject domain': [one('type: uri'), /subject-domain must be/],
  'a foreign subject domain': [one('type: uri, subject-domain: https://example.org'), /belong to different domains/],
  'a neighbour under a public suffix': [
    one('type: username, subject-domain: b.co.uk', 'https://a.co.uk'),
    /belong to different domains/,
  ],
  'a domain with a path': [one('type: uri, subject-domain: https://example.com/x'), /of the form https:\/\/host/],
  'a domain in capitals': [one('type: uri, subject-domain: https://Example.com'), /of the form https:\/\/host/],
  'a domain of another scheme': [one('type: uri, subject-domain: "http://a.example.com"'), /the same scheme/],
  'a user domain with a scheme': [one('type: username, subject-domain: https://example.com'), /without a scheme/],
  'no trust domain': [one('type: spiffe'), /spiffe-trust-domain must consist/],
  'a trust domain with a path': [one('type: spiffe, spiffe-trust-domain: a/b'), /spiffe-trust-domain must consist/],
  'one trust domain of many issuers': [
    meta('https://*.example.com', 'type: spiffe, spiffe-trust-domain: a'),
    /cannot belong to many/,
  ],
  'one user domain of many issuers': [
    meta('https://*.example.com', 'type: username, subject-domain: example.com'),
    /cannot belong to many/,
  ],
  'a pattern of any host': [meta('https://*'), /last 2 labels/],
  'a pattern of any registered domain': [meta('https://*.com/x'), /last 2 labels/],
  'a pattern of half a label': [meta('https://x.my*.com/x'), /last 2 labels/],
  'a pattern of addresses': [meta('https://*.0.0.1/x'), /must be a name|begin with https/],
  'a pattern on this machine': [meta('https://127.0.0.1/*'), /host must be a name/],
  'a pattern on this machine by name': [meta('https://localhost/*'), /last 2 labels/],
  'a pattern of http': [meta('http://a.example.com/*'), /begin with https/],
  'a pattern of schemes': [meta('"*://a.example.com/"'), /begin with https/],
  'a pattern with credentials': [meta('https://*@a.example.com/'), /host and a path/],
  'a pattern with a fragment': [meta('"https://a.example.com/#*"'), /host and a path/],
  'a pattern that may be split in many ways': [meta('https://a.example.com/*x*'), /between two/],
  'a pattern without a star': [meta('https://a.example.com/'), /has no "\*"/],
  'a bad template': [
    'ci-issuer-metadata:\n  x: {subject-alternative-name-template: "{{ range . }}"}',
    /ci-issuer-metadata x: template "\{\{ range \. \}\}"/,
  ],
  'an empty name template': ['ci-issuer-metadata:\n  x: {subject-alternative-name-template: " "}', /template is empty/],
  'no YAML': ['oidc-issuers: [', /line \d+/],
  'one key twice': ['oidc-issuers: {}\noidc-issuers: {}', /"oidc-issuers" is there twice/],
  'one key twice in JSON': ['{"oidc-issuers":{},"oidc-issuers":{}}', /appears twice/],
  'an alias and a text for one key': [
    'define: [&a https://a.example.com]\noidc-issuers:\n  *a: {client-id: b, type: email}\n  https://a.example.com: {client-id: b, type: email}',
    /"https:..a.example.com" is there twice/,
  ],
  'an alias of nothing': ['oidc-issuers: *nothing', /Unresolved alias/],
  'an unknown tag': ['oidc-issuers: !secret {}', /Unresolved tag/],
  bytes: ['define: !!binary aGk=', /kind of value/],
  'a key that is no text': ['define: {[a]: b}', /a key that is no text/],
  'two documents': ['define: []\n---\ndefine: []', /2 documents/],
  'a list': ['- a', /expected an object/],
  'a file without end': [`define: ${'x'.repeat(limits.issuerConfigurationCharacters)}`, /characters, at most/],
  'brackets without end': ['['.repeat(10_000), /./],
};

for (const [what, [text, reason]] of Object.entries(refused)) {
  test(`refused with the place and the reason: ${what}`, () => {
    assert.throws(
      () => parseIssuerConfiguration(text),
      (error) => {
        assert.ok(hasCode('ISSUER_CONFIGURATION_INVALID')(error), String(error));
        assert.match((error as Error).message, reason);
        return true;
      },
    );
  });
}

test('an alias bomb is refused before it goes off', () => {
  const lines = Array.from({ length: 12 }, (_, at) => {
    const alias = Array.from({ length: 12 }, () => `*a${at - 1}`).join(', ');
    return `- &a${at} ${at === 0 ? '"x"' : `[${alias}]`}`;
  });
  const wide = `define:\n- &a ${JSON.stringify(Array.from({ length: 500 }, () => 'x'))}\n${'- *a\n'.repeat(900)}`;
  for (const text of [`define:\n${lines.join('\n')}`, wide]) {
    const begin = performance.now();
    assert.throws(() => parseIssuerConfiguration(text), hasCode('ISSUER_CONFIGURATION_INVALID'));
    assert.ok(performance.now() - begin < 5000);
  }
});

test('what looks like an alias in a text is a text', () => {
  const text = 'define: |\n  *a:\noidc-issuers:\n  https://a.example.com:\n    client-id: "*a:"\n    type: email\n';
  assert.equal(parseIssuerConfiguration(text).issuers.get('https://a.example.com')?.audience, '*a:');
});

test('settings that many issuers share are merged in', () => {
  const shared = 'define:\n- &shared {client-id: sigstore, type: email}\noidc-issuers:\n';
  const many = Array.from(
    { length: 200 },
    (_, at) => `  https://i${at}.example.com:\n    <<: *shared\n    description: d`,
  );
  assert.equal(parseIssuerConfiguration(shared + many.join('\n')).issuers.size, 200);
});
