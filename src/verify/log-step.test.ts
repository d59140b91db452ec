import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { createLogged, entryOf, proofOf, signedAt, trustedLogOf } from '../../test/support/logged-proof.ts';
import type { ProofParts } from '../../test/support/logged-proof.ts';
import { namedCertificate } from '../../test/support/named-certificate.ts';
import type { EntryKind, Logged } from '../../test/support/virtual-sigstore/entry-body.ts';
import { createVirtualKey } from '../../test/support/virtual-sigstore/virtual-key.ts';
import { createVirtualLog } from '../../test/support/virtual-sigstore/virtual-log.ts';
import type { EntryChanges, EntryJson } from '../../test/support/virtual-sigstore/virtual-log.ts';
import { CountersignError } from '../base/errors.ts';
import { hashOf } from '../crypto/hash.ts';
import { parsePublicKey } from '../crypto/public-key.ts';
import { decodeLogEntry } from '../formats/tlog/log-entry.ts';
import { checkLog } from './log-step.ts';
import type { Proof } from './proof.ts';

const v1 = createVirtualLog({ version: 'v1', host: 'rekor.test' });
const v2 = createVirtualLog({ version: 'v2', host: 'log.test' });
const stranger = createVirtualKey();
const logs = [trustedLogOf(v1), trustedLogOf(v2)];
const message = createLogged('message');
const envelope = createLogged('dsse');

/** The steps whose check did not pass, with how they went. */
async function told(parts: Partial<ProofParts> & Pick<ProofParts, 'entries'>): Promise<readonly string[]> {
  const { checks } = await checkLog(proofOf({ logged: message, logs, ...parts }));
  return checks.filter(({ status }) => status !== 'pass').map(({ step, status }) => `${status} ${step}`);
}

/** A good entry of a log, changed. */
function edited(log: typeof v1, edit: (entry: EntryJson) => void, changes: EntryChanges = {}): EntryJson {
  const entry = structuredClone(entryOf(message, { log, ...changes }));
  edit(entry);
  return entry;
}

const kinds: Readonly<Record<EntryKind, { readonly log: typeof v1; readonly logged: typeof message }>> = {
  'hashedrekord/0.0.1': { log: v1, logged: message },
  'rekord/0.0.1': { log: v1, logged: message },
  'dsse/0.0.1': { log: v1, logged: envelope },
  'intoto/0.0.1': { log: v1, logged: envelope },
  'intoto/0.0.2': { log: v1, logged: envelope },
  'hashedrekord/0.0.2': { log: v2, logged: envelope },
  'dsse/0.0.2': { log: v2, logged: envelope },
};
const allKinds = Object.keys(kinds) as readonly EntryKind[];

test('an entry of every kind counts; its time does when the log signed it', async () => {
  for (const kind of allKinds) {
    const { log, logged } = kinds[kind];
    const entry = entryOf(logged, { log, kind });
    const proof = await checkLog(proofOf({ logged, logs, entries: [entry], hasEnvelope: true }));
    assert.deepEqual(
      proof.checks.map(({ step, status }) => `${status} ${step}`),
      log === v1
        ? ['pass log.body', 'pass log.promise', 'pass log.proof', 'pass log.checkpoint', 'pass log.time', 'pass log']
        : ['pass log.body', 'pass log.proof', 'pass log.checkpoint', 'pass log'],
      kind,
    );
    const times = log === v1 ? [{ instant: signedAt, source: 'log', by: 'https://rekor.test' }] : [];
    assert.deepEqual(proof.times, times, kind);
    assert.deepEqual(proof.entries, [
      {
        logIdHex: log.logId.toString('hex'),
        baseUrl: log.baseUrl,
        logIndex: BigInt(entry.logIndex),
        kind: kind.split('/')[0],
        version: kind.split('/')[1],
        ...(log === v1 && { integratedTime: signedAt }),
      },
    ]);
  }
});

