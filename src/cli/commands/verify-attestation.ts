/** countersign verify-attestation */

import { UsageError } from '../../base/errors.ts';
import { verifyAttestations } from '../../flows/verify-attestation.ts';
import { parseReference } from '../../formats/oci/reference.ts';
import { declareCommand } from '../command.ts';
import { mapped, refused } from '../flag.ts';
import { attestationFlags } from '../flags/attestation.ts';
import { registryFlags } from '../flags/registry.ts';
import { verificationFlags } from '../flags/verification.ts';
import { inFlightOf } from '../max-workers.ts';
import { withRegistry } from '../registry-access.ts';
import { signatureTermsOf } from '../signature-policy.ts';
import { envelopeText, verifyResultOf } from '../verify-output.ts';
import { wantedTypeOf } from '../wanted-type.ts';

export const verifyAttestationCommand = declareCommand({
  path: ['verify-attestation'],
  summary: 'Verify the attestations about images',
  description:
    'Reads the attestations about each image in both forms, judges each alone and prints the envelope of each that is of the wanted type and acceptable, one JSON ' +
    'document a line. Exit status: 0 verified, 10 no attestation, 11 no such image, 12 attestations but none acceptable, 20 could not look (denied, throttled, ' +
    'malformed, timed out), 130 interrupted, 1 anything else. With several images all are judged, and the first failure in their order decides.',
  examples: [
    {
      what: 'Verify the provenance of an image',
      command: 'countersign verify-attestation --key cosign.pub --type slsaprovenance1 registry.example.com/app:v1',
    },
    {
      what: 'Read what was attested',
      command:
        'countersign verify-attestation --key cosign.pub --type spdxjson registry.example.com/app:v1 | jq -r .payload | base64 -d',
    },
  ],
  positional: { usage: 'IMAGE...', least: 1, most: Number.POSITIVE_INFINITY },
  flags: {
    ...registryFlags,
    ...verificationFlags,
    ...attestationFlags,
    'exit-codes': {
      type: 'enum',
      values: ['countersign', 'cosign'],
      default: 'countersign',
      help: 'with cosign, every failure is 1',
    },
    'local-image': {
      type: 'bool',
      default: false,
      deprecated: 'this version does not have it',
      help: 'verify a saved image',
      cosign: refused('Push the image to a registry ("countersign registry serve" runs one) and verify it there.'),
    },
    output: {
      type: 'enum',
      short: 'o',
      values: ['json', 'text'],
      default: 'json',
      help: 'both words print the envelopes',
      cosign: mapped('Has no effect, as in cosign; other words than json and text are an error.'),
    },
    policy: {
      type: 'strings',
      deprecated: 'this version does not have it',
      help: 'CUE or Rego files that the attestations must satisfy',
      cosign: refused('CUE and Rego are not built in: hand the envelopes that this command prints to cue or opa.'),
    },
  } as const,
  timeoutMs: 180_000,
  isInCosign: true,
  run: async (invocation) => {
    const { values, session, args } = invocation;
    const references = args.map(parseReference);
    const type = wantedTypeOf(values.type);
    if (values.key.length > 1)
      throw new UsageError('FLAGS_CONFLICT', 'an attestation has one signature: give one --key');
    const { log, isByKey, load } = await signatureTermsOf(values, session, 'attestation');
    const report = await withRegistry(invocation, references, async (context) =>
      verifyAttestations(context, {
        references,
        // Read once the first request is on its way: node:crypto is loaded while the registry thinks.
        signature: new Promise(setImmediate).then(() => load(context.runtime)),
        type,
        claims: { kind: values['check-claims'] ? 'check' : 'unchecked' },
        inFlight: inFlightOf(values['max-workers']),
      }),
    );
    return verifyResultOf(session, report, {
      names: args,
      textOf: envelopeText,
      isExplained: values.explain,
      // Of images without a signature cosign says 10, of images without an attestation 1.
      exitOf: (exit) => (exit !== 0 && values['exit-codes'] === 'cosign' ? 1 : exit),
      hasAnnotations: false,
      log,
      isByKey,
    });
  },
});
