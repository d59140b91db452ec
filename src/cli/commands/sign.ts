/** countersign sign */

import { UsageError } from '../../base/errors.ts';
import { signImage } from '../../flows/sign-image.ts';
import type { SignImageRequest } from '../../flows/sign-image.ts';
import { parseDigest } from '../../formats/oci/digest.ts';
import { parseReference } from '../../formats/oci/reference.ts';
import { annotationsFlag, annotationsOf } from '../annotations.ts';
import { attempt } from '../attempt.ts';
import { declareCommand } from '../command.ts';
import type { Invocation } from '../command.ts';
import { creationTimeOf } from '../creation-time.ts';
import { same } from '../flag.ts';
import { signingServiceFlags } from '../flags/keyless.ts';
import { referrersModeFlag, registryFlags } from '../flags/registry.ts';
import { signImageFlags, signingFlags } from '../flags/signing.ts';
import { withRegistry } from '../registry-access.ts';
import { signatureFormsOf } from '../signature-forms.ts';
import { beginSigning } from '../signing-method.ts';
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
  summary: 'Sign images, with a key or by your identity',
  description:
    'Signs each image by its digest and stores the signature beside it, by default in both forms: under the tag sha256-….sig, which every verifier reads, and as ' +
    'a bundle, which cosign 3 reads. Signing the same again changes nothing. Several signers may sign one image at the same time.\n\n' +
    'Without --key you sign by your identity: an identity token, or a login, is exchanged for a certificate that lasts for minutes, its key is forgotten at once, and a log or a ' +
    'timestamp authority says when it signed. The services are those that the flags name, or a signing configuration, or the repository of "countersign initialize"; there are no others.',
  examples: [
    {
      what: 'Sign an image by its digest',
      command: 'countersign sign --key cosign.key registry.example.com/app@sha256:…',
    },
    {
      what: 'Sign by your identity, with services of your own',
      command:
        'countersign sign --fulcio-url https://sigstore.example.com --rekor-url https://sigstore.example.com --oidc-issuer https://login.example.com registry.example.com/app@sha256:…',
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
      const { method } = await beginSigning(invocation, context.runtime);
      // scrypt takes longest: it begins before what speaks to the registry is loaded.
      await new Promise(setImmediate);
      const outcomes: SignOutcome[] = [];
      for (const reference of references) {
        const outcome = await attempt(() => signImage(context, { ...terms, reference, method }));
        if (outcome.isDone) await writeSignatureFiles(session, values, outcome.value);
        // A key that does not open, or a login that fails, is one failure, not one for each image.
        else await method;
        outcomes.push({ reference, ...outcome });
      }
      return signResultOf(session, outcomes);
    });
  },
});

type Terms = Omit<SignImageRequest, 'reference' | 'method'>;

/** What is asked of every image. Throws FLAGS_CONFLICT, FLAG_VALUE_INVALID, DIGEST_MALFORMED. */
function termsOf(invocation: Invocation<typeof signFlags>): Terms {
  const { values, args, session } = invocation;
  const forms = signatureFormsOf(invocation);
  const files = [values.bundle, values['output-certificate'], values['output-signature'], values['output-payload']];
  const isWriting = files.some((file) => file !== undefined);
  if (isWriting && args.length > 1) {
    throw new UsageError('FLAGS_CONFLICT', 'several images and one file to write: each would overwrite the last', {
      hint: 'Sign the images one by one.',
    });
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
    ...(values['record-creation-timestamp'] ? { createdAt: creationTimeOf(session) } : {}),
  };
}
