/** What people paste into a shell so that a client signs with a stack and believes it. */

import { printableOf } from '../../base/printable.ts';
import { sha256HexOf } from '../../crypto/hash.ts';
import type { ClientFileName } from './client-file.ts';
import { operatorOf, serviceUrlsOf } from './stack-facts.ts';
import type { ServiceUrls, StackFacts } from './stack-facts.ts';

export interface ConfigurationContext {
  readonly facts: StackFacts;
  /** The newest root document of the stack's TUF repository. */
  readonly tufRoot: Uint8Array;
  /** Where the client files are, absolute. */
  readonly folder: string;
}

/** Parts of scripts; the addresses and paths are quoted for a shell. */
interface Words {
  readonly urls: ServiceUrls;
  readonly issuer: string;
  readonly root: string;
  readonly rootSha256: string;
  readonly file: (name: ClientFileName) => string;
}

/** By file name. */
export function clientScriptsOf(context: ConfigurationContext): ReadonlyMap<string, string> {
  const words = wordsOf(context);
  const scripts = {
    'countersign.sh': countersignScript(words),
    'cosign-2.sh': cosign2Script(words),
    'cosign-3.sh': cosign3Script(words),
    'sigstore-python.sh': pythonScript(words),
    'sigstore-js.sh': sigstoreJsScript(words),
    'gitsign.sh': gitsignScript(words),
  };
  const heading = headingOf(context);
  const complete = Object.entries(scripts).map(
    ([name, lines]) => [name, `${[...heading, ...lines].join('\n')}\n`] as const,
  );
  return new Map([...complete, ['sigstore-js.mjs', sigstoreJsProgram(context)]]);
}

/** Whose signatures the examples ask for, until somebody writes another name. */
export function exampleIdentityOf({ isDevelopment }: StackFacts): string {
  return isDevelopment ? 'dev@example.com' : 'you@example.com';
}

/** Where that name comes from. */
export function exampleIssuerOf({ oidcIssuers }: StackFacts): string {
  return oidcIssuers[0] ?? 'https://issuer.example.com';
}

/** One word of a POSIX shell, whatever it holds. */
function shellQuote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Lines that people may use instead. A line feed inside a quoted word does not end the comment. */
function commented(...lines: readonly string[]): readonly string[] {
  return lines.flatMap((line) => line.split('\n')).map((line) => `#   ${line}`);
}

function wordsOf({ facts, tufRoot, folder }: ConfigurationContext): Words {
  const urls = Object.entries(serviceUrlsOf(facts)).map(([name, url]) => [name, shellQuote(url as string)] as const);
  return {
    urls: Object.fromEntries(urls) as unknown as ServiceUrls,
    issuer: shellQuote(exampleIssuerOf(facts)),
    root: shellQuote(`${folder}/root.json`),
    rootSha256: sha256HexOf(tufRoot),
    file: (name) => shellQuote(`${folder}/${name}`),
  };
}

/** What the lines below speak of: each may be set before. */
function headingOf({ facts }: ConfigurationContext): readonly string[] {
  const assign = (name: string, value: string): string => `test -n "\${${name}-}" || ${name}=${shellQuote(value)}`;
  return [
    `# For the Sigstore ${printableOf(operatorOf(facts))} at ${facts.url}`,
    '# Who signs, who says that it is them, and what is signed. An image is best named by its digest.',
    assign('IDENTITY', exampleIdentityOf(facts)),
    assign('ISSUER', exampleIssuerOf(facts)),
    assign('IMAGE', 'registry.example.com/app:v1'),
    assign('FILE', 'app.txt'),
    '',
  ];
}

const EXPECTED = '--certificate-identity "$IDENTITY" --certificate-oidc-issuer "$ISSUER"';

function countersignScript({ urls, root, rootSha256 }: Words): readonly string[] {
  return [
    '# Once on each machine: whom to trust and whom to sign with.',
    `countersign initialize --mirror ${urls.tuf} --root ${root} --root-checksum ${rootSha256}`,
    '',
    'countersign sign "$IMAGE"',
    `countersign verify ${EXPECTED} "$IMAGE"`,
  ];
}

function cosign2Script({ urls, issuer, root, rootSha256, file }: Words): readonly string[] {
  const services = `--fulcio-url ${urls.ca} --rekor-url ${urls.rekor} --oidc-issuer ${issuer}`;
  return [
    '# Once on each machine: whom to trust.',
    `cosign initialize --mirror ${urls.tuf} --root ${root} --root-checksum ${rootSha256}`,
    '# Or, where the TUF repository cannot be reached, in each shell instead:',
    ...commented(
      `export SIGSTORE_ROOT_FILE=${file('fulcio_chain.pem')}`,
      `export SIGSTORE_REKOR_PUBLIC_KEY=${file('rekor.pub')}`,
      `export SIGSTORE_CT_LOG_PUBLIC_KEY_FILE=${file('ctfe.pub')}`,
      `export SIGSTORE_TSA_CERTIFICATE_FILE=${file('tsa_chain.pem')}`,
    ),
    '',
    `cosign sign --yes ${services} "$IMAGE"`,
    `cosign verify --rekor-url ${urls.rekor} ${EXPECTED} "$IMAGE"`,
    '',
    `cosign sign-blob --yes ${services} --bundle "$FILE.bundle" "$FILE"`,
    `cosign verify-blob --rekor-url ${urls.rekor} --bundle "$FILE.bundle" ${EXPECTED} "$FILE"`,
    '',
    '# With a timestamp besides the log entry:',
    ...commented(
      `cosign sign --yes ${services} --timestamp-server-url ${urls.timestamps} "$IMAGE"`,
      `cosign verify --use-signed-timestamps --rekor-url ${urls.rekor} ${EXPECTED} "$IMAGE"`,
    ),
  ];
}

