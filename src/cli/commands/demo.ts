/** countersign demo: a signed image is overwritten by somebody else, and caught. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import { utf8Of } from '../../base/bytes.ts';
import { writeFileAtomic } from '../../clients/files/atomic-file.ts';
import { openRegistryClient } from '../../clients/registry/open-registry-client.ts';
import { createKeyPair, encodePrivateKey } from '../../crypto/private-key.ts';
import type { PrivateKey } from '../../crypto/private-key.ts';
import { publicKeyPemOf } from '../../crypto/public-key.ts';
import { signerOf } from '../../crypto/signer.ts';
import { signImage } from '../../flows/sign-image.ts';
import { keyMethodOf } from '../../flows/signing-method.ts';
import type { SignContext } from '../../flows/sign-context.ts';
import { verifyImage } from '../../flows/verify-image.ts';
import { acceptedSignaturesOf, signerTextOf } from '../../flows/verify-report.ts';
import type { ImageReport } from '../../flows/verify-report.ts';
import type { Digest } from '../../formats/oci/digest.ts';
import { parseReference } from '../../formats/oci/reference.ts';
import { startEmbeddedRegistry } from '../../servers/registry/embedded-registry.ts';
import { declareCommand, noArguments } from '../command.ts';
import type { Result } from '../command.ts';
import { pushDemoImage } from '../demo-image.ts';
import { interruptionOf } from '../interruption.ts';
import type { Session } from '../session.ts';
import { userAgent } from '../registry-access.ts';
import { withRuntime } from '../with-runtime.ts';
import { keyPolicyOf } from '../../verify/policy.ts';

export const demoCommand = declareCommand({
  path: ['demo'],
  summary: 'Watch an image being signed, verified, overwritten and caught',
  description:
    'Starts a registry of its own on loopback, pushes an image, signs it, verifies it, overwrites the tag with another image as an attacker would, and ' +
    'verifies again. Everything happens in a temporary folder that is removed at the end.',
  examples: [{ what: 'Look around afterwards', command: 'countersign demo --keep' }],
  positional: noArguments,
  flags: { keep: { type: 'bool', default: false, help: 'leave the registry and the keys there until Ctrl-C' } },
  ignoresEnvironment: true,
  isInCosign: false,
  run: async ({ values, session }) => {
    const folder = await mkdtemp(join(tmpdir(), 'countersign-demo-'));
    const quiet = { ...session.log, note: session.log.debug, noteOnce: session.log.debug };
    const registry = await startEmbeddedRegistry({
      dataDir: join(folder, 'registry'),
      listen: { host: '127.0.0.1', port: 0 },
      log: quiet,
    });
    const close = async (): Promise<void> => {
      await registry.close();
      await rm(folder, { recursive: true, force: true });
    };
    try {
      const facts = await play({ ...session, log: quiet }, registry.host, folder);
      return await resultOf(session, facts, values.keep, close);
    } catch (error) {
      await close();
      throw error;
    }
  },
});

/** What the demo is about. */
interface Facts {
  readonly host: string;
  /** "127.0.0.1:40123/demo/app:v1". */
  readonly tag: string;
  readonly repository: string;
  readonly keys: string;
  readonly oldDigest: Digest;
  readonly newDigest: Digest;
  readonly before: ImageReport;
  readonly after: ImageReport;
}

const PASSWORD = 'demo';

/** Everything that happens, for real. */
async function play(session: Session, host: string, folder: string): Promise<Facts> {
  const repository = `${host}/demo/app`;
  const tag = `${repository}:v1`;
  const reference = parseReference(tag);
  return withRuntime(session, async (runtime) => {
    const settings = {
      credentials: { credentialsFor: async () => undefined },
      userAgent: userAgent(),
    };
    const registry = openRegistryClient(settings, runtime);
    const context: SignContext = { runtime, registry };
    const key = createKeyPair('ecdsa-p256');
    const terms = {
      reference,
      signature: keyPolicyOf([key.publicKey]),
      claims: { kind: 'check', annotations: {}, isReferenceMatched: false, threshold: 1 },
      isRecursive: false,
    } as const;
    try {
      // 1. Push, make a key, sign by digest, verify by tag.
      const oldDigest = await pushDemoImage(
        registry,
        reference.repository,
        'v1',
        'Hello. I am the image that was meant.\n',
      );
      const keys = await writeKeys(folder, key);
      await signImage(context, {
        reference: { ...reference, digest: oldDigest },
        method: Promise.resolve(keyMethodOf(signerOf(key))),
        annotations: {},
        forms: ['legacy', 'bundle'],
      });
      const before = await verifyImage(context, terms);
      // 2. The attack: another image under the same tag. The same question again.
      const newDigest = await pushDemoImage(registry, reference.repository, 'v1', 'Hello. I am somebody else.\n');
      const after = await verifyImage(context, terms);
      return { host, tag, repository, keys, oldDigest, newDigest, before, after };
    } finally {
      registry.close();
    }
  });
}

