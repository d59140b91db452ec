/** Step 7: at every time that is proven, a trusted authority vouched for the certificate, and it was made for signing code.
 *  Certificates that come with the signature may lead to a trusted authority; none becomes one. */

import { isSameBytes } from '../base/bytes.ts';
import { CountersignError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { rfc3339Of } from '../base/time.ts';
import type { SignedEntity } from '../formats/signed-entity.ts';
import type { ValidityPeriod } from '../formats/trust/trusted-root.ts';
import { parseCertificate } from '../formats/x509/certificate.ts';
import type { Certificate } from '../formats/x509/certificate.ts';
import { nameTextOf } from '../formats/x509/distinguished-name.ts';
import { keyPurposes } from '../formats/x509/extensions.ts';
import { extensionFaultOf, usageFaultOf } from './certificate-rules.ts';
import { isSelfIssued, issuanceFaultOf, pathLengthFaultOf } from './issuance.ts';
import type { Proof } from './proof.ts';
import { failed, passed } from './shared-steps.ts';
import type { CertificateAuthority } from './trust-material.ts';
import { isWithin, lifetimeOf, periodTextOf } from './validity.ts';
import type { CertificatePath, Check, ProvenTime, StepName } from './verdict.ts';

/** From the leaf up to a certificate of the trusted root. */
interface Path extends CertificatePath {
  readonly leaf: Certificate;
}

const CHAIN = 'A trusted authority issued the certificate';
const PROVE_TIME = 'Verify it with its log entry or a timestamp, which say when it was signed.';
const SIGN_AGAIN = 'Ask the signer to sign again with a certificate that an authority you trust has issued.';

/** Gives the issuer, which the proof of logging names. Of several authorities that fit, any one that passes is enough;
 *  otherwise the checks are those of the one that came nearest. */
export function checkCertificate(proof: Proof): Proof {
  const { certificate: leaf, entity, policy, times, checks } = proof;
  if (leaf === undefined || policy.signer.kind === 'keys') {
    return proof;
  }

  // 1. What came with the signature: certificates on the way, perhaps.
  const given = readIntermediates(entity);
  if (given.kind === 'fault') {
    const facts = { expected: 'the certificate and intermediate certificates', seen: given.seen };
    return { ...proof, checks: [...checks, failed('certificate.chain', CHAIN, facts)] };
  }

  // 2. The ways to trusted authorities, until one passes.
  let nearest: { readonly path: Path; readonly checks: readonly Check[] } | undefined;
  for (const path of pathsOf([leaf, ...given.intermediates], policy.trust.authorities)) {
    const found = checkPath(path, times);
    if (nearest === undefined || faultsIn(found) < faultsIn(nearest.checks)) {
      nearest = { path, checks: found };
    }
    if (faultsIn(found) === 0) {
      break;
    }
  }
  const [issuer] = nearest?.path.issuers ?? [];
  return nearest === undefined || issuer === undefined
    ? { ...proof, checks: [...checks, checkNoPath(leaf, policy.trust.authorities)] }
    : { ...proof, issuer, path: nearest.path, checks: [...checks, ...nearest.checks] };
}

type Intermediates =
  | { readonly kind: 'read'; readonly intermediates: readonly Certificate[] }
  | { readonly kind: 'fault'; readonly seen: string };

/** Roots that came with the signature (npm's first bundles and cosign's layers hold one) are never looked at. */
function readIntermediates({ signer }: SignedEntity): Intermediates {
  const [, ...rest] = signer.kind === 'certificate' ? signer.chain : [];
  if (rest.length >= limits.chainCertificates) {
    return { kind: 'fault', seen: `${rest.length + 1} certificates, at most ${limits.chainCertificates} are read` };
  }
  try {
    const certificates = rest.map(parseCertificate);
    return { kind: 'read', intermediates: certificates.filter((certificate) => !isSelfIssued(certificate)) };
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error;
    return { kind: 'fault', seen: error.message };
  }
}

/** The shortest ways first. Certificates that came with the signature are tried in their order, each as the issuer of the
 *  one before: no search, so nothing an attacker puts there makes it long. */
function* pathsOf(
  [leaf, ...intermediates]: readonly [Certificate, ...Certificate[]],
  authorities: readonly CertificateAuthority[],
): Generator<Path> {
  const way: Certificate[] = [];
  let top = leaf;
  for (let next = 0; ; next += 1) {
    for (const authority of authorities) {
      // By name first: what does not fit is most of a root, and reasons are made for people.
      const at = authority.chain.findIndex(
        (issuer) => isSameBytes(top.issuer, issuer.subject) && issuanceFaultOf(top, issuer) === undefined,
      );
      if (at !== -1) yield { leaf, issuers: [...way, ...authority.chain.slice(at)], authority };
    }
    const intermediate = intermediates[next];
    if (intermediate === undefined || issuanceFaultOf(top, intermediate) !== undefined) return;
    way.push(intermediate);
    top = intermediate;
  }
}

function checkPath(path: Path, times: readonly ProvenTime[]): readonly Check[] {
  const { leaf, issuers, authority } = path;
  const names = issuers.map(nameOfIssuer).join(', issued by ');
  return [
    checkRule('certificate.chain', CHAIN, () => pathLengthFaultOf(issuers), { seen: `${authority.uri}: ${names}` }),
    checkRule('certificate.usage', 'The certificate is for signing code', () =>
      usageFaultOf(leaf, issuers, keyPurposes.codeSigning),
    ),
    checkRule('certificate.extensions', 'The certificates ask for nothing unknown, and name only what they may', () =>
      extensionFaultOf(leaf, issuers),
    ),
    ...checkTimes(path, times),
  ];
}

/** Made once: issuers live as long as the trust material. */
const issuerNames = new WeakMap<Certificate, string>();

function nameOfIssuer(issuer: Certificate): string {
  const name = issuerNames.get(issuer) ?? nameTextOf(issuer.subject);
  issuerNames.set(issuer, name);
  return name;
}

/** Certificates can be malformed where only this rule looks. */
function checkRule(
  step: StepName,
  title: string,
  faultOf: () => string | undefined,
  facts: Pick<Check, 'seen'> = {},
): Check {
  let fault: string | undefined;
  try {
    fault = faultOf();
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error;
    fault = error.message;
  }
  return fault === undefined ? passed(step, title, facts) : failed(step, title, { seen: fault, next: SIGN_AGAIN });
}

interface Window {
  readonly nameOf: () => string;
  readonly period: ValidityPeriod;
}

/** Every certificate of the path must have been valid, not only the leaf: an authority that has expired vouches for
 *  nothing. @source CVE-2026-24122 */
function checkTimes({ leaf, issuers, authority }: Path, times: readonly ProvenTime[]): readonly Check[] {
  if (times.length === 0) {
    const title = 'The certificate was valid when it signed';
    return [failed('certificate.time', title, { expected: 'a time that is proven', seen: 'none' })];
  }
  const own: Window = { nameOf: () => 'the certificate', period: lifetimeOf(leaf) };
  const windows: readonly Window[] = [
    own,
    ...issuers.map((issuer) => ({ nameOf: () => nameTextOf(issuer.subject), period: lifetimeOf(issuer) })),
    { nameOf: () => `the trust in ${authority.uri}`, period: authority.validFor },
  ];
  return times.map(({ instant, by, source }) => {
    const title = `The certificate was valid at the time given by ${by}`;
    const missed = windows.find(({ period }) => !isWithin(period, instant));
    const { nameOf, period } = missed ?? own;
    const facts = { expected: `${nameOf()}: ${periodTextOf(period)}`, seen: rfc3339Of(instant) };
    return missed === undefined
      ? passed('certificate.time', title, facts)
      : failed('certificate.time', title, { ...facts, next: source === 'clock' ? PROVE_TIME : SIGN_AGAIN });
  });
}

/** The reason of the authority that has the issuer's name, if one has. */
function checkNoPath(leaf: Certificate, authorities: readonly CertificateAuthority[]): Check {
  if (authorities.length === 0) {
    return failed('certificate.chain', CHAIN, {
      expected: 'a certificate of a trusted authority',
      seen: 'no certificate authority is trusted',
      next: 'Name the trusted root, or the authority, whose certificates you trust.',
    });
  }
  const known = authorities.flatMap(({ chain }) => chain);
  const namesake = known.find(({ subject }) => isSameBytes(subject, leaf.issuer));
  const fault = namesake === undefined ? undefined : issuanceFaultOf(leaf, namesake);
  return failed('certificate.chain', CHAIN, {
    expected: `a certificate of ${authorities.map(({ chain }) => nameTextOf(chain[0].subject)).join(', or of ')}`,
    seen: fault ?? `issued by ${nameTextOf(leaf.issuer)}`,
    next: 'Find out which authority the signer uses, and whether you trust it.',
  });
}

function faultsIn(checks: readonly Check[]): number {
  return checks.filter(({ status }) => status === 'fail').length;
}
