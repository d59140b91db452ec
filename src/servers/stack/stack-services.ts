/** The services of a stack, as endpoints. */

import { encodeSct } from '../../formats/ct/issued-sct.ts';
import type { Service } from '../../serve/service.ts';
import { caService } from '../ca/ca-service.ts';
import { openCertificateAuthority } from '../ca/certificate-authority.ts';
import type { Identities } from '../ca/identity/identify-token.ts';
import { openCtLog } from '../ct/ct-log.ts';
import { ctLogService } from '../ct/ct-service.ts';
import { rekorServiceOf } from '../rekor/rekor-service.ts';
import { tileEndpointsOf } from '../tiles/tile-endpoints.ts';
import { openTimestampAuthority, SIGSTORE_POLICY } from '../tsa/timestamp-authority.ts';
import { timestampService } from '../tsa/tsa-service.ts';
import type { TufRepository } from '../tuf/tuf-repository.ts';
import { tufService } from '../tuf/tuf-service.ts';
import { healthService } from './health-service.ts';
import type { Condition } from './stack-condition.ts';
import type { StackCore } from './stack-core.ts';
import { requireSigner } from './stack-keys.ts';
import type { StackMetrics } from './stack-metrics.ts';

export interface ServicesContext {
  readonly identities: Identities;
  readonly tuf: TufRepository;
  readonly condition: () => Condition;
  readonly metrics: StackMetrics;
}

/** Throws TIMESTAMP_AUTHORITY_INVALID, CA_CERTIFICATE_INVALID. */
export async function openStackServices(core: StackCore, context: ServicesContext): Promise<readonly Service[]> {
  const { objects, signers, chains, logs, settings, keys, options } = core;
  const { identities, tuf, condition, metrics } = context;
  const { now, random } = options.runtime;
  const caChain = chains.ca.map(({ der }) => der);
  const ct = openCtLog({ log: logs.ctlog, signer: signers.ctlog, objects, roots: caChain.slice(-1) });
  const authority = openCertificateAuthority({
    chain: caChain,
    signer: requireSigner(keys, 'ca-intermediate'),
    identify: identities.identify,
    logPrecertificate: async (precertificate, issuers) => encodeSct(await ct.add('precert', precertificate, issuers)),
    now,
    random,
    onIssued: metrics.issued,
  });
  const timestamps = await openTimestampAuthority({
    chain: chains.timestamps.map(({ der }) => der),
    signer: requireSigner(keys, 'tsa-leaf'),
    policy: SIGSTORE_POLICY,
    now,
    random,
  });
  const rekor = rekorServiceOf({ log: logs.rekor, objects, signer: signers.rekor, treeId: settings.treeId });
  return [
    healthService({ settings, condition, metrics }),
    caService({ authority, configurationDocument: identities.configurationDocument }),
    // Beside its API the log of Rekor v1 is served as files; those of v2 have the root of the host.
    {
      ...rekor,
      endpoints: [...rekor.endpoints, ...tileEndpointsOf({ prefix: '/api/v1/log', log: logs.rekor, objects })],
    },
    ctLogService(ct, objects),
    timestampService(timestamps),
    tufService(tuf),
  ];
}
