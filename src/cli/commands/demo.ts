/** countersign demo: a signed image is overwritten by somebody else, and caught; then it is signed without keys. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import { hexOf, utf8Of } from '../../base/bytes.ts';
import { messageOf } from '../../base/errors.ts';
import type { Log, Runtime } from '../../base/runtime.ts';
import { rfc3339Of } from '../../base/time.ts';
import { acceptedSignaturesOf, signerTextOf } from '../../flows/verify-report.ts';
import type { ImageReport } from '../../flows/verify-report.ts';
import { startStack } from '../../servers/stack/start-stack.ts';
import type { RunningStack } from '../../servers/stack/start-stack.ts';
import { declareCommand, noArguments } from '../command.ts';
import type { Result } from '../command.ts';
import { KEY_PASSWORD, SIGNER, STRANGER, playDemo } from '../demo-acts.ts';
import type { DemoFacts } from '../demo-acts.ts';
import { interruptionOf } from '../interruption.ts';
import { openSessionRuntime } from '../runtime.ts';
import type { Session } from '../session.ts';

export const demoCommand = declareCommand({
  path: ['demo'],
  summary: 'Watch an image being signed, verified, overwritten and caught, and signed without keys',
  description:
    'Starts a private Sigstore with a registry of its own on loopback, pushes an image, signs it, verifies it, overwrites the tag with another image as an ' +
    'attacker would, and verifies again. Then it signs by an identity instead of a key, verifies by that identity, shows the log entry, and asks for another ' +
    'identity. Everything happens in a temporary folder that is removed at the end.',
  examples: [{ what: 'Look around afterwards', command: 'countersign demo --keep' }],
  positional: noArguments,
  flags: { keep: { type: 'bool', default: false, help: 'leave the stack and the keys there until Ctrl-C' } },
  ignoresEnvironment: true,
  isInCosign: false,
  run: async ({ values, session }) => {
    const folder = await mkdtemp(join(tmpdir(), 'countersign-demo-'));
    const log = { ...session.log, note: session.log.debug, noteOnce: session.log.debug };
    const { runtime, close: closeRuntime } = openSessionRuntime({ ...session, log });
    const dataDir = join(folder, 'stack');
    let stack: RunningStack | undefined;
    const close = async (): Promise<void> => {
      await stack?.close();
      closeRuntime();
      await rm(folder, { recursive: true, force: true });
    };
    try {
      stack = await startDemoStack(dataDir, runtime, log);
      const { url } = stack.settings;
      const facts = await playDemo({ runtime, url, folder, dataDir });
      return await resultOf(session, { ...facts, url, folder, dataDir, isKept: values.keep }, close);
    } catch (error) {
      await close();
      throw error;
    }
  },
});

/** What is told. */
interface Told extends DemoFacts {
  readonly url: string;
  readonly folder: string;
  readonly dataDir: string;
  readonly isKept: boolean;
}

async function startDemoStack(dataDir: string, runtime: Runtime, log: Log): Promise<RunningStack> {
  return startStack({
    dataDir,
    wanted: { mode: 'development', listen: { host: '127.0.0.1', port: 0 } },
    password: async () => utf8Of(hexOf(runtime.random(16))),
    witnesses: [],
    runtime,
    log: { ...log, event: (_, message) => log.debug(message) },
    onFatal: (error) => log.warn(`the stack has stopped: ${messageOf(error)}`),
  });
}

async function resultOf(session: Session, told: Told, close: () => Promise<void>): Promise<Result> {
  const { tag, image, oldDigest, newDigest, before, after, ours, others } = told;
  const isCaught = before.outcome === 'verified' && after.outcome === 'absent';
  const isTold = ours.outcome === 'verified' && others.outcome === 'rejected';
  const restore = ['copy', '--force', image, tag];
  const report = {
    tag,
    oldDigest,
    oldSigners: signersOf(before),
    newDigest,
    newSigners: signersOf(after),
    restore,
    isCaught,
    keyless: { image, signers: signersOf(ours), entries: entriesOf(ours), isStrangerRefused: others.exit === 12 },
  };
  const result = {
    text: storyOf(told, `${programName()} ${restore.join(' ')}`),
    report,
    exit: isCaught && isTold ? 0 : 1,
  };
  if (!told.isKept) {
    await close();
    return result;
  }
  return {
    ...result,
    afterwards: async () => {
      session.log.note('The stack is running. Ctrl-C stops it and removes everything.');
      await interruptionOf(session);
      await close();
    },
  };
}

