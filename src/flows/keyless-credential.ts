/** A certificate for an identity token: a new key, which never leaves this process, certified for the token's identity and
 *  checked before anything is signed with it. */

import { VerificationError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { printableOf } from '../base/printable.ts';
import type { Runtime } from '../base/runtime.ts';
import { rfc3339Of } from '../base/time.ts';
import { isSameBytes } from '../base/bytes.ts';
import { fetchCertificate } from '../clients/fulcio/certificate.ts';
import { createKeyPair } from '../crypto/private-key.ts';
import { signerOf } from '../crypto/signer.ts';
import type { Signer } from '../crypto/signer.ts';
import type { IdentityToken } from '../formats/jwt/identity-token.ts';
import { parseCertificate } from '../formats/x509/certificate.ts';
import type { Certificate } from '../formats/x509/certificate.ts';
import { fulcioExtensionsOf, issuerOf } from '../formats/x509/fulcio-extensions.ts';
import { subjectAlternativeNamesOf } from '../formats/x509/subject-alternative-names.ts';
import type { SubjectAlternativeName } from '../formats/x509/subject-alternative-names.ts';
import { faultOfIssuedCertificate } from '../verify/issued-certificate.ts';
import { exactly } from '../verify/policy.ts';
import type { TrustMaterial } from '../verify/trust-material.ts';
import { isWithin, lifetimeOf, periodTextOf } from '../verify/validity.ts';
import type { Credential, SignerName } from './signing-method.ts';

export interface KeylessRequest {
  readonly authority: URL;
  readonly token: IdentityToken;
  readonly trust: TrustMaterial;
}

/** Gives the certificate that there is while it lasts, then asks for a new one, which the token must still allow. */
export function keylessSourceOf(runtime: Runtime, request: KeylessRequest): () => Promise<Credential> {
  let current: { readonly made: Promise<Issued> } | undefined;
  return async () => {
    const issued = await current?.made;
    if (issued === undefined || isEnding(issued, runtime.now())) {
      current = { made: fetchCredential(runtime, request) };
    }
    return (await (current as { readonly made: Promise<Issued> }).made).credential;
  };
}

interface Issued {
  readonly credential: Credential;
  readonly notAfter: Date;
}

/** Milliseconds that a certificate must still be valid: signing, stamping and logging happen in them. */
const LEAST_LIFETIME_MS = 60_000;

function isEnding({ notAfter }: Issued, now: Date): boolean {
  return now.getTime() > notAfter.getTime() - LEAST_LIFETIME_MS;
}

/** Throws TOKEN_EXPIRED, CERTIFICATE_UNFIT and what `fetchCertificate` throws. */
async function fetchCredential(runtime: Runtime, { authority, token, trust }: KeylessRequest): Promise<Issued> {
  requireFresh(token, runtime.now());
  const signer = signerOf(createKeyPair('ecdsa-p256'));
  const chain = await fetchCertificate(runtime, authority, token, signer);
  const leaf = parseCertificate(chain[0]);
  // 1. It certifies our key, not somebody's.
  if (!isSameBytes(leaf.spki, signer.publicKey.spki)) throw unfit('it is for another key than the one that asked');
  // 2. It names the token's identity.
  const names = requireOwnNames(leaf, token);
  // 3. It is valid now: by our clock, or by that of an authority whose clock is a little ahead.
  const now = runtime.now();
  const instant = leaf.notBefore > now ? leaf.notBefore : now;
  if (instant.getTime() - now.getTime() > limits.clockSkewMs || !isWithin(lifetimeOf(leaf), instant)) {
    throw unfit(`it is valid ${periodTextOf(lifetimeOf(leaf))}, and now it is ${rfc3339Of(now)}`);
  }
  // 4. Those who verify would believe it: a trusted authority issued it, and a trusted log has seen it.
  const fault = await faultOfIssuedCertificate(chain, { signer: identityOf(names), trust, instant });
  if (fault !== undefined) {
    const { title, expected, seen } = fault;
    throw unfit(
      [`not so: ${title}`, expected && `expected ${expected}`, seen && `seen ${seen}`]
        .filter((each) => each)
        .join(', '),
    );
  }
  runtime.log.note(`Signing as ${printableOf(names.subject)}, by the word of ${printableOf(names.issuer)}`);
  return { credential: credentialOf(signer, chain, names), notAfter: leaf.notAfter };
}

function credentialOf(signer: Signer, chain: readonly [Uint8Array, ...Uint8Array[]], names: SignerName): Credential {
  return { signer, holder: { kind: 'certificate', chain }, names };
}

function identityOf({ subject, issuer }: SignerName): Parameters<typeof faultOfIssuedCertificate>[1]['signer'] {
  const identity = { subject: exactly(subject), issuer: exactly(issuer), extensions: {} };
  return { kind: 'identities', identities: [identity], sct: { kind: 'required' } };
}

function requireFresh({ expires }: IdentityToken, now: Date): void {
  if (expires <= now) {
    throw new VerificationError('TOKEN_EXPIRED', `the identity token expired at ${rfc3339Of(expires)}`);
  }
}

/** The one name in the certificate and its issuer, which must be the token's. */
function requireOwnNames(leaf: Certificate, token: IdentityToken): SignerName {
  const names = subjectAlternativeNamesOf(leaf);
  const [name] = names;
  if (name === undefined || name.kind === 'unread' || names.length > 1) {
    throw unfit(`it has ${names.length === 1 ? 'a name that cannot be read' : `${names.length} names`}, expected one`);
  }
  const expected = expectedTextOf(name, token);
  if (expected !== undefined && name.text !== expected) {
    throw unfit(
      `it names ${JSON.stringify(name.text.slice(0, 300))}, the token names ${JSON.stringify(expected.slice(0, 300))}`,
    );
  }
  const issuer = issuerOf(fulcioExtensionsOf(leaf));
  if (issuer === undefined || ![token.issuer, token.federatedIssuer].includes(issuer)) {
    throw unfit(
      `it names the issuer ${JSON.stringify(issuer?.slice(0, 300))}, the token is by ${JSON.stringify(token.issuer.slice(0, 300))}`,
    );
  }
  return { subject: name.text, issuer };
}

const KUBERNETES_ACCOUNT = /^system:serviceaccount:([^:]+):([^:]+)$/;

/** How authorities write the token's identity in a name of this kind, where that follows from the token alone. Which kind
 *  it is depends on how the authority is configured, and so do the names of build systems: then the name is told to the
 *  person instead. A token may bring an address and yet be about an account or a workload.
 *  @source github.com/sigstore/fulcio, pkg/identity */
function expectedTextOf({ kind, text }: NamedSubject, { email, subject }: IdentityToken): string | undefined {
  if (kind === 'email') return email ?? subject;
  if (kind === 'user-name') return `${subject}${/![^!]*$/.exec(text)?.[0] ?? '!'}`;
  if (kind !== 'uri' || /^(?:https|spiffe):\/\//.test(subject)) return subject;
  const [, namespace, account] = KUBERNETES_ACCOUNT.exec(subject) ?? [];
  return account === undefined ? undefined : `https://kubernetes.io/namespaces/${namespace}/serviceaccounts/${account}`;
}

type NamedSubject = Exclude<SubjectAlternativeName, { readonly kind: 'unread' }>;

function unfit(why: string): VerificationError {
  return new VerificationError('CERTIFICATE_UNFIT', printableOf(`the certificate that was issued: ${why}`));
}