/** Returns the path of the files without .key and .pub. */
async function writeKeys(folder: string, key: PrivateKey): Promise<string> {
  const keys = join(folder, 'cosign');
  await writeFileAtomic(`${keys}.key`, await encodePrivateKey(key, utf8Of(PASSWORD)), {
    mode: 0o600,
    overwrite: false,
  });
  await writeFileAtomic(`${keys}.pub`, utf8Of(publicKeyPemOf(key.publicKey)), { mode: 0o644, overwrite: false });
  return keys;
}

async function resultOf(session: Session, facts: Facts, isKept: boolean, close: () => Promise<void>): Promise<Result> {
  const { tag, oldDigest, newDigest, repository, before, after } = facts;
  const isCaught = before.outcome === 'verified' && after.outcome === 'absent';
  const restore = ['copy', '--force', `${repository}@${oldDigest}`, tag];
  const report = {
    tag,
    oldDigest,
    oldSigners: signersOf(before),
    newDigest,
    newSigners: signersOf(after),
    restore,
    isCaught,
  };
  const result = {
    text: storyOf(facts, `${programName()} ${restore.join(' ')}`, isKept),
    report,
    exit: isCaught ? 0 : 1,
  };
  if (!isKept) {
    await close();
    return result;
  }
  return {
    ...result,
    afterwards: async () => {
      session.log.note('The registry is running. Ctrl-C stops it and removes everything.');
      await interruptionOf(session);
      await close();
    },
  };
}

function storyOf(
  { tag, repository, host, keys, oldDigest, newDigest, before, after }: Facts,
  restore: string,
  isKept: boolean,
): string {
  const run = programName();
  // Without --keep the keys are gone when this is read: their names alone are clearer.
  const file = isKept ? keys : basename(keys);
  return `An image is signed, verified, overwritten, and caught. Everything below happened just now, on this machine.

1. A registry starts.
   $ ${run} registry serve --listen ${host}

2. You push an image.
   ${tag} is ${oldDigest}

3. You make a key pair.
   $ ${run} generate-key-pair
   The private key is encrypted${isKept ? ` (here the password is "${PASSWORD}")` : ''}; you give the public key to everybody.

4. You sign the image, by its digest.
   $ ${run} sign --key ${file}.key ${repository}@${oldDigest}

5. Anybody verifies it, by its tag.
   $ ${run} verify --key ${file}.pub ${tag}
   ${before.outcome}, exit status ${before.exit}: ${before.summary}

6. Somebody else pushes another image to the same tag. The registry lets them.

7. The same command again.
   $ ${run} verify --key ${file}.pub ${tag}
   ${after.outcome}, exit status ${after.exit}: ${after.summary}

What happened
   Tag:            ${tag}
   It named:       ${oldDigest}
     signed by:    ${signersOf(before).join(', ') || 'nobody'}
   It names now:   ${newDigest}
     signed by:    ${signersOf(after).join(', ') || 'nobody'}
   To restore it:  ${restore}
${isKept ? '' : `\nThe registry and the keys are gone again. To try it yourself: ${run} demo --keep\n`}`;
}

function signersOf(image: ImageReport): readonly string[] {
  return acceptedSignaturesOf(image).map(({ evidence }) => `key ${signerTextOf(evidence.signer)}`);
}

/** How the person would call it: from a clone, or installed. */
function programName(): string {
  return basename(process.argv[1] ?? '') === 'main.ts' ? './countersign' : 'countersign';
}
