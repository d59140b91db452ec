/** Showing who we are: nothing at first, then what the registry's challenge asks for, from a cache that lasts a run. */

import { ConfigError, RemoteError } from '../../base/errors.ts';
import type { HttpRequest, HttpResponse, Runtime } from '../../base/runtime.ts';
import type { Credentials, CredentialSource } from '../credentials/credentials.ts';
import { redactedUrlOf } from '../http/failure.ts';
import { parseChallenges } from './challenge.ts';
import type { Challenge } from './challenge.ts';
import { requireRealm } from './host-rules.ts';
import { openRetries, withRetries } from './retry.ts';
import { basicOf, fetchToken } from './token.ts';
import type { TokenQuestion } from './token.ts';

/** What is asked of a repository. */
export interface Access {
  readonly registry: string;
  readonly path: string;
  /** "repository:library/alpine:pull". */
  readonly scopes: readonly string[];
}

export interface Authorization {
  /** Value of the Authorization header; undefined to go without. */
  readonly header: string | undefined;
  /** For messages: "with credentials from ~/.docker/config.json". */
  readonly identity: string;
}

export interface Authorizer {
  /** What to send at once, as far as this run has learnt. */
  readonly current: (access: Access, base: URL) => Promise<Authorization>;
  /** What to send after a 401 with this WWW-Authenticate: the same header again when nothing else is known. */
  readonly answer: (access: Access, base: URL, challenge: string, refused: Authorization) => Promise<Authorization>;
}

export interface AuthorizerSettings {
  readonly credentials: CredentialSource;
  readonly authHosts: readonly string[];
  readonly runtime: Runtime;
  /** Sends to a token server, with the trust that belongs to the registry. */
  readonly send: (request: HttpRequest, registry: string) => Promise<HttpResponse>;
}

/** A token, or the request for it while it is under way. */
interface TokenEntry {
  readonly pending: Promise<string>;
  header?: string;
  expiresAt?: number;
}

/** A token is renewed before it ends: it must live as long as the request that carries it. */
const USED_SHARE = 0.9;

export function openAuthorizer(settings: AuthorizerSettings): Authorizer {
  const challenges = new Map<string, Challenge>();
  const tokens = new Map<string, TokenEntry>();
  const answerTo = (challenge: Challenge, access: Access, base: URL, refused?: Authorization): Promise<Authorization> =>
    authorizationFor({ challenge, access, base, refused, tokens, settings });
  return {
    current: async (access, base) => {
      const challenge = challenges.get(access.registry);
      return challenge === undefined
        ? { header: undefined, identity: 'asked without credentials' }
        : answerTo(challenge, access, base);
    },
    answer: async (access, base, header, refused) => {
      const offered = parseChallenges(header);
      const challenge =
        offered.find(({ scheme }) => scheme === 'bearer') ?? offered.find(({ scheme }) => scheme === 'basic');
      if (challenge === undefined) {
        return refused;
      }
      challenges.set(access.registry, challenge);
      return answerTo(challenge, access, base, refused);
    },
  };
}

interface Question {
  readonly challenge: Challenge;
  readonly access: Access;
  readonly base: URL;
  readonly refused: Authorization | undefined;
  readonly tokens: Map<string, TokenEntry>;
  readonly settings: AuthorizerSettings;
}

async function authorizationFor(question: Question): Promise<Authorization> {
  const { challenge, access, settings } = question;
  const credentials = await settings.credentials.credentialsFor(access.registry, access.path);
  const identity = identityOf(credentials, access.registry);
  if (credentials?.kind === 'registry-token') {
    return { header: bearerOf(credentials), identity };
  }
  if (challenge.scheme === 'basic') {
    return { header: credentials?.kind === 'password' ? basicOf(credentials) : undefined, identity };
  }
  return { header: await tokenHeaderFor(question, credentials), identity };
}

/** One request for each token, however many need it at once; a refused or used-up one is asked for anew. */
async function tokenHeaderFor(question: Question, credentials: TokenQuestion['credentials']): Promise<string> {
  const { challenge, access, base, refused, tokens, settings } = question;
  const { realm: realmText = '', service } = challenge.parameters;
  const realm = URL.parse(realmText);
  if (realm === null) {
    throw new RemoteError('REGISTRY_ANSWER_INVALID', `${base.host} names no token server in its challenge`, {
      url: redactedUrlOf(base),
    });
  }
  await requireRealm({ registry: base, realm, isSecret: credentials !== undefined, authHosts: settings.authHosts });
  const key = JSON.stringify([access.registry, realm.href, service, access.scopes, userOf(credentials)]);
  const known = tokens.get(key);
  const isRefused = known?.header !== undefined && known.header === refused?.header;
  const isOver = known?.expiresAt !== undefined && known.expiresAt <= settings.runtime.now().getTime();
  if (known !== undefined && !isRefused && !isOver) {
    return known.pending;
  }
  const entry = createToken({ realm, service, scopes: access.scopes, credentials }, access.registry, settings);
  tokens.set(key, entry);
  entry.pending.catch(() => tokens.delete(key));
  return entry.pending;
}

function createToken(question: TokenQuestion, registry: string, settings: AuthorizerSettings): TokenEntry {
  const { runtime } = settings;
  const askedAt = runtime.now().getTime();
  const ask = async (): Promise<string> => {
    const token = await withRetries(openRetries(runtime), () =>
      fetchToken(question, (request) => settings.send(request, registry)),
    );
    entry.header = `Bearer ${token.text}`;
    entry.expiresAt = askedAt + token.validSeconds * 1000 * USED_SHARE;
    return entry.header;
  };
  const entry: TokenEntry = { pending: Promise.resolve().then(ask) };
  return entry;
}

function bearerOf({ token, foundIn }: { readonly token: string; readonly foundIn: string }): string {
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new ConfigError(
      'CONFIG_MALFORMED',
      `the registry token from ${foundIn} is empty, or holds a line feed, a space or another character that no token has`,
    );
  }
  return `Bearer ${token}`;
}

function userOf(credentials: Credentials | undefined): string {
  return credentials === undefined
    ? ''
    : `${credentials.kind} ${credentials.kind === 'password' ? credentials.username : ''}`;
}

function identityOf(credentials: Credentials | undefined, registry: string): string {
  return credentials === undefined
    ? `no credentials found for ${registry}: run \`countersign login ${registry}\``
    : `with credentials from ${credentials.foundIn}`;
}
