/** Who must have signed, as flags say it. */

import { UsageError } from '../base/errors.ts';
import { fulcioExtensionNameOf, fulcioExtensionNames } from '../formats/x509/fulcio-extensions.ts';
import type { FulcioExtensionName } from '../formats/x509/fulcio-extensions.ts';
import { hostileExamplesOf, isAnyone } from '../policy/identity-lint.ts';
import { compilePattern } from '../policy/pattern.ts';
import { exactly } from '../verify/policy.ts';
import type { Identity, TextMatcher } from '../verify/policy.ts';
import type { ValuesOf } from './flag.ts';
import type { identityFlags } from './flags/identity.ts';
import type { Session } from './session.ts';

type IdentityValues = ValuesOf<typeof identityFlags>;
type TextFlagName = 'certificate-identity' | 'certificate-oidc-issuer';

const WORKFLOW_FLAGS = {
  'certificate-github-workflow-trigger': 'githubWorkflowTrigger',
  'certificate-github-workflow-sha': 'githubWorkflowSha',
  'certificate-github-workflow-name': 'githubWorkflowName',
  'certificate-github-workflow-repository': 'githubWorkflowRepository',
  'certificate-github-workflow-ref': 'githubWorkflowRef',
} as const satisfies Partial<Record<keyof IdentityValues, FulcioExtensionName>>;

/** The one identity that the flags describe; undefined when they say nothing. Warns about patterns that let strangers in.
 *  Throws IDENTITY_INCOMPLETE, IDENTITY_ANYONE, PATTERN_MALFORMED, FLAGS_CONFLICT, FLAG_VALUE_INVALID. */
export async function identitiesOf(
  values: IdentityValues,
  { log }: Pick<Session, 'log'>,
): Promise<readonly [Identity] | undefined> {
  const extensions = extensionsOf(values);
  const subject = await matcherOf(values, 'certificate-identity');
  const issuer = await matcherOf(values, 'certificate-oidc-issuer');
  if (subject === undefined && issuer === undefined && extensions.size === 0) {
    return undefined;
  }
  if (subject === undefined || issuer === undefined) throw incomplete(subject, issuer);
  if (isAnyone(subject) && isAnyone(issuer)) {
    throw new UsageError('IDENTITY_ANYONE', 'everybody matches --certificate-identity-regexp and any issuer will do');
  }
  warnOfStrangers(values, 'certificate-identity', subject, log);
  warnOfStrangers(values, 'certificate-oidc-issuer', issuer, log);
  return [{ subject, issuer, extensions: Object.fromEntries(extensions) }];
}

async function matcherOf(values: IdentityValues, name: TextFlagName): Promise<TextMatcher | undefined> {
  // Nothing is not given, as in cosign: an unset variable of a script must not become the pattern that fits everybody.
  const exact = values[name] || undefined;
  const pattern = values[`${name}-regexp`] || undefined;
  if (exact !== undefined && pattern !== undefined) {
    throw new UsageError('FLAGS_CONFLICT', `--${name} and --${name}-regexp: one of them would be passed over`, {
      hint: 'Give the whole name or a pattern, not both.',
    });
  }
  if (pattern !== undefined) return compilePattern(pattern, { isAnchored: false });
  return exact === undefined ? undefined : exactly(exact);
}

function incomplete(subject: TextMatcher | undefined, issuer: TextMatcher | undefined): UsageError {
  const missing = [
    ...(subject === undefined ? ['--certificate-identity (or --certificate-identity-regexp)'] : []),
    ...(issuer === undefined ? ['--certificate-oidc-issuer (or --certificate-oidc-issuer-regexp)'] : []),
  ];
  return new UsageError(
    'IDENTITY_INCOMPLETE',
    `who must have signed is not said whole: ${missing.join(' and ')} missing`,
  );
}

function extensionsOf(values: IdentityValues): ReadonlyMap<FulcioExtensionName, TextMatcher> {
  const workflow = Object.entries(WORKFLOW_FLAGS).map(
    ([flag, name]) => [flag, name, values[flag as keyof typeof WORKFLOW_FLAGS]] as const,
  );
  const named = values['certificate-extension'].map(
    (text) => ['certificate-extension', ...parseExtension(text)] as const,
  );
  const extensions = new Map<FulcioExtensionName, TextMatcher>();
  for (const [flag, name, value] of [...workflow, ...named]) {
    if (value === undefined) continue;
    const earlier = extensions.get(name)?.exactText;
    if (earlier !== undefined && earlier !== value) {
      throw new UsageError('FLAG_VALUE_INVALID', `--${flag}: ${name} is given twice with different values`);
    }
    extensions.set(name, exactly(value));
  }
  return extensions;
}

function parseExtension(text: string): readonly [FulcioExtensionName, string] {
  const equals = text.indexOf('=');
  const name = equals < 1 ? undefined : fulcioExtensionNameOf(text.slice(0, equals));
  if (name === undefined) {
    throw new UsageError(
      'FLAG_VALUE_INVALID',
      `--certificate-extension: expected NAME=VALUE with the name of a Fulcio extension, got ${JSON.stringify(text.slice(0, 200))}`,
      { hint: `Names are ${fulcioExtensionNames.join(', ')}, or their OIDs.` },
    );
  }
  return [name, text.slice(equals + 1)];
}

function warnOfStrangers(values: IdentityValues, name: TextFlagName, matcher: TextMatcher, log: Session['log']): void {
  const pattern = values[`${name}-regexp`];
  const examples = pattern === undefined ? [] : hostileExamplesOf(pattern, matcher);
  if (examples.length === 0) return;
  const shown = examples.map(({ text, why }) => `${JSON.stringify(text)} (${why})`).join(', ');
  log.warn(`--${name}-regexp lets others in: ${shown}. Write ^ and $ at its ends and \\. for a dot.`);
}