function cosign3Script({ urls, root, rootSha256, file }: Words): readonly string[] {
  return [
    '# Once on each machine: whom to trust and whom to sign with. No further flags are needed then.',
    `cosign initialize --mirror ${urls.tuf} --root ${root} --root-checksum ${rootSha256}`,
    '',
    'cosign sign --yes "$IMAGE"',
    `cosign verify ${EXPECTED} "$IMAGE"`,
    '',
    'cosign sign-blob --yes --bundle "$FILE.sigstore.json" "$FILE"',
    `cosign verify-blob --bundle "$FILE.sigstore.json" ${EXPECTED} "$FILE"`,
    '',
    '# Where the TUF repository cannot be reached, by files:',
    ...commented(
      `cosign sign --yes --signing-config ${file('signing_config.json')} --trusted-root ${file('trusted_root.json')} "$IMAGE"`,
      `cosign verify --trusted-root ${file('trusted_root.json')} ${EXPECTED} "$IMAGE"`,
    ),
  ];
}

function pythonScript({ urls, root, file }: Words): readonly string[] {
  const expected = '--cert-identity "$IDENTITY" --cert-oidc-issuer "$ISSUER"';
  return [
    '# Once on each machine: whom to trust and whom to sign with.',
    `sigstore --instance ${urls.tuf} trust-instance ${root}`,
    '',
    `sigstore --instance ${urls.tuf} sign "$FILE"`,
    `sigstore --instance ${urls.tuf} verify identity ${expected} "$FILE"`,
    '',
    '# Where the TUF repository cannot be reached, by a file:',
    ...commented(
      `sigstore --trust-config ${file('client_trust_config.json')} sign "$FILE"`,
      `sigstore --trust-config ${file('client_trust_config.json')} verify identity ${expected} "$FILE"`,
    ),
  ];
}

function sigstoreJsScript({ urls, issuer, root }: Words): readonly string[] {
  return [
    '# The command line of sigstore-js signs in-toto statements. sigstore-js.mjs shows its library.',
    `sigstore initialize --mirror ${urls.tuf} --root ${root}`,
    '',
    `sigstore attest "$FILE" --fulcio-url ${urls.ca} --rekor-url ${urls.rekor} --tsa-server-url ${urls.timestamps} \\`,
    `  --oidc-issuer ${issuer} -o "$FILE.sigstore.json"`,
    `sigstore verify "$FILE.sigstore.json" --tuf-mirror-url ${urls.tuf} --tuf-root-path ${root} \\`,
    '  --certificate-identity-email "$IDENTITY" --certificate-issuer "$ISSUER"',
  ];
}

function gitsignScript({ urls, issuer, root, file }: Words): readonly string[] {
  return [
    '# Once on each machine: whom to trust.',
    `gitsign initialize --mirror ${urls.tuf} --root ${root}`,
    '# And in each shell: gitsign 0.16 does not look for these where it has just been told.',
    `export SIGSTORE_ROOT_FILE=${file('fulcio_chain.pem')}`,
    `export SIGSTORE_REKOR_PUBLIC_KEY=${file('rekor.pub')}`,
    `export SIGSTORE_CT_LOG_PUBLIC_KEY_FILE=${file('ctfe.pub')}`,
    '',
    '# In each repository.',
    'git config gpg.format x509',
    'git config gpg.x509.program gitsign',
    'git config commit.gpgsign true',
    `git config gitsign.fulcio ${urls.ca}`,
    `git config gitsign.rekor ${urls.rekor}`,
    `git config gitsign.issuer ${issuer}`,
    'git config gitsign.clientID sigstore',
    '',
    `gitsign verify ${EXPECTED} HEAD`,
  ];
}

function sigstoreJsProgram({ facts, folder }: ConfigurationContext): string {
  const urls = serviceUrlsOf(facts);
  const text = (value: string): string => JSON.stringify(value);
  const pattern = `^${exampleIdentityOf(facts).replaceAll('.', String.raw`\.`)}$`;
  return `// Signs the file that is named on the command line by the token in SIGSTORE_ID_TOKEN, and verifies it.
import { readFile } from 'node:fs/promises';
import { sign, verify } from 'sigstore';

const artifact = await readFile(process.argv[2]);
const bundle = await sign(artifact, {
  fulcioURL: ${text(urls.ca)},
  rekorURL: ${text(urls.rekor)},
  tsaServerURL: ${text(urls.timestamps)},
  identityToken: process.env.SIGSTORE_ID_TOKEN,
});
await verify(bundle, artifact, {
  tufMirrorURL: ${text(urls.tuf)},
  tufRootPath: ${text(`${folder}/root.json`)},
  // A regular expression.
  certificateIdentityEmail: ${text(pattern)},
  certificateIssuer: ${text(exampleIssuerOf(facts))},
});
`;
}