test('an entry about another signature, signer or content is refused, of whatever kind', async () => {
  const others = [
    { signature: createLogged('message', 'x').signature },
    { verifier: { kind: 'public-key', der: stranger.spki } },
    { verifier: { kind: 'certificate', der: message.verifier.der } },
    { message: Buffer.from('x'), envelope: { payloadType: 'text/plain', payload: Buffer.from('x') } },
  ] as const;
  for (const kind of allKinds) {
    for (const logged of others) {
      const entries = [entryOf(kinds[kind].logged, { log: kinds[kind].log, kind, logged: () => logged })];
      assert.deepEqual(
        await told({ logged: kinds[kind].logged, entries, hasEnvelope: true }),
        ['fail log.body'],
        `${kind} ${Object.keys(logged)[0]}`,
      );
    }
  }
});

test('an entry about a message does not stand for an envelope, nor the other way round', async () => {
  const entryBy = (logged: typeof message, kind: EntryKind): readonly EntryJson[] => [
    entryOf(logged, { log: v1, kind }),
  ];
  for (const kind of ['hashedrekord/0.0.1', 'rekord/0.0.1'] as const) {
    assert.deepEqual(await told({ logged: envelope, entries: entryBy(envelope, kind) }), ['fail log.body'], kind);
  }
  const both = { ...message, envelope: { payloadType: 'text/plain', payload: message.message } };
  for (const kind of ['dsse/0.0.1', 'dsse/0.0.2', 'intoto/0.0.1', 'intoto/0.0.2'] as const) {
    assert.deepEqual(await told({ entries: entryBy(both, kind) }), ['fail log.body'], kind);
  }
});

test('intoto 0.0.1, which keeps no signature, counts only where the whole envelope is at hand', async () => {
  const entries = [entryOf(envelope, { log: v1, kind: 'intoto/0.0.1' })];
  assert.deepEqual(await told({ logged: envelope, entries, hasEnvelope: true }), []);
  assert.deepEqual(await told({ logged: envelope, entries }), ['fail log.body']);
});

test('a file known by its hashes is compared by the one that the entry holds', async () => {
  const proof = proofOf({ logged: message, logs, entries: [entryOf(message, { log: v1 })] });
  const statuses = async (hashes: Readonly<Record<string, Uint8Array>>): Promise<unknown> =>
    (await checkLog({ ...proof, signed: { kind: 'hashes', hashes } })).checks.map(({ status }) => status)[0];
  assert.equal(await statuses({ sha256: hashOf('sha256', message.message) }), 'pass');
  assert.equal(await statuses({ sha256: hashOf('sha256', Buffer.from('x')) }), 'fail');
  assert.equal(await statuses({ sha512: hashOf('sha512', message.message) }), 'unknown');
});

test('the signer is compared as a certificate where there is one, else as a key', async () => {
  const certificate = namedCertificate('email');
  const { signedBy: _, ...anyone } = proofOf({ logged: message, logs, entries: [] });
  const statusOf = async (signer: Partial<Proof>, verifier: Logged['verifier']): Promise<unknown> => {
    const logEntries = [decodeLogEntry(entryOf(message, { log: v1, logged: () => ({ verifier }) }), '$')];
    return (await checkLog({ ...anyone, ...signer, entity: { ...anyone.entity, logEntries } })).checks[0]?.status;
  };
  const byCertificate = { kind: 'certificate', der: Buffer.from(certificate.der) } as const;
  const byItsKey = { kind: 'public-key', der: Buffer.from(certificate.spki) } as const;
  const signedBy = { key: parsePublicKey(certificate.spki), scheme: '' };
  assert.equal(await statusOf({ certificate, signedBy }, byCertificate), 'pass');
  assert.equal(await statusOf({ certificate, signedBy }, byItsKey), 'fail');
  assert.equal(await statusOf({ signedBy }, byItsKey), 'pass');
  assert.equal(await statusOf({ signedBy }, byCertificate), 'fail');
  assert.equal(await statusOf({}, byItsKey), 'pass', 'nobody to compare with');
});

