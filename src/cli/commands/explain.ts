/** countersign explain */

import { access } from 'node:fs/promises';

import { limits } from '../../base/limits.ts';
import { printableOf } from '../../base/printable.ts';
import { explainImage } from '../../flows/explain-image.ts';
import type { ImageExplanation } from '../../flows/explain-image.ts';
import { explainBundle } from '../../flows/explain.ts';
import { parseReference } from '../../formats/oci/reference.ts';
import { blobArtifactOf } from '../blob-artifact.ts';
import { declareCommand } from '../command.ts';
import type { Invocation, Result } from '../command.ts';
import { explainExitOf, explanationJson, explanationText } from '../explain-output.ts';
import { explainTermsOf } from '../explain-terms.ts';
import { identityFlags } from '../flags/identity.ts';
import { registryFlags } from '../flags/registry.ts';
import { verificationModeFlags } from '../flags/services.ts';
import { trustFlags } from '../flags/trust.ts';
import { readInputFile } from '../input-file.ts';
import { checkLines } from '../proof-tree.ts';
import { withRegistry } from '../registry-access.ts';
import { createStyle } from '../style.ts';
import { withRuntime } from '../with-runtime.ts';

const { 'insecure-ignore-sct': _sct, 'use-signed-timestamps': _stamps, ...trustSources } = trustFlags;

const explainFlags = {
  ...registryFlags,
  ...identityFlags,
  ...trustSources,
  offline: verificationModeFlags.offline,
  artifact: {
    type: 'string',
    placeholder: 'FILE_OR_DIGEST',
    completes: 'file',
    help: 'the file that a bundle is about, or its digest (sha256:…)',
  },
  key: {
    type: 'string',
    placeholder: 'KEY',
    completes: 'file',
    help: 'public key that should have signed: a file, env://VARIABLE or https://…',
  },
} as const;

export const explainCommand = declareCommand({
  path: ['explain'],
  summary: 'Explain who signed, when, from where and what',
  description:
    'Explains a bundle, or every signature and attestation of an image, with what each check saw. Needs no policy, and decides nothing about whom to trust: with a key or an ' +
    'identity it also says whether that policy accepts. Exit status: 0 sound (or accepted), 1 not sound (or refused), 10 nothing signed, 11 no such image, 20 could not look or tell.',
  examples: [
    { what: 'Explain a bundle', command: 'countersign explain --artifact app.tar app.tar.sigstore.json' },
    {
      what: 'See how an image misses an identity',
      command:
        'countersign explain --certificate-identity dev@example.com --certificate-oidc-issuer https://login.example.com registry.example.com/app:v1',
    },
  ],
  positional: { usage: 'BUNDLE_OR_IMAGE', least: 1, most: 1, completes: 'file' },
  flags: explainFlags,
  timeoutMs: 180_000,
  isInCosign: false,
  run: async (invocation) => {
    const [target = ''] = invocation.args;
    return (await isBundle(target)) ? runBundle(invocation, target) : runImage(invocation, target);
  },
});

type ExplainInvocation = Invocation<typeof explainFlags>;

/** A file that is there, or what can only be meant as one. */
async function isBundle(target: string): Promise<boolean> {
  if (target === '-' || /^[./]|\.json$/.test(target)) return true;
  return access(target).then(
    () => true,
    () => false,
  );
}

async function runBundle({ values, session }: ExplainInvocation, file: string): Promise<Result> {
  const bytes = await readInputFile(session, file, limits.bundleBytes);
  const artifact = values.artifact === undefined ? undefined : await blobArtifactOf(session, values.artifact);
  const explanation = await withRuntime(session, async (runtime) =>
    explainBundle(bytes, file, artifact, await explainTermsOf(withoutDefaults(values), session, runtime)),
  );
  return {
    text: explanationText(explanation),
    report: explanationJson(explanation),
    exit: explainExitOf(explanation),
  };
}

async function runImage(invocation: ExplainInvocation, name: string): Promise<Result> {
  const { values, session } = invocation;
  const reference = parseReference(name);
  const explained = await withRegistry(invocation, [reference], async (context) =>
    explainImage(context, reference, await explainTermsOf(withoutDefaults(values), session, context.runtime)),
  );
  const { resolved, signatures, attestations, unseen } = explained;
  const texts = [
    `${printableOf(resolved)}: signatures ${signatures.length}, attestations ${attestations.length}\n`,
    ...(unseen.length === 0 ? [] : [`${checkLines(unseen, createStyle({}, {}), '  ').join('\n')}\n`]),
    ...[...signatures, ...attestations].map(explanationText),
  ];
  const exit = imageExitOf(explained);
  return {
    text: texts.join('\n'),
    report: {
      resolved,
      exit,
      unseen,
      signatures: signatures.map(explanationJson),
      attestations: attestations.map(explanationJson),
    },
    exit,
  };
}

/** With a policy one that it accepts is enough, as for the commands that verify; without, all must be sound. */
function imageExitOf({ signatures, attestations, unseen }: ImageExplanation): number {
  const all = [...signatures, ...attestations];
  const exits = all.map(explainExitOf);
  if (all.some(({ acceptance }) => acceptance !== undefined) && exits.includes(0)) return 0;
  if (unseen.length > 0) return 20;
  if (all.length === 0) return 10;
  return exits.includes(1) ? 1 : exits.includes(20) ? 20 : 0;
}

/** The flags that weaken checks are not offered: there is nothing here to get past. */
function withoutDefaults(
  values: ExplainInvocation['values'],
): ExplainInvocation['values'] & { readonly 'insecure-ignore-sct': false; readonly 'use-signed-timestamps': false } {
  return { ...values, 'insecure-ignore-sct': false, 'use-signed-timestamps': false };
}
