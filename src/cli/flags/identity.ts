/** Flags that say who must have signed, when it is not a key. */

import { mapped, same } from '../flag.ts';
import type { Flags, TextFlag } from '../flag.ts';

const group = 'Flags about who must have signed';

const text = (placeholder: string, help: string): TextFlag => ({
  type: 'string',
  group,
  placeholder,
  help,
  cosign: same(),
});

const pattern = (help: string): TextFlag => ({
  type: 'string',
  group,
  placeholder: 'PATTERN',
  help: `${help}: RE2 syntax, matches anywhere unless ^ and $ say otherwise`,
  cosign: mapped(
    'Excludes the flag for the exact text, which cosign passes over. An identity that everybody has is refused, and a pattern that lets strangers in is warned about, with an example.',
  ),
});

export const identityFlags = {
  'certificate-identity': text('NAME', 'who must have signed: the whole email address or URI in the certificate'),
  'certificate-identity-regexp': pattern('pattern of who must have signed'),
  'certificate-oidc-issuer': text(
    'URL',
    'who must have vouched for the signer: the OIDC issuer, to the last character',
  ),
  'certificate-oidc-issuer-regexp': pattern('pattern of the OIDC issuer'),
  'certificate-extension': {
    type: 'stringArray',
    group,
    placeholder: 'NAME=VALUE',
    help: 'value that a Fulcio extension must have, by name (sourceRepositoryUri) or OID (may repeat)',
  },
  'certificate-github-workflow-name': text('NAME', 'name of the GitHub workflow'),
  'certificate-github-workflow-ref': text('REF', 'git ref on which the GitHub workflow ran'),
  'certificate-github-workflow-repository': text('OWNER/NAME', 'repository of the GitHub workflow'),
  'certificate-github-workflow-sha': text('COMMIT', 'commit on which the GitHub workflow ran'),
  'certificate-github-workflow-trigger': text('EVENT', 'event that started the GitHub workflow'),
} as const satisfies Flags;
