/** Flags as data. Parsing, environment names, help, completion, the reference pages and the table of differences from
 *  cosign all come from these declarations. */

/** The cosign releases that the compatibility table speaks about. */
export const cosignVersions = ['2.4', '2.6', '3.1'] as const;
export type CosignVersion = (typeof cosignVersions)[number];

/** `same`: does what cosign does. `mapped`: does the like with our means. `note`: accepted, changes nothing here.
 *  `refused`: a value that asks for what is not here ends the command. */
export type Compatibility = 'same' | 'mapped' | 'note' | 'refused';

/** What a flag of cosign does here. */
export interface CosignFlag {
  readonly here: Compatibility;
  /** Releases that have the flag on this command. */
  readonly in: readonly CosignVersion[];
  /** One sentence for the table; of a refused flag also the hint. */
  readonly text?: string;
}

interface FlagBase {
  readonly help: string;
  readonly short?: string;
  /** Heading in help; flags without one are listed under "Flags". */
  readonly group?: string;
  /** What stands for the value in help: "FILE". */
  readonly placeholder?: string;
  readonly completes?: 'file' | 'directory';
  /** Weakens what a command assures: works from the command line only, and is refused from the environment. */
  readonly weakens?: true;
  /** Passed over in the environment, as in cosign. */
  readonly isCommandLineOnly?: true;
  /** Kept for old scripts: hidden from help, and this is said when it is used. */
  readonly deprecated?: string;
  /** Values of a refused flag that ask for nothing; without a list, its default. */
  readonly accepts?: readonly string[];
  /** Absent for flags of our own. */
  readonly cosign?: CosignFlag;
}

export interface BoolFlag extends FlagBase {
  readonly type: 'bool';
  readonly default: boolean;
}
/** An empty text counts as not given, as in cosign. */
export interface TextFlag extends FlagBase {
  readonly type: 'string';
  readonly default?: string;
}
/** `strings` splits each value at commas, as a line of CSV; `stringArray` does not. */
export interface ListFlag extends FlagBase {
  readonly type: 'strings' | 'stringArray';
}
export interface IntFlag extends FlagBase {
  readonly type: 'int';
  readonly default?: number;
}
/** In Go notation; the value is milliseconds. */
export interface DurationFlag extends FlagBase {
  readonly type: 'duration';
}
export interface EnumFlag extends FlagBase {
  readonly type: 'enum';
  readonly values: readonly string[];
  readonly default?: string;
}

export type Flag = BoolFlag | TextFlag | ListFlag | IntFlag | DurationFlag | EnumFlag;

/** By name, without dashes. */
export type Flags = Readonly<Record<string, Flag>>;

export type ValueOf<F extends Flag> = F extends { type: 'bool' }
  ? boolean
  : F extends { type: 'strings' | 'stringArray' }
    ? readonly string[]
    : F extends { type: 'enum'; values: readonly (infer V)[] }
      ? Defaulted<F, V>
      : F extends { type: 'string' }
        ? Defaulted<F, string>
        : Defaulted<F, number>;

type Defaulted<F extends Flag, V> = F extends { default: string | number } ? V : V | undefined;

/** The values of declared flags, by name. */
export type ValuesOf<F extends Flags> = { readonly [N in keyof F]: ValueOf<F[N]> };

/** Other spellings that cosign accepts. */
export const flagAliases: ReadonlyMap<string, string> = new Map([
  ['cert', 'certificate'],
  ['cert-chain', 'certificate-chain'],
  ['cert-email', 'certificate-email'],
  ['cert-identity', 'certificate-identity'],
  ['cert-oidc-issuer', 'certificate-oidc-issuer'],
  ['output-cert', 'output-certificate'],
]);

/** The same flags on a command of which cosign does not have them. */
export function withoutCosign<F extends Flags>(flags: F): F {
  const own = Object.entries(flags).map(([name, flag]) => [name, omitCosign(flag)]);
  return Object.fromEntries(own) as F;
}

/** Does what cosign does. */
export function same(...versions: readonly CosignVersion[]): CosignFlag {
  return { here: 'same', in: orAll(versions) };
}

/** Does the like; `text` says what. */
export function mapped(text: string, ...versions: readonly CosignVersion[]): CosignFlag {
  return { here: 'mapped', in: orAll(versions), text };
}

/** Accepted without effect; `text` says why. */
export function noted(text: string, ...versions: readonly CosignVersion[]): CosignFlag {
  return { here: 'note', in: orAll(versions), text };
}

/** Asks for what is not here; `text` says what to do instead. */
export function refused(text: string, ...versions: readonly CosignVersion[]): CosignFlag {
  return { here: 'refused', in: orAll(versions), text };
}

function omitCosign(flag: Flag): Flag {
  return Object.fromEntries(Object.entries(flag).filter(([member]) => member !== 'cosign')) as unknown as Flag;
}

function orAll(versions: readonly CosignVersion[]): readonly CosignVersion[] {
  return versions.length === 0 ? cosignVersions : versions;
}
