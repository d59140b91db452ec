/** Which forms of signatures the flags ask for. */

import { UsageError } from '../base/errors.ts';
import type { SignatureForm } from '../flows/made-signature.ts';

export type SignatureForms = readonly [SignatureForm, ...SignatureForm[]];

export interface FormChoice {
  readonly values: {
    readonly format: 'both' | 'legacy' | 'bundle';
    readonly 'new-bundle-format': boolean;
    readonly bundle: string | undefined;
  };
  readonly isGiven: (name: 'format' | 'new-bundle-format') => boolean;
}

const FORMS = { both: ['legacy', 'bundle'], legacy: ['legacy'], bundle: ['bundle'] } as const satisfies Record<
  string,
  SignatureForms
>;

/** Throws FLAGS_CONFLICT. */
export function signatureFormsOf({ values, isGiven }: FormChoice): SignatureForms {
  const spelled = values['new-bundle-format'] ? 'bundle' : 'legacy';
  const isSpelled = isGiven('new-bundle-format');
  if (isSpelled && isGiven('format') && values.format !== spelled) {
    throw new UsageError(
      'FLAGS_CONFLICT',
      `--format=${values.format} and --new-bundle-format=${values['new-bundle-format']} say different things`,
    );
  }
  const forms: SignatureForms = FORMS[isSpelled ? spelled : values.format];
  if (values.bundle !== undefined && !forms.includes('bundle')) {
    throw new UsageError('FLAGS_CONFLICT', '--bundle needs the bundle form, which --format=legacy leaves out');
  }
  return forms;
}
