/** A TUF repository in memory, made with node:crypto alone, so that it shares no code with the client it tests. Every
 *  field of every document can be bent before it is signed. @source TUF specification 1.0.34 section 4 */
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { TestContext } from 'node:test';

import { startScriptedServer } from './scripted-server.ts';
import type { ScriptedServer } from './scripted-server.ts';

export type Role = 'root' | 'timestamp' | 'snapshot' | 'targets';
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
export type Signed = Record<string, Json>;

export interface RoleKey {
  /** Hex SHA-256 of the canonical form of `publicPart`. */
  readonly id: string;
  readonly publicPart: Signed;
  readonly secret: KeyObject;
}

export interface RoleSettings {
  keys: readonly RoleKey[];
  threshold: number;
  version: number;
  expires: string;
}

/** What `publish` may change on the way: the content before it is signed, who signs, and the bytes after. */
export interface Bend {
  readonly signed?: (signed: Signed) => Signed;
  readonly signers?: readonly RoleKey[];
  readonly bytes?: (bytes: Buffer) => Buffer;
}

export interface TufRepository {
  /** What the server answers, by path below the mirror's address. */
  readonly files: Map<string, Buffer>;
  readonly roles: Record<Role, RoleSettings>;
  /** Target files by name. */
  readonly targets: Map<string, Uint8Array>;
  /** Members that the `targets` document gets besides its targets: delegations. */
  delegations: Json | undefined;
  /** The first root, for clients to begin with. */
  readonly firstRoot: Buffer;
  /** Writes the document of one role with its present settings. */
  readonly publish: (role: Role, bend?: Bend) => Buffer;
  /** One version up for each role in the order in which they name each other, targets first. */
  readonly publishNext: (...roles: readonly Role[]) => void;
  /** Writes any document: a delegated role. */
  readonly publishAs: (name: string, version: number, signed: Signed, signers: readonly RoleKey[]) => Buffer;
}

export const farFuture = '2040-01-01T00:00:00Z';
export const longPast = '2020-01-01T00:00:00Z';

export function createRoleKey(): RoleKey {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const publicPart = { keytype: 'ecdsa', scheme: 'ecdsa-sha2-nistp256', keyval: { public: pem } };
  return { id: hashOf('sha256', canonicalJsonOf(publicPart)), publicPart, secret: privateKey };
}

/** With one key for each role but root, which takes two of three; version 1 of everything is published. */
export function createTufRepository(targets: Readonly<Record<string, Uint8Array | string>>): TufRepository {
  const role = (count: number, threshold: number): RoleSettings => ({
    keys: Array.from({ length: count }, createRoleKey),
    threshold,
    version: 1,
    expires: farFuture,
  });
  const roles = { root: role(3, 2), timestamp: role(1, 1), snapshot: role(1, 1), targets: role(1, 1) };
  const files = new Map<string, Buffer>();
  const contents = new Map(Object.entries(targets).map(([name, bytes]) => [name, Buffer.from(bytes as Uint8Array)]));
  const publishAs: TufRepository['publishAs'] = (name, version, signed, signers) => {
    const bytes = signedDocument(signed, signers);
    files.set(`${version}.${name}.json`, bytes);
    return bytes;
  };
  const publish: TufRepository['publish'] = (name, bend = {}) => {
    const signed = (bend.signed ?? ((each) => each))(contentOf(name, repository));
    const made = signedDocument(signed, bend.signers ?? roles[name].keys.slice(0, roles[name].threshold));
    const bytes = bend.bytes?.(made) ?? made;
    if (name !== 'timestamp') files.set(`${roles[name].version}.${name}.json`, bytes);
    // Clients of old, and browsers, ask for the plain names.
    files.set(`${name}.json`, bytes);
    if (name === 'targets') publishTargetFiles(repository);
    return bytes;
  };
  const repository: TufRepository & { firstRoot: Buffer } = {
    files,
    roles,
    targets: contents,
    delegations: undefined,
    firstRoot: Buffer.alloc(0),
    publish,
    publishAs,
    publishNext: (...names) => {
      for (const name of names) {
        roles[name].version += 1;
        publish(name);
      }
    },
  };
  repository.firstRoot = publish('root');
  for (const name of ['targets', 'snapshot', 'timestamp'] as const) publish(name);
  return repository;
}

/** Serves the files as they are at the time of each request. */
export function serveTufRepository(t: TestContext, { files }: TufRepository): Promise<ScriptedServer> {
  return startScriptedServer(t, ({ path }, response) => {
    const bytes = files.get(decodeURIComponent(path.slice(1)));
    response.writeHead(bytes === undefined ? 404 : 200).end(bytes);
  });
}

/** Sorted names, no white space, only quotes and backslashes escaped. @source OLPC canonical JSON */
function canonicalJsonOf(value: Json): string {
  if (typeof value === 'string') return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJsonOf).join(',')}]`;
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, each]) => `${canonicalJsonOf(name)}:${canonicalJsonOf(each)}`).join(',')}}`;
}

function signedDocument(signed: Signed, signers: readonly RoleKey[]): Buffer {
  const bytes = Buffer.from(canonicalJsonOf(signed));
  const signatures = signers.map(({ id, secret }) => ({
    keyid: id,
    sig: sign('sha256', bytes, secret).toString('hex'),
  }));
  return Buffer.from(JSON.stringify({ signatures, signed }, undefined, 1));
}

/** Members that every role's document has. */
export function headOf(type: Role, version: number, expires: string): Signed {
  return { _type: type, spec_version: '1.0.31', version, expires };
}

/** What a targets document says about a file. */
export function targetOf(bytes: Uint8Array): Signed {
  return { length: bytes.length, hashes: { sha256: hashOf('sha256', bytes) } };
}

function contentOf(name: Role, { roles, targets, delegations }: TufRepository): Signed {
  const { version, expires } = roles[name];
  const head = headOf(name, version, expires);
  switch (name) {
    case 'root':
      return { ...head, consistent_snapshot: true, keys: keysOf(roles), roles: rolesOf(roles) };
    case 'timestamp':
      return { ...head, meta: { 'snapshot.json': { version: roles.snapshot.version } } };
    case 'snapshot':
      return { ...head, meta: { 'targets.json': { version: roles.targets.version } } };
    case 'targets':
      return {
        ...head,
        targets: Object.fromEntries([...targets].map(([target, bytes]) => [target, targetOf(bytes)])),
        ...(delegations !== undefined && { delegations }),
      };
  }
}

function keysOf(roles: Record<Role, RoleSettings>): Signed {
  const all = Object.values(roles).flatMap(({ keys }) => keys.map(({ id, publicPart }) => [id, publicPart] as const));
  return Object.fromEntries(all);
}

function rolesOf(roles: Record<Role, RoleSettings>): Signed {
  const all = Object.entries(roles).map(([name, { keys, threshold }]) => {
    return [name, { keyids: keys.map(({ id }) => id), threshold }] as const;
  });
  return Object.fromEntries(all);
}

function publishTargetFiles({ files, targets }: TufRepository): void {
  for (const [name, bytes] of targets) {
    const folder = name.slice(0, name.lastIndexOf('/') + 1);
    const file = name.slice(folder.length);
    files.set(`targets/${folder}${hashOf('sha256', bytes)}.${file}`, Buffer.from(bytes));
    files.set(`targets/${name}`, Buffer.from(bytes));
  }
}

function hashOf(algorithm: string, data: string | Uint8Array): string {
  return createHash(algorithm).update(data).digest('hex');
}
