/** countersign trusted-root create */

import { parseUtf8 } from '../../base/bytes.ts';
import { writeFileAtomic } from '../../clients/files/atomic-file.ts';
import { createTrustedRoot } from '../../flows/create-trusted-root.ts';
import { fetchedRootOf, nobody } from '../../flows/trust-source.ts';
import type { TrustedRoot } from '../../formats/trust/trusted-root.ts';
import { declareCommand, noArguments } from '../command.ts';
import type { Report } from '../command.ts';
import { describedServicesOf } from '../described-services.ts';
import type { TrustedRootValues } from '../described-services.ts';
import { trustedRootFlags } from '../flags/trusted-root.ts';
import type { Session } from '../session.ts';
import { fetchTrustedRoot } from '../tuf-root.ts';
import { withRuntime } from '../with-runtime.ts';

export const trustedRootCreateCommand = declareCommand({
  path: ['trusted-root', 'create'],
  summary: 'Describe the services to trust as a trusted root',
  description:
    'Writes a trusted root, which says which certificate authorities, logs and timestamp authorities to believe and when. All of it is checked: every chain, every key. ' +
    'Verify with it by --trusted-root, here, with cosign and with every other Sigstore client.',
  examples: [
    {
      what: 'Your own authority and log',
      command:
        'countersign trusted-root create --fulcio url=https://ca.example.com,certificate-chain=ca.pem --rekor url=https://rekor.example.com,public-key=rekor.pub --out root.json',
    },
  ],
  positional: noArguments,
  flags: trustedRootFlags,
  timeoutMs: 180_000,
  ignoresEnvironment: true,
  isInCosign: true,
  run: async ({ values, session }) => {
    const services = await describedServicesOf(values, session);
    const bytes = createTrustedRoot({ base: await baseOf(values, session), ...services });
    const text = parseUtf8(bytes);
    const report = { trustedRoot: JSON.parse(text) as Report };
    if (values.out === undefined) return { text, report };
    await writeFileAtomic(values.out, bytes, { mode: 0o644, overwrite: true });
    session.log.note(`Trusted root written to ${values.out}`);
    return { text: '', report: { ...report, file: values.out } };
  },
});

async function baseOf(values: TrustedRootValues, session: Session): Promise<TrustedRoot> {
  if (!values['with-default-services']) return nobody;
  const root = await withRuntime(session, async (runtime) =>
    fetchedRootOf(() => fetchTrustedRoot(session, runtime, false)),
  );
  return {
    certificateAuthorities: values['no-default-fulcio'] ? [] : root.certificateAuthorities,
    ctLogs: values['no-default-ctfe'] ? [] : root.ctLogs,
    logs: values['no-default-rekor'] ? [] : root.logs,
    timestampAuthorities: values['no-default-tsa'] ? [] : root.timestampAuthorities,
  };
}
