/** Whom the flags and the environment say to believe. */

import { UsageError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { Runtime } from '../base/runtime.ts';
import type { GivenFile } from '../flows/given-file.ts';
import type { OwnAuthority, OwnServices } from '../flows/trust-source.ts';
import type { TrustMaterial } from '../verify/trust-material.ts';
import type { ValuesOf } from './flag.ts';
import type { trustFlags } from './flags/trust.ts';
import { readInputFile } from './input-file.ts';
import type { Session } from './session.ts';

/** What is left out was not given. */
export type TrustValues = Partial<Pick<ValuesOf<typeof trustFlags>, TrustFlag>> & { readonly offline: boolean };

type TrustFlag = 'ca-intermediates' | 'ca-roots' | 'certificate-chain' | 'timestamp-certificate-chain' | 'trusted-root';

/** Reads what is given. The variables of cosign count only without --trusted-root, and each only where no flag says the
 *  same: what the command line names decides. Throws FLAGS_CONFLICT, FILE_NOT_READABLE, INPUT_TOO_LARGE, and what
 *  `loadTrust` and TUF throw. */
export async function trustOf(values: TrustValues, session: Session, runtime: Runtime): Promise<TrustMaterial> {
  requireCompatible(values);
  const path = values['trusted-root'];
  const trustedRoot = path === undefined ? undefined : await readFile(session, path, limits.trustedRootBytes);
  const own = await ownServicesOf(values, session);
  const ambient = trustedRoot === undefined ? await ambientServicesOf(session, own) : {};
  // Loaded here: whoever verifies with a key alone needs none of it.
  const { loadTrust } = await import('../flows/trust-source.ts');
  return loadTrust({
    ...(trustedRoot === undefined ? {} : { trustedRoot }),
    own: { ...ambient, ...own },
    fetchTrustedRoot: async () => (await import('./tuf-root.ts')).fetchTrustedRoot(session, runtime, values.offline),
  });
}

function requireCompatible(values: TrustValues): void {
  if (values['ca-roots'] !== undefined && values['certificate-chain'] !== undefined) {
    throw new UsageError('FLAGS_CONFLICT', '--ca-roots and --certificate-chain: both name your root authorities');
  }
  if (values['ca-intermediates'] !== undefined && values['ca-roots'] === undefined) {
    throw new UsageError('FLAGS_CONFLICT', '--ca-intermediates goes with --ca-roots: no other root vouches for them');
  }
}

async function ownServicesOf(values: TrustValues, session: Session): Promise<OwnServices> {
  const authority = await ownAuthorityOf(values, session);
  const timestampChain = values['timestamp-certificate-chain'];
  return {
    ...(authority === undefined ? {} : { authority }),
    ...(timestampChain === undefined ? {} : { timestampChain: await readFile(session, timestampChain) }),
  };
}

async function ownAuthorityOf(values: TrustValues, session: Session): Promise<OwnAuthority | undefined> {
  const { 'ca-roots': roots, 'ca-intermediates': intermediates, 'certificate-chain': chain } = values;
  if (chain !== undefined) return { kind: 'chain', chain: await readFile(session, chain) };
  if (roots === undefined) return undefined;
  return {
    kind: 'roots',
    roots: await readFile(session, roots),
    ...(intermediates === undefined ? {} : { intermediates: await readFile(session, intermediates) }),
  };
}

/** What cosign's variables name, besides what the flags gave already. Each is said: it decides what is believed. */
async function ambientServicesOf(session: Session, own: OwnServices): Promise<OwnServices> {
  const read = async (variable: string): Promise<GivenFile | undefined> => {
    const path = session.environment[variable];
    if (path === undefined || path === '') return undefined;
    session.log.note(`Trusting what ${variable} names: ${path}`);
    return readFile(session, path);
  };
  const chain = own.authority === undefined ? await read('SIGSTORE_ROOT_FILE') : undefined;
  const timestampChain = own.timestampChain === undefined ? await read('SIGSTORE_TSA_CERTIFICATE_FILE') : undefined;
  const logKey = await read('SIGSTORE_REKOR_PUBLIC_KEY');
  const ctLogKey = await read('SIGSTORE_CT_LOG_PUBLIC_KEY_FILE');
  return {
    ...(chain === undefined ? {} : { authority: { kind: 'chain', chain } }),
    ...(timestampChain === undefined ? {} : { timestampChain }),
    ...(logKey === undefined ? {} : { logKey }),
    ...(ctLogKey === undefined ? {} : { ctLogKey }),
  };
}

async function readFile(session: Session, path: string, maxBytes: number = limits.keyFileBytes): Promise<GivenFile> {
  return { name: path, bytes: await readInputFile(session, path, maxBytes) };
}