test('evidence that was changed rejects at its own step', async () => {
  const otherHash = Buffer.alloc(32, 9).toString('base64');
  const proofIn = (entry: EntryJson): NonNullable<EntryJson['inclusionProof']> => {
    assert.ok(entry.inclusionProof !== undefined);
    return entry.inclusionProof;
  };
  const cases: readonly (readonly [string, EntryJson, readonly string[]])[] = [
    ['time', edited(v1, (entry) => (entry.integratedTime = '1772366401')), ['fail log.promise']],
    ['index', edited(v1, (entry) => (entry.logIndex = '7')), ['fail log.promise']],
    ['index in v2', edited(v2, (entry) => (entry.logIndex = '7')), ['fail log.entry']],
    ['promise by another key', edited(v1, () => undefined, { promiseKey: stranger }), ['fail log.promise']],
    [
      'promise for another body',
      edited(v1, () => undefined, { promised: (payload) => ({ ...payload, body: 'AAAA' }) }),
      ['fail log.promise'],
    ],
    [
      'empty promise',
      edited(v1, (entry) => (entry.inclusionPromise = { signedEntryTimestamp: '' })),
      ['fail log.promise'],
    ],
    ['path', edited(v2, (entry) => (proofIn(entry).hashes[0] = otherHash)), ['fail log.proof']],
    ['path too short', edited(v2, (entry) => proofIn(entry).hashes.pop()), ['fail log.proof']],
    ['root', edited(v2, (entry) => (proofIn(entry).rootHash = otherHash)), ['fail log.proof', 'fail log.checkpoint']],
    ['index in the tree', edited(v2, (entry) => (proofIn(entry).logIndex = '0')), ['fail log.proof', 'fail log.entry']],
    ['no checkpoint', edited(v2, () => undefined, { hasCheckpoint: false }), ['fail log.checkpoint']],
    [
      'empty checkpoint',
      edited(v2, (entry) => (proofIn(entry).checkpoint = { envelope: '' })),
      ['fail log.checkpoint'],
    ],
    ['checkpoint by another key', edited(v1, () => undefined, { checkpointKey: stranger }), ['fail log.checkpoint']],
    [
      'checkpoint over another text',
      edited(v2, (entry) => {
        const { checkpoint } = proofIn(entry);
        proofIn(entry).checkpoint = { envelope: `${checkpoint?.envelope.replace('\n\n', '\nmore\n\n')}` };
      }),
      ['fail log.checkpoint'],
    ],
    ['no proof', edited(v1, () => undefined, { hasProof: false }), ['fail log.proof']],
    [
      'kind outside',
      edited(v1, (entry) => (entry.kindVersion = { kind: 'rekord', version: '0.0.1' })),
      ['fail log.body'],
    ],
    [
      'kind that is not read',
      edited(v1, (entry) => (entry.kindVersion = { kind: 'cose', version: '0.0.1' })),
      ['fail log.entry'],
    ],
  ];
  for (const [name, entry, expected] of cases) {
    assert.deepEqual(await told({ entries: [entry] }), expected, name);
  }
});

test('a tree of another size is not the one that the log signed', async () => {
  const log = createVirtualLog({ version: 'v2', host: 'log.test' });
  const entry = edited(log, ({ inclusionProof }) => {
    assert.equal(inclusionProof?.treeSize, '7');
    // The sixth leaf of seven and of eight have paths of one shape.
    inclusionProof.treeSize = '8';
  });
  assert.deepEqual(await told({ entries: [entry], logs: [trustedLogOf(log)] }), ['fail log.checkpoint']);
});

test('a promise alone is enough for the forms that were made so, and only for these', async () => {
  const bare = entryOf(message, { log: v1, hasProof: false });
  assert.deepEqual(await told({ entries: [bare], logEvidence: 'promise' }), []);
  assert.deepEqual(await told({ entries: [bare], logEvidence: 'proof' }), ['fail log.proof']);
  const unpromised = entryOf(message, { log: v1, hasPromise: false });
  assert.deepEqual(await told({ entries: [unpromised], logEvidence: 'promise' }), ['fail log.promise']);
  assert.deepEqual(await told({ entries: [unpromised], logEvidence: 'proof' }), []);
});

test('a proof without a checkpoint proves nothing, beside a promise neither', async () => {
  const entry = entryOf(message, { log: v1, hasCheckpoint: false });
  const checks = async (logEvidence: 'promise' | 'proof', json: EntryJson): Promise<readonly string[]> =>
    told({ entries: [json], logEvidence });
  assert.deepEqual(await checks('promise', entry), ['fail log.checkpoint']);
  assert.deepEqual(await checks('proof', entry), ['fail log.checkpoint']);
  const forged = edited(v1, (json) => (json.inclusionPromise = { signedEntryTimestamp: 'AQ==' }), {
    hasCheckpoint: false,
  });
  assert.deepEqual(await checks('promise', forged), ['fail log.promise', 'fail log.checkpoint']);
  const moved = edited(v1, (json) => json.inclusionProof?.hashes.pop(), { hasCheckpoint: false });
  assert.deepEqual(await checks('promise', moved), ['fail log.proof', 'fail log.checkpoint']);
});

