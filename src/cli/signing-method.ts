/** How the flags say that something is signed: by a key, or by an identity; with which services. */

import type { Runtime } from '../base/runtime.ts';
import { keyMethodOf, openSigningMethod } from '../flows/signing-method.ts';
import type { Credential, SigningMethod } from '../flows/signing-method.ts';
import type { TrustMaterial } from '../verify/trust-material.ts';
import { signerOfFlag } from './keys.ts';
import { chooseServices } from './signing-services.ts';
import type { ChosenServices, ServiceChoice } from './signing-services.ts';
import { trustOf } from './trust.ts';

/** A method on its way: opening a key, or logging in, takes as long as asking a registry. Its failure is for whoever waits. */
export interface PendingMethod {
  readonly method: Promise<SigningMethod>;
}

/** Says at once what is wrong with the flags, before anybody is asked anything. Throws what `chooseServices` throws; the
 *  method rejects with what `trustOf`, the key, the login and the certificate authority throw. */
export async function beginSigning(choice: ServiceChoice, runtime: Runtime): Promise<PendingMethod> {
  const { values, session } = choice;
  const { key } = values;
  // scrypt takes longest: it begins first. Until it is waited for, a failure would count as unhandled.
  const signer = key === undefined ? undefined : signerOfFlag(session, runtime.request, key);
  signer?.catch(() => undefined);
  const services = await chooseServices(choice, runtime);
  const method = openMethod(choice, runtime, services, signer);
  method.catch(() => undefined);
  return { method };
}

async function openMethod(
  choice: ServiceChoice,
  runtime: Runtime,
  services: ChosenServices | undefined,
  signer: Promise<Credential['signer']> | undefined,
): Promise<SigningMethod> {
  if (services === undefined) return keyMethodOf(await requireSigner(signer));
  const { values, session } = choice;

  // 1. Whom to believe: nothing that a service answers is stored unchecked.
  const trust = await trustOf({ 'trusted-root': values['trusted-root'], offline: false }, session, runtime);

  // 2. The key, or a certificate.
  const source =
    services.authority === undefined
      ? keySourceOf(await requireSigner(signer))
      : await certificateSourceOf(choice, runtime, services, trust);
  const { logs, timestampAuthorities } = services;
  return openSigningMethod(runtime, source, { logs, timestampAuthorities, trust });
}

async function requireSigner(signer: Promise<Credential['signer']> | undefined): Promise<Credential['signer']> {
  if (signer === undefined) throw new TypeError('without services there is a key');
  return signer;
}

function keySourceOf(signer: Credential['signer']): () => Promise<Credential> {
  const credential: Credential = { signer, holder: { kind: 'key', key: signer.publicKey } };
  return async () => credential;
}

async function certificateSourceOf(
  { values, session }: ServiceChoice,
  runtime: Runtime,
  { authority, issuer }: ChosenServices,
  trust: TrustMaterial,
): Promise<() => Promise<Credential>> {
  if (authority === undefined) throw new TypeError('a certificate needs an authority');
  const [{ identityTokenOf }, { keylessSourceOf }] = await Promise.all([
    import('./identity-token.ts'),
    import('../flows/keyless-credential.ts'),
  ]);
  const token = await identityTokenOf(values, session, runtime, issuer);
  return keylessSourceOf(runtime, { authority, token, trust });
}
