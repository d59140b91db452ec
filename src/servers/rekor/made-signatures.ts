/** Whether the signatures of a proposed entry verify, and who made them. The log vouches for this and no more: who the
 *  signers are, and who issued their certificates, is for whoever reads the entry to judge. */

import { setImmediate as turn } from 'node:timers/promises';

import { VerificationError } from '../../base/errors.ts';
import { rfc3339Of } from '../../base/time.ts';
import { verifyHashSignature, verifySignature } from '../../crypto/signature.ts';
import type { EntrySigner } from '../../formats/rekor/entry-signer.ts';
import type { MadeSignature, ProposedSpec, SignatureClaim } from '../../formats/rekor/proposed-spec.ts';
import { issuanceFaultOf, pathLengthFaultOf } from '../../verify/issuance.ts';

/** Each claim with the signer who made its signature. Throws LOG_ENTRY_REFUSED. */
export async function requireMadeSignatures({ claims }: ProposedSpec): Promise<readonly MadeSignature[]> {
  const made: MadeSignature[] = [];
  for (const claim of claims) {
    if (made.length > 0) await turn();
    const signer = await signerOfClaim(claim);
    if (signer === undefined) throw refused(`verifying signature: ${whyUnverified(claim)}`);
    made.push({ signature: claim.signature, signer });
  }
  const signers = new Set(made.map(({ signer }) => signer));
  const idle = claims.flatMap(({ candidates }) => candidates).find((candidate) => !signers.has(candidate));
  if (idle !== undefined) throw refused(`the verifier ${nameOf(idle)} made none of the signatures`);
  signers.forEach(requireChain);
  return made;
}

async function signerOfClaim({ signature, content, candidates }: SignatureClaim): Promise<EntrySigner | undefined> {
  for (const [at, candidate] of candidates.entries()) {
    const { publicKey } = candidate;
    // Ten signers of megabytes take seconds, in which others are served.
    if (at > 0) await turn();
    const scheme =
      'message' in content
        ? await verifySignature(publicKey, content.message, signature)
        : await verifyHashSignature(publicKey, { [content.hash.hash]: content.hash.value }, signature);
    if (scheme !== undefined) return candidate;
  }
  return undefined;
}

function whyUnverified({ content, candidates }: SignatureClaim): string {
  const [only, ...more] = candidates;
  const by = only === undefined || more.length > 0 ? 'any of the verifiers' : nameOf(only);
  if ('message' in content) return `it is not one by ${by} over the content`;
  const { hash } = content.hash;
  const hint =
    only?.publicKey.algorithm === 'ed25519'
      ? 'an Ed25519 key has to sign as Ed25519ph, over a SHA-512 hash'
      : 'the hash has to be the one that the signature scheme uses';
  return `it is not one by ${by} over this ${hash} hash; ${hint}`;
}

/** Certificates that come with the signer's have to lead from it upwards, when it was issued: whoever reads the entry
 *  might take them for that. */
function requireChain({ certificates }: EntrySigner): void {
  const [leaf, ...issuers] = certificates;
  if (leaf === undefined) return;
  for (const [at, issuer] of issuers.entries()) {
    const fault = issuanceFaultOf(certificates[at] ?? leaf, issuer);
    if (fault !== undefined) throw refused(`certificate ${at + 1} of the chain: ${fault}`);
    if (leaf.notBefore < issuer.notBefore || leaf.notBefore > issuer.notAfter) {
      throw refused(`certificate ${at + 2} of the chain was not valid at ${rfc3339Of(leaf.notBefore)}`);
    }
  }
  const fault = pathLengthFaultOf(issuers);
  if (fault !== undefined) throw refused(`the chain: ${fault}`);
}

function nameOf({ publicKey, certificates }: EntrySigner): string {
  return `${certificates.length === 0 ? '' : 'the certificate of '}the key ${publicKey.fingerprint}`;
}

function refused(why: string): VerificationError {
  return new VerificationError('LOG_ENTRY_REFUSED', `proposed entry: ${why}`);
}
