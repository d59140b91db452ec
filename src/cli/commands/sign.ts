/** countersign sign */

import { UsageError } from '../../base/errors.ts';
import { signImage } from '../../flows/sign-image.ts';
import type { SignatureForm } from '../../flows/made-signature.ts';
import type { SignImageRequest } from '../../flows/sign-image.ts';
import { parseDigest } from '../../formats/oci/digest.ts';
import { parseReference } from '../../formats/oci/reference.ts';
import { annotationsFlag, annotationsOf } from '../annotations.ts';
import { attempt } from '../attempt.ts';
import { declareCommand } from '../command.ts';
import type { Invocation } from '../command.ts';
import { same } from '../flag.ts';
import { referrersModeFlag, registryFlags } from '../flags/registry.ts';
import { signingServiceFlags } from '../flags/services.ts';
import { signImageFlags, signingFlags } from '../flags/signing.ts';
import { signerOfFlag } from '../keys.ts';
import { withRegistry } from '../registry-access.ts';
import { signResultOf, writeSignatureFiles } from '../sign-output.ts';
import type { SignOutcome } from '../sign-output.ts';

const signFlags = {
  ...registryFlags,
  ...signingServiceFlags,
  ...signingFlags,
  ...signImageFlags,
  annotations: annotationsFlag,
  bundle: { ...signingFlags.bundle, cosign: same('3.1') },
  'registry-referrers-mode': referrersModeFlag,
} as const;

export const signCommand = declareCommand({
  path: ['sign'],
  summary: 'Sign images with a key',
  description:
    'Signs each image by its digest and stores the signature beside it, by default in both forms: under the tag sha256-….sig, which every verifier reads, and as ' +
    'a bundle, which cosign 3 reads. Signing the same again changes nothing. Several signers may sign one image at the same time.',
  examples: [
    {
      what: 'Sign an image by its digest',
      command: 'countersign sign --key cosign.key registry.example.com/app@sha256:…',
    },
    {
      what: 'Sign an index and every image in it',
      command: 'countersign sign --key cosign.key --recursive registry.example.com/app@sha256:…',
    },
    {
      what: 'Sign with annotations',
      command: 'countersign sign --key cosign.key -a build=1234 -a branch=main registry.example.com/app@sha256:…',
    },
  ],
  positional: { usage: 'IMAGE...', least: 1, most: Number.POSITIVE_INFINITY },
  flags: signFlags,
  timeoutMs: 180_000,
  isInCosign: true,
  run: async (invocation) => {
    const { values, session, args } = invocation;
    const references = args.map(parseReference);
    const terms = termsOf(invocation);
    return withRegistry(invocation, references, async (context) => {
      const signer = signerOfFlag(session, context.runtime.request, values.key);
      // Until a flow waits for it, a failure would count as unhandled.
      signer.catch(() => undefined);
      // scrypt takes longest: it begins before what speaks to the registry is loaded.
      await new Promise(setImmediate);
      const outcomes: SignOutcome[] = [];
      for (const reference of references) {
        const outcome = await attempt(() => signImage(context, { ...terms, reference, signer }));
        if (outcome.isDone) await writeSignatureFiles(session, values, outcome.value);
        // A key that does not open is one failure, not one for each image.
        else await signer;
        outcomes.push({ reference, ...outcome });
      }
      return signResultOf(session, outcomes);
    });
  },
});

type Terms = Omit<SignImageRequest, 'reference' | 'signer'>;

/** What is asked of every image. Throws FLAGS_CONFLICT, FLAG_VALUE_INVALID, DIGEST_MALFORMED. */
function termsOf(invocation: Invocation<typeof signFlags>): Terms {
  const { values, args, session } = invocation;
  const forms = formsOf(invocation);
  const isWriting = [values.bundle, values['output-signature'], values['output-payload']].some(
    (file) => file !== undefined,
  );
  if (isWriting && args.length > 1) {
    throw new UsageError('FLAGS_CONFLICT', 'several images and one file to write: each would overwrite the last', {
      hint: 'Sign the images one by one.',
    });
  }
  if (values.bundle !== undefined && !forms.includes('bundle')) {
    throw new UsageError('FLAGS_CONFLICT', '--bundle needs the bundle form, which --format=legacy leaves out');
  }
  const expected = values['expect-digest'];
  if (expected !== undefined && args.length > 1) {
    throw new UsageError('FLAGS_CONFLICT', '--expect-digest goes with one image');
  }
  return {
    annotations: annotationsOf(values.annotations),
    forms,
    ...(expected === undefined ? {} : { expectDigest: parseDigest(expected) }),
    isRecursive: values.recursive,
    isForceNew: values['force-new'],
    isSingleSigner: values['single-signer'],
    isUpload: values.upload,
    containerIdentities: values['sign-container-identity'],
    ...(values['record-creation-timestamp']
      ? { createdAt: creationTimeOf(session.environment['SOURCE_DATE_EPOCH']) }
      : {}),
  };
}

const FORMS = { both: ['legacy', 'bundle'], legacy: ['legacy'], bundle: ['bundle'] } as const satisfies Record<
  string,
  readonly [SignatureForm, ...SignatureForm[]]
>;

function formsOf({ values, isGiven }: Invocation<typeof signFlags>): readonly [SignatureForm, ...SignatureForm[]] {
  if (!isGiven('new-bundle-format')) return FORMS[values.format];
  const format = values['new-bundle-format'] ? 'bundle' : 'legacy';
  if (isGiven('format') && values.format !== format) {
    throw new UsageError(
      'FLAGS_CONFLICT',
      `--format=${values.format} and --new-bundle-format=${values['new-bundle-format']} say different things`,
    );
  }
  return FORMS[format];
}

function creationTimeOf(epoch: string | undefined): Date {
  if (epoch === undefined || epoch === '') return new Date();
  if (!/^\d{1,12}$/.test(epoch)) {
    throw new UsageError(
      'ENVIRONMENT_INVALID',
      `SOURCE_DATE_EPOCH: expected seconds since 1970, got ${JSON.stringify(epoch.slice(0, 40))}`,
    );
  }
  return new Date(Number(epoch) * 1000);
}
