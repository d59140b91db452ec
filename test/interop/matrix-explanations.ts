/** Why a cell of the matrix is not a plain "yes". A cell without an explanation fails the test, and so does an
 *  explanation that no cell uses. */
import type { ProgramName } from './matrix-programs.ts';

export interface Explanation {
  readonly signers?: readonly ProgramName[];
  readonly verifiers: readonly ProgramName[];
  readonly keyTypes?: readonly string[];
  /** Only where the registry has, or has not, the referrers API. */
  readonly hasReferrers?: boolean;
  /** Flags of the verifier that make it work; tried for real. */
  readonly flags?: readonly string[];
  readonly why: string;
}

export const explanations: readonly Explanation[] = [
  {
    signers: ['cosign-3'],
    verifiers: ['cosign-3'],
    keyTypes: ['ECDSA P-384'],
    flags: ['--signature-digest-algorithm', 'sha384'],
    why: 'signs with the hash that belongs to the curve and verifies with SHA-256 unless told otherwise',
  },
  {
    signers: ['cosign-3'],
    verifiers: ['cosign-3'],
    keyTypes: ['ECDSA P-521'],
    flags: ['--signature-digest-algorithm', 'sha512'],
    why: 'signs with the hash that belongs to the curve and verifies with SHA-256 unless told otherwise',
  },
  {
    signers: ['cosign-3'],
    verifiers: ['cosign-3'],
    keyTypes: ['Ed25519'],
    why: 'signs Ed25519ph and verifies plain Ed25519; no flag helps',
  },
  {
    signers: ['cosign-3'],
    verifiers: ['cosign-2', 'skopeo'],
    why: 'reads `.sig` tags only, and cosign 3 writes only a bundle',
  },
];
