/** What a signer finds beside an image before it signs: its own signatures, which need not be made again, and others'. */

import type { CountersignError } from '../base/errors.ts';
import type { ResolvedImage } from '../formats/oci/resolved-image.ts';
import { subjectOf } from './image-context.ts';
import type { ImageContext } from './image-context.ts';
import { findImageSignatures } from './image-signatures.ts';
import type { FoundSignature, SignatureSource } from './image-signatures.ts';
import { recognise } from './made-signature.ts';
import type { SignatureForm } from './made-signature.ts';
import { patientRegistryOf } from './patient-registry.ts';
import type { SigningMethod } from './signing-method.ts';

export interface StandingSignatures {
  /** Identities (docker-references) that this signer has signed in the legacy form, with just these annotations. */
  readonly identities: ReadonlySet<string>;
  /** This signer's bundle with just these annotations. */
  readonly bundle?: FoundSignature;
  /** The same signatures, for the report. */
  readonly found: readonly FoundSignature[];
  /** Legacy signatures by others, or unreadable. */
  readonly othersLegacyCount: number;
  /** Bundles by anybody. */
  readonly bundleCount: number;
  readonly hasReferrersApi: boolean;
  /** Places that could not be looked at: nothing may be written over what is there. */
  readonly failures: Partial<Record<SignatureForm, CountersignError>>;
}

/** For a signature that is not stored. */
export const nothingStanding: StandingSignatures = {
  identities: new Set(),
  found: [],
  othersLegacyCount: 0,
  bundleCount: 0,
  hasReferrersApi: true,
  failures: {},
};

export interface WantedSignatures {
  readonly method: Promise<SigningMethod>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly forms: readonly SignatureForm[];
  readonly isForceNew?: boolean;
}

/** Looks at both forms at once, until everything wanted is found. */
export async function findStandingSignatures(
  context: ImageContext,
  image: ResolvedImage,
  wanted: WantedSignatures,
  identities: readonly string[],
): Promise<StandingSignatures> {
  const claims = { imageDigest: image.digest, annotations: wanted.annotations };
  const legacy = new Map<string, FoundSignature>();
  const state: { bundle?: FoundSignature; ownLegacyCount: number } = { ownLegacyCount: 0 };
  const isEnough = async (found: FoundSignature): Promise<boolean> => {
    const policy = (await wanted.method).policy(context.runtime.now());
    const { isOwn, isSame, dockerReference } = await recognise(found, policy, claims);
    state.ownLegacyCount += isOwn && found.form === 'legacy' ? 1 : 0;
    if (isSame && wanted.isForceNew !== true && wanted.forms.includes(found.form)) {
      if (found.form === 'bundle') {
        state.bundle ??= found;
      } else if (
        dockerReference !== undefined &&
        identities.includes(dockerReference) &&
        !legacy.has(dockerReference)
      ) {
        legacy.set(dockerReference, found);
      }
    }
    return wanted.forms.every((form) =>
      form === 'bundle' ? state.bundle !== undefined : legacy.size === identities.length,
    );
  };
  const patient = { ...context, registry: patientRegistryOf(context.registry, context.runtime) };
  const [layers, bundles] = await findImageSignatures(
    patient,
    subjectOf(context, image.reference.repository, image.digest),
    isEnough,
  );
  return {
    identities: new Set(legacy.keys()),
    ...(state.bundle === undefined ? {} : { bundle: state.bundle }),
    found: [...legacy.values(), ...(state.bundle === undefined ? [] : [state.bundle])],
    othersLegacyCount: layers.foundCount - state.ownLegacyCount,
    bundleCount: bundles.foundCount,
    hasReferrersApi: bundles.hasReferrersApi ?? true,
    failures: { ...failureOf(layers, wanted), ...failureOf(bundles, wanted) },
  };
}

function failureOf(
  source: SignatureSource,
  { forms }: WantedSignatures,
): Partial<Record<SignatureForm, CountersignError>> {
  const isFailure = source.status === 'unreachable' && source.error !== undefined && forms.includes(source.form);
  return isFailure ? { [source.form]: source.error } : {};
}
