/** The floors of `src/`: which folder may use what. The gate in floors.ts checks it and docs/architecture.md draws it. */

export interface Floor {
  /** Floors of one number never import each other. */
  readonly level: number;
  /** Folder in `src/`. */
  readonly folder: string;
  readonly job: string;
  /** Folders it may import, all on lower floors. */
  readonly imports: readonly string[];
  /** Node's own modules. Where none are allowed, neither are process, fetch, timers, the clock nor Math.random. */
  readonly builtins: 'all' | readonly string[];
  /** Packages from npm. */
  readonly packages: readonly string[];
  /** A package is wrapped by the one file that imports it, so it can be replaced there. */
  readonly onePackageFile?: true;
  /** May read the environment. */
  readonly environment?: true;
}

const pure = ['base', 'crypto', 'formats'] as const;
const joint = [...pure, 'verify', 'policy', 'clients', 'storage', 'serve'] as const;
const shells = ['servers', 'admission', 'guard', 'console'] as const;

const shell = {
  level: 6,
  imports: [...joint, 'flows'],
  builtins: 'all',
  packages: [],
  onePackageFile: true,
} as const;

export const floors: readonly Floor[] = [
  {
    level: 0,
    folder: 'base',
    job: 'bytes, strict JSON, error catalogue, limits, time, the runtime seam',
    imports: [],
    builtins: [],
    packages: [],
  },
  {
    level: 1,
    folder: 'crypto',
    job: 'algorithm table, hash, keys, signer interface, DER, PEM, encrypted key box',
    imports: ['base'],
    builtins: ['node:crypto'],
    packages: ['@noble/ciphers', '@noble/curves'],
  },
  {
    level: 2,
    folder: 'formats',
    job: 'one folder per wire format, parse and encode both ways',
    imports: ['base', 'crypto'],
    builtins: [],
    packages: [],
  },
  {
    level: 3,
    folder: 'verify',
    job: 'the heart: decides whether to believe a signature, in numbered steps',
    imports: pure,
    builtins: [],
    packages: [],
  },
  {
    level: 3,
    folder: 'clients',
    job: 'everything that asks another machine, program or file',
    imports: pure,
    builtins: 'all',
    packages: ['@sigstore/tuf', 'oauth4webapi', 'tldts', 'tuf-js'],
    onePackageFile: true,
  },
  {
    level: 3,
    folder: 'storage',
    job: 'object store with compare-and-swap, index database, durable files',
    imports: ['base'],
    builtins: 'all',
    packages: [],
    onePackageFile: true,
  },
  {
    level: 3,
    folder: 'serve',
    job: 'HTTP serving, problem answers, health, TLS',
    imports: ['base'],
    builtins: 'all',
    packages: [],
    onePackageFile: true,
  },
  {
    level: 4,
    folder: 'policy',
    job: 'many policy dialects in, one model, one decision out',
    imports: [...pure, 'verify'],
    builtins: [],
    packages: ['re2js'],
    onePackageFile: true,
  },
  {
    level: 5,
    folder: 'flows',
    job: 'one file per thing a user wants; the only joint of deciding and fetching',
    imports: joint,
    builtins: [],
    packages: [],
  },
  {
    ...shell,
    folder: 'servers',
    job: 'registry, tile logs, certificate authority, Rekor, CT log, timestamps, TUF, OIDC, and the stack of them all',
    packages: ['jose', 'oidc-provider', 'pino', 'prom-client', 'yaml'],
  },
  { ...shell, folder: 'admission', job: 'Kubernetes webhook' },
  { ...shell, folder: 'guard', job: 'tag ledger and watch' },
  { ...shell, folder: 'console', job: 'JSON API for the web page' },
  {
    level: 7,
    folder: 'cli',
    job: 'commands declared once; help, completion and reference come from that',
    imports: [...joint, 'flows', ...shells],
    builtins: 'all',
    packages: [],
    environment: true,
  },
];
