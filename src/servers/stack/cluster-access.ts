/** What Kubernetes gives a pod so that it can ask the cluster's own issuer for its keys. */

import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { ClusterAccess } from '../ca/identity/issuer-discovery.ts';

const FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';
const ISSUER = 'https://kubernetes.default.svc';

/** Undefined outside a cluster. The token is read each time: the cluster changes it. */
export function findClusterAccess(folder: string = FOLDER): ClusterAccess | undefined {
  const caFile = join(folder, 'ca.crt');
  if (!existsSync(caFile)) return undefined;
  return {
    issuerUrl: ISSUER,
    caPem: readFileSync(caFile, 'utf8'),
    bearerToken: async () => (await readFile(join(folder, 'token'), 'utf8')).trim(),
  };
}
