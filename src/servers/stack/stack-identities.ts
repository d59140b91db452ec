/** Whom a stack's certificate authority believes. */

import { readFile } from 'node:fs/promises';

import { parseUtf8 } from '../../base/bytes.ts';
import { isAbsence } from '../../storage/durable-file.ts';
import { openIdentities } from '../ca/identity/identify-token.ts';
import type { Identities } from '../ca/identity/identify-token.ts';
import { parseIssuerConfiguration } from '../ca/identity/issuer-configuration.ts';
import type { IssuerConfiguration } from '../ca/identity/issuer-configuration.ts';
import { findClusterAccess } from './cluster-access.ts';
import type { Development } from './development.ts';
import type { CoreContext } from './stack-core.ts';

export interface StackIdentities extends Identities {
  /** Where people log in: issuers that are known by one address and vouch for e-mail addresses. */
  readonly signInIssuers: readonly string[];
}

/** Throws ISSUER_CONFIGURATION_INVALID. */
export async function openStackIdentities(
  context: CoreContext,
  development: Development | undefined,
): Promise<StackIdentities> {
  const { now, request } = context.options.runtime;
  const configuration = await configurationOf(context, development);
  const cluster = findClusterAccess();
  const identities = openIdentities({
    configuration,
    now,
    request,
    ...(cluster === undefined ? {} : { cluster }),
    ...(development === undefined ? {} : { localKeys: development.localKeys }),
  });
  const signInIssuers = [...configuration.issuers.values()].filter(({ naming }) => naming.kind === 'email');
  return { ...identities, signInIssuers: signInIssuers.map(({ url }) => url) };
}

/** What the command line named, else the file in the data directory, else nobody but the issuer of a development stack. */
async function configurationOf(
  { directory, options }: CoreContext,
  development: Development | undefined,
): Promise<IssuerConfiguration> {
  const bytes = options.issuers ?? (await readIfThere(directory.issuers));
  const given = bytes === undefined ? undefined : parseIssuerConfiguration(parseUtf8(bytes));
  if (given === undefined && development === undefined) {
    options.log.warn(
      `no issuer of identities is configured, so nobody gets a certificate: write ${directory.issuers} or give --oidc-config`,
    );
  }
  return {
    issuers: new Map([...(given?.issuers ?? []), ...(development?.issuers ?? [])]),
    metaIssuers: given?.metaIssuers ?? [],
  };
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}
