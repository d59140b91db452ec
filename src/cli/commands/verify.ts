/** countersign verify */

import { UsageError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { verifyImages } from '../../flows/verify-image.ts';
import type { ClaimsTerms, DetachedSignature } from '../../flows/verify-terms.ts';
import { parseReference } from '../../formats/oci/reference.ts';
import { annotationsFlag, annotationsOf } from '../annotations.ts';
import { declareCommand } from '../command.ts';
import type { Invocation } from '../command.ts';
import { mapped, refused, same } from '../flag.ts';
import { registryFlags } from '../flags/registry.ts';
import { verificationFlags } from '../flags/verification.ts';
import { readCertificateFile } from '../evidence-file.ts';
import { readInputFile, readSignatureArgument } from '../input-file.ts';
import { inFlightOf } from '../max-workers.ts';
import { withRegistry } from '../registry-access.ts';
import { signatureTermsOf } from '../signature-policy.ts';
import { arrayText, payloadText, verifyResultOf } from '../verify-output.ts';

const COULD_NOT_LOOK = 20;

const verifyFlags = {
  ...registryFlags,
  ...verificationFlags,
  annotations: annotationsFlag,
  attachment: {
    type: 'string',
    deprecated: 'this version does not have it',
    help: 'verify an attachment instead of the image',
    cosign: refused('Verify the attachment by its own name: "countersign triangulate --type sbom IMAGE" prints it.'),
  },
  certificate: {
    type: 'string',
    placeholder: 'FILE',
    completes: 'file',
    help: 'the certificate of the signature given with --signature',
    cosign: mapped('Goes with --signature and identity flags; it is never trusted by being given.'),
  },
  'check-claims': {
    type: 'bool',
    default: true,
    weakens: true,
    help: 'compare what was signed with the image',
    cosign: mapped('With false the output says "claims NOT checked", and no --threshold can be met.'),
  },
  'exit-codes': {
    type: 'enum',
    values: ['countersign', 'cosign'],
    default: 'countersign',
    help: 'with cosign, "could not look" is 1 instead of 20',
  },
  'local-image': {
    type: 'bool',
    default: false,
    deprecated: 'this version does not have it',
    help: 'verify a saved image',
    cosign: refused('Push the image to a registry ("countersign registry serve" runs one) and verify it there.'),
  },
  'match-reference': {
    type: 'bool',
    default: false,
    help: 'the signature must name the repository that the image is in',
  },
  output: {
    type: 'enum',
    short: 'o',
    values: ['json', 'text'],
    default: 'json',
    help: 'json prints what was signed as cosign does; text prints the payloads',
    cosign: mapped('Other words than json and text are an error; cosign takes them for json.'),
  },
  payload: {
    type: 'string',
    placeholder: 'FILE',
    completes: 'file',
    weakens: true,
    help: 'what was signed, together with --signature',
    cosign: same(),
  },
  recursive: { type: 'bool', short: 'r', default: false, help: 'verify an index and every image in it' },
  signature: {
    type: 'string',
    placeholder: 'FILE',
    completes: 'file',
    weakens: true,
    help: 'verify this signature (a file, or base64) instead of those in the registry',
    cosign: mapped('Addresses are not fetched. cosign 3 ignores it for images that have bundles.'),
  },
  threshold: {
    type: 'int',
    default: 1,
    placeholder: 'N',
    // Several keys without it are refused: an inherited variable must not answer for the person.
    isCommandLineOnly: true,
    help: 'how many of the keys must have signed the same image',
  },
} as const;

export const verifyCommand = declareCommand({
  path: ['verify'],
  summary: 'Verify the signatures of images',
  description:
    'Reads the signatures of each image in both forms and judges each alone. Exit status: 0 verified, 10 no signature, 11 no such image, 12 signatures but none ' +
    'acceptable, 20 could not look (denied, throttled, malformed, timed out), 130 interrupted, 1 anything else. With several images all are judged, and the first ' +
    'failure in their order decides.',
  examples: [
    { what: 'Verify an image', command: 'countersign verify --key cosign.pub registry.example.com/app:v1' },
    {
      what: 'Two of three keys must have signed',
      command: 'countersign verify --key a.pub --key b.pub --key c.pub --threshold 2 registry.example.com/app:v1',
    },
    { what: 'Say why', command: 'countersign verify --key cosign.pub --explain registry.example.com/app:v1' },
  ],
  positional: { usage: 'IMAGE...', least: 1, most: Number.POSITIVE_INFINITY },
  flags: verifyFlags,
  timeoutMs: 180_000,
  isInCosign: true,
  run: async (invocation) => {
    const { values, session, args } = invocation;
    const references = args.map(parseReference);
    const claims = claimsOf(invocation);
    const detached = await detachedOf(invocation);
    const inFlight = inFlightOf(values['max-workers']);
    const { log, isByKey, load } = await signatureTermsOf(values, session, 'signature');
    const report = await withRegistry(invocation, references, async (context) => {
      // Read once the first request is on its way: node:crypto is loaded while the registry thinks.
      const signature = new Promise(setImmediate).then(() => load(context.runtime));
      return verifyImages(context, {
        references,
        signature,
        claims,
        isRecursive: values.recursive,
        inFlight,
        ...(detached === undefined ? {} : { detached }),
      });
    });
    return verifyResultOf(session, report, {
      names: args,
      textOf: values.output === 'text' ? payloadText : arrayText,
      isExplained: values.explain,
      exitOf: (exit) => (exit === COULD_NOT_LOOK && values['exit-codes'] === 'cosign' ? 1 : exit),
      hasAnnotations: values.annotations.length > 0,
      log,
      isByKey,
    });
  },
});

type VerifyInvocation = Invocation<typeof verifyFlags>;

function claimsOf({ values, isGiven }: VerifyInvocation): ClaimsTerms {
  if (values.key.length > 1 && !isGiven('threshold')) {
    throw new UsageError('FLAGS_CONFLICT', `${values.key.length} keys without --threshold`, {
      hint: 'Say with --threshold N how many of the keys must have signed.',
    });
  }
  if (values['check-claims']) {
    return {
      kind: 'check',
      annotations: annotationsOf(values.annotations),
      isReferenceMatched: values['match-reference'],
      threshold: values.threshold,
    };
  }
  const conflict = (['threshold', 'annotations', 'match-reference'] as const).find((name) => isGiven(name));
  if (conflict !== undefined) {
    throw new UsageError(
      'FLAGS_CONFLICT',
      `--check-claims=false and --${conflict} exclude each other: unchecked claims satisfy nothing`,
    );
  }
  return { kind: 'unchecked' };
}

async function detachedOf({ values, args, session }: VerifyInvocation): Promise<DetachedSignature | undefined> {
  const { signature, payload, certificate } = values;
  if (signature === undefined) {
    const lone = payload === undefined ? certificate && 'certificate' : 'payload';
    if (lone !== undefined) throw new UsageError('FLAGS_CONFLICT', `--${lone} goes with --signature`);
    return undefined;
  }
  if (args.length > 1) throw new UsageError('FLAGS_CONFLICT', '--signature goes with one image');
  return {
    signature: await readSignatureArgument(session, signature),
    ...(certificate === undefined ? {} : { certificates: await readCertificateFile(session, certificate) }),
    ...(payload === undefined ? {} : { payload: await readInputFile(session, payload, limits.payloadBytes) }),
  };
}
