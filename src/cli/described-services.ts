/** The services that the flags of `trusted-root create` describe, with their files read. */

import { UsageError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { parseRfc3339 } from '../base/time.ts';
import type { AuthorityService, LogService, Services } from '../flows/create-trusted-root.ts';
import type { GivenFile } from '../flows/given-file.ts';
import type { ValuesOf } from './flag.ts';
import type { trustedRootFlags } from './flags/trusted-root.ts';
import { readInputFile } from './input-file.ts';
import { parseServiceSpec } from './service-spec.ts';
import type { ServiceSpec } from './service-spec.ts';
import type { Session } from './session.ts';

export type TrustedRootValues = ValuesOf<typeof trustedRootFlags>;

const authorityMembers = {
  required: ['url', 'certificate-chain'],
  optional: ['start-time', 'end-time'],
} as const;
const logMembers = { required: ['url', 'public-key', 'start-time'], optional: ['end-time', 'origin'] } as const;

type AuthoritySpec = ServiceSpec<'url' | 'certificate-chain', 'start-time' | 'end-time'>;
type LogSpec = ServiceSpec<'url' | 'public-key' | 'start-time', 'end-time' | 'origin'>;

/** From when a log is valid of which nobody says it. */
const ALWAYS = '1970-01-01T00:00:00Z';

/** Throws FLAGS_CONFLICT, FLAG_VALUE_INVALID, INSTANT_MALFORMED, FILE_NOT_READABLE, INPUT_TOO_LARGE. */
export async function describedServicesOf(
  values: TrustedRootValues,
  session: Session,
): Promise<Omit<Services, 'base'>> {
  const authority = async (spec: AuthoritySpec): Promise<AuthorityService> => authorityServiceOf(session, spec);
  const log = async (spec: LogSpec): Promise<LogService> => logServiceOf(session, spec);
  return {
    certificateAuthorities: await Promise.all(certificateAuthoritySpecsOf(values).map(authority)),
    timestampAuthorities: await Promise.all(timestampAuthoritySpecsOf(values).map(authority)),
    logs: await Promise.all(logSpecsOf(values, 'rekor').map(log)),
    ctLogs: await Promise.all(logSpecsOf(values, 'ctfe').map(log)),
  };
}

function certificateAuthoritySpecsOf(values: TrustedRootValues): readonly AuthoritySpec[] {
  const specs = values.fulcio.map((text) => parseServiceSpec('fulcio', text, authorityMembers));
  const earlier = togetherOf(values, 'certificate-chain', ['fulcio-uri']).map(([chain = '', url = '']) => ({
    url,
    'certificate-chain': chain,
  }));
  return oneFormOf('fulcio', specs, earlier);
}

function timestampAuthoritySpecsOf(values: TrustedRootValues): readonly AuthoritySpec[] {
  const specs = values.tsa.map((text) => parseServiceSpec('tsa', text, authorityMembers));
  const earlier = togetherOf(values, 'timestamp-certificate-chain', ['timestamp-uri']).map(
    ([chain = '', url = '']) => ({ url, 'certificate-chain': chain }),
  );
  return oneFormOf('tsa', specs, earlier);
}

function logSpecsOf(values: TrustedRootValues, service: 'rekor' | 'ctfe'): readonly LogSpec[] {
  const specs = values[service].map((text) => parseServiceSpec(service, text, logMembers));
  const members = [`${service}-url`, `${service}-start-time`, `${service}-end-time`] as const;
  const earlier = togetherOf(values, `${service}-key`, members).map(([key = '', url = '', start, end = '']) => {
    // Rekor's key may be followed by the log's name; a path with a comma in it was never possible there.
    const [path = '', origin = ''] = service === 'rekor' ? key.split(/,(.*)/s, 2) : [key];
    return {
      url,
      'public-key': path,
      'start-time': start ?? ALWAYS,
      ...(end === '' ? {} : { 'end-time': end }),
      ...(origin === '' ? {} : { origin }),
    };
  });
  return oneFormOf(service, specs, earlier);
}

/** The values of flags that belong together by their order, one row for each file. */
function togetherOf<N extends keyof TrustedRootValues>(
  values: TrustedRootValues & Readonly<Record<N, readonly string[]>>,
  file: N,
  others: readonly N[],
): readonly (readonly (string | undefined)[])[] {
  const surplus = others.find((name) => values[name].length > values[file].length);
  if (surplus !== undefined) {
    throw new UsageError('FLAGS_CONFLICT', `--${surplus} was given more often than --${file}, which it belongs to`);
  }
  return values[file].map((path, index) => [path, ...others.map((name) => values[name][index])]);
}

function oneFormOf<T>(flag: string, specs: readonly T[], earlier: readonly T[]): readonly T[] {
  if (specs.length > 0 && earlier.length > 0) {
    throw new UsageError('FLAGS_CONFLICT', `cannot use --${flag} and old ${flag} flags at the same time`);
  }
  return [...specs, ...earlier];
}

async function authorityServiceOf(session: Session, spec: AuthoritySpec): Promise<AuthorityService> {
  const { url, 'start-time': start, 'end-time': end } = spec;
  return {
    url,
    chain: await readFile(session, spec['certificate-chain']),
    ...(start === undefined ? {} : { start: parseRfc3339(start) }),
    ...(end === undefined ? {} : { end: parseRfc3339(end) }),
  };
}

async function logServiceOf(session: Session, spec: LogSpec): Promise<LogService> {
  const { url, origin, 'start-time': start, 'end-time': end } = spec;
  return {
    url,
    key: await readFile(session, spec['public-key']),
    ...(origin === undefined ? {} : { origin }),
    validFor: { start: parseRfc3339(start), ...(end === undefined ? {} : { end: parseRfc3339(end) }) },
  };
}

async function readFile(session: Session, path: string): Promise<GivenFile> {
  return { name: path, bytes: await readInputFile(session, path, limits.keyFileBytes) };
}
