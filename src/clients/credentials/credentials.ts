/** Who we are to a registry. */

/** A secret, with where it was found in words for messages ("~/.docker/config.json"). */
export type Credentials =
  | { readonly kind: 'password'; readonly username: string; readonly password: string; readonly foundIn: string }
  /** An OAuth2 refresh token, good at the registry's token server. */
  | { readonly kind: 'identity-token'; readonly token: string; readonly foundIn: string }
  /** A bearer token, good at the registry itself. */
  | { readonly kind: 'registry-token'; readonly token: string; readonly foundIn: string };

export interface CredentialSource {
  /** What is known for a repository; undefined when nothing is: the registry is then asked without. Throws
   *  CONFIG_MALFORMED, CREDENTIAL_HELPER_FAILED. */
  readonly credentialsFor: (registry: string, path: string) => Promise<Credentials | undefined>;
}
