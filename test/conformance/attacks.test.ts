/** Every attack in the tables is rejected, by the step that is there for it. */

import { testAttacks } from '../support/virtual-sigstore/attack-cases.ts';
import { attacksOnCertificates } from './attacks-on-certificates.ts';
import { attacksOnDocuments } from './attacks-on-documents.ts';
import { attacksOnLogs } from './attacks-on-logs.ts';

for (const [subject, cases] of Object.entries({ ...attacksOnDocuments, ...attacksOnLogs, ...attacksOnCertificates })) {
  testAttacks(`${subject}: `, cases);
}
