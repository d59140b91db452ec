/** countersign explain */

import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';

import { limits } from '../../base/limits.ts';
import { explainImage } from '../../flows/explain-image.ts';
import { explainBundle } from '../../flows/explain.ts';
import { parseReference } from '../../formats/oci/reference.ts';
import { blobArtifactOf } from '../blob-artifact.ts';
import { declareCommand } from '../command.ts';
import type { Invocation, Result } from '../command.ts';
import { imageExplanationExitOf, imageExplanationJson, imageExplanationText } from '../explain-image-output.ts';
import { explainExitOf, explanationJson, explanationText } from '../explain-output.ts';
import { explainTermsOf } from '../explain-terms.ts';
import { identityFlags } from '../flags/identity.ts';
import { registryFlags } from '../flags/registry.ts';
import { verificationModeFlags } from '../flags/services.ts';
import { trustFlags } from '../flags/trust.ts';
import { readInputFile } from '../input-file.ts';
import { withRegistry } from '../registry-access.ts';
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
    'identity it also says whether that policy accepts: a file with its bundle, or a signature (an attestation is none) of an image. Exit status: 0 sound (or accepted), 1 not sound (or refused), 10 nothing signed, 11 no such image, 20 could not look or tell.',
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

/** A file that is there, or what can only be meant as one: better an error about a file than a question to a registry. */
async function isBundle(target: string): Promise<boolean> {
  if (target === '-' || /^[.~]{0,2}\/|\\|\.(?:json|sigstore|bundle)$/i.test(target)) return true;
  const found = await stat(target).catch(() => undefined);
  if (found !== undefined) return !found.isDirectory();
  // A name without tag and digest below a folder that is there.
  return /^[^:@]+\/[^:@/]+$/.test(target) && (await stat(dirname(target)).catch(() => undefined)) !== undefined;
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
  return {
    text: imageExplanationText(explained),
    report: imageExplanationJson(explained),
    exit: imageExplanationExitOf(explained),
  };
}

/** The flags that weaken checks are not offered: there is nothing here to get past. */
function withoutDefaults(
  values: ExplainInvocation['values'],
): ExplainInvocation['values'] & { readonly 'insecure-ignore-sct': false; readonly 'use-signed-timestamps': false } {
  return { ...values, 'insecure-ignore-sct': false, 'use-signed-timestamps': false };
}
