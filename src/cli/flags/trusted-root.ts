/** Flags of `trusted-root create`. */

import { mapped, same } from '../flag.ts';
import type { CosignVersion, Flags, ListFlag } from '../flag.ts';

const STRICT = 'Members that are unknown or twice there are an error; cosign passes over them.';

const spec = { type: 'stringArray', placeholder: 'SPEC', cosign: mapped(STRICT, '2.6', '3.1') } as const;

const drop = { type: 'bool', default: false, cosign: same('3.1') } as const;

/** The form before specs: values of several flags belong together by their order. */
function earlier(
  instead: string,
  help: string,
  placeholder: string,
  ...versions: readonly CosignVersion[]
): ListFlag & { readonly type: 'stringArray' } {
  return {
    type: 'stringArray',
    placeholder,
    ...(placeholder === 'FILE' ? { completes: 'file' as const } : {}),
    deprecated: `use --${instead} instead`,
    help,
    cosign: mapped('More of these than of the file they belong to is an error; cosign passes over them.', ...versions),
  };
}

export const trustedRootFlags = {
  fulcio: {
    ...spec,
    help: 'certificate authority: url=…,certificate-chain=FILE[,start-time=TIME][,end-time=TIME]',
  },
  rekor: {
    ...spec,
    help: 'transparency log: url=…,public-key=FILE,start-time=TIME[,end-time=TIME][,origin=NAME]; a Rekor v2 log has an origin, its host name',
  },
  ctfe: {
    ...spec,
    help: 'certificate transparency log: url=…,public-key=FILE,start-time=TIME[,end-time=TIME][,origin=NAME]',
  },
  tsa: {
    ...spec,
    help: 'timestamp authority: url=…,certificate-chain=FILE[,start-time=TIME][,end-time=TIME]',
  },
  out: {
    type: 'string',
    placeholder: 'FILE',
    completes: 'file',
    help: 'write the trusted root to FILE instead of stdout',
    cosign: same(),
  },
  'with-default-services': {
    type: 'bool',
    default: false,
    help: 'start from the trusted root that "countersign initialize" set up',
    cosign: mapped('Starts from what "initialize" chose; the public instance is never the default.', '3.1'),
  },
  'no-default-ctfe': { ...drop, help: 'leave out the certificate transparency logs of --with-default-services' },
  'no-default-fulcio': { ...drop, help: 'leave out the certificate authorities of --with-default-services' },
  'no-default-rekor': { ...drop, help: 'leave out the transparency logs of --with-default-services' },
  'no-default-tsa': { ...drop, help: 'leave out the timestamp authorities of --with-default-services' },
  'certificate-chain': earlier('fulcio', 'PEM chain of a certificate authority', 'FILE'),
  'fulcio-uri': earlier('fulcio', 'address of the certificate authority', 'URL', '2.6', '3.1'),
  'ctfe-key': earlier('ctfe', 'public key of a certificate transparency log', 'FILE'),
  'ctfe-url': earlier('ctfe', 'address of the certificate transparency log', 'URL', '2.6', '3.1'),
  'ctfe-start-time': earlier('ctfe', 'from when its key is valid', 'TIME'),
  'ctfe-end-time': earlier('ctfe', 'until when its key is valid', 'TIME', '2.6', '3.1'),
  'rekor-key': earlier('rekor', 'public key of a transparency log, of Rekor v2 with its name: FILE,NAME', 'FILE'),
  'rekor-url': earlier('rekor', 'address of the transparency log', 'URL', '2.6', '3.1'),
  'rekor-start-time': earlier('rekor', 'from when its key is valid', 'TIME'),
  'rekor-end-time': earlier('rekor', 'until when its key is valid', 'TIME', '2.6', '3.1'),
  'timestamp-certificate-chain': earlier('tsa', 'PEM chain of a timestamp authority', 'FILE'),
  'timestamp-uri': earlier('tsa', 'address of the timestamp authority', 'URL', '2.6', '3.1'),
} as const satisfies Flags;
