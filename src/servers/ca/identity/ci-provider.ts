/** How the claims of a CI provider's tokens become a certificate's name and extensions. */

import { decodeMap, decodeString, optional } from '../../../base/decode.ts';
import type { Decoder } from '../../../base/decode.ts';
import { invalidConfiguration } from './configuration-file.ts';
import { decodeMembers } from './configuration-members.ts';
import { parseTemplate } from './template.ts';
import type { Template } from './template.ts';

export interface CiProvider {
  /** Stand in for claims that the token does not have. */
  readonly defaults: Readonly<Record<string, string>>;
  /** Becomes the URI that the certificate is for. */
  readonly name: Template;
  /** By the last arc of 1.3.6.1.4.1.57264.1.N. */
  readonly extensions: ReadonlyMap<number, Template>;
}

/** As files write it. */
export interface CiProviderSource {
  readonly 'default-template-values'?: Readonly<Record<string, string>>;
  readonly 'extension-templates'?: Readonly<Record<string, string>>;
  readonly 'subject-alternative-name-template': string;
}

/** Last arcs of 1.3.6.1.4.1.57264.1.N by the keys of `extension-templates`. Issuer (1, 8) and subject (24) are not among
 *  them: they are the token's own. @source github.com/sigstore/fulcio, docs/oid-info.md */
const ARCS = {
  'github-workflow-trigger': 2,
  'github-workflow-sha': 3,
  'github-workflow-name': 4,
  'github-workflow-repository': 5,
  'github-workflow-ref': 6,
  'build-signer-uri': 9,
  'build-signer-digest': 10,
  'runner-environment': 11,
  'source-repository-uri': 12,
  'source-repository-digest': 13,
  'source-repository-ref': 14,
  'source-repository-identifier': 15,
  'source-repository-owner-uri': 16,
  'source-repository-owner-identifier': 17,
  'build-config-uri': 18,
  'build-config-digest': 19,
  'build-trigger': 20,
  'run-invocation-uri': 21,
  'source-repository-visibility-at-signing': 22,
  'deployment-environment': 23,
} as const;

const arcByKey: ReadonlyMap<string, number> = new Map(Object.entries(ARCS));

export const decodeCiProviderSource: Decoder<CiProviderSource> = decodeMembers({
  'default-template-values': optional(decodeMap(decodeString)),
  'extension-templates': optional(
    decodeMembers(Object.fromEntries(Object.keys(ARCS).map((key) => [key, optional(decodeString)]))),
  ) as Decoder<Readonly<Record<string, string>> | undefined>,
  'subject-alternative-name-template': decodeString,
}) as Decoder<CiProviderSource>;

/** Reads every template. Throws ISSUER_CONFIGURATION_INVALID. */
export function ciProviderOf(source: CiProviderSource): CiProvider {
  const name = source['subject-alternative-name-template'];
  if (name.trim() === '') throw invalidConfiguration('subject-alternative-name-template is empty');
  const templates = Object.entries(source['extension-templates'] ?? {}).filter(
    ([, template]) => template.trim() !== '',
  );
  return {
    defaults: source['default-template-values'] ?? {},
    name: parseTemplate(name),
    extensions: new Map(templates.map(([key, template]) => [arcByKey.get(key) ?? 0, parseTemplate(template)])),
  };
}