function storyOf(told: Told, restore: string): string {
  const { tag, oldDigest, newDigest, before, after, isKept } = told;
  return `An image is signed, verified, overwritten, and caught. Everything below happened just now, on this machine.

${overwritingOf(told)}

What happened
   Tag:            ${tag}
   It named:       ${oldDigest}
     signed by:    ${signersOf(before).join(', ') || 'nobody'}
   It names now:   ${newDigest}
     signed by:    ${signersOf(after).join(', ') || 'nobody'}
   To restore it:  ${restore}

The same without keys: you sign as yourself, and a log says so.

${keylessOf(told)}
${isKept ? '' : `\nAll of it is gone again. To try it yourself: ${programName()} demo --keep\n`}`;
}

function overwritingOf(told: Told): string {
  const { url, tag, image, oldDigest, before, after, dataDir, isKept } = told;
  const run = programName();
  return `1. A private Sigstore starts, with a registry.
   $ ${run} up --dev --data ${placeOf(told, dataDir)} --listen 127.0.0.1:${new URL(url).port}

2. You push an image.
   ${tag} is ${oldDigest}

3. You make a key pair.
   $ ${run} generate-key-pair
   The private key is encrypted${isKept ? ` (here the password is "${KEY_PASSWORD}")` : ''}; you give the public key to everybody.

4. You sign the image, by its digest.
   $ ${run} sign --key ${placeOf(told, 'cosign.key')} ${image}

5. Anybody verifies it, by its tag.
   $ ${run} verify --key ${placeOf(told, 'cosign.pub')} ${tag}
   ${answerOf(before)}

6. Somebody else pushes another image to the same tag. The registry lets them.

7. The same command again.
   $ ${run} verify --key ${placeOf(told, 'cosign.pub')} ${tag}
   ${answerOf(after)}`;
}

function keylessOf(told: Told): string {
  const { url, image, dataDir, ours, others } = told;
  const run = programName();
  const stack = placeOf(told, dataDir);
  const root = placeOf(told, join('clients', 'trusted_root.json'));
  const verify = (email: string): string =>
    `$ ${run} verify --trusted-root ${root} --certificate-identity ${email} --certificate-oidc-issuer ${url}/oidc ${image}`;
  const entries = entriesOf(ours).map(({ index, time, log, kind }) =>
    ['   entry', index, 'of', log, ...(time === undefined ? [] : ['at', time]), `(${kind})`].join(' '),
  );
  return `8. You take what clients need, and a token that says who you are.
   $ ${run} stack export-config --data ${stack} --output ${placeOf(told, 'clients')}
   $ ${run} stack token --data ${stack} --identity ${SIGNER} > token

9. You sign the image that was meant. The key lives for a moment; its certificate names you.
   $ ${run} sign --identity-token token --signing-config ${placeOf(told, join('clients', 'signing_config.json'))} --trusted-root ${root} ${image}

10. Anybody verifies that it was you.
   ${verify(SIGNER)}
   ${answerOf(ours)}

11. The log has it, for everybody to see, and the proof of that is stored with the signature.
${entries.join('\n')}

12. Was it somebody else?
   ${verify(STRANGER)}
   ${answerOf(others)}`;
}

/** Without --keep everything is gone when this is read: names alone are clearer. */
function placeOf({ isKept, folder }: Told, path: string): string {
  const inside = path.startsWith(folder) ? path.slice(folder.length + 1) : path;
  return isKept ? join(folder, inside) : inside;
}

function answerOf({ outcome, exit, summary }: ImageReport): string {
  return `${outcome}, exit status ${exit}: ${summary}`;
}

function signersOf(image: ImageReport): readonly string[] {
  return acceptedSignaturesOf(image).map(({ evidence: { signer } }) =>
    signer.kind === 'key' ? `key ${signerTextOf(signer)}` : signerTextOf(signer),
  );
}

interface ToldEntry {
  readonly index: string;
  readonly time?: string;
  readonly log: string;
  readonly kind: string;
}

function entriesOf(image: ImageReport): readonly ToldEntry[] {
  return acceptedSignaturesOf(image).flatMap(({ evidence }) =>
    evidence.entries.map(({ logIndex, integratedTime, baseUrl, kind }) => ({
      index: logIndex.toString(),
      ...(integratedTime === undefined ? {} : { time: rfc3339Of(integratedTime) }),
      log: baseUrl,
      kind,
    })),
  );
}

/** How the person would call it: from a clone, or installed. */
function programName(): string {
  return basename(process.argv[1] ?? '') === 'main.ts' ? './countersign' : 'countersign';
}