test('a time that no promise covers proves nothing, and the index is then the one in the tree', async () => {
  const entry = edited(v1, (json) => (json.integratedTime = '1'), { hasPromise: false });
  const { times, entries, checks } = await checkLog(proofOf({ logged: message, logs, entries: [entry] }));
  assert.deepEqual(times, []);
  assert.deepEqual(
    entries.map(({ logIndex, integratedTime }) => [logIndex, integratedTime]),
    [[BigInt(entry.inclusionProof?.logIndex ?? ''), undefined]],
  );
  assert.ok(checks.every(({ status, step }) => status === 'pass' && step !== 'log.time'));
});

test('the log must have signed while its key was in use, and not in the future', async () => {
  const within = (start: string, end?: string): readonly ReturnType<typeof trustedLogOf>[] => [
    trustedLogOf(v1, { validFor: { start: new Date(start), ...(end !== undefined && { end: new Date(end) }) } }),
  ];
  const entries = [entryOf(message, { log: v1 })];
  const instant = signedAt.toISOString();
  assert.deepEqual(await told({ entries, logs: within(instant, instant) }), [], 'both ends belong to it');
  assert.deepEqual(await told({ entries, logs: within('2026-03-01T12:00:01Z') }), ['fail log.time']);
  assert.deepEqual(await told({ entries, logs: within('2026-01-01', '2026-03-01T11:59:59Z') }), ['fail log.time']);
  const now = (text: string): Partial<ProofParts> => ({ policy: { now: new Date(text) } });
  assert.deepEqual(await told({ entries, ...now('2026-03-01T11:55:00Z') }), [], 'five minutes');
  assert.deepEqual(await told({ entries, ...now('2026-03-01T11:54:59Z') }), ['fail log.time']);
  const untimed = [
    edited(v1, (entry) => delete entry.integratedTime, { promised: (payload) => ({ ...payload, integratedTime: 0 }) }),
  ];
  assert.deepEqual(await told({ entries: untimed }), ['fail log.time']);
  const distant = entryOf(message, { log: v1, promised: (payload) => ({ ...payload, integratedTime: 9e15 }) });
  assert.deepEqual(await told({ entries: [{ ...distant, integratedTime: '9000000000000000' }] }), ['fail log.time']);
});

test('a log of one tree signs as its host; where the origin names a tree, as what stands before its id', async () => {
  const textOf = (text: string, name: string): string => [name, ...text.split('\n').slice(1)].join('\n');
  const as = (log: typeof v1, origin: string, checkpointSigner: string): readonly EntryJson[] => [
    entryOf(message, { log, checkpointSigner, checkpoint: (text) => textOf(text, origin) }),
  ];
  assert.deepEqual(await told({ entries: as(v2, 'log.test', 'log.test') }), []);
  assert.deepEqual(await told({ entries: as(v2, 'logxtest', 'logxtest') }), ['fail log.checkpoint']);
  assert.deepEqual(await told({ entries: as(v2, 'log.test', 'other.test') }), ['fail log.checkpoint']);
  assert.deepEqual(await told({ entries: as(v1, 'pod-0 - 12', 'pod-0') }), []);
  assert.deepEqual(await told({ entries: as(v1, 'rekor.test - 12', 'other') }), ['fail log.checkpoint']);
  const withPort = [trustedLogOf(v2, { baseUrl: 'http://log.test:3000/path' })];
  assert.deepEqual(await told({ entries: as(v2, 'log.test', 'log.test'), logs: withPort }), []);
  const nameless = [trustedLogOf(v2, { baseUrl: '' })];
  assert.deepEqual(await told({ entries: as(v2, 'log.test', 'log.test'), logs: nameless }), ['fail log.checkpoint']);
});

