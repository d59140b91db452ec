/** countersign env */

import { printableOf } from '../../base/printable.ts';
import { declareCommand, noArguments } from '../command.ts';
import { same } from '../flag.ts';

interface Variable {
  readonly name: string;
  readonly what: string;
  readonly expects: string;
  readonly isSecret?: true;
}

/** What is read besides COSIGN_<FLAG>. */
const variables: readonly Variable[] = [
  {
    name: 'COSIGN_DOCKER_MEDIA_TYPES',
    what: "writes signature images with Docker's media types, for registries that know no others",
    expects: '1',
  },
  {
    name: 'COSIGN_MAX_ATTACHMENT_SIZE',
    what: 'lowers the cap on what is fetched about an image',
    expects: 'a size such as 5120, 20K or 45MiB',
  },
  {
    name: 'COSIGN_PASSWORD',
    what: 'opens private keys, and locks new ones; an empty one counts',
    expects: 'a password',
    isSecret: true,
  },
  {
    name: 'COSIGN_REPOSITORY',
    what: 'is where signatures are kept instead of beside their images',
    expects: 'a repository',
  },
  {
    name: 'COUNTERSIGN_IMPORT_PASSWORD',
    what: 'opens an encrypted key that import-key-pair reads',
    expects: 'a password',
    isSecret: true,
  },
  { name: 'DOCKER_CONFIG', what: "is the folder of docker's config.json", expects: 'a path' },
  { name: 'HTTPS_PROXY', what: 'is the way to https:// addresses', expects: 'an address', isSecret: true },
  { name: 'HTTP_PROXY', what: 'is the way to http:// addresses', expects: 'an address', isSecret: true },
  { name: 'NO_COLOR', what: 'turns colours off', expects: 'anything' },
  {
    name: 'NO_PROXY',
    what: 'lists hosts, networks and ports that are asked without a proxy',
    expects: 'a list with commas',
  },
  { name: 'REGISTRY_AUTH_FILE', what: "is podman's file of credentials", expects: 'a path' },
  {
    name: 'SIGSTORE_NO_CACHE',
    what: 'leaves the cache of trusted roots as it is: what is fetched is not kept',
    expects: 'true or false',
  },
  {
    name: 'SIGSTORE_CT_LOG_PUBLIC_KEY_FILE',
    what: 'is the key of the certificate transparency log to believe, where no trusted root is named',
    expects: 'a path',
  },
  {
    name: 'SIGSTORE_ID_TOKEN',
    what: 'is the identity token to sign with, where no key and no token is named',
    expects: 'a token',
    isSecret: true,
  },
  {
    name: 'SIGSTORE_REKOR_PUBLIC_KEY',
    what: 'is the key of the transparency log to believe, where no trusted root is named',
    expects: 'a path',
  },
  {
    name: 'SIGSTORE_ROOT_FILE',
    what: 'holds the certificates of the authority to believe, where no trusted root is named',
    expects: 'a path',
  },
  {
    name: 'SIGSTORE_TSA_CERTIFICATE_FILE',
    what: 'holds the certificates of the timestamp authority to believe, where no trusted root is named',
    expects: 'a path',
  },
  {
    name: 'SOURCE_DATE_EPOCH',
    what: 'is the time that --record-creation-timestamp writes',
    expects: 'seconds since 1970',
  },
  {
    name: 'SSL_CERT_DIR',
    what: "lists folders of certificates to trust besides the system's",
    expects: 'paths with colons between them',
  },
  { name: 'SSL_CERT_FILE', what: "is a file of certificates to trust besides the system's", expects: 'a path' },
  {
    name: 'TUF_MIRROR',
    what: 'is the TUF repository that trusted roots come from, instead of the one that initialize chose',
    expects: 'an address',
  },
  { name: 'TUF_ROOT', what: 'is the cache of trusted roots, instead of ~/.sigstore/root', expects: 'a path' },
  { name: 'TUF_ROOT_JSON', what: 'is the root of TUF_MIRROR to begin with', expects: 'a path' },
];

/** Parts of the names of flags whose values are secrets. */
const SECRET_NAME = /PASSWORD|TOKEN|SECRET/;

export const envCommand = declareCommand({
  path: ['env'],
  summary: 'Print the environment variables that are read',
  description:
    'Prints each environment variable that is read, with its value. Every flag --some-flag can also be set as COSIGN_SOME_FLAG, unless it weakens what the command assures; those that are set are listed.',
  examples: [{ what: 'Names and values alone', command: 'countersign env --show-descriptions=false' }],
  positional: noArguments,
  flags: {
    'show-descriptions': { type: 'bool', default: true, help: 'print what each variable is for', cosign: same() },
    'show-sensitive-values': {
      type: 'bool',
      default: false,
      help: 'print passwords and other secrets too',
      cosign: same(),
    },
  },
  ignoresEnvironment: true,
  isInCosign: true,
  run: async ({ values, session: { environment } }) => {
    const known = new Set(variables.map(({ name }) => name));
    const flags = Object.keys(environment).filter((name) => name.startsWith('COSIGN_') && !known.has(name));
    const all: readonly Variable[] = [...variables, ...flags.map(flagVariableOf)].toSorted((a, b) =>
      a.name < b.name ? -1 : 1,
    );
    const shown = all.map((each) => {
      const value = environment[each.name] ?? '';
      return {
        ...each,
        value: each.isSecret === true && value !== '' && !values['show-sensitive-values'] ? '******' : value,
      };
    });
    const text = shown.map(({ name, what, expects, value }) => {
      const description = values['show-descriptions'] ? `# ${name} ${what}\n# Expects: ${expects}\n` : '';
      return `${description}${name}=${printableOf(value)}\n`;
    });
    return {
      text: text.join(''),
      report: {
        variables: shown.map(({ name, what, expects, value }) => ({ name, description: what, expects, value })),
      },
    };
  },
});

function flagVariableOf(name: string): Variable {
  const flag = name.slice('COSIGN_'.length).toLowerCase().replaceAll('_', '-');
  return {
    name,
    what: `sets --${flag} on commands that have it`,
    expects: 'as the flag',
    ...(SECRET_NAME.test(name) ? { isSecret: true as const } : {}),
  };
}
