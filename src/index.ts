/** The front door of the package: signing and verifying images and files against registries. What only judges, without
 *  any I/O, is `countersign/verify`. */

export { CountersignError, isErrorWithCode } from './base/errors.ts';
export type { ErrorCode } from './base/catalogue.ts';
export type { Log, Runtime } from './base/runtime.ts';
export { openCredentialSource } from './clients/credentials/credential-source.ts';
export { loadPublicKey, loadSigner } from './clients/keys/key-loader.ts';
export { openRegistryClient } from './clients/registry/open-registry-client.ts';
export type { RegistryClient } from './clients/registry/registry-client.ts';
export type { RegistrySettings } from './clients/registry/settings.ts';
export { openRuntime } from './clients/runtime.ts';
export { createKeyPair } from './crypto/private-key.ts';
export { parsePublicKey, publicKeyPemOf } from './crypto/public-key.ts';
export type { PublicKey } from './crypto/public-key.ts';
export { signerOf } from './crypto/signer.ts';
export type { Signer } from './crypto/signer.ts';
export { copyImage } from './flows/copy-image.ts';
export type { ImageContext } from './flows/image-context.ts';
export { readersOf } from './flows/readers.ts';
export { signBlob } from './flows/sign-blob.ts';
export type { SignContext } from './flows/sign-context.ts';
export { signImage } from './flows/sign-image.ts';
export type { SignImageRequest, SignReport } from './flows/sign-image.ts';
export { keyMethodOf } from './flows/signing-method.ts';
export type { SigningMethod } from './flows/signing-method.ts';
export { verifyBlob } from './flows/verify-blob.ts';
export { verifyImage, verifyImages } from './flows/verify-image.ts';
export type { ImageReport, VerifyReport } from './flows/verify-report.ts';
export type { VerifyTerms } from './flows/verify-terms.ts';
export { parseReference, referenceNameOf } from './formats/oci/reference.ts';
export type { Reference } from './formats/oci/reference.ts';
export { keyPolicyOf } from './verify/policy.ts';
export { startEmbeddedRegistry } from './servers/registry/embedded-registry.ts';
