/** How to reach registries: the same on every command that asks one. */

import { mapped, noted, refused, same } from '../flag.ts';
import type { Flags } from '../flag.ts';

const group = 'Registry flags';

/** How to connect. */
export const connectionFlags = {
  'allow-http-registry': {
    type: 'bool',
    default: false,
    group,
    weakens: true,
    help: 'speak plain HTTP to registries that do not answer over TLS (loopback needs no leave)',
    cosign: mapped(
      'Plain HTTP by itself only to loopback; cosign also speaks it to private address ranges, for which this flag is needed here.',
    ),
  },
  'allow-insecure-registry': {
    type: 'bool',
    default: false,
    group,
    weakens: true,
    help: 'accept any TLS certificate of registries',
    cosign: same(),
  },
  'registry-auth-host': {
    type: 'stringArray',
    group,
    weakens: true,
    placeholder: 'HOST',
    help: 'also send credentials to HOST when a registry says its tokens come from there (may repeat)',
  },
  'registry-cacert': {
    type: 'string',
    group,
    placeholder: 'FILE',
    completes: 'file',
    help: "PEM certificates to trust for registries, besides the system's",
    cosign: mapped('A file that holds no certificate is an error; cosign ignores it.'),
  },
  'registry-client-cert': {
    type: 'string',
    group,
    placeholder: 'FILE',
    completes: 'file',
    help: 'PEM certificate to show to registries',
    cosign: mapped('A file that cannot be used is an error; cosign ignores it.'),
  },
  'registry-client-key': {
    type: 'string',
    group,
    placeholder: 'FILE',
    completes: 'file',
    help: 'PEM key of the certificate to show to registries',
    cosign: mapped('A file that cannot be used is an error; cosign ignores it.'),
  },
  'registry-server-name': {
    type: 'string',
    group,
    weakens: true,
    placeholder: 'NAME',
    help: 'name to expect in the certificates of registries',
    cosign: same(),
  },
} as const satisfies Flags;

export type ConnectionFlags = typeof connectionFlags;

/** How to connect, who we are, and how what is stored is called. */
export const registryFlags = {
  ...connectionFlags,
  'attachment-tag-prefix': {
    type: 'string',
    group,
    placeholder: 'PREFIX',
    help: 'put PREFIX before sha256-… in the names of signature tags',
    cosign: same(),
  },
  'k8s-keychain': {
    type: 'bool',
    default: false,
    group,
    help: 'take credentials from the cloud that the command runs in',
    cosign: refused(
      "Configure the cloud's docker-credential helper (ecr-login, gcloud, acr-env) in the docker config: it is used by itself.",
    ),
  },
  'registry-password': {
    type: 'string',
    group,
    placeholder: 'PASSWORD',
    help: "password for the image's registry; other users of the machine can see it: prefer COSIGN_REGISTRY_PASSWORD or login",
    cosign: mapped('Sent only to the registry of the image named on the command line.'),
  },
  'registry-token': {
    type: 'string',
    group,
    placeholder: 'TOKEN',
    help: "bearer token for the image's registry",
    cosign: mapped('Sent only to the registry of the image named on the command line.'),
  },
  'registry-username': {
    type: 'string',
    group,
    placeholder: 'NAME',
    help: "user name for the image's registry",
    cosign: mapped('Sent only to the registry of the image named on the command line.'),
  },
} as const satisfies Flags;

export type RegistryFlags = typeof registryFlags;

/** Where signatures are written or read is not a choice here: both places are. */
export const referrersModeFlag = {
  type: 'enum',
  values: ['legacy', 'oci-1-1'],
  deprecated: 'both the tag and the referrers are always looked at; see --format for what is written',
  help: 'which of two experimental places to use',
  cosign: noted('Has no effect: the tag and the referrers are both used. Use --format on sign.'),
} as const satisfies Flags[string];
