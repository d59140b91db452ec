/** Flags of the commands that verify attestations. */

import { predicateTypeNames } from '../../formats/intoto/predicate-type.ts';
import { mapped, refused } from '../flag.ts';
import type { Flags } from '../flag.ts';
import { verificationServiceFlags } from './services.ts';

const hashFlag = verificationServiceFlags['signature-digest-algorithm'];

export const attestationFlags = {
  certificate: {
    type: 'string',
    deprecated: 'certificates come with what they signed',
    help: 'certificate to verify with',
    cosign: refused(
      'The certificate comes with the attestation: say with --certificate-identity and --certificate-oidc-issuer who must have made it.',
    ),
  },
  'check-claims': {
    type: 'bool',
    default: true,
    weakens: true,
    help: 'compare what was attested with the image or file',
    cosign: mapped('With false the output says "claims NOT checked". The type is always compared.'),
  },
  'signature-digest-algorithm': {
    ...hashFlag,
    cosign: refused(hashFlag.cosign.text ?? '', '2.6', '3.1'),
  },
  type: {
    type: 'string',
    default: 'custom',
    placeholder: 'TYPE',
    // An inherited variable must not say what counts as attested.
    weakens: true,
    help: `what must be attested: ${predicateTypeNames.join(', ')}, or a URI; any accepts all types`,
    cosign: mapped('An unknown name is an error. "any" accepts attestations of every type.'),
  },
} as const satisfies Flags;