test('signatures of witnesses are passed over', async () => {
  const witnesses = [createVirtualKey('ed25519'), createVirtualKey('ed25519')];
  for (const log of [v1, v2]) {
    assert.deepEqual(await told({ entries: [entryOf(message, { log, witnesses })] }), []);
  }
});

test('logs sign with keys of other kinds, each by its one scheme', async () => {
  for (const keyKind of ['p384', 'ed25519', 'rsa-2048'] as const) {
    for (const version of ['v1', 'v2'] as const) {
      const log = createVirtualLog({ version, host: 'other.test', keyKind });
      const entries = [entryOf(message, { log })];
      assert.deepEqual(await told({ entries, logs: [trustedLogOf(log)] }), [], `${keyKind} ${version}`);
    }
  }
});

test('entries of unknown logs do not count and do not reject; an entry of a known log that is wrong does', async () => {
  const unknown = entryOf(message, { log: createVirtualLog({ version: 'v1', host: 'elsewhere.test' }) });
  const good = entryOf(message, { log: v1 });
  const wrong = entryOf(createLogged('message', 'other'), { log: v2 });
  assert.deepEqual(await told({ entries: [unknown] }), ['skip log.entry', 'fail log']);
  assert.deepEqual(await told({ entries: [unknown, good] }), ['skip log.entry']);
  assert.deepEqual(await told({ entries: [good, wrong] }), ['fail log.body']);
  assert.deepEqual(await told({ entries: [good], logs: [] }), ['skip log.entry', 'fail log']);
});

test('CVE-2026-49834: a threshold counts logs, not entries of one log', async () => {
  const policy = { log: { kind: 'required', threshold: 2 } } as const;
  const [one, again, other] = [v1, v1, v2].map((log) => entryOf(message, { log }));
  assert.ok(one !== undefined && again !== undefined && other !== undefined);
  assert.deepEqual(await told({ entries: [one, again], policy }), ['fail log']);
  assert.deepEqual(await told({ entries: [one, other], policy }), []);
});

test('no entry, or more than are looked at, is refused', async () => {
  assert.deepEqual(await told({ entries: [] }), ['fail log']);
  const entry = entryOf(message, { log: v1 });
  assert.deepEqual(await told({ entries: Array.from({ length: 33 }, () => entry) }), ['fail log']);
});

test('where no log is asked for, the report says so and by whose word', async () => {
  const noteOf = async (policy: ProofParts['policy'] = {}): Promise<unknown> => {
    const { checks } = await checkLog(proofOf({ logged: message, logs: [], entries: [], policy }));
    return checks.map(({ step, status, note }) => [step, status, note]);
  };
  assert.deepEqual(await noteOf({ log: { kind: 'none-configured' } }), [
    ['log', 'skip', 'transparency log: not checked (none configured)'],
  ]);
  assert.deepEqual(await noteOf({ log: { kind: 'ignored', by: '--insecure-ignore-tlog' } }), [
    ['log', 'skip', 'transparency log: not checked (--insecure-ignore-tlog)'],
  ]);
});

test('no change of any character of an entry leaves it counted', async () => {
  const good = { v1: entryOf(message, { log: v1 }), v2: entryOf(message, { log: v2 }) };
  const { inclusionProof } = good.v1;
  assert.ok(inclusionProof !== undefined);
  // Rekor v1 signs checkpoints under any name: that one is told by its key alone.
  delete inclusionProof.checkpoint;
  const texts = Object.entries(good).map(([name, entry]) => [name, JSON.stringify(entry)] as const);
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...texts),
      fc.nat(),
      fc.constantFrom(...'A0z/="'),
      async ([name, text], at, char) => {
        const start = at % text.length;
        fc.pre(text[start] !== char && !(name === 'v1' && text.slice(start - 24, start + 24).includes('checkpoint')));
        try {
          const entry = JSON.parse(text.slice(0, start) + char + text.slice(start + 1)) as EntryJson;
          const { entries } = await checkLog(
            proofOf({ logged: message, logs, entries: [entry], logEvidence: name === 'v1' ? 'promise' : 'proof' }),
          );
          assert.deepEqual(entries, [], text.slice(start - 20, start + 20));
        } catch (error) {
          assert.ok(error instanceof CountersignError || error instanceof SyntaxError, String(error));
        }
      },
    ),
    { numRuns: 500 },
  );
});
